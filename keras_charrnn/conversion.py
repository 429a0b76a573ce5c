"""Conversion: models of Keras and PyTorch become a `CharRNN`."""

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import h5py
import keras
import numpy as np

from keras_charrnn.model import CharRNN
from keras_charrnn.text.vocabulary import UNK, Vocabulary

# How a model's characters may come: those of a Vocabulary, in the order of its ids,
# or others, in the order of the model's own.
Characters = Vocabulary | Sequence[str] | Mapping[str, int]

_CELLS = {"LSTM": "lstm", "GRU": "gru", "SimpleRNN": "rnn"}
_GATES = {4: "lstm", 3: "gru", 1: "rnn"}


@dataclass
class _Parts:
    """The weights of a model, as the cells of this package have them."""

    embedding: np.ndarray | None = None
    cells: list[str] = field(default_factory=list)
    recurrent: list[list[np.ndarray]] = field(default_factory=list)
    head: list[keras.layers.Layer] = field(default_factory=list)
    head_weights: list[list[np.ndarray]] = field(default_factory=list)
    dropout: float = 0.0


def from_keras(source: Any, vocabulary: Characters) -> CharRNN:
    """Make a `CharRNN` of a Keras model, with equal logits.

    The model has an `Embedding`, or reads one-hot vectors, then `LSTM`, `GRU` or
    `SimpleRNN` layers, then one or more `Dense` layers; `Dropout` may stand between
    them. A softmax at its end is left out.

    Args:
        source: The model, or its file: `.keras`, `.h5` or `.weights.h5`. A file of
            weights tells no activations, so it has one `Dense` layer.
        vocabulary: A `Vocabulary`, if the model's ids are its ids; or the characters
            in the order of the model's ids, with `"[UNK]"` for an id of unknown
            ones; or a dict from characters to ids.

    Returns:
        The model, not compiled.

    Raises:
        ValueError: If the model has other layers, or settings that no cell here has,
            or another number of characters.
        FileNotFoundError: If there is no such file.

    Example:

    >>> import keras
    >>> import keras_charrnn as kc
    >>> layers = keras.layers
    >>> old = keras.Sequential([
    ...     keras.Input((None,)), layers.Embedding(3, 8),
    ...     layers.LSTM(16, return_sequences=True), layers.Dense(3),
    ... ])
    >>> model = kc.from_keras(old, ["c", "a", "b"])
    >>> model.vocabulary.characters
    ('a', 'b', 'c')
    """
    if isinstance(source, str | os.PathLike):
        path = Path(source)
        if not path.is_file():
            raise FileNotFoundError(f"There is no file {str(path)!r}.")
        if path.name.endswith(".weights.h5"):
            return _assembled(_of_file(path), vocabulary)
        source = keras.saving.load_model(path, compile=False)
    if not isinstance(source, keras.Model):
        raise TypeError(
            f"from_keras takes a Keras model or its file, no {type(source).__name__}."
        )
    return _assembled(_of_model(source), vocabulary)


def from_torch(state_dict: Mapping[str, Any], vocabulary: Characters) -> CharRNN:
    """Make a `CharRNN` of the weights of a PyTorch model, with equal logits.

    The model has an `nn.Embedding`, or reads one-hot vectors, one `nn.LSTM` or
    `nn.GRU` of one or more layers, and an `nn.Linear`.

    Args:
        state_dict: What `model.state_dict()` returns: tensors or arrays by name.
        vocabulary: As in `from_keras`.

    Returns:
        The model, not compiled.

    Raises:
        ValueError: If there are other weights, or another number of characters.
    """
    arrays = {name: _array(value) for name, value in state_dict.items()}
    parts = _Parts()
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
            f"{len(first)} recurrent networks, and not one: {', '.join(arrays)}."
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
    return _assembled(parts, vocabulary)


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


