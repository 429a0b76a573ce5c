"""Parts: the weights of a model, and the `CharRNN` made from them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from numbers import Integral
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


@dataclass(frozen=True)
class Numbering:
    """How a model numbers its characters.

    Attributes:
        vocabulary: The characters.
        order: For each id of the vocabulary, the id of the model.
        size: How many ids the model has.
    """

    vocabulary: Vocabulary
    order: list[int]
    size: int


def numbering(characters: Any, **choices: Any) -> Numbering:
    """Read the form in which a model's characters are given.

    Args:
        characters: `Characters`, or a `StringLookup` layer.
        **choices: `newline`, `lowercase` and `normalize`, as for `Vocabulary`.

    Returns:
        The `Numbering`.

    Raises:
        TypeError: If they are something else.
        ValueError: If a character comes twice, the ids do not go from 0 on without
            gaps, or a `Vocabulary` is given with choices.
    """
    if hasattr(characters, "get_vocabulary"):
        characters = characters.get_vocabulary()
    if isinstance(characters, Vocabulary):
        if choices:
            raise ValueError(
                f"{', '.join(choices)}: a Vocabulary has settled that. Leave it out."
            )
        size = len(characters)
        return Numbering(characters, list(range(size)), size)
    if not isinstance(characters, Mapping | Sequence | np.ndarray):
        raise TypeError(
            "The vocabulary is a Vocabulary, a str or list of characters in the order "
            f"of their ids, or a dict from characters to ids; it is {characters!r}."
        )
    _refuse_turned(characters)
    for character in characters:
        if not isinstance(character, str):
            raise TypeError(f"The characters are str; there is {character!r}.")
    listed = _by_id(characters)
    ids: dict[str, int] = {}
    for id, character in enumerate(listed):
        symbol = UNK if character == "[UNK]" else str(character)
        if symbol in ids:
            raise ValueError(
                f"The characters are not all different: {listed[ids[symbol]]!r} has "
                f"the id {ids[symbol]}, and {character!r} the id {id}."
            )
        ids[symbol] = id
    ids.pop("", None)  # the id of a mask, which is no character's
    vocabulary = Vocabulary(ids, **choices)
    return Numbering(vocabulary, [ids[c] for c in vocabulary.characters], len(listed))


def _refuse_turned(characters: Any) -> None:
    """Raise a `ValueError` for a dict from ids to characters."""
    if not isinstance(characters, Mapping) or not characters:
        return
    if all(isinstance(character, str) for character in characters.values()):
        id, character = next(iter(characters.items()))
        raise ValueError(
            f"The dict goes from ids to characters, {{{id!r}: {character!r}, ...}}, "
            f"and has to go from characters to ids, {{{character!r}: {id}, ...}}. Turn "
            "it around: {character: int(id) for id, character in ids.items()}."
        )


def _by_id(characters: Any) -> Sequence[str]:
    """Return characters in the order of their ids."""
    if not isinstance(characters, Mapping):
        return characters
    size = len(characters)
    found: dict[int, str] = {}
    for character, given in characters.items():
        if not isinstance(given, Integral) or isinstance(given, bool):
            raise TypeError(f"The id of {character!r} is {given!r}, and no integer.")
        id = int(given)
        if not 0 <= id < size:
            raise ValueError(
                f"The id of {character!r} is {id}; the ids of {size} characters go "
                f"from 0 to {size - 1}, without gaps."
            )
        if id in found:
            raise ValueError(
                f"The ids are not all different: {found[id]!r} and {character!r} have "
                f"the id {id}."
            )
        found[id] = character
    return [found[id] for id in range(size)]


def assembled(parts: Parts, known: Numbering) -> CharRNN:
    """Make a `CharRNN` from the parts of a model.

    Args:
        parts: The parts.
        known: How the model numbers its characters.

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
    order = known.order
    if not rows == columns == known.size:
        raise ValueError(
            f"The model reads {rows} characters and predicts {columns}; the vocabulary "
            f"has {known.size}. Pass all of its characters, in its order; to the "
            "command, with --ids FILE, or with --unknown-first if [UNK] is one of them."
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
        known.vocabulary,
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
