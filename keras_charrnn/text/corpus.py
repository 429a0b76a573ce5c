"""Corpus: a text as ids, together with the vocabulary they belong to."""

import mmap
import os
from collections.abc import Iterable
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from keras_charrnn._platform import check_positive
from keras_charrnn.text.corpus_file import Encoded, read_encoded, write_encoded
from keras_charrnn.text.documents import (
    Source,
    kind_of,
    mark_documents,
    mark_sources,
    place_finder,
)
from keras_charrnn.text.encoding import Where, encode_sources
from keras_charrnn.text.sources import Paths, checked_text, find_files, reader
from keras_charrnn.text.treatment import Treatment
from keras_charrnn.text.unknown import Unknown
from keras_charrnn.text.vocabulary import ByteVocabulary, Vocabulary

_Part = tuple[np.ndarray, np.ndarray]
_PIECE = 1 << 20  # ids that are looked at at once
_CHOICES = ("newline", "lowercase", "normalize", "min_count", "max_size", "unk")


class Corpus:
    """A text as ids: what a model trains on.

    If the vocabulary has an id for the end of a document, the corpus is a
    sequence of documents, and the end stands behind each of them.

    Args:
        ids: Integers from 0 to `len(vocabulary) - 1`, shape (characters,).
            They are kept, not copied.
        vocabulary: The `Vocabulary` that the ids belong to.

    Raises:
        ValueError: If the ids are not a flat array of integers in range, or do not
            end with the end of a document where there is one.

    Example:

    >>> from keras_charrnn import Corpus
    >>> corpus = Corpus.from_text("to be or not to be")
    >>> len(corpus), len(corpus.vocabulary)
    (18, 7)
    >>> train, validation = corpus.split(0.3)
    >>> validation.text
    'to be'
    """

    def __init__(self, ids: np.ndarray, vocabulary: Vocabulary) -> None:
        ids = np.asarray(ids)
        if ids.ndim != 1 or not np.issubdtype(ids.dtype, np.integer):
            raise ValueError(
                "A corpus is a flat array of integer ids; this one has shape "
                f"{ids.shape} and dtype {ids.dtype}."
            )
        if ids.size and not 0 <= ids.min() <= ids.max() < len(vocabulary):
            raise ValueError(
                f"The ids go from {ids.min()} to {ids.max()}, those of the vocabulary "
                f"from 0 to {len(vocabulary) - 1}."
            )
        if vocabulary.end_id is not None and ids.size and ids[-1] != vocabulary.end_id:
            raise ValueError(
                f"The vocabulary has an end of documents, the id {vocabulary.end_id}, "
                "and these ids do not end with it. Corpus.from_documents puts it there."
            )
        self._encoded = Encoded(ids, vocabulary, ())
        self._part: tuple[np.ndarray, np.ndarray] | None = None

    @classmethod
    def from_text(
        cls,
        text: str,
        vocabulary: Vocabulary | None = None,
        unknown: Unknown = "error",
        *,
        documents: str | None = None,
        skip_empty: bool = False,
        **choices: Any,
    ) -> "Corpus":
        """Encode a string.

        Args:
            text: The string.
            vocabulary: The `Vocabulary` to use; that of `text` if `None`.
            unknown: What to do with characters outside the vocabulary, as in
                `Vocabulary.encode`.
            documents: As in `from_files`; with a vocabulary that has an id for the
                end of a document, the text is one document if `None`.
            skip_empty: As in `from_files`.
            **choices: As in `from_files`.
        """
        kind = kind_of(documents, vocabulary)
        pieces = [checked_text(text, whole=True)]
        marked = mark_sources([("", pieces)], kind, skip_empty)
        where = place_finder(kind, lambda _: pieces)
        asked = (vocabulary, unknown, choices, skip_empty, where)
        return cls._read(marked, kind is not None, *asked, kind)

    @classmethod
    def from_documents(
        cls,
        documents: Iterable[str],
        vocabulary: Vocabulary | None = None,
        unknown: Unknown = "error",
        *,
        skip_empty: bool = False,
        **choices: Any,
    ) -> "Corpus":
        r"""Encode documents: texts that have nothing to do with each other.

        Args:
            documents: The texts, each of one character or more.
            vocabulary: As in `from_text`; it has an id for the end of a document.
            unknown: As in `from_text`.
            skip_empty: Whether to leave out empty ones, which are errors else.
            **choices: As in `from_files`.

        Example:

        >>> from keras_charrnn import Corpus
        >>> corpus = Corpus.from_documents(["anna", "otto"])
        >>> corpus, corpus.text
        (<Corpus of 2 documents, 10 characters, 5 different>, 'anna\notto\n')
        """
        marked = [("", mark_documents(documents, skip_empty))]
        asked = (vocabulary, unknown, choices, skip_empty, "{}Document {}".format)
        return cls._read(marked, True, *asked)

    @classmethod
    def from_files(
        cls,
        paths: Paths,
        vocabulary: Vocabulary | None = None,
        unknown: Unknown = "error",
        encoding: str = "utf-8",
        *,
        documents: str | None = None,
        skip_empty: bool = False,
        path: str | os.PathLike | None = None,
        **choices: Any,
    ) -> "Corpus":
        """Read and encode files, each of them once, joined in the given order.

        Args:
            paths: As in `read_text`.
            vocabulary: As in `from_text`. With `Vocabulary.bytes()`, files are read
                as bytes, and `encoding` plays no part.
            unknown: As in `from_text`.
            encoding: As in `read_text`.
            documents: What a document is: `"lines"`, `"paragraphs"` (between blank
                lines), `"files"`, `"separator:TEXT"` (between two of these texts),
                `"csv:COLUMN"`, `"tsv:COLUMN"` (without quotes), `"quoted-tsv:COLUMN"`
                or `"jsonl:FIELD"`. If `None`, what the vocabulary says, and without an
                end of documents one continuous text.
            skip_empty: Whether to leave out documents that hold nothing but blanks;
                otherwise they are errors.
            path: A `.npy` file to write the ids to, for texts larger than memory. It
                is mapped into memory, and `Corpus.load` opens it again.
            **choices: How to make the vocabulary, if it is `None`: `newline`,
                `lowercase`, `normalize`, `min_count`, `max_size`, `unk`, as in
                `Vocabulary.from_text`.

        Raises:
            ValueError: If a file does not decode, or a document is none, with file and
                place.
            OSError: If a file can't be read or written.
        """
        path = None if path is None else Path(path)
        kind = kind_of(documents, vocabulary)
        raw = isinstance(vocabulary, ByteVocabulary) and ":" not in str(kind)
        read = reader(encoding, raw)
        files = [(str(file), read(file)) for file in find_files(paths)]
        marked = mark_sources(files, kind, skip_empty)
        asked = (vocabulary, unknown, choices, skip_empty, place_finder(kind, read))
        return cls._read(marked, kind is not None, *asked, kind, path, raw)

    def save(self, path: str | os.PathLike) -> "Corpus":
        """Write the ids to a file, whole or not at all.

        Args:
            path: As in `from_files`.

        Returns:
            The corpus of the file.
        """
        encoded = self._encoded
        if self._part is not None:
            encoded = replace(encoded, ids=self._gathered(), files=())
        write_encoded(Path(path), encoded)
        return self.load(path)

    @classmethod
    def load(cls, path: str | os.PathLike) -> "Corpus":
        """Open what `from_files(..., path=...)` or `charrnn encode` wrote.

        Args:
            path: The `.npy` file. It is mapped into memory, not read as a whole.

        Raises:
            FileNotFoundError: If there is no such file.
            DamagedFile: If it is no corpus, or not what it was when it was written.
        """
        return cls._of(read_encoded(Path(path)))

    @classmethod
    def _read(
        cls,
        sources: Iterable[Source],
        end: bool,
        vocabulary: Vocabulary | None,
        unknown: Unknown,
        choices: dict[str, Any],
        skip_empty: bool,
        where: Where,
        documents: str | None = None,
        path: Path | None = None,
        raw: bool = False,
    ) -> "Corpus":
        for name in choices:
            if name not in _CHOICES:
                raise TypeError(
                    f"There is no choice {name!r}; there are {', '.join(_CHOICES)}."
                )
        if vocabulary is None:
            treated = Treatment.among(choices).pieces
        else:
            treated = vocabulary.pieces
            if choices:
                raise ValueError(
                    f"{', '.join(choices)}: such choices belong to the vocabulary, and "
                    "there is one already. Make it with them."
                )
            if end and vocabulary.end is None:
                raise ValueError(
                    f"{vocabulary!r} has no id for the end of a document. Make it with "
                    "end=True, or of these documents."
                )
        make = {"end": end, "documents": documents, **choices}
        encoded = encode_sources(
            ((name, text if raw else treated(text)) for name, text in sources),
            vocabulary,
            unknown,
            lambda census: Vocabulary.from_census(census, **make),
            choices.get("min_count", 1) != 1 or choices.get("max_size") is not None,
            path,
            skip_empty,
            where,
        )
        return cls._of(encoded)

    @classmethod
    def _of(cls, encoded: Encoded, part: _Part | None = None) -> "Corpus":
        corpus = cls.__new__(cls)
        corpus._encoded, corpus._part = encoded, part
        return corpus

    @property
    def ids(self) -> np.ndarray:
        """The ids, (characters,); of a part of some documents, those of them all."""
        self._encoded.check_whole()
        return self._encoded.ids

    @property
    def vocabulary(self) -> Vocabulary:
        """The `Vocabulary` that the ids belong to."""
        return self._encoded.vocabulary

    @property
    def files(self) -> tuple[tuple[str, int], ...]:
        """The name of each file, and the place among the ids where its text begins."""
        return self._encoded.files

    @cached_property
    def documents(self) -> tuple[np.ndarray, np.ndarray]:
        """Where each document begins among the ids, and its length with its end.

        Two arrays (documents,); empty ones if the vocabulary has no end.
        """
        if self._part is not None:
            return self._part
        if self.vocabulary.end_id is None:
            return np.zeros(0, np.int64), np.zeros(0, np.int64)
        borders = [np.zeros(1, np.int64)]
        for left in range(0, len(self.ids), _PIECE):
            piece = self.ids[left : left + _PIECE]
            borders.append(np.flatnonzero(piece == self.vocabulary.end_id) + left + 1)
            self.release()
        found = np.concatenate(borders)
        return found[:-1], np.diff(found)

    def release(self) -> None:
        """Let go of the memory that a mapped file took; it is read again if needed."""
        mapped = self._encoded.mapped
        if mapped is not None and hasattr(mapped, "madvise"):
            mapped.madvise(mmap.MADV_DONTNEED)

    @property
    def text(self) -> str:
        """The characters of the corpus as one string."""
        return self.vocabulary.decode(self._gathered())

    def _gathered(self) -> np.ndarray:
        if self._part is None:
            return self.ids
        return np.concatenate([self.ids[a : a + n] for a, n in zip(*self._part)])

    def phrase(self, length: int = 40, seed: int | None = None) -> str:
        """Return a random phrase of the text, to write on from; "" of documents.

        Args:
            length: Characters of it, 1 or more, if there are as many.
            seed: An integer of 0 or more that makes it repeatable.

        Raises:
            ValueError: If `length` is not a positive integer.
        """
        check_positive("length", length)
        if self.vocabulary.end is not None:
            return ""
        start = np.random.default_rng(seed).integers(max(0, len(self) - length) + 1)
        return self.vocabulary.decode(self.ids[start : start + length])

    def split(self, validation_split: float) -> tuple["Corpus", "Corpus"]:
        """Cut off a part for validation.

        Args:
            validation_split: The part to cut off, above 0 and below 1. Of a
                continuous text it is the end; of documents, some of them from
                everywhere, always the same.

        Returns:
            Two corpora, (train, validation), that share the ids.

        Raises:
            ValueError: If `validation_split` is out of range, or a part has
                fewer than 2 characters, there being nothing to predict, or no
                document.
        """
        if not 0 < validation_split < 1:
            raise ValueError(
                "validation_split is a part of the text, above 0 and below 1; "
                f"it is {validation_split}."
            )
        if self.vocabulary.end is not None:
            return self._split_documents(validation_split)
        cut = len(self) - round(len(self) * validation_split)
        if min(cut, len(self) - cut) < 2:
            raise ValueError(
                f"validation_split={validation_split} cuts {len(self)} characters "
                f"into {cut} and {len(self) - cut}; each part needs at least 2."
            )
        return self._slice(0, cut), self._slice(cut, len(self))

    def _slice(self, left: int, right: int) -> "Corpus":
        ends = [place for _, place in self.files[1:]] + [len(self.ids)]
        files = tuple(
            (name, max(0, place - left))
            for (name, place), end in zip(self.files, ends)
            if place < right and end > left
        )
        return self._of(replace(self._encoded, ids=self.ids[left:right], files=files))

    def _split_documents(self, validation_split: float) -> tuple["Corpus", "Corpus"]:
        starts, lengths = self.documents
        if len(starts) < 2:
            raise ValueError(
                "There is one document, which can't be split. Say what a document is "
                "(documents='lines', --documents lines), or don't split it."
            )
        order = np.random.default_rng(0).permutation(len(starts))
        wanted = len(self) * validation_split
        count = int(np.searchsorted(np.cumsum(lengths[order]), wanted)) + 1
        count = min(count, len(starts) - 1)
        parts = np.sort(order[count:]), np.sort(order[:count])
        train, rest = (self._of(self._encoded, (starts[p], lengths[p])) for p in parts)
        return train, rest

    def __len__(self) -> int:
        return len(self.ids) if self._part is None else int(self._part[1].sum())

    def __repr__(self) -> str:
        count = len(self.documents[0])
        items = f"{count:,} documents, " if count else ""
        unit = "bytes" if isinstance(self.vocabulary, ByteVocabulary) else "characters"
        different = len(self.vocabulary)
        return f"<Corpus of {items}{len(self):,} {unit}, {different} different>"
