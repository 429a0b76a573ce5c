"""Rules: how the characters of a text are chosen, as data for the writing loop.

Shapes: B batch, V vocabulary.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from numbers import Real
from typing import Any

import numpy as np

from keras_charrnn.writing.repetition import Dry
from keras_charrnn.writing.samplers import Sampler, coldness

# The maximum number of characters that one compiled call writes, and that number where
# a text may have ended before.
CHUNK, SHORT_CHUNK = 512, 32


@dataclass(frozen=True)
class Rules:
    """How the next character of each row is chosen.

    Attributes:
        sampler: The `Sampler`.
        temperatures: For each row, a number, or a function of the position that
            returns a number. The first character written has position 0.
        dry: How much a repetition costs; nothing if `None`.
        allowed: Which characters may be written, booleans (V,); all if `None`.
        min_length: The minimum number of characters of a document.
        end_id: The id of the end of a document, if there is one.
    """

    sampler: Sampler
    temperatures: Sequence[float | Callable[[int], float]]
    dry: Dry | None = None
    allowed: np.ndarray | None = None
    min_length: int = 0
    end_id: int | None = None

    def rows(self, index: Sequence[int]) -> "Rules":
        """Return the rules of some of the rows."""
        return replace(self, temperatures=[self.temperatures[i] for i in index])

    def room(self, position: int, count: int) -> int:
        """Return the number of characters, up to `count`, before `mask` changes."""
        if self.end_id is None or position >= self.min_length:
            return count
        return min(count, self.min_length - position)

    def mask(self, position: int, width: int) -> np.ndarray | None:
        """Return which characters may be written, booleans (V,); all if `None`.

        Args:
            position: The position of the next character.
            width: V.
        """
        if self.end_id is None or position >= self.min_length:
            return self.allowed
        mask = np.ones(width, bool) if self.allowed is None else self.allowed.copy()
        mask[self.end_id] = False
        return mask

    def coldness(self, position: int, count: int) -> np.ndarray:
        """Return the inverse temperatures of `count` characters, (CHUNK, B, 1)."""
        table = np.ones((CHUNK, len(self.temperatures)))
        for row, given in enumerate(self.temperatures):
            if not callable(given):
                table[:, row] = given
                continue
            for i in range(count):
                value = given(position + i)
                table[i, row] = as_number(value)
                if not table[i, row] >= 0:
                    raise ValueError(
                        f"temperature is a number from 0 on; at position "
                        f"{position + i} the function returned {value!r}."
                    )
        return coldness(table)[..., None]


def as_number(value: Any) -> float:
    """Return a number or a scalar tensor as a float, and nan for anything else."""
    if isinstance(value, Real) or getattr(value, "shape", None) == ():
        return float(value)
    return float("nan")


class Draws:
    """The seeds of all draws: one stream for all rows, or one for each of them.

    With one stream, all rows of a position are drawn in one call. With a stream of its
    own, what a row draws depends on nothing but its seed and the position. Neither
    depends on how many characters are written at a time.

    Args:
        seeds: One tuple of non-negative integers, or one for each row.
    """

    def __init__(self, seeds: Sequence[tuple[int, ...]]) -> None:
        self._streams = [np.random.PCG64(list(seed)) for seed in seeds]
        self.position = 0

    def keep(self, rows: Sequence[int]) -> None:
        """Go on with some of the rows alone, where each has a stream of its own."""
        if len(self._streams) > 1:
            self._streams = [self._streams[row] for row in rows]

    def next(self, count: int) -> np.ndarray:
        """Return the next `count` seeds of each stream S, padded to (CHUNK, S, 2)."""
        self.position += count
        raw = np.zeros((CHUNK, len(self._streams)), np.uint64)
        for number, bits in enumerate(self._streams):
            raw[:count, number] = bits.random_raw(count)
        halves = (raw >> np.uint64(33), raw & np.uint64(2**31 - 1))
        return np.stack(halves, axis=-1).astype(np.int32)
