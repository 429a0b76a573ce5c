"""Files of weights alone: what their shapes and names tell of a model."""

import re
from pathlib import Path
from typing import Any

import h5py
import keras
import numpy as np

from keras_charrnn.conversion.old import is_of_cudnn, of_cudnn
from keras_charrnn.conversion.parts import Parts

_GATES = {4: "lstm", 3: "gru", 1: "rnn"}

# The weights of each layer by its name, in the order of the layers.
Weights = dict[str, list[np.ndarray]]


def attribute(group: h5py.Group, name: str) -> list[str]:
    """Return a list of names, which Keras 2 cuts into several where it is long."""
    parts = [name] if name in group.attrs else []
    while f"{name}{len(parts)}" in group.attrs:
        parts.append(f"{name}{len(parts)}")
    found = [item for part in parts for item in group.attrs[part]]
    return [x.decode() if isinstance(x, bytes) else str(x) for x in found]


def array(item: h5py.Dataset) -> np.ndarray:
    """Return the numbers of a weight."""
    if item.dtype.kind not in "fiu":
        raise ValueError(f"{item.name!r} is of dtype {item.dtype}, and not float32")
    return np.asarray(item)


def old_names(group: h5py.Group) -> dict[str, list[str]]:
    """Return where the weights of each layer are in a file of Keras 2."""
    names: dict[str, list[str]] = {}
    for layer in attribute(group, "layer_names"):
        for name in attribute(group[layer], "weight_names"):
            own = f"{layer}/{name}"
            names.setdefault(own.rpartition("/")[0], []).append(own)
    return names


def read_weights(file: h5py.File) -> tuple[Weights, bool]:
    """Read a file of weights.

    Args:
        file: The file, of Keras 2 or 3.

    Returns:
        The weights, and whether they are in the order of the model's layers.
    """
    if attribute(file, "layer_names"):
        found = {
            layer: [array(file[name]) for name in names]
            for layer, names in old_names(file).items()
        }
        return found, True
    found = {}

    def visit(name: str, item: Any) -> None:
        if isinstance(item, h5py.Dataset) and "optimizer" not in name:
            found.setdefault(name.rpartition("/vars/")[0], []).append(array(item))

    file.visititems(visit)
    return {name: found[name] for name in sorted(found, key=_natural)}, False


def _natural(name: str) -> list[Any]:
    return [int(p) if p.isdigit() else p for p in re.split(r"(\d+)", name)]


def parts_of(path: Path, found: Weights, in_order: bool) -> Parts:
    """Tell the layers of weights by their shapes.

    Args:
        path: The file, for errors.
        found: The weights.
        in_order: Whether they are in the order of the model's layers.

    Returns:
        The `Parts`.

    Raises:
        ValueError: If the shapes, or the names, do not tell what the model is.
    """
    parts = Parts()
    cells = [n for n, w in found.items() if [x.ndim for x in w[:2]] == [2, 2]]
    own = re.compile(r"(.*/)?(lstm|gru|simple_rnn|cu_dnnlstm|cu_dnngru)(_\d+)?(/cell)?")
    if not in_order and len(cells) > 1 and not all(map(own.fullmatch, cells)):
        raise ValueError(
            f"{str(path)!r} does not tell the order of its recurrent layers, "
            f"{', '.join(cells)}. Load the model in Keras, and pass the model."
        )
    matrices: Weights = {}
    for name, weights in found.items():
        shapes = [w.shape for w in weights]
        if name in cells:
            cell, weights = _cell(path, name, weights)
            parts.cells.append(cell)
            parts.recurrent.append(weights)
        elif len(shapes) == 1 and len(shapes[0]) == 2:
            matrices[name] = weights
        elif [w.ndim for w in weights] == [2, 1] and shapes[0][1:] == shapes[1]:
            parts.head.append(keras.layers.Dense(shapes[1][0]))
            parts.head_weights.append(weights)
        elif not all(shape == (2,) for shape in shapes):  # the seed of a Dropout
            raise ValueError(
                f"{str(path)!r}: {name!r} holds the shapes {shapes}, which are those "
                "of no Embedding, recurrent or Dense layer."
            )
    if parts.cells:
        _take_matrices(path, parts, matrices)
    if len(parts.head) != 1 or not parts.cells:
        raise ValueError(
            f"{str(path)!r} holds {len(parts.cells)} recurrent and {len(parts.head)} "
            "Dense layers. It takes one Dense layer: a file of weights does not tell "
            "the activations of others. Load the model in Keras, and pass the model."
        )
    return parts


def _take_matrices(path: Path, parts: Parts, matrices: Weights) -> None:
    """Take an Embedding, and a Dense layer without a bias, by their shapes."""
    width, units = parts.recurrent[0][0].shape[0], parts.recurrent[-1][1].shape[0]
    shapes = {name: weights[0].shape for name, weights in matrices.items()}
    heads = [
        name
        for name, shape in shapes.items()
        if not parts.head
        and shape[0] == units
        # What a model predicts is what it reads.
        and all(s == (shape[1], width) for n, s in shapes.items() if n != name)
    ]
    if len(heads) == 1:
        weights = matrices.pop(heads[0])
        parts.head.append(keras.layers.Dense(weights[0].shape[1], use_bias=False))
        parts.head_weights.append(weights)
    if len(heads) > 1 or len(matrices) > 1:
        raise ValueError(
            f"{str(path)!r} does not tell which of {', '.join(matrices)} is the "
            "Embedding. Load the model in Keras, and pass the model."
        )
    for name, (embedding,) in matrices.items():
        if embedding.shape[1] != width:
            raise ValueError(
                f"{str(path)!r}: {name!r} has {embedding.shape[1]} columns, and the "
                f"first recurrent layer reads {width} features."
            )
        parts.embedding = embedding


def _cell(
    path: Path, name: str, weights: list[np.ndarray]
) -> tuple[str, list[np.ndarray]]:
    """Return the cell that weights belong to, and its weights."""
    if is_of_cudnn(weights):
        weights = of_cudnn(weights)
    rows, columns = weights[1].shape
    cell = None if not rows or columns % rows else _GATES.get(columns // rows)
    # A GRU without a bias may have reset_after=False.
    if len(weights) == 2 and cell in ("lstm", "rnn"):
        weights = [*weights, np.zeros(columns, "float32")]
    bias = (2, columns) if cell == "gru" else (columns,)
    shapes = [w.shape for w in weights]
    if cell and shapes[2:] == [bias] and shapes[0][1] == columns:
        return cell, weights
    raise ValueError(
        f"{str(path)!r}: {name!r} holds the shapes {shapes}, which are those of no "
        "LSTM, SimpleRNN, or GRU(reset_after=True) with a bias."
    )
