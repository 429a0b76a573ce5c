"""Extension: a trained model is given characters that it did not know."""

from typing import Any

import keras
import numpy as np
from keras import ops

from keras_charrnn._platform import unlimited
from keras_charrnn.text import Vocabulary


def extended(model: Any, vocabulary: Vocabulary) -> Any:
    """Return a model with more characters that keeps what another one has learned.

    The logits of the characters that both models know are equal. In the head, a new
    character has zero weights and the smallest bias of the old characters. Its
    embedding, or its row of the kernel for one-hot vectors, has its initial values.

    Args:
        model: A `CharRNN`.
        vocabulary: The `Vocabulary`, which contains all characters of the model.

    Returns:
        The new model, not compiled.

    Raises:
        ValueError: If the model's head does not end with a `Dense` layer.
    """
    config = model.get_config()
    config["vocabulary"] = vocabulary.to_json()
    if config["head"] is not None:
        config["head"] = _widened(config["head"], len(vocabulary))
    with unlimited():
        new = type(model).from_config(config)
    ids = vocabulary.encode_symbols("".join(model.vocabulary.characters))
    head = {id(weight) for weight in new.head.weights}
    for old, weight in zip(model.weights, new.weights):
        values = ops.convert_to_numpy(old)
        if tuple(old.shape) != tuple(weight.shape):
            values = _placed(values, weight, ids, id(weight) in head)
        weight.assign(values)
    return new


def _widened(head: dict, width: int) -> dict:
    head = dict(head, config=dict(head["config"]))
    last = head
    if head["class_name"] == "Sequential":
        head["config"]["layers"] = list(head["config"]["layers"])
        last = dict(head["config"]["layers"][-1])
        last["config"] = dict(last["config"])
        head["config"]["layers"][-1] = last
        head["config"].pop("build_input_shape", None)
    if last["class_name"] != "Dense":
        raise ValueError(
            "Only a head that ends with a Dense layer can be given more characters; "
            f"this one is a {head['class_name']} that ends with {last['class_name']}."
        )
    last["config"]["units"] = width
    for part in (head, last):
        part.pop("build_config", None)
    return head


def _placed(
    old: np.ndarray, weight: keras.Variable, ids: np.ndarray, in_head: bool
) -> np.ndarray:
    """Return the values of a weight, extended along the axis of the characters."""
    new = np.array(ops.convert_to_numpy(weight))
    if in_head:  # the last axis of a kernel or a bias is that of the characters
        new[...] = old.min() if old.ndim == 1 else 0
        new[..., ids] = old
    else:  # an embedding, or the kernel of one-hot vectors
        new[ids] = old
    return new
