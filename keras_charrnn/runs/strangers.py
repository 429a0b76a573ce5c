"""Strangers: what the config of a model may ask Keras to make.

A config names classes, and Keras makes objects of them. Some of these run code that the
config holds, or read files that it names. The classes here do neither. What a program
has registered with Keras is its own, and may be named, too.
"""

import math
import os
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any

import keras

from keras_charrnn._platform import at_most, shown, take

# Modules all of whose classes only compute.
_MODULES = {
    *("keras.initializers", "keras.optimizers", "keras.optimizers.schedules"),
    *("keras.losses", "keras.metrics", "keras.regularizers", "keras.constraints"),
    *("keras.activations", "keras.dtype_policies", "builtins"),
}
# What Keras calls its optimizers on PyTorch; see `portable`.
_INNER = re.compile(r"keras\.src\.backend\.\w+\.optimizers\.\w+")

_MODELS = {"Sequential", "Functional", "Model", "__keras_tensor__", "DTypePolicy"}
_LAYERS = {
    *("InputLayer", "Input", "Embedding", "CategoryEncoding", "Identity", "Masking"),
    *("LSTM", "GRU", "SimpleRNN", "LSTMCell", "GRUCell", "SimpleRNNCell", "RNN"),
    *("StackedRNNCells", "Bidirectional", "TimeDistributed", "CuDNNLSTM", "CuDNNGRU"),
    *("Dense", "EinsumDense", "Activation", "Softmax", "ReLU", "LeakyReLU", "PReLU"),
    *("ELU", "Dropout", "SpatialDropout1D", "GaussianDropout", "AlphaDropout"),
    *("GaussianNoise", "ActivityRegularization", "LayerNormalization"),
    *("BatchNormalization", "GroupNormalization", "RMSNormalization"),
    *("UnitNormalization", "SpectralNormalization", "Conv1D", "SeparableConv1D"),
    *("DepthwiseConv1D", "MaxPooling1D", "AveragePooling1D", "GlobalMaxPooling1D"),
    *("GlobalAveragePooling1D", "UpSampling1D", "ZeroPadding1D", "Cropping1D"),
    *("Flatten", "Reshape", "Permute", "RepeatVector", "Add", "Subtract", "Multiply"),
    *("Average", "Maximum", "Minimum", "Concatenate", "Dot", "Attention"),
    *("AdditiveAttention", "MultiHeadAttention", "GroupQueryAttention"),
}
# Types that a config holds by value.
_VALUES = {
    *("__tensor__", "__numpy__", "__bytes__", "__ellipsis__", "__slice__"),
    *("__tuple__", "TensorShape"),
}

_MOST_OBJECTS = 10_000


def check_config(config: Any, path: str | os.PathLike, unknown: str) -> None:
    """Check that a config names nothing that runs code or reads files.

    Args:
        config: The config of a model, a nest of dicts and lists.
        path: The file, for errors.
        unknown: The way out if there is a class that is not known.

    Raises:
        ValueError: If it does, or has a class that is not known.
    """
    name = os.fspath(path)
    count = 0
    left = [config]
    while left:
        item = left.pop()
        if isinstance(item, list):
            left += item
            continue
        if not isinstance(item, dict):
            continue
        left += item.values()
        if "class_name" not in item:
            continue
        count += 1
        if count > _MOST_OBJECTS:
            raise ValueError(
                f"{name!r} can't be read: it asks for more than {_MOST_OBJECTS:,} "
                "objects."
            )
        _check_class(item, name, unknown)


def _check_class(item: dict[str, Any], name: str, unknown: str) -> None:
    kind, module = item["class_name"], item.get("module")
    if not isinstance(kind, str) or not isinstance(module, str | None):
        raise ValueError(f"{name!r} can't be read: it names a class by no text.")
    # As Keras looks them up.
    looked_up = item.get("registered_name", kind)
    if kind == "function":
        looked_up = item.get("config")
    if not isinstance(looked_up, str | None):
        raise ValueError(f"{name!r} can't be read: it names a class by no text.")
    if looked_up and keras.saving.get_registered_object(looked_up) is not None:
        return
    if kind in _LAYERS | _MODELS | _VALUES or _only_computes(kind, module):
        return
    full = shown(kind if module is None else f"{module}.{kind}")
    if module is None or not (module + ".").startswith("keras."):
        raise ValueError(
            f"{name!r} holds the class {shown(kind)}, which is not known here. "
            + unknown
        )
    raise ValueError(
        f"{name!r} holds {full}, which is not among the layers that only compute: a "
        "model's file is data. If you trust it, build the model in a program of your "
        "own, and load its weights there."
    )


def _only_computes(kind: str, module: str | None) -> bool:
    if module is None:  # Keras 2 names no module
        parts = ("initializers", "regularizers", "constraints")
        return any(hasattr(getattr(keras, part), kind) for part in parts)
    return module in _MODULES or _INNER.fullmatch(module) is not None


_patched = threading.RLock()


@contextmanager
def limited_to(numbers: int) -> Iterator[None]:
    """Let the variables of Keras that are made within take so many numbers in all.

    Keras has no place where a variable can be refused before it is allocated. So one is
    made for the time in which a file is read. Other threads notice nothing.

    Args:
        numbers: How many.
    """
    variable: Any = keras.Variable
    with _patched, at_most(numbers):
        before = vars(variable).get("__init__")
        init = variable.__init__

        @wraps(init)
        def counted(
            self: Any, initializer: Any, shape: Any = None, *args: Any, **kwargs: Any
        ) -> None:
            # A shape may be a number, or one of TensorFlow's own.
            sides = (shape or 0,) if isinstance(shape, int | None) else tuple(shape)
            take(math.prod(sides), "A weight")
            init(self, initializer, shape, *args, **kwargs)

        variable.__init__ = counted
        try:
            yield
        finally:
            if before is None:
                del variable.__init__
            else:
                variable.__init__ = before
