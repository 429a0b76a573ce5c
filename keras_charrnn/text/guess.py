"""Guess: the encoding that bytes seem to have, proposed and never taken by itself."""

import codecs
import re
from collections.abc import Iterator

# Bytes of text that are looked at on either side of a place.
_AROUND = 1 << 15
# Characters that are shown of it.
_SHOWN = 16
_BOMS = {
    codecs.BOM_UTF32_LE: "utf-32",  # begins with that of UTF-16
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
# What no text holds: control characters but for tab, line ends, page breaks and escape.
_CONTROL = re.compile("[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f-\x9f\ufffd]")
_HIGH = re.compile(rb"[\x80-\xff]+")
_LONG_RUN = 4  # letters beyond ASCII in a row, few of which Western words have
# Letters beyond ASCII that a guess needs.
_EVIDENCE = 8
# Of encodings that read some bytes alike, the better known ones.
_COMMON = ("cp1252", "euc_jp")

_NO_LIBRARY = "`pip install charset-normalizer` lets this message propose encodings."


def wide_encoding(start: bytes) -> str | None:
    """Return UTF-16 or UTF-32, if bytes at the start of a file are plainly one of them.

    Args:
        start: The first bytes of the file.

    Returns:
        Python's name of the encoding, or `None`.
    """
    for mark, name in _BOMS.items():
        if start.startswith(mark):
            return name
    start = start[:4096]
    start = start[: len(start) // 4 * 4]
    if not start:
        return None
    # How much of each of the four bytes of a row is 0.
    zeros = [start[i::4].count(0) * 4 / len(start) for i in range(4)]
    for name, often in (
        ("utf-32-le", (0, 1, 1, 1)),
        ("utf-32-be", (1, 1, 1, 0)),
        ("utf-16-le", (0, 1, 0, 1)),
        ("utf-16-be", (1, 0, 1, 0)),
    ):
        if all(z > 0.5 if much else z < 0.1 for z, much in zip(zeros, often)):
            return name
    return None


def advise(data: bytes, place: int, asked: str) -> str:
    """Say what to do about bytes that are no text in an encoding.

    Args:
        data: Some of the file.
        place: Where in it a byte is wrong.
        asked: The encoding that was asked for.

    Returns:
        Sentences for an error message, with an encoding in which the bytes look like
        text, if there is one, and how they read in it.
    """
    left = data.rfind(b"\n", 0, max(0, place - _AROUND)) + 1
    sample, place = sample_at(data, place), place - left
    if _is_utf8(asked) and _mostly_utf8(sample):
        return (
            "The text around it is UTF-8, so this place is damaged, or of another "
            "encoding than the rest: mend it, or read bytes with Vocabulary.bytes() "
            "(--bytes to the command)."
        )
    name = likely_encoding(sample)
    if name is None:
        return (
            "What encoding the file has is not clear: ask where it comes from, or read "
            "bytes with Vocabulary.bytes() (--bytes to the command)."
            + ("" if _has_library() else f" {_NO_LIBRARY}")
        )
    return (
        f"As {name} it reads {_shown(sample, place, name)!r}. If that is right, pass "
        f"encoding={name!r}, or --encoding {name} to the command."
        + ("" if _has_library() or name == "utf-8" else f" If not, {_NO_LIBRARY}")
    )


def sample_at(data: bytes, place: int) -> bytes:
    """Return the lines of some bytes around a place."""
    left = data.rfind(b"\n", 0, max(0, place - _AROUND)) + 1
    right = data.find(b"\n", place + _AROUND, place + 2 * _AROUND)
    return data[left : right if right >= 0 else place + 2 * _AROUND]


def likely_encoding(sample: bytes) -> str | None:
    """Return an encoding in which bytes look like text.

    Args:
        sample: The bytes, from the start of a line.

    Returns:
        Python's name of it, or `None`. No character of the text is a control character.
    """
    # The last character of a line that is too long may have been cut apart.
    for cut in range(4 if len(sample) > _AROUND else 1):
        if (name := _likely(sample[: len(sample) - cut])) is not None:
            return name
    return None


def _likely(sample: bytes) -> str | None:
    runs = [len(run) for run in _HIGH.findall(sample)]
    western = 4 * sum(run for run in runs if run >= _LONG_RUN) <= sum(runs)
    windows = ["cp1252"] if western else []
    # Of few letters, the library knows less than what is usual.
    few = sum(runs) < _EVIDENCE
    guesses = [*windows, *_guesses(sample)] if few else [*_guesses(sample), *windows]
    for name in ("utf-8", *guesses):
        if _looks_like_text(sample, name):
            return name
    return None


def _guesses(sample: bytes) -> Iterator[str]:
    """Yield what charset-normalizer takes the bytes for, the likeliest first."""
    if not _has_library():
        return
    from charset_normalizer import from_bytes

    matches = list(from_bytes(sample))
    if not matches:
        return
    best = matches[0]
    equal = {
        name
        for match in matches
        if (match.chaos, match.coherence) == (best.chaos, best.coherence)
        for name in match.could_be_from_charset
    }
    yield from (name for name in _COMMON if name in equal)
    yield from (match.encoding for match in matches)


def _has_library() -> bool:
    try:
        import charset_normalizer  # noqa: F401
    except ImportError:
        return False
    return True


def _looks_like_text(sample: bytes, name: str) -> bool:
    try:
        return not _CONTROL.search(sample.decode(name))
    except (UnicodeError, LookupError):
        return False


def _is_utf8(name: str) -> bool:
    return codecs.lookup(name).name in ("utf-8", "utf-8-sig")


def _mostly_utf8(sample: bytes) -> bool:
    # In other encodings, bytes happen to be UTF-8 now and then.
    text = sample.decode("utf-8", "replace")
    wrong = text.count("\ufffd")
    return sum(not c.isascii() for c in text) - wrong > wrong


def _shown(sample: bytes, place: int, name: str) -> str:
    left = sample.rfind(b"\n", 0, place) + 1
    right = sample.find(b"\n", place)
    line = sample[left : right if right >= 0 else None].decode(name, "replace")
    at = len(sample[left:place].decode(name, "replace"))
    return line[max(0, at - _SHOWN) : at + _SHOWN].strip()
