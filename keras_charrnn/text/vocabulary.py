"""Vocabulary: the characters that a model knows, and the id of each."""

import json
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np

from keras_charrnn._platform import check_flag
from keras_charrnn.text.census import Census
from keras_charrnn.text.code_points import (
    characters_of,
    code_points_of,
)
from keras_charrnn.text.decoder import ByteDecoder, Decoder
from keras_charrnn.text.documents import END, mark_sources
from keras_charrnn.text.sealed_json import no_vocabulary, read_sealed_json, sealed_json
from keras_charrnn.text.sources import Paths, checked_text, find_files, read_pieces
from keras_charrnn.text.treatment import Form, Treatment
from keras_charrnn.text.unknown import UNK, Unknown, check_unknown, describe_unknown


class Vocabulary:
    r"""The different characters of a text, sorted, each with its id.

    A character is a Unicode code point. The id of a character is its place in
    the sorted sequence, from 0 to `len(vocabulary) - 1`. A vocabulary never
    changes once it is made. What is to be done to a text before its characters are
    looked up is part of it, so that a prompt is treated as the text was.

    Args:
        characters: The characters, in any order. Repetitions count once.
        end: Whether there is an id for the end of a document.
        documents: What a document is, as in `Corpus.from_files`: where that is not
            said of a further text, it is the same again.
        newline: `"\n"` turns the line ends CRLF and CR into LF.
        lowercase: Whether letters are made small.
        normalize: A Unicode normal form, `"NFC"`, `"NFD"`, `"NFKC"` or `"NFKD"`.

    Raises:
        ValueError: If there is no character, an item is not one character, or a
            choice is none.

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

    def __init__(
        self,
        characters: Iterable[str],
        *,
        end: bool = False,
        documents: str | None = None,
        newline: str | None = None,
        lowercase: bool = False,
        normalize: Form | None = None,
    ) -> None:
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
        self.treatment = Treatment(newline, lowercase, normalize)
        self._has_end = check_flag("end", end)
        self.documents = documents
        if end:
            unique = sorted({*unique, END})
        self._code_points = np.array([ord(c) for c in unique], np.uint32)
        # Code points up to the largest known one, and one more row that
        # stands for all beyond it; -1 marks what is unknown.
        dtype = np.int16 if len(unique) < 1 << 15 else np.int32
        self._ids = np.full(int(self._code_points[-1]) + 2, -1, dtype)
        self._ids[self._code_points] = np.arange(len(unique))

    @classmethod
    def from_text(
        cls,
        text: str,
        *,
        min_count: int = 1,
        max_size: int | None = None,
        unk: bool = False,
        **choices: Any,
    ) -> "Vocabulary":
        r"""Make the vocabulary of the characters that `text` holds.

        Args:
            text: Any string with at least one character.
            min_count: How often a character has to occur, 1 or more.
            max_size: How many ids there may be, `unk` and `end` included; the most
                frequent characters are taken, of equally frequent ones the first.
            unk: Whether there is an id, that of U+FFFD, for unknown characters.
            **choices: `end`, `documents`, `newline`, `lowercase` and `normalize`, as
                for `Vocabulary`.

        Raises:
            ValueError: If no character is left, or a choice is none.
        """
        census = Census()
        census.number(Treatment.among(choices)(checked_text(text, whole=True)))
        return cls.from_census(census, min_count, max_size, unk, **choices)

    @classmethod
    def from_files(
        cls,
        paths: Paths,
        encoding: str = "utf-8",
        *,
        documents: str | None = None,
        **choices: Any,
    ) -> "Vocabulary":
        """Make the vocabulary of files, which may be larger than memory.

        Args:
            paths: As in `read_text`.
            encoding: As in `read_text`.
            documents: What is a document, as in `Corpus.from_files`: only what
                belongs to one is counted, and there is an id for its end.
            **choices: As in `from_text`, from `min_count` on.

        Raises:
            ValueError: As in `from_text` and `read_text`.
            OSError: If a file can't be read.
        """
        census = Census()
        treatment = Treatment.among(choices)
        choices["end"] = choices.get("end", False) or documents is not None
        choices["documents"] = documents
        files = ((str(f), read_pieces(f, encoding)) for f in find_files(paths))
        for _, pieces in mark_sources(files, documents, documents is not None):
            for piece in treatment.pieces(pieces):
                census.number(piece)
        return cls.from_census(census, **choices)

    @classmethod
    def from_census(
        cls,
        census: Census,
        min_count: int = 1,
        max_size: int | None = None,
        unk: bool = False,
        **choices: Any,
    ) -> "Vocabulary":
        """Make a vocabulary of characters that have been counted."""
        check_flag("unk", unk, "unknown= takes 'skip' and 'replace'.")
        special = {UNK} if unk else set()
        if choices.get("end", False):
            special.add(END)
        kept = census.most_frequent(min_count, max_size, special)
        return cls({*kept, *(special - {END})} if kept else (), **choices)

    def extended(self, characters: Iterable[str]) -> "Vocabulary":
        """Return a vocabulary that has these characters, too."""
        config = self._config()
        config["characters"] = [*config["characters"], *characters]
        return Vocabulary(**config)

    @staticmethod
    def bytes(*, end: bool = False, documents: str | None = None) -> "ByteVocabulary":
        """Return the vocabulary of the 256 bytes, for any file at all.

        A text is its UTF-8 bytes, and bytes that are no UTF-8 are decoded to U+FFFD.
        The `characters` are the code points 0 to 255, which stand for the bytes.

        Args:
            end: As for `Vocabulary`.
            documents: As for `Vocabulary`.
        """
        return ByteVocabulary(end=end, documents=documents)

    # Whether every text consists of what is in it.
    complete = False

    @property
    def characters(self) -> tuple[str, ...]:
        """The characters in the order of their ids."""
        return tuple(map(chr, self._code_points))

    @property
    def end(self) -> str | None:
        """The character that stands for the end of a document, if there is one."""
        return END if self._has_end else None

    @property
    def end_id(self) -> int | None:
        """The id of the end of a document, if there is one."""
        return int(self._ids[ord(END)]) if self._has_end else None

    @property
    def unk(self) -> str | None:
        """U+FFFD, which stands for unknown characters, if the vocabulary holds it."""
        return UNK if UNK in self else None

    @property
    def id_dtype(self) -> np.dtype:
        """The smallest unsigned NumPy dtype that holds every id."""
        return np.min_scalar_type(len(self) - 1)

    def encode(self, text: str, unknown: Unknown = "error") -> np.ndarray:
        """Turn characters into ids.

        Args:
            text: The characters; first they are treated as the vocabulary says.
            unknown: What to do with a character outside the vocabulary:
                `"error"`, `"skip"` it, or `"replace"` it by `unk`.

        Returns:
            Ids, shape (characters,), of dtype `id_dtype`.

        Raises:
            ValueError: If characters are unknown and `unknown="error"`, or
                `unknown="replace"` and the vocabulary has no `unk`.
        """
        symbols = self.symbols(text)
        if self._has_end and END in symbols:
            raise ValueError(
                f"The text holds U+FDD0 at {symbols.index(END)}, which marks the end "
                "of a document here. It is no character of any language; remove it."
            )
        return self.encode_symbols(symbols, unknown)

    def decode(self, ids: Sequence[int] | np.ndarray) -> str:
        """Turn ids into characters.

        Args:
            ids: Integers from 0 to `len(vocabulary) - 1`, shape (characters,).

        Returns:
            The text, with a line end for the end of a document.

        Raises:
            ValueError: If an id is out of range or not an integer.
        """
        return self.decoder()(self.decode_symbols(ids), final=True)

    def symbols(self, text: str) -> str:
        """Return a text with one character for each id that it has."""
        return self.treatment(checked_text(text))

    def pieces(self, pieces: Iterable[str]) -> Iterator[str]:
        """Return the symbols of a text that comes in pieces, cut elsewhere.

        `END`, behind each document, stays.
        """
        return self.treatment.pieces(pieces)

    def decoder(self) -> Decoder:
        """Return what turns symbols into a text, piece by piece."""
        return Decoder(self._has_end)

    def encode_symbols(
        self, symbols: str, unknown: Unknown = "error", place: int = 0
    ) -> np.ndarray:
        """Turn symbols into ids; `place` is the first one's, for errors."""
        check_unknown(unknown)
        code_points = code_points_of(symbols)
        ids = np.take(self._ids, code_points, mode="clip")
        if ids.size and ids.min() < 0:
            strange = ids < 0
            if unknown == "error":
                raise ValueError(describe_unknown(code_points, strange, place))
            if unknown == "skip":
                ids = ids[~strange]
            elif self.unk is None:
                raise ValueError(
                    "unknown='replace' needs an id for unknown characters, and the "
                    "vocabulary has none. Make it with unk=True, or pass "
                    "unknown='skip'."
                )
            else:
                ids[strange] = self._ids[ord(UNK)]
        return ids.astype(self.id_dtype)

    def decode_symbols(self, ids: Sequence[int] | np.ndarray) -> str:
        """Turn ids into symbols."""
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
        return characters_of(self._code_points[ids])

    def to_json(self) -> str:
        """Write the vocabulary as a JSON string of ASCII characters, with a digest."""
        return sealed_json(self._config())

    @staticmethod
    def from_json(string: str) -> "Vocabulary":
        """Read what `to_json` wrote.

        Args:
            string: The JSON string.

        Returns:
            The `Vocabulary`.

        Raises:
            DamagedFile: If `string` is not the JSON form of a vocabulary, or not what
                it was when it was written.
        """
        config = read_sealed_json(string)
        kind = ByteVocabulary if config.pop("bytes", False) else Vocabulary
        try:
            return kind(**config)
        except (TypeError, ValueError) as error:
            raise no_vocabulary(string, error) from error

    def _config(self) -> dict[str, Any]:
        characters = "".join(c for c in self.characters if c != self.end)
        chosen = {
            "end": self._has_end,
            "documents": self.documents,
            "newline": self.treatment.newline,
            "lowercase": self.treatment.lowercase,
            "normalize": self.treatment.normalize,
        }
        return {"characters": characters} | {k: v for k, v in chosen.items() if v}

    def __len__(self) -> int:
        return len(self._code_points)

    def __contains__(self, character: object) -> bool:
        if not isinstance(character, str) or len(character) != 1:
            return False
        return ord(character) < len(self._ids) and self._ids[ord(character)] >= 0

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Vocabulary):
            return NotImplemented
        return self._compared() == other._compared()

    def __hash__(self) -> int:
        return hash(self._compared())

    def _compared(self) -> str:
        # What a document is changes no id.
        return json.dumps({k: v for k, v in self._config().items() if k != "documents"})

    def __repr__(self) -> str:
        shown = "".join(c for c in self.characters[:40] if c != self.end)
        rest = "..." if len(self) > 40 else ""
        size = len(self) - self._has_end
        end = " and an end of documents" if self._has_end else ""
        return f"<Vocabulary of {size} characters{end}: {shown!r}{rest}>"


class ByteVocabulary(Vocabulary):
    """The 256 bytes; `Vocabulary.bytes` makes one."""

    complete = True

    def __init__(self, *, end: bool = False, documents: str | None = None) -> None:
        super().__init__(map(chr, range(256)), end=end, documents=documents)

    def symbols(self, text: str) -> str:
        return checked_text(text).encode("utf-8", "surrogatepass").decode("latin-1")

    def extended(self, characters: Iterable[str]) -> Vocabulary:
        return self

    def pieces(self, pieces: Iterable[str]) -> Iterator[str]:
        for piece in pieces:
            yield END.join(map(self.symbols, piece.split(END)))

    def decoder(self) -> Decoder:
        return ByteDecoder(self._has_end)

    def _config(self) -> dict[str, Any]:
        chosen = {"end": self._has_end, "documents": self.documents}
        return {"bytes": True} | {k: v for k, v in chosen.items() if v}

    def __repr__(self) -> str:
        end = " and an end of documents" if self._has_end else ""
        return f"<Vocabulary of 256 bytes{end}>"
