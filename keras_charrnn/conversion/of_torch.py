"""Conversion of a PyTorch model's weights to a `CharRNN`."""

import re
from collections.abc import Mapping
from typing import Any

import keras
import numpy as np

from keras_charrnn._platform import shown
from keras_charrnn.conversion.parts import (
    Characters,
    Parts,
    assembled,
    numbering,
)
from keras_charrnn.model import CharRNN

# Words in the names of weights, and what they are the weights of.
_WORDS = {
    "embedding": {"embedding", "embeddings", "embed", "emb", "encoder", "wte"},
    "linear": {
        *("linear", "fc", "head", "decoder", "out", "output", "proj", "projection"),
        *("classifier", "dense", "logits"),
    },
}


def from_torch(
    state_dict: Mapping[str, Any], vocabulary: Characters, **choices: Any
) -> CharRNN:
    """Convert the weights of a PyTorch model to a `CharRNN` with equal logits.

    The model has an `nn.Embedding`, or reads one-hot vectors, one `nn.LSTM` or
    `nn.GRU` of one or more layers, and an `nn.Linear`. Shapes, biases and names tell
    the weights of the Embedding and of the Linear apart, in whatever order they come.

    Args:
        state_dict: The result of `model.state_dict()`, tensors or arrays by name; or
            the model itself.
        vocabulary: As in `from_keras`.
        **choices: As in `from_keras`.

    Returns:
        The model, not compiled.

    Raises:
        ValueError: If the model has other weights, nothing tells them apart, or the
            model has another number of characters than the vocabulary.
    """
    known = numbering(vocabulary, **choices)
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
    biases = {n: f"{n.removesuffix('weight')}bias" for n in matrices}
    others = set(arrays) - set(matrices) - set(biases.values())
    if not 1 <= len(matrices) <= 2 or others:
        there = ", ".join(map(shown, arrays)) or "none"
        raise ValueError(
            "Beside the recurrent network there are to be the weights of an Embedding, "
            f"or none, and of one Linear; there are {there}."
        )
    units = parts.recurrent[-1][1].shape[0]
    width = parts.recurrent[0][0].shape[0]
    biased = [name for name, bias in biases.items() if bias in arrays]
    embedding, linear = _embedding_and_linear(matrices, biased, width, units)
    if embedding is not None:
        parts.embedding = matrices[embedding]
    kernel = matrices[linear].T
    bias = arrays.get(biases[linear], np.zeros(kernel.shape[1]))
    parts.head = [keras.layers.Dense(kernel.shape[1])]
    parts.head_weights = [[kernel, bias]]
    return assembled(parts, known)


def _embedding_and_linear(
    matrices: Mapping[str, np.ndarray], biased: list[str], width: int, units: int
) -> tuple[str | None, str]:
    """Tell the weights of an Embedding and of a Linear apart.

    Args:
        matrices: One, which is that of a Linear or of both, or two, by their names.
        biased: The names of those that have a bias, as only a Linear does.
        width: What the first recurrent layer reads: the columns of an embedding.
        units: What the last one returns: the columns of a Linear's weight.

    Returns:
        The name of the embedding, if there is one, and that of the Linear's weight.
    """
    names = list(matrices)
    first, last = names[0], names[-1]
    pairs: list[tuple[str | None, str]] = [(first, last), (last, first)]
    if first == last:  # one-hot vectors are as wide as there are characters
        pairs = [(None if len(matrices[first]) == width else first, first)]
    fitting = [
        (embedding, linear)
        for embedding, linear in pairs
        if matrices[linear].shape[1] == units
        and (embedding is None or matrices[embedding].shape[1] == width)
        and (embedding not in biased or first == last)
    ]
    if not fitting:
        shapes = ", ".join(f"{shown(name)} {m.shape}" for name, m in matrices.items())
        raise ValueError(
            f"The recurrent network reads {width} features and returns {units}. So the "
            f"weight of an Embedding has {width} columns and no bias, and that of a "
            f"Linear {units}. There are {shapes}."
        )
    if len(fitting) == 1 or np.array_equal(matrices[first], matrices[last]):
        return fitting[0]  # tied weights are the same either way
    named = [
        (embedding, linear)
        for embedding, linear in fitting
        if (_role(embedding), _role(linear))
        in (("embedding", "linear"), ("embedding", None), (None, "linear"))
    ]
    if not named:
        raise ValueError(
            f"Nothing tells which of {first!r} and {last!r} is the weight of the "
            "Embedding: both have as many columns, and neither has a bias. Rename it: "
            "weights['embedding.weight'] = weights.pop(NAME)."
        )
    return named[0]


def _role(name: str | None) -> str | None:
    """Return what a name says of a matrix: the last of its parts that says anything."""
    for part in reversed(re.findall(r"[a-z]+", (name or "").lower())):
        for role, words in _WORDS.items():
            if part in words:
                return role
    return None


def _array(value: Any) -> np.ndarray:
    if hasattr(value, "detach"):  # a tensor; NumPy has no bfloat16
        value = value.detach().cpu().float().numpy()
    return np.asarray(value)


def _torch_layer(
    name: str, kernel: Any, recurrent: Any, bias: Any, recurrent_bias: Any
) -> tuple[str, list[np.ndarray]]:
    if recurrent is None or kernel.shape[:1] != recurrent.shape[:1]:
        raise ValueError(f"{name}: the weights of the layer are not complete.")
    if kernel.ndim != 2 or recurrent.ndim != 2 or len(recurrent) % recurrent.shape[1]:
        raise ValueError(
            f"{name}: the weights have the shapes {kernel.shape} and "
            f"{recurrent.shape}, which are those of no recurrent layer."
        )
    gates, units = len(recurrent) // recurrent.shape[1], recurrent.shape[1]
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