def _of_model(model: keras.Model) -> _Parts:
    parts = _Parts()
    for layer in _layers(model):
        kind = type(layer).__name__
        if kind in ("InputLayer", "CategoryEncoding"):
            continue
        if not layer.built:
            raise ValueError(
                f"The layer {layer.name!r} has no weights yet. Call the model once, or "
                "load its weights, and then convert it."
            )
        if kind == "Embedding" and parts.embedding is None and not parts.cells:
            parts.embedding = np.asarray(layer.get_weights()[0])
        elif kind in _CELLS and not parts.head:
            parts.cells.append(_CELLS[kind])
            parts.recurrent.append(_recurrent_weights(layer))
        elif kind == "Dropout" and not parts.head:
            parts.dropout = max(parts.dropout, float(layer.rate))
        elif kind in ("Dense", "Dropout", "Activation", "Softmax") and parts.cells:
            parts.head.append(layer.__class__.from_config(layer.get_config()))
            parts.head_weights.append(layer.get_weights())
        else:
            raise ValueError(
                f"The layer {layer.name!r}, a {kind}, can't be converted in its place. "
                "A model has an Embedding or none, then LSTM, GRU or SimpleRNN layers, "
                "then Dense layers."
            )
    _without_softmax(parts)
    return parts


def _layers(model: Any) -> Iterator[keras.layers.Layer]:
    for layer in model.layers:
        if type(layer).__name__ == "TimeDistributed":
            yield layer.layer
        elif isinstance(layer, keras.Model):
            yield from _layers(layer)
        else:
            yield layer


def _recurrent_weights(layer: Any) -> list[np.ndarray]:
    wanted = {"activation": "tanh", "go_backwards": False}
    if type(layer).__name__ != "SimpleRNN":
        wanted["recurrent_activation"] = "sigmoid"
    config = layer.get_config()
    if type(layer).__name__ == "GRU":
        wanted["reset_after"] = True
    for name, value in wanted.items():
        if config[name] != value:
            raise ValueError(
                f"The layer {layer.name!r} has {name}={config[name]!r}; only "
                f"{name}={value!r} can be converted."
            )
    weights = layer.get_weights()
    if not config["use_bias"]:
        columns = weights[0].shape[1]
        rows = (2, columns) if type(layer).__name__ == "GRU" else (columns,)
        weights.append(np.zeros(rows, "float32"))
    return weights


def _without_softmax(parts: _Parts) -> None:
    """Make a head end with a linear Dense layer."""
    while parts.head:
        last = parts.head[-1]
        kind = type(last).__name__
        if kind == "Dense":
            break
        activation = keras.activations.serialize(getattr(last, "activation", None))
        if kind == "Activation" and activation not in ("softmax", "linear"):
            raise ValueError(f"A model ends with logits or softmax, not {activation}.")
        parts.head.pop()
        parts.head_weights.pop()
    if not parts.head or not parts.cells:
        raise ValueError("The model has no Dense layer behind a recurrent one.")
    activation = keras.activations.serialize(parts.head[-1].activation)
    if activation not in ("linear", "softmax"):
        raise ValueError(f"A model ends with logits or softmax, not {activation!r}.")


