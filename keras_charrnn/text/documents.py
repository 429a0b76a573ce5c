"""Documents: a text taken apart into items that have nothing to do with each other."""

import csv
import json
from collections.abc import Iterable, Iterator

# Stands behind every document. A noncharacter of Unicode, for a program's own use.
END = "\ufdd0"

KINDS = ("lines", "files", "csv:COLUMN", "jsonl:FIELD")
# Characters of a row of CSV or JSONL, at most.
_LONGEST_ROW = 1 << 26
# Characters that are handed out at once.
_PIECE = 1 << 20


def mark_ends(
    pieces: Iterable[str], kind: str, name: str, skip_empty: bool = False
) -> Iterator[str]:
    r"""Put `END` behind every document of a text.

    Args:
        pieces: The text of one file, cut anywhere.
        kind: What is a document: `"lines"` each line, which LF or CRLF ends,
            `"files"` each file, `"csv:COLUMN"` the value of each row in a column,
            by its name in the first row, `"jsonl:FIELD"` the value of each line's
            object.
        name: The file's name, for errors. A CSV file that ends in .tsv or .tsv.gz
            has tabs.
        skip_empty: Whether to leave out empty documents, which are errors else.

    Yields:
        Pieces of the documents, `END` behind each document.

    Raises:
        ValueError: With the line, if a document is empty or holds `END`, if there is no
            such column or field, or a row is not CSV or JSON.
    """
    asked = kind
    kind, _, field = kind.partition(":") if isinstance(kind, str) else ("", "", "")
    pieces = _without_end(pieces, name)
    if kind == "lines" and not field:
        return _lines(pieces, name, skip_empty)
    if kind == "files" and not field:
        return _whole(pieces, name, skip_empty)
    if kind == "csv" and field:
        return _joined(_csv(_rows(pieces, name), field, name), skip_empty)
    if kind == "jsonl" and field:
        return _joined(_jsonl(_rows(pieces, name), field, name), skip_empty)
    raise ValueError(f"documents is one of {', '.join(KINDS)}; it is {asked!r}.")


def _without_end(pieces: Iterable[str], name: str) -> Iterator[str]:
    for piece in pieces:
        if END in piece:
            raise ValueError(
                f"{name!r}: the text holds U+FDD0, which marks the end of a document "
                "here. It is no character of any language; remove it."
            )
        yield piece


def mark_documents(documents: Iterable[str], skip_empty: bool = False) -> Iterator[str]:
    """Put `END` behind every document.

    Args:
        documents: The documents.
        skip_empty: Whether to leave out empty ones, which are errors else.

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

    def numbered() -> Iterator[tuple[str, str]]:
        for number, document in enumerate(documents):
            place = f"Document {number}"
            if not isinstance(document, str):
                raise TypeError(f"{place} is a {type(document).__name__}, and no str.")
            yield place, "".join(_without_end([document], place))

    return _joined(numbered(), skip_empty)


def _empty(place: str) -> ValueError:
    return ValueError(
        f"{place}: the document is empty. Remove it, or pass skip_empty=True "
        "(--skip-empty to the command)."
    )


def _lines(pieces: Iterable[str], name: str, skip_empty: bool) -> Iterator[str]:
    line, fresh, held = 1, True, ""  # fresh: a line begins here
    for piece in pieces:
        piece = held + piece
        held = "\r" if piece.endswith("\r") else ""  # half a CRLF, perhaps
        piece = piece[: len(piece) - len(held)].replace("\r\n", "\n")
        if not piece:
            continue
        whole = "\n" + piece if fresh else piece
        place = whole.find("\n\n")
        if place >= 0 and not skip_empty:
            at = line + whole[: place + 1].count("\n") - fresh
            raise _empty(f"{name!r}, line {at}")
        while place >= 0:
            whole = whole.replace("\n\n", "\n")
            place = whole.find("\n\n")
        line += piece.count("\n")
        piece = whole[1:] if fresh else whole
        fresh = whole.endswith("\n")
        yield piece.replace("\n", END)
    if held:
        yield held
        fresh = False
    if not fresh:
        yield END


def _whole(pieces: Iterable[str], name: str, skip_empty: bool) -> Iterator[str]:
    empty = True
    for piece in pieces:
        empty = empty and not piece
        yield piece
    if not empty:
        yield END
    elif not skip_empty:
        raise _empty(f"{name!r}")


def _joined(documents: Iterable[tuple[str, str]], skip_empty: bool) -> Iterator[str]:
    held: list[str] = []
    size = 0
    for place, document in documents:
        if document:
            held += (document, END)
            size += len(document)
        elif not skip_empty:
            raise _empty(place)
        if size > _PIECE:
            yield "".join(held)
            held, size = [], 0
    if held:
        yield "".join(held)


def _rows(pieces: Iterable[str], name: str) -> Iterator[str]:
    held, number = "", 0
    for piece in pieces:
        *rows, held = (held + piece).split("\n")
        number += len(rows)
        if len(held) > _LONGEST_ROW:
            raise ValueError(
                f"{name!r}, line {number + 1}: the line is longer than "
                f"{_LONGEST_ROW:,} characters. Is the file of the format that "
                "documents= says?"
            )
        yield from (row + "\n" for row in rows)
    if held:
        yield held


def _csv(rows: Iterator[str], column: str, name: str) -> Iterator[tuple[str, str]]:
    csv.field_size_limit(_LONGEST_ROW)
    tabs = name.removesuffix(".gz").endswith(".tsv")
    reader = csv.DictReader(rows, delimiter="\t" if tabs else ",", strict=True)
    try:
        names = ", ".join(map(repr, reader.fieldnames or []))
        if column not in (reader.fieldnames or []):
            raise ValueError(
                f"{name!r}: there is no column {column!r} in its first row, which "
                f"{'names ' + names if names else 'is empty'}."
            )
        for row in reader:
            if row[column] is None:
                raise ValueError(
                    f"{name!r}, line {reader.line_num}: the row ends before the column "
                    f"{column!r}."
                )
            yield f"{name!r}, line {reader.line_num}", row[column]
    except csv.Error as error:
        line = reader.reader.line_num
        raise ValueError(f"{name!r}, line {line}: {error}.") from error


def _jsonl(rows: Iterator[str], field: str, name: str) -> Iterator[tuple[str, str]]:
    for number, row in enumerate(rows, 1):
        if not row.strip():
            continue
        try:
            item = json.loads(row)
        except (json.JSONDecodeError, RecursionError) as error:
            raise ValueError(f"{name!r}, line {number} is no JSON: {error}.") from error
        value = item.get(field) if isinstance(item, dict) else None
        if not isinstance(value, str):
            raise ValueError(
                f"{name!r}, line {number}: there is no text {field!r} in {row[:60]!r}."
            )
        yield f"{name!r}, line {number}", value
