"""Conversion of a Keras model to a `CharRNN`."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import keras
import numpy as np
from keras import ops

from keras_charrnn.conversion.files import converting, read_file
from keras_charrnn.conversion.parts import (
    Characters,
    Numbering,
    Parts,
    assembled,
    numbering,
)
from keras_charrnn.model import CharRNN

# How many characters two models are compared on, at most.
_MOST_POSITIONS = 1 << 16

_CELLS = {"LSTM": "lstm", "GRU": "gru", "SimpleRNN": "rnn"}


def from_keras(source: Any, vocabulary: Characters, **choices: Any) -> CharRNN:
    """Convert a Keras model to a `CharRNN` with equal logits.

    The model has an `Embedding`, or reads one-hot vectors, then `LSTM`, `GRU` or
    `SimpleRNN` layers, then one or more `Dense` layers. There may be `Dropout` between
    them. A softmax at the end is left out.

    Args:
        source: The model, or its file, `.keras` or `.h5`, as Keras 3 and Keras 2 write
            them, of the whole model or of its weights. Layers of Keras 2 that ran on
            cuDNN alone, CuDNNLSTM and CuDNNGRU, become LSTM and GRU. A file of weights
            contains neither activations nor connections. So it must have one `Dense`
            layer, and its recurrent layers are taken in the order of the names that
            Keras gives, in one of Keras 2 in that of the file. Otherwise, both models
            are run on some characters, and their results are compared.
        vocabulary: A `Vocabulary`, if the model uses its ids; or the characters in the
            order of the model's ids, with `"[UNK]"` for the id of unknown characters;
            or a dict from characters to ids; or a `StringLookup` layer.
        **choices: What the model's program did to a text first, `newline`, `lowercase`
            or `normalize`, as for `Vocabulary`; a `Vocabulary` has settled that.

    Returns:
        The model, not compiled.

    Raises:
        ValueError: If the model has other layers, settings that no cell supports, or
            another number of characters than the vocabulary; or if its file is damaged,
            or none of these.
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
        with converting(source):
            return _converted(read_file(Path(source)), known)
    return _converted(source, known)


def _converted(source: Any, known: Numbering) -> CharRNN:
    if isinstance(source, Parts):
        return assembled(source, known)
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
    if rows * length > _MOST_POSITIONS:
        raise ValueError(
            f"The model reads {rows:,} times {length:,} characters at once, more than "
            f"{_MOST_POSITIONS:,} in all. Make it with a smaller batch_shape."
        )
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
