"""Sources: files, globs, folders, .gz and standard input, read piece by piece."""

import codecs
import glob
import gzip
import os
import sys
import warnings
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

# Bytes that are read at once.
PIECE = 1 << 20

Paths = str | os.PathLike | Iterable[str | os.PathLike]


def read_text(paths: Paths, encoding: str = "utf-8") -> str:
    """Read text files and join them in the given order.

    Line ends stay as they are in the file; byte order marks are dropped.

    Args:
        paths: A path or several paths: a file, a folder, which stands for all files in
            it and below it, sorted, or a pattern such as `"*.txt"`, likewise. A file
            that ends in `.gz` is unpacked, and `"-"` is standard input.
        encoding: The encoding of the files, by Python's name for it.

    Returns:
        The text.

    Raises:
        FileNotFoundError: If a file is missing.
        ValueError: If a file does not decode, with its name and the offset of
            the first wrong byte, or if Python knows no such encoding.

    Example:

    >>> from pathlib import Path
    >>> from keras_charrnn import read_text
    >>> _ = Path("poem.txt").write_text("Tyger", encoding="utf-8")
    >>> read_text(["poem.txt", "poem.txt"])
    'TygerTyger'
    """
    return "".join(
        piece for path in find_files(paths) for piece in read_pieces(path, encoding)
    )


def find_files(paths: Paths) -> list[Path]:
    """Find the files that paths stand for.

    Args:
        paths: One or several: a file, a folder (all files in it and below it, but
            hidden ones, sorted), a pattern with `*`, `?` or `[...]` (sorted), or
            `"-"` for standard input. What is named comes in the given order; a
            file that folders and patterns find twice comes once.

    Returns:
        The files.

    Raises:
        FileNotFoundError: If a file is missing, or nothing is found.
    """
    named = [paths] if isinstance(paths, str | os.PathLike) else paths
    if not isinstance(named, Iterable):
        raise TypeError(f"Pass a path or several; this is {type(paths).__name__}.")
    named = list(named)
    for item in named:
        if not isinstance(item, str | os.PathLike) or not os.fspath(item):
            raise ValueError(
                f"A path is a str or a Path, and not empty; it is {item!r}."
            )
    found: list[Path] = []
    seen: set[str] = set()
    for path in map(Path, named):
        if str(path) == "-" or path.is_file():
            found.append(path)
            seen.add(os.path.realpath(path))
            continue
        more = _below(path) if path.is_dir() else _matching(path)
        for each in more:
            if (real := os.path.realpath(each)) not in seen:
                seen.add(real)
                found.append(each)
    if not found:
        raise FileNotFoundError("There is no file to read.")
    return found


def _below(folder: Path) -> list[Path]:
    files = sorted(
        path
        for path in folder.rglob("*")
        if path.is_file()
        and not any(part.startswith(".") for part in path.relative_to(folder).parts)
    )
    if not files:
        raise FileNotFoundError(f"There is no file in the folder {str(folder)!r}.")
    return files


def _matching(pattern: Path) -> list[Path]:
    if not glob.has_magic(str(pattern)):
        if pattern.exists():  # a pipe, say
            return [pattern]
        raise FileNotFoundError(f"There is no file {str(pattern)!r}.")
    files = sorted(Path(p) for p in glob.glob(str(pattern), recursive=True))
    files = [path for path in files if path.is_file()]
    if not files:
        raise FileNotFoundError(f"No file matches {str(pattern)!r}.")
    return files


def checked_text(text: Any) -> str:
    """Check that a text is a string, and warn if it looks like the name of a file.

    Args:
        text: The text.

    Returns:
        The text.

    Raises:
        TypeError: If it is no string.
    """
    if not isinstance(text, str):
        raise TypeError(f"A text is a str; this is {type(text).__name__}.")
    like_a_path = (
        len(text) < 256 and text.isprintable() and ("." in text or "/" in text)
    )
    if like_a_path and os.path.isfile(text):
        warnings.warn(
            f"{text!r} is taken for a text of {len(text)} characters, and there is a "
            f"file of that name. pathlib.Path({text!r}) stands for what is in it.",
            stacklevel=4,
        )
    return text


def read_pieces(path: Path, encoding: str) -> Iterator[str]:
    """Read a text file piece by piece.

    Byte order marks are dropped, at the start and wherever files were put one behind
    the other. A file that ends in `.gz` is unpacked, and `-` is standard input.

    Args:
        path: The file.
        encoding: Its encoding, by Python's name for it.

    Yields:
        Its text, in pieces of about `PIECE` characters.

    Raises:
        ValueError: If Python knows no such encoding, or the file does not decode,
            with the place of the first wrong byte.
        OSError: If the file can't be read.
    """
    try:
        decoder = codecs.getincrementaldecoder(encoding)()
    except (LookupError, TypeError) as error:
        raise ValueError(
            f"Python knows no encoding {encoding!r}; "
            "try 'utf-8', 'latin-1' or 'cp1252'."
        ) from error
    done = 0
    for data in _bytes(path):
        pending = decoder.getstate()[0]
        try:
            text = decoder.decode(data, final=not data)
        except UnicodeDecodeError as error:
            place = done - len(pending) + error.start
            raise ValueError(_undecoded(path, encoding, error, place)) from error
        done += len(data)
        if not text.isascii():
            text = text.replace("\ufeff", "")
        if text:
            yield text


def _bytes(path: Path) -> Iterator[bytes]:
    """Yield the bytes of a file, and b"" at the end."""
    if str(path) == "-":
        yield from iter(lambda: sys.stdin.buffer.read(PIECE), b"")
        yield b""
        return
    try:
        with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as file:
            yield from iter(lambda: file.read(PIECE), b"")
        yield b""
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise ValueError(f"{str(path)!r} is no whole .gz file: {error}") from error


def _undecoded(path: Path, encoding: str, error: UnicodeDecodeError, place: int) -> str:
    wrong = error.object[error.start]
    # What is no regular file, a pipe for example, can't be read again for its line.
    line = f", line {_line(path, place)}," if path.is_file() else ""
    message = (
        f"{str(path)!r} is not {encoding} text: byte {wrong:#04x} at offset {place}"
        f"{line} does not decode ({error.reason}). "
    )
    if error.object[:6] == b"\x93NUMPY":
        return message + "It seems to be an encoded corpus: open it with Corpus.load."
    if place == 0 and error.object[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE):
        return message + (
            "It seems to be UTF-16: pass encoding='utf-16', or --encoding utf-16 to "
            "the command."
        )
    if b"\0" in error.object:
        return message + (
            "It seems to be a binary file: leave it out, or read bytes with "
            "Vocabulary.bytes() (--bytes to the command)."
        )
    return message + (
        "Pass the encoding of the file: encoding='latin-1', say, or --encoding latin-1 "
        "to the command."
    )


def _line(path: Path, place: int) -> int:
    line = 1
    for data in _bytes(path):
        line += data[: max(0, place)].count(b"\n")
        place -= len(data)
    return line
