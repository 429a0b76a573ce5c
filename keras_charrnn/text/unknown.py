"""Unknown: what is to become of characters that a vocabulary lacks."""

from typing import Literal, get_args

import numpy as np

Unknown = Literal["error", "skip", "replace"]

# Stands for every character that a vocabulary does not know: U+FFFD.
UNK = "\ufffd"

_NAMED_AT_MOST = 10


def check_unknown(unknown: str) -> None:
    """Raise a `ValueError` unless there is such a way with the unknown."""
    if unknown not in get_args(Unknown):
        raise ValueError(f"unknown={unknown!r} is not one of {get_args(Unknown)}.")


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
