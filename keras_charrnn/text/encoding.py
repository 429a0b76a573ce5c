"""Encoding: texts of any size become ids, in memory or in a file."""

import tempfile
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np

from keras_charrnn._platform import whole_file
from keras_charrnn.text.census import Census
from keras_charrnn.text.corpus_file import (
    Encoded,
    check_name,
    read_encoded,
    write_corpus,
)
from keras_charrnn.text.documents import END, Source
from keras_charrnn.text.unknown import UNK, Unknown, check_unknown
from keras_charrnn.text.vocabulary import Vocabulary

# Says where a document is, of a source's name and its number there, from 0 on.
Where = Callable[[str, int], str]


def encode_sources(
    sources: Iterable[Source],
    vocabulary: Vocabulary | None,
    unknown: Unknown,
    make: Callable[[Census], Vocabulary],
    counting: bool,
    path: Path | None,
    skip_empty: bool = False,
    where: Where = "{}, document {}".format,
) -> Encoded:
    """Encode texts that are read once, piece by piece.

    Without a vocabulary, ids are given out in the order in which characters
    appear, and exchanged for those of the vocabulary when all are known.

    Args:
        sources: Names and texts, as symbols.
        vocabulary: The `Vocabulary`, if there is one.
        unknown: As in `Vocabulary.encode`.
        make: Makes the vocabulary of a census, if there is none.
        counting: Whether it wants to know how often characters occur.
        path: The file to write; the ids stay in memory if `None`.
        skip_empty: Whether to leave out documents of which nothing is left once
            characters are skipped; otherwise they are errors.
        where: Says where a document is, for errors.

    Returns:
        The ids.
    """
    check_unknown(unknown)
    if path is not None:
        check_name(path)
    with ExitStack() as stack:
        part = None if path is None else stack.enter_context(whole_file(path))
        spool = stack.enter_context(_Spool(None if part is None else part.parent))
        census = Census(counting)
        documents = _Documents(where)
        left = _Left(vocabulary, skip_empty, documents)
        files = _spooled(sources, vocabulary, unknown, census, spool, left, documents)
        if not spool.size:
            names = ", ".join(repr(name) for name, _ in files)
            raise ValueError(
                f"{names or 'The text'}: there is no character in it; it takes at "
                "least 2, one to read and one to predict."
            )
        table = None
        if vocabulary is None:
            vocabulary = make(census)
            table = _exchange(census, vocabulary, unknown)
        chunks, size = spool.chunks(), spool.size
        if table is not None:
            if table.min() < 0:
                left = _Left(vocabulary, skip_empty, documents)
                files, size = _without_skipped(spool, table, files, left)
            chunks = _exchanged(chunks, table, _Left(vocabulary, True, documents))
        if part is None:
            ids = np.concatenate(list(chunks)).astype(vocabulary.id_dtype, copy=False)
            return Encoded(ids, vocabulary, tuple(files))
        write_corpus(part, chunks, size, vocabulary, files)
    assert path is not None
    return read_encoded(path)


def _spooled(
    sources: Iterable[Source],
    vocabulary: Vocabulary | None,
    unknown: Unknown,
    census: Census,
    spool: "_Spool",
    left: "_Left",
    documents: "_Documents",
) -> list[tuple[str, int]]:
    """Put ids, or the numbers of a census, into a spool; return where files begin."""
    files = []
    for name, pieces in sources:
        if name:
            files.append((name, spool.size))
        documents.begin(name)
        place = 0
        for piece in pieces:
            documents.count(piece)
            try:
                if vocabulary is None:
                    ids = census.number(piece)
                else:
                    ids = vocabulary.encode_symbols(piece, unknown, place)
            except ValueError as error:
                where = f"{name!r}: " if name else ""
                raise ValueError(f"{where}{error}") from None
            if vocabulary is not None and unknown == "skip":
                ids = ids[left.of(ids)]
            spool.add(ids)
            place += len(piece)
    return files


def _exchange(census: Census, vocabulary: Vocabulary, unknown: Unknown) -> np.ndarray:
    """Return the id of each number of a census; -1 for what is to be skipped."""
    numbered = [chr(c) for c in census.numbered()]
    ids = {c: i for i, c in enumerate(vocabulary.characters)}
    dropped = [c for c in numbered if c not in ids]
    if dropped and unknown == "error":
        raise ValueError(
            f"min_count and max_size drop {len(dropped)} different characters that the "
            "text holds. Pass unknown='skip', or unknown='replace' and unk=True "
            "(--unknown skip or replace to the command)."
        )
    rest = -1
    if unknown == "replace" and dropped:
        if vocabulary.unk is None:
            raise ValueError(
                "unknown='replace' needs an id for unknown characters: pass unk=True."
            )
        rest = ids[UNK]
    return np.array([ids.get(c, rest) for c in numbered], np.int32)


