"""Documents: a text taken apart into items that have nothing to do with each other."""

import re
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

from keras_charrnn._platform import check_flag
from keras_charrnn.text.code_points import code_points_of, refuse_surrogates
from keras_charrnn.text.escapes import unescaped
from keras_charrnn.text.tables import column_of, field_of, rows_of

# A file's name, or "" for what is no file, and its text in pieces.
Source = tuple[str, Iterable[str]]

# Stands behind every document. A noncharacter of Unicode, for a program's own use.
END = "\ufdd0"

KINDS = (
    *("lines", "paragraphs", "files", "separator:TEXT"),
    *("csv:COLUMN", "tsv:COLUMN", "quoted-tsv:COLUMN", "jsonl:FIELD"),
)
# Characters that are handed out at once.
_PIECE = 1 << 20

# CRLF, LF and CR, and the CR CR LF of files that were converted twice.
_LINE_END = re.compile(r"\r+\n|\r")
_BLANK_LINES = re.compile(r"\n(?:[^\S\n]*\n)+")
_NAMELESS = "the text"
_BLANK_START = re.compile(r"(?:[^\S\n]*\n)+")


def kind_of(documents: str | None, vocabulary: Any) -> str | None:
    """Return what a document is, which a vocabulary may know.

    Args:
        documents: What was asked for.
        vocabulary: A `Vocabulary` or `None`. If it has an end, there are documents.

    Returns:
        The kind; `None` for one continuous text.
    """
    if documents is None and vocabulary is not None and vocabulary.end is not None:
        return vocabulary.documents or "files"
    return documents


def mark_sources(
    sources: Iterable[Source], kind: str | None, skip_empty: bool = False
) -> Iterator[Source]:
    """Put `END` behind every document of files that are read one after the other.

    Args:
        sources: The files' names and texts.
        kind: As in `mark_ends`.
        skip_empty: As in `mark_ends`.

    Yields:
        Their names, and their texts with `END` behind each document.

    Raises:
        ValueError: As in `mark_ends`, or if a separator is in none of the files.
    """
    separator = _separator_of(kind)
    found: list[str] = []
    names = []
    for name, pieces in sources:
        names.append(repr(name or _NAMELESS))
        if separator is not None:
            pieces = _watched(pieces, separator, found)
        yield name, mark_ends(pieces, kind, name or _NAMELESS, skip_empty)
    if separator is not None and not found:
        more = f" and {len(names) - 3} more" if len(names) > 3 else ""
        line_end = r" A line end of Windows is \r\n." if "\n" in separator else ""
        raise ValueError(
            f"{', '.join(names[:3])}{more}: the separator {separator!r} occurs "
            "nowhere, so each file would be one document. Check its spelling, or say "
            f"documents='files' (--documents files).{line_end}"
        )


def place_finder(
    kind: str | None, read: Callable[[Path], Iterable[str]]
) -> Callable[[str, int], str]:
    """Return what finds a document's place, for an error.

    Args:
        kind: As in `mark_ends`; no document was left out.
        read: Reads a file once more.

    Returns:
        A function of a file's name and a document's number in it, from 0 on. It
        returns the name, with a line where the kind has one and the file can be read
        again.
    """

    def place(name: str, number: int) -> str:
        shown = repr(name or _NAMELESS)
        again = read(Path(name)) if not name or Path(name).is_file() else None
        items = None if again is None else _items(again, kind, name or _NAMELESS)
        if items is not None:
            return next(islice(items, number, None))[0]
        unit = "line" if kind == "lines" else "document"
        return shown if kind == "files" else f"{shown}, {unit} {number + 1}"

    return place


