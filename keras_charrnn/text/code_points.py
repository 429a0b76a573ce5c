"""Strings as arrays of code points, and back."""

import sys

import numpy as np

_NAMED_AT_MOST = 10

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


def describe_unknown(code_points: np.ndarray, strange: np.ndarray, place: int) -> str:
    """Say which characters are unknown, and where.

    Args:
        code_points: Those of a text, (characters,).
        strange: Which of them are unknown, booleans (characters,).
        place: The place of the first of them in the whole text.

    Returns:
        The message of an error.
    """
    places = np.flatnonzero(strange)
    named = ", ".join(
        f"{chr(code_points[i])!r} at {place + i}" for i in places[:_NAMED_AT_MOST]
    )
    more = len(places) - _NAMED_AT_MOST
    rest = f" and {more} more" if more > 0 else ""
    plural = "" if len(places) == 1 else "s"
    return (
        f"The text holds {len(places)} character{plural} outside the vocabulary: "
        f"{named}{rest}. Pass unknown='skip', or unknown='replace' if the vocabulary "
        "has an id for them (--unknown to the command)."
    )
