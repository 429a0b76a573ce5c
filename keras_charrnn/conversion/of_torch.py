"""Conversion of a PyTorch model's weights to a `CharRNN`."""

from collections.abc import Mapping
from typing import Any

import keras
import numpy as np

from keras_charrnn.conversion.parts import (
    Characters,
    Parts,
    assembled,
    known_characters,
)
from keras_charrnn.model import CharRNN


def from_torch(state_dict: Mapping[str, Any], vocabulary: Characters) -> CharRNN:
    """Convert the weights of a PyTorch model to a `CharRNN` with equal logits.

    The model has an `nn.Embedding`, or reads one-hot vectors, one `nn.LSTM` or
    `nn.GRU` of one or more layers, and an `nn.Linear`.

    Args:
        state_dict: The result of `model.state_dict()`, tensors or arrays by name; or
            the model itself.
        vocabulary: As in `from_keras`.

    Returns:
        The model, not compiled.

    Raises:
        ValueError: If the model has other weights, or another number of characters
            than the vocabulary.
    """
    vocabulary = known_characters(vocabulary)
    if hasattr(state_dict, "state_dict"):
        state_dict = state_dict.state_dict()
    if not isinstance(state_dict, Mapping):
        raise TypeError(
            "from_torch takes the weights of a model, model.state_dict(); this is "
            f"{type(state_dict).__name__}. torch.load(path, weights_only=True) reads "
            "them from a file."
        )
    for name, value in state_dict.items():
        if not hasattr(value, "shape"):
            raise ValueError(
                f"state_dict[{name!r}] is a {type(value).__name__}, and no tensor. "
                "Pass the part that holds the weights."
            )
    arrays = {name: _array(value) for name, value in state_dict.items()}
    parts = Parts()
    for name in arrays:
        if name.endswith("_reverse") or "weight_hr_l" in name:
            raise ValueError(
                f"{name!r}: a model that reads backwards, or projects its state, can't "
                "be converted."
            )
    first = [name for name in arrays if name.endswith("weight_ih_l0")]
    if len(first) != 1:
        raise ValueError(
            "The weights hold "
            f"{len(first)} recurrent networks, and not one: {list(arrays)}."
        )
    prefix = first[0].removesuffix("weight_ih_l0")
    number = 0
    while f"{prefix}weight_ih_l{number}" in arrays:
        part = [
            arrays.pop(f"{prefix}{kind}_{side}_l{number}", None)
            for kind in ("weight", "bias")
            for side in ("ih", "hh")
        ]
        cell, weights = _torch_layer(f"{prefix}l{number}", *part)
        parts.cells.append(cell)
        parts.recurrent.append(weights)
        number += 1
    matrices = {n: a for n, a in arrays.items() if a.ndim == 2}
    linear = [n for n in matrices if f"{n.removesuffix('weight')}bias" in arrays]
    if not linear:  # a Linear without a bias is the last matrix
        linear = list(matrices)[-1:]
    embedding = [n for n in matrices if n not in linear]
    biases = {n.removesuffix("weight") + "bias" for n in linear}
    others = set(arrays) - set(matrices) - biases
    if len(linear) != 1 or len(embedding) > 1 or others:
        raise ValueError(
            "Beside the recurrent network there are to be the weights of an Embedding, "
            f"or none, and of one Linear; there are {', '.join(arrays)}."
        )
    if embedding:
        parts.embedding = matrices[embedding[0]]
    kernel = matrices[linear[0]].T
    bias = arrays.get(linear[0].removesuffix("weight") + "bias")
    parts.head = [keras.layers.Dense(kernel.shape[1])]
    parts.head_weights = [[kernel, np.zeros(kernel.shape[1]) if bias is None else bias]]
    return assembled(parts, vocabulary)


def _array(value: Any) -> np.ndarray:
    if hasattr(value, "detach"):  # a tensor; NumPy has no bfloat16
        value = value.detach().cpu().float().numpy()
    return np.asarray(value)


def _torch_layer(
    name: str, kernel: Any, recurrent: Any, bias: Any, recurrent_bias: Any
) -> tuple[str, list[np.ndarray]]:
    if recurrent is None or kernel.shape[0] != recurrent.shape[0]:
        raise ValueError(f"{name}: the weights of the layer are not complete.")
    units = recurrent.shape[1]
    gates = recurrent.shape[0] // units
    if gates not in (3, 4):
        raise ValueError(
            f"{name}: the layer has {gates} gates. An nn.LSTM has 4 and an nn.GRU 3; "
            "the weights of an nn.RNN don't tell its activation."
        )
    zeros = np.zeros(gates * units)
    bias = zeros if bias is None else bias
    recurrent_bias = zeros if recurrent_bias is None else recurrent_bias
    if gates == 4:
        return "lstm", [kernel.T, recurrent.T, bias + recurrent_bias]

    # PyTorch has the reset gate before the update gate.
    def ordered(weight: np.ndarray) -> np.ndarray:
        reset, update, candidate = np.split(weight, 3)
        return np.concatenate([update, reset, candidate])

    biases = np.stack([ordered(bias), ordered(recurrent_bias)])
    return "gru", [ordered(kernel).T, ordered(recurrent).T, biases]
