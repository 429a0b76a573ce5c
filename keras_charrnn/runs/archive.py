"""Archives: zip files that are sealed, and that ask for no more than they hold."""

import io
import math
import os
import stat
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import numpy as np

from keras_charrnn._platform import (
    SEAL_SIZE,
    DamagedFile,
    append_seal,
    check_seal,
    read_npy_header,
    read_seal,
    shown,
    whole_file,
)

# How many times as large as in the file a part may become. Text and numbers that were
# learned shrink to a tenth at most; what shrinks more is a bomb, or nothing but zeros.
_EXPANSION = 64
_SMALL = 1 << 20

# The record at the end of an archive, whose comment is the seal.
_END = b"PK\x05\x06"
_END_SIZE = 22


@contextmanager
def sealed_archive(path: str | os.PathLike) -> Iterator[Path]:
    """Yield a temporary path for a zip file, which is sealed and then renamed.

    Args:
        path: The file.

    Yields:
        The temporary path, as `whole_file` does.
    """
    with whole_file(path) as part:
        yield part
        with part.open("r+b") as file:
            file.seek(-2, os.SEEK_END)
            file.write(SEAL_SIZE.to_bytes(2, "little"))
        append_seal(part)


@contextmanager
def opened_archive(path: str | os.PathLike) -> Iterator[zipfile.ZipFile]:
    """Open a zip file once it is known to be whole and harmless.

    Args:
        path: The file; one of before has no seal.

    Yields:
        The archive.

    Raises:
        DamagedFile: If it is no archive, or is not what it was when it was written.
        ValueError: If it holds what no file of a model holds: links, names that lead
            elsewhere, or parts that become much larger than they are.
    """
    path = Path(path)
    with path.open("rb") as file:
        _check_end(path, file)
        try:
            archive = zipfile.ZipFile(file)
        except (zipfile.BadZipFile, ValueError, NotImplementedError, OSError) as error:
            raise DamagedFile(
                path, "its archive", f"can't be read ({error})"
            ) from error
        with archive:
            _check_members(path, archive.infolist())
            yield archive


def is_archive(path: str | os.PathLike) -> bool:
    """Return whether a file begins as a zip file does, whole or not."""
    with Path(path).open("rb") as file:
        return file.read(4) == b"PK\x03\x04"


def _check_end(path: Path, file: BinaryIO) -> None:
    """Check the seal, if the end of an archive says that there is one."""
    size = file.seek(0, os.SEEK_END)
    file.seek(max(0, size - _END_SIZE - SEAL_SIZE))
    last = file.read()
    if last[-_END_SIZE:][:4] == _END and last[-2:] == b"\0\0":
        return  # of before, or of Keras itself
    seal = read_seal(file)
    announced = last[_END_SIZE - 2 : _END_SIZE] == SEAL_SIZE.to_bytes(2, "little")
    if last[:4] != _END or not announced or seal is None:
        raise DamagedFile(
            path, "the end of its archive", "is not where it should be, or it is none"
        )
    check_seal(path, file, seal)


def _check_members(path: Path, members: list[zipfile.ZipInfo]) -> None:
    names = [member.filename for member in members]
    if len(set(names)) < len(names):
        raise ValueError(f"{str(path)!r} holds two parts of one name.")
    for member in members:
        name = member.filename
        kind = stat.S_IFMT(member.external_attr >> 16)
        parts = name.replace("\\", "/").split("/")
        if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
            raise ValueError(f"{str(path)!r}: {name!r} is a link, and no part of it.")
        if ".." in parts or not parts[0] or ":" in name:
            raise ValueError(f"{str(path)!r}: {name!r} leads out of the file.")
        if member.flag_bits & 1:
            raise ValueError(f"{str(path)!r}: {name!r} is encrypted.")
        if member.file_size > _SMALL + _EXPANSION * member.compress_size:
            raise ValueError(
                f"{str(path)!r}: {name!r} takes {member.compress_size:,} bytes and "
                f"becomes {member.file_size:,}, which no text and no weights do."
            )


def read_member(archive: zipfile.ZipFile, name: str) -> bytes:
    """Read a part of an archive.

    Args:
        archive: The archive.
        name: The name of the part.

    Raises:
        DamagedFile: If it is missing, or not what it was when it was written.
    """
    path = archive.filename
    try:
        return archive.read(name)
    except KeyError:
        raise DamagedFile(path, repr(name), "is missing") from None
    except Exception as error:  # zlib, lzma and zipfile have one each
        reason = f"can't be read ({shown(str(error))})"
        raise DamagedFile(path, repr(name), reason) from error


def save_arrays(path: str | os.PathLike, arrays: Mapping[str, np.ndarray]) -> None:
    """Write arrays to an `.npz` file, whole and sealed, or not at all.

    Args:
        path: The file.
        arrays: The arrays, by name.
    """
    with sealed_archive(path) as part:
        np.savez(part, **arrays)  # type: ignore[arg-type]


def load_arrays(path: str | os.PathLike) -> dict[str, np.ndarray]:
    """Read what `save_arrays` wrote; an `.npz` file without a seal is read, too.

    Args:
        path: The file.

    Returns:
        The arrays, by name.

    Raises:
        FileNotFoundError: If there is no such file.
        DamagedFile: If it is not what it was when it was written.
        ValueError: If it holds something else.
    """
    arrays = {}
    with opened_archive(path) as archive:
        for name in archive.namelist():
            data = read_member(archive, name)
            arrays[name.removesuffix(".npy")] = _array(Path(path), name, data)
    return arrays


def _array(path: Path, name: str, data: bytes) -> np.ndarray:
    """Return the array of an `.npy` file, whose header may ask for what is there."""
    file = io.BytesIO(data)
    try:
        name_of_dtype, fortran, shape = read_npy_header(file)
        dtype = np.dtype(name_of_dtype)
        if dtype.hasobject:
            raise ValueError("it holds objects")
        body = data[file.tell() :]
        if math.prod(shape) * dtype.itemsize != len(body):
            raise ValueError("it has another length than its header says")
        # A copy, since nobody can write to bytes.
        array = np.frombuffer(body, dtype).reshape(shape, order="F" if fortran else "C")
        return array.copy()
    except (ValueError, TypeError, OverflowError) as error:
        reason = f"is no array ({shown(str(error))})"
        raise DamagedFile(path, repr(name), reason) from error
