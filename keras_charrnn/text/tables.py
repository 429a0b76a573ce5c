"""Tables: one column of CSV, tab-separated values or JSON lines."""

import csv
import json
from collections.abc import Iterable, Iterator

from keras_charrnn.text.code_points import code_points_of, refuse_surrogates

# Characters of a row, at most.
_LONGEST_ROW = 1 << 26
_DELIMITERS = {",": "a comma", "\t": "a tab", ";": "';'", "|": "'|'"}


def rows_of(pieces: Iterable[str], name: str) -> Iterator[str]:
    """Cut a text into lines.

    Args:
        pieces: The text, cut anywhere.
        name: The file's name, for errors.

    Yields:
        The lines, each with its line end.

    Raises:
        ValueError: If a line is so long that this can be no table.
    """
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


def column_of(
    rows: Iterator[str], column: str, name: str, kind: str
) -> Iterator[tuple[str, str]]:
    """Return one column of a table.

    Args:
        rows: The lines of the file; the first names the columns.
        column: The column's name.
        name: The file's name, for errors.
        kind: `"csv"`, where the first row tells what stands between values, and double
            quotes may stand around one unless that is a tab; `"tsv"`, with tabs between
            values that have no quotes; or `"quoted-tsv"`.

    Yields:
        For each row, its place in the file and the value.

    Raises:
        ValueError: With the line, if there is no such column, or a row has more or
            fewer values than there are columns.
    """
    csv.field_size_limit(_LONGEST_ROW)
    header = next(rows, "")
    if "\r" in header.rstrip("\r\n"):
        raise ValueError(
            f"{name!r}: its lines end with CR alone, which a value may hold, too. "
            "Convert the file's line ends to LF."
        )
    delimiter = "\t" if kind != "csv" else _delimiter_of(header, column, name)
    quoted = kind == "quoted-tsv" or delimiter != "\t"
    names = _names(header, delimiter, quoted)
    if names.count(column) != 1:
        there = "are several columns" if column in names else "is no column"
        raise ValueError(
            f"{name!r}: there {there} {column!r} in its first row, which "
            f"{_told(names, delimiter)}." + _other_table(header, delimiter)
        )
    place, last = names.index(column), 1
    reader = csv.reader(rows, **_how(delimiter, quoted))
    empty = True
    try:
        for values in reader:
            first, last = last + 1, reader.line_num + 1
            if values and len(values) != len(names):
                raise ValueError(
                    f"{name!r}, line {first}: there {_counted(values, 'value')} for "
                    f"{_counted(names, 'column').partition(' ')[2]}, with "
                    f"{_DELIMITERS[delimiter]} between them."
                    + (_ADVICE if quoted else "")
                )
            if values:
                empty = False
                yield f"{name!r}, line {first}", values[place]
    except csv.Error as error:
        raise ValueError(
            f"{name!r}, in the row that begins at line {last + 1}: {error}."
            + (_ADVICE if quoted else "")
        ) from error
    if empty:
        raise ValueError(
            f"{name!r}: there is no row below the first, which "
            f"{_told(names, delimiter)}."
        )


def _counted(items: list[str], noun: str) -> str:
    return f"is 1 {noun}" if len(items) == 1 else f"are {len(items)} {noun}s"


def _other_table(header: str, delimiter: str) -> str:
    """Return a hint if a first row holds more names with another delimiter."""
    names = {d: _names(header, d, d != "\t") for d in _DELIMITERS}
    likeliest = max(names, key=lambda d: len(names[d]))
    if len(names[likeliest]) <= len(names[delimiter]):
        return ""
    return (
        f" With {_DELIMITERS[likeliest]} between names, it has "
        f"{', '.join(map(repr, names[likeliest]))}: read the table as 'csv:COLUMN'."
    )


_ADVICE = (
    " A value that holds what stands between values, a quote or a line end has double "
    "quotes around it, and its own quotes twice; items of one line each are read as "
    "'lines'."
)


def _how(delimiter: str, quoted: bool) -> dict:
    if quoted:
        return {"delimiter": delimiter, "strict": True}
    return {"delimiter": delimiter, "quoting": csv.QUOTE_NONE}


def _names(header: str, delimiter: str, quoted: bool) -> list[str]:
    try:
        return next(csv.reader([header], **_how(delimiter, quoted)), [])
    except csv.Error:
        return []


def _told(names: list[str], delimiter: str) -> str:
    if not names:
        return "is empty"
    between = f", with {_DELIMITERS[delimiter]} between them" if len(names) > 1 else ""
    return f"names {', '.join(map(repr, names))}{between}"


def _delimiter_of(header: str, column: str, name: str) -> str:
    """Find what stands between the names of a first row that has a column."""
    names = {d: _names(header, d, d != "\t") for d in _DELIMITERS}
    likeliest = max(names, key=lambda d: len(names[d]))
    found = [d for d in names if column in names[d]]
    # Where nothing is cut, the name of a column may be a whole row of names.
    whole = len(names[likeliest]) > 1 and '"' not in header
    if not found or (whole and all(len(names[d]) == 1 for d in found)):
        raise ValueError(
            f"{name!r}: there is no column {column!r} in its first row, which "
            f"{_told(names[likeliest], likeliest)}."
        )
    return max(found, key=lambda d: len(names[d]))


def field_of(rows: Iterable[str], field: str, name: str) -> Iterator[tuple[str, str]]:
    """Return one field of the objects of JSON lines.

    Args:
        rows: The lines of the file, an object each; blank ones are passed over.
        field: The field's name.
        name: The file's name, for errors.

    Yields:
        For each object, its place in the file and the field's value, a text.

    Raises:
        ValueError: With the line, if it is no JSON or has no such text.
    """
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
        place = f"{name!r}, line {number}"
        refuse_surrogates(code_points_of(value), 0, f"{place}: {field!r}")
        yield place, value
