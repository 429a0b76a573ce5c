"""The file of a corpus: ids that are mapped into memory, and what they mean.

It is a `.npy` array of ids. Behind it, where NumPy does not look, stands JSON: the
vocabulary, and where the text of each file begins. The last line is a seal, the
digest of everything before it. A file without a seal, of before, is read, too.
"""

import json
import mmap
import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from keras_charrnn._platform import (
    SEAL_SIZE,
    DamagedFile,
    append_seal,
    check_seal,
    read_json,
    read_npy_header,
    read_seal,
    shown,
    whole_file,
)
from keras_charrnn.text.vocabulary import Vocabulary

# Of ids, little or big endian.
_DTYPES = {"|u1", "<u2", "<u4", ">u2", ">u4"}

# Ids that are looked at at once.
_PIECE = 1 << 20


@dataclass(frozen=True)
class Encoded:
    """Texts as ids.

    Attributes:
        ids: (characters,), unsigned integers.
        vocabulary: The `Vocabulary` that they belong to.
        files: The name of each source, and the place where it begins.
        mapped: The file behind the ids, if they are in one.
        path: The name of that file.
    """

    ids: np.ndarray
    vocabulary: Vocabulary
    files: tuple[tuple[str, int], ...]
    mapped: mmap.mmap | None = None
    path: str | None = None

    def __reduce__(self) -> tuple:
        # A copy is in memory: a map can't be pickled.
        return Encoded, (np.array(self.ids), self.vocabulary, self.files)

    def __deepcopy__(self, memo: dict) -> "Encoded":
        return self  # nothing of it ever changes

    def check_whole(self) -> None:
        """Check that nobody has cut off the file: the system kills who reads there.

        Raises:
            DamagedFile: If the file is shorter than it was.
        """
        if self.mapped is not None and self.mapped.size() < len(self.mapped):
            raise DamagedFile(self.path, "its end", "was cut off while it was in use")


def write_encoded(path: Path, encoded: Encoded) -> None:
    """Write ids to a file, whole or not at all.

    Args:
        path: The file. Missing folders are made.
        encoded: The ids.
    """
    check_name(path)
    with whole_file(path) as part:
        ids = encoded.ids
        write_corpus(part, [ids], len(ids), encoded.vocabulary, list(encoded.files))


def check_name(path: Path) -> None:
    """Raise a `ValueError` if a name is not one of a corpus."""
    if path.suffix != ".npy":
        raise ValueError(f"The file of a corpus ends in .npy; this is {str(path)!r}.")


def write_corpus(
    path: Path,
    chunks: Iterable[np.ndarray],
    size: int,
    vocabulary: Vocabulary,
    files: list[tuple[str, int]],
) -> None:
    """Write a corpus, with its seal.

    Args:
        path: The file.
        chunks: The ids, in pieces.
        size: How many there are.
        vocabulary: The `Vocabulary` that they belong to.
        files: The name of each source, and the place where it begins.
    """
    dtype = vocabulary.id_dtype
    header = {"descr": dtype.str, "fortran_order": False, "shape": (size,)}
    about = {
        "vocabulary": json.loads(vocabulary.to_json()),
        "files": files,
        "sealed": True,  # tells a file whose seal was cut off from one of before
    }
    with path.open("wb") as file:
        np.lib.format.write_array_header_1_0(file, header)
        for chunk in chunks:
            file.write(chunk.astype(dtype, copy=False).data)
        file.write(json.dumps(about).encode())
    append_seal(path)


def read_encoded(path: Path) -> Encoded:
    """Map the ids of a corpus' file, once they are known to be what was written.

    Args:
        path: The file.

    Returns:
        The ids; they are read from the file when they are needed.

    Raises:
        FileNotFoundError: If there is no such file.
        DamagedFile: If it is no corpus, or not what it was when it was written.
    """
    if path.is_dir():
        raise IsADirectoryError(f"{str(path)!r} is a folder, and no corpus.")
    if not path.is_file():
        raise FileNotFoundError(f"There is no file {str(path)!r}.")
    with path.open("rb") as file:
        seal = read_seal(file)
        if seal is not None:
            check_seal(path, file, seal)
        try:
            dtype, size, offset = _header(file)
            about = _about(path, file, offset + dtype.itemsize * size, seal)
            vocabulary = Vocabulary.from_json(json.dumps(about["vocabulary"]))
            files = _files(about["files"], size)
        except (ValueError, KeyError, TypeError) as error:
            raise DamagedFile(
                path,
                "its form",
                "is no corpus, as Corpus.from_files(..., path=...) and charrnn encode "
                f"write it ({shown(str(error)).rstrip('.')})",
            ) from error
        _check_ids(path, file, offset, size, dtype, vocabulary)
        mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    ids = np.frombuffer(mapped, dtype, size, offset)
    return Encoded(ids, vocabulary, files, mapped, str(path))


def _header(file: BinaryIO) -> tuple[np.dtype, int, int]:
    file.seek(0)
    name, _, shape = read_npy_header(file)
    if len(shape) != 1 or name not in _DTYPES or shape[0] < 1:
        raise ValueError(f"it holds an array of shape {shape} and dtype {name}")
    return np.dtype(name), shape[0], file.tell()


def _about(path: Path, file: BinaryIO, start: int, seal: bytes | None) -> Any:
    """Return what stands behind the ids."""
    end = file.seek(0, os.SEEK_END) - (0 if seal is None else SEAL_SIZE)
    if start >= end:
        raise ValueError("it ends within its ids")
    file.seek(start)
    about = read_json(file.read(end - start), path, "what stands behind the ids")
    if not isinstance(about, dict):
        raise ValueError("behind the ids stands no object of JSON")
    if about.get("sealed") and seal is None:
        raise ValueError("its seal is missing")
    return about


def _files(given: Any, size: int) -> tuple[tuple[str, int], ...]:
    files = tuple((str(name), int(place)) for name, place in given)
    places = [0, *(place for _, place in files), size]
    if places != sorted(places):
        raise ValueError("its files do not follow each other")
    return files


def _check_ids(
    path: Path,
    file: BinaryIO,
    offset: int,
    size: int,
    dtype: np.dtype,
    vocabulary: Vocabulary,
) -> None:
    file.seek(offset)
    left = size
    while left:
        ids = np.fromfile(file, dtype, min(left, _PIECE))
        if ids.max() >= len(vocabulary):
            raise DamagedFile(
                path,
                f"its ids hold the id {ids.max()}, where",
                f"those of the vocabulary go from 0 to {len(vocabulary) - 1}",
            )
        left -= len(ids)
    if vocabulary.end_id is not None and ids[-1] != vocabulary.end_id:
        raise DamagedFile(path, "its last document", "has no end")