def mark_ends(
    pieces: Iterable[str], kind: str | None, name: str, skip_empty: bool = False
) -> Iterator[str]:
    r"""Put `END` behind every document of a text.

    A document that holds nothing but blanks is empty.

    Args:
        pieces: The text of one file, cut anywhere.
        kind: What is a document: `"lines"` each line, `"paragraphs"` what stands
            between blank lines, `"files"` each file, `"separator:TEXT"` what stands
            between two occurrences of a text (line ends around it belong to it; in it,
            `\n`, `\r`, `\t` and `\\` stand for a line end, CR, a tab and a backslash),
            `"csv:COLUMN"`, `"tsv:COLUMN"` and `"quoted-tsv:COLUMN"` the value of each
            row in a column, by its name in the first row, `"jsonl:FIELD"` the value of
            each line's object; `None` for one continuous text, which gets no `END`.
        name: The file's name, for errors.
        skip_empty: Whether to leave out empty documents; otherwise they are errors.

    Yields:
        Pieces of the documents, `END` behind each document.

    Raises:
        ValueError: With the line, if a document is empty or holds `END`, if there is no
            such column or field, or a row does not fit its table or is not JSON.
    """
    check_flag("skip_empty", skip_empty)
    if kind is None:
        if skip_empty:
            raise ValueError(
                "skip_empty=True (--skip-empty) leaves out empty documents, and this "
                "is read as one text. Say what a document is, documents='lines' for "
                "example (--documents lines), or leave it out."
            )
        return iter(pieces)
    items = _items(pieces, kind, name)
    if items is not None:
        return _joined(items, skip_empty)
    pieces = _without_end(pieces, name)
    whole: dict[str, Callable] = {
        "lines": _lines,
        "paragraphs": _paragraphs,
        "files": _whole,
    }
    return whole[kind](pieces, name, skip_empty)


def _items(
    pieces: Iterable[str], asked: Any, name: str
) -> Iterator[tuple[str, str]] | None:
    """Return places and documents, if their kind has them one by one."""
    kind, _, what = asked.partition(":") if isinstance(asked, str) else ("", "", "")
    pieces = _without_end(pieces, name)
    separator = _separator_of(asked)
    if separator is not None:
        return _separated(pieces, separator, name)
    if kind in ("csv", "tsv", "quoted-tsv") and what:
        if kind == "tsv":  # no value holds a line end
            pieces = _with_line_feeds(pieces)
        return column_of(rows_of(pieces, name), what, name, kind)
    if kind == "jsonl" and what:
        return field_of(rows_of(pieces, name), what, name)
    if asked in ("lines", "paragraphs", "files"):
        return None
    raise ValueError(f"documents is one of {', '.join(KINDS)}; it is {asked!r}.")


def _separator_of(kind: Any) -> str | None:
    """Return the text between documents, if that is what a kind says."""
    if not isinstance(kind, str) or not kind.startswith("separator:"):
        return None
    asked = kind.partition(":")[2]
    if not asked:
        return None
    return unescaped(asked, f"documents={kind!r}")


def _watched(pieces: Iterable[str], separator: str, found: list[str]) -> Iterator[str]:
    """Pass a text on, and note in `found` once a separator was in it."""
    last = ""
    for piece in pieces:
        if not found:
            last += piece
            if separator in last:
                found.append(separator)
            last = last[max(0, len(last) - len(separator) + 1) :]
        yield piece


def mark_documents(documents: Iterable[str], skip_empty: bool = False) -> Iterator[str]:
    """Put `END` behind every document.

    Args:
        documents: The documents.
        skip_empty: Whether to leave out empty ones; otherwise they are errors.

    Yields:
        Pieces of the documents, `END` behind each document.

    Raises:
        ValueError: If a document is empty or holds `END`.
        TypeError: If one is no str.
    """
    if isinstance(documents, str) or not isinstance(documents, Iterable):
        raise TypeError(
            f"Documents are a list of str; this is a {type(documents).__name__}."
        )

    check_flag("skip_empty", skip_empty)

    def numbered() -> Iterator[tuple[str, str]]:
        for number, document in enumerate(documents):
            place = f"Document {number}"
            if not isinstance(document, str):
                raise TypeError(f"{place} is a {type(document).__name__}, and no str.")
            refuse_surrogates(code_points_of(document), 0, place)
            yield place, "".join(_without_end([document], place))

    return _joined(numbered(), skip_empty)


