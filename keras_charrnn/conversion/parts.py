"""Parts: the weights of a model, and the `CharRNN` made from them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import keras
import numpy as np

from keras_charrnn.model import CharRNN
from keras_charrnn.text import UNK, Vocabulary

# The forms in which a model's characters may be given: a Vocabulary, if the model uses
# its ids, or else the characters, with their ids or in the order of their ids.
Characters = Vocabulary | Sequence[str] | Mapping[str, int]


@dataclass
class Parts:
    """The weights of a model, in the layout of this package's cells."""

    embedding: np.ndarray | None = None
    cells: list[str] = field(default_factory=list)
    recurrent: list[list[np.ndarray]] = field(default_factory=list)
    head: list[keras.layers.Layer] = field(default_factory=list)
    head_weights: list[list[np.ndarray]] = field(default_factory=list)
    dropout: float = 0.0


def known_characters(characters: Any) -> Characters:
    """Check the form in which a model's characters are given.

    Args:
        characters: `Characters`, or a `StringLookup` layer.

    Returns:
        `Characters`.

    Raises:
        TypeError: If they are something else.
    """
    if hasattr(characters, "get_vocabulary"):
        characters = characters.get_vocabulary()
    if isinstance(characters, Vocabulary):
        return characters
    if not isinstance(characters, Mapping | Sequence | np.ndarray):
        raise TypeError(
            "The vocabulary is a Vocabulary, a str or list of characters in the order "
            f"of their ids, or a dict from characters to ids; it is {characters!r}."
        )
    for character in characters:
        if not isinstance(character, str):
            raise TypeError(f"The characters are str; there is {character!r}.")
    return characters  # type: ignore[return-value]


def ordered(characters: Characters) -> tuple[Vocabulary, list[int]]:
    """Return the vocabulary, and for each of its ids the id of the model."""
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


def assembled(parts: Parts, characters: Characters) -> CharRNN:
    """Make a `CharRNN` from the parts of a model.

    Args:
        parts: The parts.
        characters: What `known_characters` returned.

    Returns:
        The model, not compiled.

    Raises:
        ValueError: If the recurrent layers are of several kinds, or the model has
            another number of characters than the vocabulary.
    """
    if len(set(parts.cells)) > 1:
        raise ValueError(f"The recurrent layers are of several kinds: {parts.cells}.")
    first = parts.recurrent[0][0]
    rows = len(first if parts.embedding is None else parts.embedding)
    columns = parts.head_weights[-1][0].shape[1]
    vocabulary, order = ordered(characters)
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


def _head(parts: Parts, width: int) -> keras.Sequential:
    config = parts.head[-1].get_config()
    config.update(units=width, activation="linear", use_bias=True)
    config.pop("build_config", None)
    last = keras.layers.Dense.from_config(config)
    units = parts.recurrent[-1][1].shape[0]
    return keras.Sequential([keras.Input((None, units)), *parts.head[:-1], last])
