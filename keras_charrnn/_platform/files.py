"""Files that are written whole or not at all."""

import errno
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def whole_file(path: str | os.PathLike) -> Iterator[Path]:
    """Yield a temporary path to write to, and rename that file once it is whole.

    Args:
        path: The file. Missing folders are created.

    Yields:
        The temporary path, in the same file system. If writing fails, the
        temporary file is removed, and an existing file stays as it was.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".saving-", dir=path.parent) as folder:
        part = Path(folder) / path.name
        yield part
        _settle(part)
        os.replace(part, path)
    _settle(path.parent)


def _settle(path: Path) -> None:
    """Wait until a file, or the names in a folder, are on the disk."""
    try:
        number = os.open(path, os.O_RDONLY)
    except OSError:  # Windows opens no folders
        return
    try:
        os.fsync(number)
    except OSError as error:
        if path.is_file() and error.errno not in (errno.EINVAL, errno.EBADF):
            raise  # the disk is full, or has failed
    finally:
        os.close(number)


def check_writable(path: str | os.PathLike) -> None:
    """Check that a file can be written, before hours of work; nothing of it stays.

    Args:
        path: The file. Its folder need not exist yet.

    Raises:
        OSError: If it can't be written; the message has the path and the reason.
    """
    path = Path(path)
    folder = next((p for p in path.parents if p.exists()), Path())
    try:
        if not folder.is_dir():
            raise NotADirectoryError(0, f"{str(folder)!r} is a file, and no folder")
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise OSError(f"{str(path)!r} can't be written: {error.strerror}.") from error
