"""Files that are written whole or not at all."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def whole_file(path: str | os.PathLike) -> Iterator[Path]:
    """Give another name to write a file under, and rename it once it is whole.

    Args:
        path: The file. Missing folders are made.

    Yields:
        The other name, in the same folder's file system. If the writing fails,
        nothing of it stays, and an older file is as it was.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".saving-", dir=path.parent) as folder:
        part = Path(folder) / path.name
        yield part
        os.replace(part, path)


def check_writable(path: str | os.PathLike) -> None:
    """Find out before hours of work whether a file can be written.

    Args:
        path: The file. Its folders are made if they are missing.

    Raises:
        OSError: If it can't be written, with the path and the reason.
    """
    path = Path(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=path.parent):
            pass
    except OSError as error:
        reason = error.strerror
        if isinstance(error, FileExistsError | NotADirectoryError):
            reason = f"{str(error.filename)!r} is a file, and no folder"
        raise OSError(f"{str(path)!r} can't be written: {reason}.") from error