def _exchanged(
    chunks: Iterable[np.ndarray], table: np.ndarray, left: "_Left"
) -> Iterator[np.ndarray]:
    if table.min() < 0:
        for numbers in chunks:
            ids = table[numbers]
            ids = ids[ids >= 0]
            yield ids[left.of(ids)]
        return
    table = table.astype(np.min_scalar_type(table.max()))
    for numbers in chunks:
        yield np.take(table, numbers)


def _without_skipped(
    spool: "_Spool", table: np.ndarray, files: list[tuple[str, int]], left: "_Left"
) -> tuple[list[tuple[str, int]], int]:
    """Return where files begin, and how many ids there are, once some are skipped."""
    starts = np.array([start for _, start in files])
    moved = starts.copy()
    size = read = 0
    for numbers in spool.chunks():
        ids = table[numbers]
        kept = np.flatnonzero(ids >= 0)
        kept = kept[left.of(ids[kept])]
        skipped = np.delete(np.arange(len(numbers)), kept) + read
        moved -= np.searchsorted(skipped, starts)
        read += len(numbers)
        size += len(kept)
    return [(name, int(place)) for (name, _), place in zip(files, moved)], size


class _Documents:
    """Knows in which source a document is.

    Args:
        where: As in `encode_sources`.
    """

    def __init__(self, where: Where) -> None:
        self._where = where
        self._names: list[str] = []
        self._firsts: list[int] = []
        self._count = 0

    def begin(self, name: str) -> None:
        """Begin with the next source."""
        self._names.append(name)
        self._firsts.append(self._count)

    def count(self, piece: str) -> None:
        """Count the documents that end in a piece."""
        self._count += piece.count(END)

    def place(self, number: int) -> str:
        """Return where a document is, by its number in all sources, from 0 on."""
        source = bisect_right(self._firsts, number) - 1
        return self._where(self._names[source], number - self._firsts[source])


class _Left:
    """Finds documents of which nothing is left, where characters were skipped.

    Args:
        vocabulary: That of the ids, if it is known.
        skip_empty: Whether to leave them out; otherwise they are errors.
        documents: Where they are.
    """

    def __init__(
        self,
        vocabulary: Vocabulary | None,
        skip_empty: bool,
        documents: _Documents,
    ) -> None:
        self._documents = documents
        self._ended = 0
        self._end = None if vocabulary is None else vocabulary.end_id
        self._skip_empty = skip_empty
        self._last = self._end

    def of(self, ids: np.ndarray) -> np.ndarray:
        """Return which of the next ids stay, booleans (ids,)."""
        if self._end is None or not len(ids):
            return np.ones(len(ids), bool)
        before = np.concatenate([[self._last], ids[:-1]])
        self._last = ids[-1]
        empty = (ids == self._end) & (before == self._end)
        if empty.any() and not self._skip_empty:
            ended = int((ids[: empty.argmax()] == self._end).sum())
            raise ValueError(
                f"{self._documents.place(self._ended + ended)}: nothing is left of the "
                "document, since all its characters are outside the vocabulary and "
                "were skipped. Pass skip_empty=True (--skip-empty to the command) to "
                "leave out such documents."
            )
        self._ended += int((ids == self._end).sum())
        return ~empty


class _Spool:
    """Arrays one after the other, in memory or in a file that has no name."""

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder
        self._arrays: list[np.ndarray] = []
        self._file: Any = None
        self._runs: list[tuple[np.dtype, int]] = []
        self.size = 0

    def __enter__(self) -> "_Spool":
        if self._folder is not None:
            self._file = tempfile.TemporaryFile(dir=self._folder)
        return self

    def __exit__(self, *_: object) -> None:
        if self._file is not None:
            self._file.close()

    def add(self, array: np.ndarray) -> None:
        """Put an array behind the others."""
        self.size += len(array)
        if self._file is None:
            self._arrays.append(array)
        else:
            self._runs.append((array.dtype, len(array)))
            self._file.write(array.data)

    def chunks(self) -> Iterator[np.ndarray]:
        """Return the arrays, as they were added."""
        yield from self._arrays
        if self._file is not None:
            self._file.seek(0)
            for dtype, count in self._runs:
                data = self._file.read(dtype.itemsize * count)
                yield np.frombuffer(data, dtype)
