"""Vocabulary: the characters that a model knows, and the id of each."""

import json
import sys
from collections.abc import Iterable, Sequence
from typing import Literal

import numpy as np

Unknown = Literal["error", "skip", "replace"]

# What unknown="replace" writes: the first of these that the vocabulary holds.
REPLACEMENTS = ("\ufffd", "?", " ")
_NAMED_AT_MOST = 10


class Vocabulary:
    """The different characters of a text, sorted, each with its id.

    A character is a Unicode code point. The id of a character is its place in
    the sorted sequence, from 0 to `len(vocabulary) - 1`. A vocabulary never
    changes once it is made.

    Args:
        characters: The characters, in any order. Repetitions count once.

    Raises:
        ValueError: If there is no character, or an item is not one character.

    Example:

    >>> from keras_charrnn import Vocabulary
    >>> vocabulary = Vocabulary.from_text("hello")
    >>> vocabulary.characters
    ('e', 'h', 'l', 'o')
    >>> vocabulary.encode("hole").tolist()
    [1, 3, 2, 0]
    >>> vocabulary.decode([1, 3, 2, 0])
    'hole'
    """

    def __init__(self, characters: Iterable[str]) -> None:
        unique = sorted(set(characters))
        if not unique:
            raise ValueError(
                "A vocabulary needs at least one character; there is none. "
                "Is the text empty?"
            )
        for character in unique:
            if not isinstance(character, str) or len(character) != 1:
                raise ValueError(
                    "A vocabulary consists of single characters; "
                    f"{character!r} is not one."
                )
        self._code_points = np.array([ord(c) for c in unique], np.uint32)
        # Code points up to the largest known one, and one more row that
        # stands for all beyond it; -1 marks what is unknown.
        self._ids = np.full(int(self._code_points[-1]) + 2, -1, np.int32)
        self._ids[self._code_points] = np.arange(len(unique))

    @classmethod
    def from_text(cls, text: str) -> "Vocabulary":
        """Make the vocabulary of all characters that `text` holds.

        Args:
            text: Any string with at least one character.

        Returns:
            The `Vocabulary`.

        Raises:
            ValueError: If `text` is empty.
        """
        return cls(map(chr, np.unique(_code_points(text))))

    @property
    def characters(self) -> tuple[str, ...]:
        """The characters in the order of their ids."""
        return tuple(map(chr, self._code_points))

    @property
    def id_dtype(self) -> np.dtype:
        """The smallest unsigned NumPy dtype that holds every id."""
        return np.min_scalar_type(len(self) - 1)

    @property
    def replacement(self) -> str | None:
        """What `unknown="replace"` writes for a character it does not know.

        The first of U+FFFD, "?" and the space that the vocabulary holds;
        `None` if it holds none of them.
        """
        return next((c for c in REPLACEMENTS if c in self), None)

    def encode(self, text: str, unknown: Unknown = "error") -> np.ndarray:
        """Turn characters into ids.

        Args:
            text: The characters.
            unknown: What to do with a character outside the vocabulary:
                `"error"`, `"skip"` it, or `"replace"` it by `replacement`.

        Returns:
            Ids, shape (characters,), of dtype `id_dtype`.

        Raises:
            ValueError: If characters are unknown and `unknown="error"`, or
                `unknown="replace"` and the vocabulary has no replacement.
        """
        if unknown not in ("error", "skip", "replace"):
            raise ValueError(
                f"unknown={unknown!r} is not one of 'error', 'skip', 'replace'."
            )
        code_points = _code_points(text)
        ids = self._ids[np.minimum(code_points, len(self._ids) - 1)]
        strange = ids < 0
        if strange.any():
            if unknown == "error":
                raise ValueError(self._describe(code_points, strange))
            if unknown == "skip":
                ids = ids[~strange]
            elif self.replacement is None:
                raise ValueError(
                    "unknown='replace' needs U+FFFD, '?' or a space in the "
                    "vocabulary, and it holds none of them. Pass unknown='skip'."
                )
            else:
                ids[strange] = self._ids[ord(self.replacement)]
        return ids.astype(self.id_dtype)

    def decode(self, ids: Sequence[int] | np.ndarray) -> str:
        """Turn ids into characters.

        Args:
            ids: Integers from 0 to `len(vocabulary) - 1`, shape (characters,).

        Returns:
            The text.

        Raises:
            ValueError: If an id is out of range or not an integer.
        """
        ids = np.asarray(ids)
        if ids.size == 0:
            return ""
        if ids.ndim != 1 or not np.issubdtype(ids.dtype, np.integer):
            raise ValueError(
                "decode() takes a flat sequence of integer ids; it got an array "
                f"of shape {ids.shape} and dtype {ids.dtype}."
            )
        wrong = (ids < 0) | (ids >= len(self))
        if wrong.any():
            place = int(wrong.argmax())
            raise ValueError(
                f"Id {ids[place]} at position {place} is outside the vocabulary, "
                f"whose ids go from 0 to {len(self) - 1}."
            )
        return _text(self._code_points[ids])

    def to_json(self) -> str:
        """Write the vocabulary as a JSON string of ASCII characters."""
        return json.dumps({"characters": "".join(self.characters)})

    @classmethod
    def from_json(cls, string: str) -> "Vocabulary":
        """Read what `to_json` wrote.

        Args:
            string: The JSON string.

        Returns:
            The `Vocabulary`.

        Raises:
            ValueError: If `string` is not the JSON form of a vocabulary.
        """
        try:
            characters = json.loads(string)["characters"]
        except (json.JSONDecodeError, KeyError, TypeError) as error:
            raise ValueError(
                f"This is not the JSON form of a vocabulary: {string[:60]!r}"
            ) from error
        return cls(characters)

    def __len__(self) -> int:
        return len(self._code_points)

    def __contains__(self, character: object) -> bool:
        if not isinstance(character, str) or len(character) != 1:
            return False
        return ord(character) < len(self._ids) and self._ids[ord(character)] >= 0

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Vocabulary):
            return NotImplemented
        return self.characters == other.characters

    def __hash__(self) -> int:
        return hash(self.characters)

    def __repr__(self) -> str:
        shown = "".join(self.characters[:40])
        rest = "..." if len(self) > 40 else ""
        return f"<Vocabulary of {len(self)} characters: {shown!r}{rest}>"

    def _describe(self, code_points: np.ndarray, strange: np.ndarray) -> str:
        places = np.flatnonzero(strange)
        named = ", ".join(
            f"{chr(code_points[place])!r} at {place}"
            for place in places[:_NAMED_AT_MOST]
        )
        more = len(places) - _NAMED_AT_MOST
        rest = f" and {more} more" if more > 0 else ""
        plural = "" if len(places) == 1 else "s"
        return (
            f"The text holds {len(places)} character{plural} outside the "
            f"vocabulary: {named}{rest}. "
            "Pass unknown='skip' or unknown='replace' (--unknown to the command)."
        )


# A lone surrogate is a legal character of a Python string, so it must pass.
_UTF32 = "utf-32-le" if sys.byteorder == "little" else "utf-32-be"


def _code_points(text: str) -> np.ndarray:
    if not isinstance(text, str):
        raise TypeError(f"A text is a str; this is {type(text).__name__}.")
    return np.frombuffer(text.encode(_UTF32, "surrogatepass"), np.uint32)


def _text(code_points: np.ndarray) -> str:
    return code_points.astype(np.uint32).tobytes().decode(_UTF32, "surrogatepass")
