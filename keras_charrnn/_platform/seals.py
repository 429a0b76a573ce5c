"""Seals: the digest of a file at its end, so that no change of it goes unseen.

A seal is the line `sha256 DIGEST keras_charrnn`, with the SHA-256 digest of all that
stands before it, in hexadecimal. It tells accidents; whoever changes a file on purpose
can make a new seal.
"""

import hashlib
import os
from pathlib import Path
from typing import BinaryIO

from keras_charrnn._platform.damage import DamagedFile

_START, _END = b"\nsha256 ", b" keras_charrnn\n"
SEAL_SIZE = len(_START) + hashlib.sha256().digest_size * 2 + len(_END)
_BLOCK = 1 << 20


def seal_of(file: BinaryIO, size: int) -> bytes:
    """Return the seal of the first bytes of a file.

    Args:
        file: The file, which can be read and sought.
        size: How many bytes the seal is for.
    """
    file.seek(0)
    digest = hashlib.sha256()
    left = size
    while left and (block := file.read(min(left, _BLOCK))):
        digest.update(block)
        left -= len(block)
    return _START + digest.hexdigest().encode() + _END


def append_seal(path: Path) -> None:
    """Put a seal at the end of a file."""
    with path.open("r+b") as file:
        size = os.fstat(file.fileno()).st_size
        seal = seal_of(file, size)
        file.seek(size)
        file.write(seal)


def read_seal(file: BinaryIO) -> bytes | None:
    """Return the seal at the end of a file, which need not be right, if there is one.

    Args:
        file: The file.
    """
    size = file.seek(0, os.SEEK_END)
    file.seek(max(0, size - SEAL_SIZE))
    last = file.read()
    whole = len(last) == SEAL_SIZE
    return last if whole and last.startswith(_START) and last.endswith(_END) else None


def check_seal(path: str | os.PathLike, file: BinaryIO, seal: bytes) -> None:
    """Check that a file is what it was when it was sealed.

    Args:
        path: The file, for the error.
        file: The same, open.
        seal: Its seal.

    Raises:
        DamagedFile: If it is not.
    """
    size = file.seek(0, os.SEEK_END) - SEAL_SIZE
    if seal_of(file, size) != seal:
        raise DamagedFile(path, "its content", "is not what its SHA-256 digest says")
