"""Limits: how much a file may ask for, in proportion to its own size."""

import json
import os
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from contextvars import ContextVar
from typing import Any

from keras_charrnn._platform.shown import shown

# A config nests no deeper, not even that of a model in a model in a model.
_DEEPEST = 100

_left: ContextVar[int | None] = ContextVar("left", default=None)


@contextmanager
def at_most(numbers: int) -> Iterator[None]:
    """Let models that are made within take so many numbers in all.

    A limit around this one, which knows the size of a file, stays as it is.
    """
    token = _left.set(numbers if _left.get() is None else _left.get())
    try:
        yield
    finally:
        _left.reset(token)


def unlimited() -> AbstractContextManager[None]:
    """Let a model take what it takes, since it is made of one that is in memory."""
    return at_most(sys.maxsize)


def take(numbers: int, what: str) -> None:
    """Take numbers out of those that `at_most` allows, before they are allocated.

    Args:
        numbers: How many.
        what: What holds them, for the error.

    Raises:
        ValueError: If they are more than are left.
    """
    left = _left.get()
    if left is None:
        return
    if numbers > left:
        raise ValueError(
            f"{what} asks for {numbers:,} numbers, where its file has {left:,} at most"
        )
    _left.set(left - numbers)


def read_json(text: str | bytes, path: str | os.PathLike, part: str) -> Any:
    """Read JSON that nests no deeper than a model's config does.

    Args:
        text: The JSON.
        path: The file it comes from, for the error.
        part: The part of the file.

    Raises:
        ValueError: If it is none, or nests too deeply.
    """
    name = os.fspath(path)
    try:
        value = json.loads(text)
    except RecursionError:
        pass
    except ValueError as error:
        reason = shown(str(error))
        raise ValueError(
            f"{name!r} can't be read: {part} is no JSON: {reason}."
        ) from error
    else:
        level = [value]
        for _ in range(_DEEPEST):
            if not level:
                return value
            nests = (x for x in level if isinstance(x, dict | list))
            level = [
                y for x in nests for y in (x.values() if isinstance(x, dict) else x)
            ]
    raise ValueError(
        f"{name!r} can't be read: {part} nests more than {_DEEPEST} levels deep."
    )
