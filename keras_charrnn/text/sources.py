"""Sources: files, globs, folders, .gz and standard input, read piece by piece."""

import codecs
import glob
import gzip
import os
import re
import sys
import warnings
import zlib
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

from keras_charrnn.text.guess import advise, likely_encoding, sample_at, wide_encoding

# Bytes that are read at once.
PIECE = 1 << 20

_CONTROLS = re.compile("[\x80-\x9f]")

Paths = str | os.PathLike | Iterable[str | os.PathLike]

# A word that ends as the names of texts do.
_FILE_NAME = re.compile(
    r"\S+\.(txt|text|md|csv|tsv|jsonl?|gz|npy|html?|xml|tex|py)", re.IGNORECASE
)


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
        ValueError: If a file does not decode, with its name, the offset of the first
            wrong byte and an encoding that would fit, or if Python knows no such
            encoding.

    Warns:
        UserWarning: If an encoding such as `"latin-1"` makes control characters of
            what is text in another one, such as `"cp1252"`.

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


def checked_text(text: Any, whole: bool = False) -> str:
    """Check that a text is a string, and warn if it looks like the name of a file.

    Args:
        text: The text.
        whole: Whether it is the whole of a text to learn from, so that a name is
            told even if there is no such file.

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
    found = like_a_path and os.path.isfile(text)
    if found or (whole and like_a_path and _FILE_NAME.fullmatch(text)):
        there = "there is a file of that name" if found else "looks like a file's name"
        warnings.warn(
            f"{text!r} is taken for a text of {len(text)} characters, and {there}. "
            f"pathlib.Path({text!r}) stands for what is in the file.",
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
            with the place of the first wrong byte, or is plainly UTF-16 or UTF-32.
        OSError: If the file can't be read.

    Warns:
        UserWarning: If the encoding makes control characters of bytes that are
            something else in Windows' encodings.
    """
    decoder = _decoder(encoding)
    wide = encoding.lower().replace("_", "-").startswith(("utf-16", "utf-32"))
    done, suspect = 0, True
    for data in _bytes(path):
        if done == 0 and not wide and (name := wide_encoding(data)):
            raise ValueError(
                f"{str(path)!r} is not {encoding} text: it seems to be {name}. Pass "
                f"encoding={name!r}, or --encoding {name} to the command; or read "
                "bytes with Vocabulary.bytes() (--bytes)."
            )
        pending = decoder.getstate()[0]
        try:
            text = decoder.decode(data, final=not data)
        except UnicodeDecodeError as error:
            place = done - len(pending) + error.start
            raise ValueError(_undecoded(path, encoding, error, place)) from error
        except UnicodeError as error:  # without a place: UTF-16 without its mark
            raise ValueError(
                f"{str(path)!r} is not {encoding} text: {error}. Pass "
                f"encoding='{encoding}-le' or '{encoding}-be', or --encoding to the "
                "command, which say the order of bytes."
            ) from error
        if suspect and not text.isascii() and len(text) == len(data):
            suspect = not _warn_of_controls(path, encoding, data, text, done)
        done += len(data)
        if not text.isascii():
            text = text.replace("\ufeff", "")
        if text:
            yield text


def reader(encoding: str, raw: bool) -> Callable[[Path], Iterator[str]]:
    """Return what reads a file piece by piece.

    Args:
        encoding: As in `read_pieces`.
        raw: Whether it reads bytes, of any file, as the code points 0 to 255.

    Returns:
        A function of the file.
    """
    if not raw:
        return partial(read_pieces, encoding=encoding)
    return lambda path: (data.decode("latin-1") for data in _bytes(path) if data)


def _decoder(encoding: str) -> codecs.IncrementalDecoder:
    try:
        "".encode(encoding)  # Python also has codecs that are none of text
        return codecs.getincrementaldecoder(encoding)()
    except (LookupError, TypeError) as error:
        raise ValueError(
            f"Python knows no encoding {encoding!r} of text; "
            "try 'utf-8', 'cp1252' or 'gb18030'."
        ) from error


def _warn_of_controls(
    path: Path, encoding: str, data: bytes, text: str, done: int
) -> bool:
    """Warn of control characters that stand for their own bytes, 0x80 to 0x9f."""
    found = _CONTROLS.search(text)
    if not found or data[found.start()] != ord(found[0]):
        return False
    place = found.start()
    line = f", line {_line(path, done + place)}" if path.is_file() else ""
    name = likely_encoding(sample_at(data, place))
    advice = (
        f"{name!r} makes text of it: pass encoding={name!r}, or --encoding {name} to "
        "the command."
        if name
        else "The encoding is likely to be another one."
    )
    warnings.warn(
        f"{str(path)!r}{line}: {encoding} makes byte {data[place]:#04x} at offset "
        f"{done + place} the control character U+{data[place]:04X}, which nothing "
        f"shows. {advice}",
        stacklevel=3,
    )
    return True


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
    if b"\0" in error.object:
        return message + (
            "It seems to be a binary file: leave it out, or read bytes with "
            "Vocabulary.bytes() (--bytes to the command)."
        )
    return message + advise(error.object, error.start, encoding)


def _line(path: Path, place: int) -> int:
    line = 1
    for data in _bytes(path):
        line += data[: max(0, place)].count(b"\n")
        place -= len(data)
    return line
