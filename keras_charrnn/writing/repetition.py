"""Repetition: what would repeat a passage is made less likely.

Shapes: B batch, V vocabulary, W the number of positions of a text that count.

Source: p-e-w, "DRY: A modern repetition penalty that reliably prevents looping" (2024),
in text-generation-webui, whose names are used here.
"""

from dataclasses import asdict, dataclass
from typing import Any, NamedTuple

import numpy as np
from keras import ops

from keras_charrnn._backend import where

# So many of the last characters of a text count, and so many of a passage.
_WINDOW, _LONGEST = 4096, 255

# How many of the last ids of a text have to be known.
RECENT = _WINDOW + _LONGEST

# The most that a logit is lowered. No difference between logits comes near it.
_MOST = 1e6


@dataclass(frozen=True)
class Dry:
    """How much a repetition costs ("don't repeat yourself").

    Where the text ends with n characters that also end at an earlier place, the logit
    of the character that follows there is lowered by
    `multiplier * base ** (n - allowed_length)`, provided that n is `allowed_length` or
    more. Of several such places, that with the largest n counts.

    Attributes:
        multiplier: A number above 0.
        base: 1 or more.
        allowed_length: 1 or more.
    """

    multiplier: float
    base: float
    allowed_length: int

    @property
    def numbers(self) -> dict[str, np.float32]:
        """The attributes, as data for the writing loop."""
        return {name: np.float32(value) for name, value in asdict(self).items()}


class Past(NamedTuple):
    """The last W positions of each row, and which of them repeat.

    Attributes:
        ids: The ids, (B, W); -1 before the start of a text.
        lengths: How many characters that end at a position are equal to the last
            characters of the text, (B, W), float; at most 255. The last column has
            no meaning.
    """

    ids: Any
    lengths: Any


def past_of(recent: np.ndarray) -> Past:
    """Return the past of texts.

    Args:
        recent: The last ids of each text, (B, up to `RECENT`), with -1 before its
            start.

    Returns:
        The `Past`, of arrays.
    """
    rows, known = recent.shape
    ids = np.full((rows, RECENT), -1, np.int32)
    ids[:, RECENT - known :] = recent
    lengths = np.zeros((rows, _WINDOW), np.float32)
    equal = np.ones(lengths.shape, bool)
    for back in range(_LONGEST):
        last = ids[:, RECENT - 1 - back, None]
        shifted = ids[:, RECENT - _WINDOW - back : RECENT - back]
        equal &= (shifted == last) & (last >= 0)
        equal[:, -1] = False
        if not equal.any():
            break
        lengths += equal
    return Past(ids[:, -_WINDOW:], lengths)


def extended(past: Past, ids: Any) -> Past:
    """Return the past after one more character: ids (B,)."""
    ids = ops.expand_dims(ids, 1)
    after = ops.concatenate([past.ids[:, 1:], ids], axis=1)
    longer = ops.minimum(past.lengths + 1, float(_LONGEST))
    return Past(after, where(after == ids, longer, 0.0))


def lowered(logits: Any, past: Past, dry: dict[str, Any]) -> Any:
    """Lower the logits of characters that would repeat a passage.

    Args:
        logits: The logits, (B, V).
        past: The `Past`.
        dry: The numbers of a `Dry`.

    Returns:
        The logits, (B, V).
    """
    rows, width = logits.shape
    followers = ops.maximum(past.ids[:, 1:], 0)
    followers = followers + ops.expand_dims(ops.arange(rows, dtype="int32") * width, 1)
    longest = ops.segment_max(
        ops.reshape(past.lengths[:, :-1], (-1,)),
        ops.reshape(followers, (-1,)),
        num_segments=rows * width,
    )
    longest = ops.reshape(longest, (rows, width))
    beyond = longest - dry["allowed_length"]
    cost = ops.minimum(dry["multiplier"] * dry["base"] ** beyond, _MOST)
    return logits - where(beyond >= 0, cost, 0.0)
