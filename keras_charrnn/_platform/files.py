"""Files that are written whole or not at all."""

import errno
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

_PREFIX = ".saving-"
# Seconds after which the folder of a save may be one of a save that was killed: a lock
# tells that the process is gone, and where there are no locks, a day does.
_ABANDONED = 60 if fcntl else 86_400

# What says that the place is at fault, and not what is written.
_OF_THE_PLACE = {
    *(errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EIO, errno.ENOENT),
    *(errno.EACCES, errno.EPERM, errno.ENOTDIR, errno.EISDIR, errno.EEXIST),
}


@contextmanager
def whole_file(path: str | os.PathLike) -> Iterator[Path]:
    """Yield a temporary path to write to, and rename that file once it is whole.

    The file and its folder are on the disk when this ends. A link stays a link, and an
    existing file keeps its mode. What killed saves have left in the folder is removed.

    Args:
        path: The file. Missing folders are created.

    Yields:
        The temporary path, in the same file system. If writing fails, the
        temporary file is removed, and an existing file stays as it was.

    Raises:
        OSError: If it can't be written; the message has the path and the reason.
    """
    path = Path(path)
    target = Path(os.path.realpath(path))
    folder = None
    try:
        if target.is_dir():
            raise IsADirectoryError(errno.EISDIR, "it is a folder")
        target.parent.mkdir(parents=True, exist_ok=True)
        _remove_abandoned(target.parent)
        folder = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=target.parent))
        with _locked(folder):
            part = folder / target.name
            yield part
            if target.exists():
                shutil.copymode(target, part)
            settle(part)
            os.replace(part, target)
        settle(target.parent)
    except OSError as error:
        if not _is_of(folder, error):
            raise
        told = OSError(f"{str(path)!r} can't be written: {_reason(error)}.")
        told.errno = error.errno
        raise told from error
    finally:
        if folder is not None:
            shutil.rmtree(folder, ignore_errors=True)


def settle(path: Path) -> None:
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


def _is_of(folder: Path | None, error: OSError) -> bool:
    """Return whether an error is of writing to a folder, not of reading elsewhere."""
    if error.errno not in _OF_THE_PLACE:
        return False
    if folder is None or error.filename is None:
        return True
    return Path(os.fsdecode(error.filename)).is_relative_to(folder)


def _reason(error: OSError) -> str:
    return (error.strerror or str(error)).rstrip(".")


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Show other processes that a folder is in use, until this process ends."""
    number = None
    with suppress(OSError):  # some file systems have no locks
        if fcntl:
            number = os.open(folder, os.O_RDONLY)
            fcntl.flock(number, fcntl.LOCK_EX | fcntl.LOCK_NB)
    try:
        yield
    finally:
        if number is not None:
            os.close(number)


def _remove_abandoned(folder: Path) -> None:
    """Remove what killed saves have left; what is in use, or new, stays."""
    for left in folder.glob(f"{_PREFIX}*"):
        with suppress(OSError):
            if not left.is_symlink() and time.time() - _last_change(left) > _ABANDONED:
                _remove_unlocked(left)


def _last_change(folder: Path) -> float:
    return max(p.lstat().st_mtime for p in (folder, *folder.iterdir()))


def _remove_unlocked(folder: Path) -> None:
    """Remove a folder, unless a process has locked it."""
    if not fcntl:
        shutil.rmtree(folder)
        return
    number = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(number, fcntl.LOCK_EX | fcntl.LOCK_NB)
        shutil.rmtree(folder)
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
    target = Path(os.path.realpath(path))
    folder = next((p for p in target.parents if p.exists()), Path())
    try:
        if target.is_dir():
            raise IsADirectoryError(errno.EISDIR, "it is a folder")
        if not folder.is_dir():
            # Named as the user named it.
            own = next((p for p in path.parents if p.exists()), folder)
            raise NotADirectoryError(0, f"{str(own)!r} is a file, and no folder")
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise OSError(f"{str(path)!r} can't be written: {_reason(error)}.") from error