def _of_file(path: Path) -> _Parts:
    found: dict[str, list[np.ndarray]] = {}

    def visit(name: str, item: Any) -> None:
        if isinstance(item, h5py.Dataset) and "optimizer" not in name:
            found.setdefault(name.rpartition("/vars/")[0], []).append(np.asarray(item))

    try:
        with h5py.File(path) as file:
            file.visititems(visit)
    except OSError as error:
        raise ValueError(f"{str(path)!r} is no file of weights: {error}") from error
    parts = _Parts()
    for name in sorted(found, key=_natural):
        weights = found[name]
        shapes = [w.shape for w in weights]
        if name.endswith("cell"):
            known = len(shapes) == 3
            cell = _GATES.get(shapes[1][1] // shapes[1][0]) if known else None
            if cell is None or (cell == "gru") != (len(shapes[-1]) == 2):
                raise ValueError(
                    f"{str(path)!r}: {name!r} holds the shapes {shapes}, which are "
                    "those of no LSTM, GRU(reset_after=True) or SimpleRNN with a bias."
                )
            parts.cells.append(cell)
            parts.recurrent.append(weights)
        elif len(shapes) == 1 and len(shapes[0]) == 2 and parts.embedding is None:
            parts.embedding = weights[0]
        elif len(shapes) == 2 and shapes[0][1:] == shapes[1]:
            parts.head.append(keras.layers.Dense(shapes[1][0]))
            parts.head_weights.append(weights)
        elif not all(shape == (2,) for shape in shapes):  # the seed of a Dropout
            raise ValueError(
                f"{str(path)!r}: {name!r} holds the shapes {shapes}, which are those "
                "of no Embedding, recurrent or Dense layer."
            )
    if len(parts.head) != 1 or not parts.cells:
        raise ValueError(
            f"{str(path)!r} holds {len(parts.cells)} recurrent and {len(parts.head)} "
            "Dense layers. It takes one Dense layer: a file of weights does not tell "
            "the activations of others. Load the model in Keras, and pass the model."
        )
    return parts


def _natural(name: str) -> list[Any]:
    return [int(p) if p.isdigit() else p for p in re.split(r"(\d+)", name)]


def _assembled(parts: _Parts, characters: Characters) -> CharRNN:
    if len(set(parts.cells)) > 1:
        raise ValueError(f"The recurrent layers are of several kinds: {parts.cells}.")
    first = parts.recurrent[0][0]
    rows = len(first if parts.embedding is None else parts.embedding)
    columns = parts.head_weights[-1][0].shape[1]
    vocabulary, order = _ordered(characters)
    if not rows == columns == len(characters) > max(order):
        raise ValueError(
            f"The model reads {rows} characters and predicts {columns}; the vocabulary "
            f"has {len(characters)}. Pass all of its characters, in its order."
        )
    if parts.embedding is None:
        parts.recurrent[0][0] = first[order]
    else:
        parts.embedding = parts.embedding[order]
    last = parts.head_weights[-1]
    parts.head_weights[-1] = [weight[..., order] for weight in last]
    if len(last) == 1:
        parts.head_weights[-1].append(np.zeros(len(order), "float32"))
    head = _head(parts, len(order)) if len(parts.head) > 1 else None
    model = CharRNN(
        vocabulary,
        units=[recurrent.shape[0] for _, recurrent, _ in parts.recurrent],
        cell=parts.cells[0],
        embedding_dim=None if parts.embedding is None else parts.embedding.shape[1],
        dropout=parts.dropout,
        head=head,
    )
    if model.embedding is not None:
        model.embedding.set_weights([parts.embedding])
    for layer, weights in zip(model.recurrent, parts.recurrent):
        layer.set_weights(weights)
    model.head.set_weights([w for weights in parts.head_weights for w in weights])
    return model


def _head(parts: _Parts, width: int) -> keras.Sequential:
    config = parts.head[-1].get_config()
    config.update(units=width, activation="linear", use_bias=True)
    config.pop("build_config", None)
    last = keras.layers.Dense.from_config(config)
    units = parts.recurrent[-1][1].shape[0]
    return keras.Sequential([keras.Input((None, units)), *parts.head[:-1], last])


def _ordered(characters: Characters) -> tuple[Vocabulary, list[int]]:
    """Return the vocabulary, and for each of its ids that of the model."""
    if isinstance(characters, Vocabulary):
        return characters, list(range(len(characters)))
    if isinstance(characters, Mapping):
        ids = {str(c): int(i) for c, i in characters.items()}
    else:
        ids = {str(c): i for i, c in enumerate(characters)}
    if len(ids) != len(characters) or len(set(ids.values())) != len(ids):
        raise ValueError("The characters, or their ids, are not all different.")
    ids = {UNK if c == "[UNK]" else c: i for c, i in ids.items() if c}
    vocabulary = Vocabulary(ids)
    return vocabulary, [ids[c] for c in vocabulary.characters]
