"""Conversion of a Keras model to a `CharRNN`."""

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import h5py
import keras
import numpy as np
from keras import ops

from keras_charrnn.conversion.parts import (
    Characters,
    Parts,
    assembled,
    numbering,
)
from keras_charrnn.model import CharRNN

_CELLS = {"LSTM": "lstm", "GRU": "gru", "SimpleRNN": "rnn"}
_GATES = {4: "lstm", 3: "gru", 1: "rnn"}


def from_keras(source: Any, vocabulary: Characters, **choices: Any) -> CharRNN:
    """Convert a Keras model to a `CharRNN` with equal logits.

    The model has an `Embedding`, or reads one-hot vectors, then `LSTM`, `GRU` or
    `SimpleRNN` layers, then one or more `Dense` layers. There may be `Dropout` between
    them. A softmax at the end is left out.

    Args:
        source: The model, or its file: `.keras`, `.h5` or `.weights.h5`. A file of
            weights contains neither activations nor connections. So it must have one
            `Dense` layer, and its recurrent layers are taken in the order of the names
            that Keras gives. Otherwise, both models are run on some characters, and
            their results are compared.
        vocabulary: A `Vocabulary`, if the model uses its ids; or the characters in the
            order of the model's ids, with `"[UNK]"` for the id of unknown characters;
            or a dict from characters to ids; or a `StringLookup` layer.
        **choices: What the model's program did to a text first, `newline`, `lowercase`
            or `normalize`, as for `Vocabulary`; a `Vocabulary` has settled that.

    Returns:
        The model, not compiled.

    Raises:
        ValueError: If the model has other layers, settings that no cell supports, or
            another number of characters than the vocabulary.
        FileNotFoundError: If there is no such file.

    Example:

    >>> import keras_charrnn as kc
    >>> import keras
    >>> layers = keras.layers
    >>> old = keras.Sequential([
    ...     keras.Input((None,)), layers.Embedding(3, 8),
    ...     layers.LSTM(16, return_sequences=True), layers.Dense(3),
    ... ])
    >>> model = kc.from_keras(old, ["c", "a", "b"])
    >>> model.vocabulary.characters
    ('a', 'b', 'c')
    """
    known = numbering(vocabulary, **choices)
    if isinstance(source, str | os.PathLike):
        path = Path(source)
        if not path.is_file():
            raise FileNotFoundError(f"There is no file {str(path)!r}.")
        if path.name.endswith(".weights.h5"):
            return assembled(_of_file(path), known)
        source = keras.saving.load_model(path, compile=False)
    if not isinstance(source, keras.Model):
        raise TypeError(
            f"from_keras takes a Keras model or its file, no {type(source).__name__}."
        )
    model = assembled(_of_model(source), known)
    _compare(source, model, known.order)
    return model


def _of_model(model: keras.Model) -> Parts:
    parts = Parts()
    for layer in _layers(model):
        kind = type(layer).__name__
        if kind in ("InputLayer", "CategoryEncoding"):
            continue
        if not layer.built:
            raise ValueError(
                f"The layer {layer.name!r} has no weights yet. Call the model once, or "
                "load its weights, and then convert it."
            )
        if kind == "Embedding" and layer.mask_zero:
            raise ValueError(
                f"The layer {layer.name!r} has mask_zero=True, which no model here has."
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


def _without_softmax(parts: Parts) -> None:
    """Remove what follows the last Dense layer of a head, such as a softmax."""
    while parts.head:
        last = parts.head[-1]
        kind = type(last).__name__
        if kind == "Dense":
            break
        if kind == "Activation":
            activation = keras.activations.serialize(last.activation)
            if activation not in ("softmax", "linear"):
                raise ValueError(
                    f"A model ends with logits or softmax, not {activation!r}."
                )
        parts.head.pop()
        parts.head_weights.pop()
    if not parts.head or not parts.cells:
        raise ValueError("The model has no Dense layer behind a recurrent one.")
    activation = keras.activations.serialize(parts.head[-1].activation)
    if activation not in ("linear", "softmax"):
        raise ValueError(f"A model ends with logits or softmax, not {activation!r}.")


def _compare(old: keras.Model, new: CharRNN, order: list[int]) -> None:
    """Raise a `ValueError` if two models predict differently on some characters."""
    length = 8
    if getattr(old, "inputs", None):  # a model that was made for one length
        length = old.inputs[0].shape[1] or length
    rows = (getattr(old, "inputs", None) and old.inputs[0].shape[0]) or 2
    ids = np.random.default_rng(0).integers(0, len(order), (rows, length))
    x = np.array(order)[ids]
    if new.embedding is None:
        x = np.eye(len(order), dtype="float32")[x]
    owners = [layer for layer in _layers(old) if getattr(layer, "stateful", False)]
    states = [[ops.convert_to_numpy(s) for s in layer.states] for layer in owners]
    for layer in owners:
        layer.reset_state()
    theirs = ops.convert_to_numpy(old(x, training=False)).astype("float64")
    for layer, values in zip(owners, states):
        for state, value in zip(layer.states, values):
            state.assign(value)
    mine = new(ids, return_sequences=theirs.ndim == 3, training=False)
    pair = [theirs[..., order], ops.convert_to_numpy(mine).astype("float64")]
    if np.allclose(theirs.sum(-1), 1, atol=1e-3) and theirs.min() >= 0:  # softmax
        pair[0] = np.log(np.maximum(pair[0], 1e-30))
    pair = [x - x.max(-1, keepdims=True) for x in pair]
    pair = [x - np.log(np.exp(x).sum(-1, keepdims=True)) for x in pair]
    exact = all(layer.compute_dtype == "float32" for layer in _layers(old))
    likely = pair[1] > -12
    worst = np.abs(pair[0] - pair[1])[likely].max()
    if not worst < (1e-4 if exact else 0.1):
        raise ValueError(
            "The model can't be converted: it is not the chain of its layers, in the "
            "order of model.layers. On some characters, the logarithms of its "
            f"probabilities differ from those of that chain by up to {worst:.3g}."
        )


def _of_file(path: Path) -> Parts:
    found: dict[str, list[np.ndarray]] = {}

    def visit(name: str, item: Any) -> None:
        if isinstance(item, h5py.Dataset) and "optimizer" not in name:
            found.setdefault(name.rpartition("/vars/")[0], []).append(np.asarray(item))

    try:
        with h5py.File(path) as file:
            file.visititems(visit)
    except OSError as error:
        raise ValueError(f"{str(path)!r} is no file of weights: {error}") from error
    parts = Parts()
    cells = [name for name in found if name.endswith("cell")]
    own = re.compile(r"(.*/)?(lstm|gru|simple_rnn)(_\d+)?/cell")
    if len(cells) > 1 and not all(own.fullmatch(name) for name in cells):
        raise ValueError(
            f"{str(path)!r} does not tell the order of its recurrent layers, "
            f"{', '.join(cells)}. Load the model in Keras, and pass the model."
        )
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
