"""Checks of user arguments, with the name of the argument in each error."""

from numbers import Integral
from typing import Any


def check_positive(name: str, value: Any) -> int:
    """Check that a size is a positive integer.

    Args:
        name: The name of the argument, for the error message.
        value: The size; a NumPy integer is accepted, too.

    Returns:
        The value as an `int`.

    Raises:
        ValueError: If `value` is not a positive integer.
    """
    if not isinstance(value, Integral) or isinstance(value, bool) or value < 1:
        raise ValueError(f"{name} is a positive integer; it is {value!r}.")
    return int(value)


def check_flag(name: str, value: Any, advice: str = "") -> bool:
    """Check that a value is true or false.

    Args:
        name: The name of the argument, for the error message.
        value: The value; a NumPy boolean is accepted, too.
        advice: What to do, if it is likely that something else was meant.

    Returns:
        The value as a `bool`.

    Raises:
        TypeError: If `value` is not a boolean.
    """
    # A NumPy boolean is recognised by its form, so that NumPy is not imported.
    flag = getattr(value, "dtype", None) == "bool" and value.shape == ()
    if not isinstance(value, bool) and not flag:
        message = f"{name} is True or False; it is {value!r}. {advice}"
        raise TypeError(message.rstrip())
    return bool(value)
