"""Strings as arrays of code points, and back."""

import sys

import numpy as np

# A lone surrogate is a legal character of a Python string, so it must pass.
_UTF32 = "utf-32-le" if sys.byteorder == "little" else "utf-32-be"


def code_points_of(text: str) -> np.ndarray:
    """Return the code points of a text, (characters,), uint32; uint8 for ASCII."""
    if text.isascii():
        return np.frombuffer(text.encode("ascii"), np.uint8)
    return np.frombuffer(text.encode(_UTF32, "surrogatepass"), np.uint32)


def characters_of(code_points: np.ndarray) -> str:
    """Return the text of code points, (characters,)."""
    return code_points.astype(np.uint32).tobytes().decode(_UTF32, "surrogatepass")


def refuse_surrogates(
    code_points: np.ndarray, place: int, name: str = "The text"
) -> None:
    """Raise a `ValueError` if there is half of a surrogate pair.

    Python's strings may hold one, which broken JSON leaves behind, but nothing can
    print or save it.

    Args:
        code_points: Those of a text, (characters,).
        place: The place of the first of them in the whole text.
        name: What the text is, for the error.
    """
    if code_points.dtype == np.uint8:
        return
    surrogates = code_points >> 11 == 0xD800 >> 11
    if surrogates.any():
        at = int(surrogates.argmax())
        raise ValueError(
            f"{name} holds half of a surrogate pair, U+{code_points[at]:04X}, at "
            f"{place + at}, which is no character: remove it, or put U+FFFD there, as "
            "text.encode('utf-16', 'surrogatepass').decode('utf-16', 'replace') does."
        )
