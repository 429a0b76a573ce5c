"""What Keras 2 wrote, as Keras 3 has it: settings, and weights of cuDNN layers."""

from collections.abc import Sequence
from typing import Any

import numpy as np

_CUDNN = {"CuDNNLSTM": "LSTM", "CuDNNGRU": "GRU"}

# What the layers of cuDNN compute, and had no setting for.
_OF_CUDNN: dict[str, dict[str, Any]] = {
    "CuDNNLSTM": {"recurrent_activation": "sigmoid"},
    "CuDNNGRU": {"recurrent_activation": "sigmoid", "reset_after": True},
}


def time_major(config: Any) -> list[str]:
    """Return the names of the layers in a config that read the time first."""
    if not isinstance(config, dict | list):
        return []
    values = config.values() if isinstance(config, dict) else config
    found = [name for value in values for name in time_major(value)]
    if isinstance(config, dict) and config.get("time_major"):
        found.append(str(config.get("name")))
    return found


def renewed(config: Any) -> Any:
    """Return the config of a model, with the layers and settings of today.

    Args:
        config: A nest of dicts and lists, as in a model's file.
    """
    if isinstance(config, list):
        return [renewed(item) for item in config]
    if not isinstance(config, dict):
        return config
    config = {key: renewed(value) for key, value in config.items()}
    kind, settings = config.get("class_name"), config.get("config")
    if kind == "Sequential":
        config["config"] = _sequential(settings)
    elif not isinstance(settings, dict):
        return config
    elif kind in ("Functional", "Model"):
        _take_shapes(settings["layers"])
        for ends in ("input_layers", "output_layers"):
            if len(settings[ends]) == 1:
                settings[ends] = settings[ends][0]
        if config.get("module", "").endswith("src.engine.functional"):
            config |= {"module": "keras", "class_name": "Model"}
            config["registered_name"] = None
    elif kind in _CUDNN:
        config["class_name"] = _CUDNN[kind]
        settings.update(_OF_CUDNN[kind])
    elif kind == "GRU":  # the first files do not name what they computed
        settings.setdefault("reset_after", False)
    elif kind == "Embedding":
        settings.pop("input_length", None)
    if isinstance(settings, dict):
        settings.pop("time_major", None)
    return config


def _sequential(settings: Any) -> dict[str, Any]:
    """Return the config of a Sequential, which starts with what it reads."""
    if isinstance(settings, list):
        settings = {"name": "sequential", "layers": settings}
    layers = settings["layers"]
    shapes = _take_shapes(layers)
    if len(shapes) == len(layers) and shapes and shapes[0]:
        read = {"class_name": "InputLayer", "config": {"batch_shape": shapes[0]}}
        settings = settings | {"layers": [read, *layers]}
    return settings


def _take_shapes(layers: list[Any]) -> list[Any]:
    """Take what each layer reads out of the configs of those that are no inputs."""
    return [
        layer["config"].pop("batch_input_shape", None)
        for layer in layers
        if layer["class_name"] != "InputLayer"
    ]


def is_of_cudnn(weights: Sequence[np.ndarray]) -> bool:
    """Return whether the weights of a layer are those of CuDNNLSTM or CuDNNGRU."""
    if [w.ndim for w in weights] != [2, 2, 1]:
        return False
    return weights[2].shape[0] == 2 * weights[1].shape[1]


def of_cudnn(weights: Sequence[np.ndarray]) -> list[np.ndarray]:
    """Turn the weights of a CuDNNLSTM or CuDNNGRU into those of an LSTM or GRU.

    cuDNN multiplies from the left, so each gate's matrix is transposed; of the input's
    kernel, the layers kept the memory of cuDNN under the shape of Keras. Input and
    recurrent product have a bias each. An LSTM adds both up, and the GRU has two.

    Args:
        weights: The kernel, (inputs, gates * units), the recurrent kernel, (units,
            gates * units), and the bias, (2 * gates * units,).

    Source: `_convert_rnn_weights` of Keras 2.
    """
    kernel, recurrent, bias = weights
    units = recurrent.shape[0]
    gates = recurrent.shape[1] // units
    inputs = [
        np.ascontiguousarray(gate).reshape(units, -1).T
        for gate in np.split(kernel, gates, axis=1)
    ]
    states = [gate.T for gate in np.split(recurrent, gates, axis=1)]
    biases = bias.reshape(2, -1)
    return [
        np.concatenate(inputs, axis=1),
        np.concatenate(states, axis=1),
        biases.sum(0) if gates == 4 else biases,
    ]
