"""Checks of what a user passes, with the name of the argument in the error."""

from numbers import Integral
from typing import Any


def check_positive(name: str, value: Any) -> int:
    """Check that a size is a positive integer.

    Args:
        name: Its name, for the error.
        value: Its value; a NumPy integer will do.

    Returns:
        The value as an `int`.

    Raises:
        ValueError: If it is not.
    """
    if not isinstance(value, Integral) or isinstance(value, bool) or value < 1:
        raise ValueError(f"{name} is a positive integer; it is {value!r}.")
    return int(value)


def check_flag(name: str, value: Any) -> None:
    """Check that a value is true or false.

    Args:
        name: Its name, for the error.
        value: The value; a NumPy boolean will do.

    Raises:
        TypeError: If it is neither.
    """
    # NumPy's is found by its form: a check needs no import of its own.
    flag = getattr(value, "dtype", None) == "bool" and value.shape == ()
    if not isinstance(value, bool) and not flag:
        raise TypeError(f"{name} is True or False; it is {value!r}.")