def _without_end(pieces: Iterable[str], name: str) -> Iterator[str]:
    for piece in pieces:
        if END in piece:
            raise ValueError(
                f"{name!r}: the text holds U+FDD0, which marks the end of a document "
                "here. It is no character of any language; remove it."
            )
        yield piece


def _with_line_feeds(pieces: Iterable[str]) -> Iterator[str]:
    held = ""
    for piece in pieces:
        piece = held + piece
        held = piece[len(piece.rstrip("\r")) :]  # part of a line end, perhaps
        piece = piece[: len(piece) - len(held)]
        yield _LINE_END.sub("\n", piece) if "\r" in piece else piece
    yield "\n" * len(held)


def _empty(place: str) -> ValueError:
    return ValueError(
        f"{place}: the document is empty. Remove it, or pass skip_empty=True "
        "(--skip-empty to the command)."
    )


def _lines(pieces: Iterable[str], name: str, skip_empty: bool) -> Iterator[str]:
    line, fresh, held = 1, True, ""  # fresh: a line begins here
    for piece in _with_line_feeds(pieces):
        piece = held + piece
        start = piece.rfind("\n") + 1
        blank = (start or fresh) and not piece[start:].strip()
        held = piece[start:] if blank else ""  # a blank line, perhaps
        piece = piece[: len(piece) - len(held)]
        if not piece:
            continue
        whole = "\n" + piece if fresh else piece
        found = _BLANK_LINES.search(whole)
        if found and not skip_empty:
            at = line + whole[: found.start() + 1].count("\n") - fresh
            raise _empty(f"{name!r}, line {at}")
        if found:
            whole = _BLANK_LINES.sub("\n", whole)
        line += piece.count("\n")
        piece = whole[1:] if fresh else whole
        fresh = whole.endswith("\n")
        yield piece.replace("\n", END)
    if held and not skip_empty:
        raise _empty(f"{name!r}, line {line}")
    if not fresh:
        yield END


def _paragraphs(pieces: Iterable[str], name: str, skip_empty: bool) -> Iterator[str]:
    held, begun = "", False
    for piece in _with_line_feeds(pieces):
        piece = held + piece
        body = piece.rstrip()
        held = piece[len(body) :]  # a border, perhaps
        if not begun and (start := _BLANK_START.match(body)):
            body = body[start.end() :]
        if body:
            begun = True
            yield _BLANK_LINES.sub(END, body)
    if begun:
        yield held.partition("\n")[0] + END
    elif not skip_empty:
        raise _empty(f"{name!r}")


def _whole(pieces: Iterable[str], name: str, skip_empty: bool) -> Iterator[str]:
    blanks: list[str] | None = []
    for piece in pieces:
        if blanks is not None:
            blanks.append(piece)
            if not piece.strip():
                continue
            piece, blanks = "".join(blanks), None
        yield piece
    if blanks is None:
        yield END
    elif not skip_empty:
        raise _empty(f"{name!r}")


def _separated(
    pieces: Iterable[str], separator: str, name: str
) -> Iterator[tuple[str, str]]:
    number, held = 0, ""
    for piece in pieces:
        *documents, held = (held + piece).split(separator)
        for document in documents:
            number += 1
            yield f"{name!r}, document {number}", document.strip("\r\n")
    if held.strip():
        yield f"{name!r}, document {number + 1}", held.strip("\r\n")


def _joined(documents: Iterable[tuple[str, str]], skip_empty: bool) -> Iterator[str]:
    held: list[str] = []
    size = 0
    for place, document in documents:
        if document.strip():
            held += (document, END)
            size += len(document)
        elif not skip_empty:
            raise _empty(place)
        if size > _PIECE:
            yield "".join(held)
            held, size = [], 0
    if held:
        yield "".join(held)
