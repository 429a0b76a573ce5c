"""Census: which characters a text has, and how many, while it streams by."""

import sys
from collections.abc import Collection

import numpy as np

from keras_charrnn._platform import check_positive
from keras_charrnn.text.code_points import code_points_of, refuse_surrogates


class Census:
    """Finds the characters of a text, and numbers them in the order they appear in.

    The numbers stand for characters of a text that is read once, before it is
    known which characters there are.

    Args:
        counting: Whether characters are counted, and not only found.
    """

    def __init__(self, counting: bool = True) -> None:
        self._counting = counting
        self._counts = np.zeros(sys.maxunicode + 1, np.int64)
        # As narrow as can be: most of the time goes by looking numbers up.
        self._numbers = np.full(sys.maxunicode + 1, -1, np.int16)
        self._found = 0
        self._size = 0

    def number(self, text: str) -> np.ndarray:
        """Number the characters of a piece of text, and count them.

        Args:
            text: The next piece.

        Returns:
            Their numbers, (characters,), of the smallest unsigned dtype that holds
            those given so far.

        Raises:
            ValueError: If there is half of a surrogate pair in it.
        """
        code_points = code_points_of(text)
        refuse_surrogates(code_points, self._size)
        self._size += len(code_points)
        if self._counting:
            counts = np.bincount(code_points)
            self._counts[: len(counts)] += counts
        numbers = np.take(self._numbers, code_points)
        if numbers.size and numbers.min() < 0:
            new = np.unique(code_points[numbers < 0])
            if self._found + len(new) > np.iinfo(self._numbers.dtype).max:
                self._numbers = self._numbers.astype(np.int32)
            self._numbers[new] = np.arange(self._found, self._found + len(new))
            self._found += len(new)
            numbers = np.take(self._numbers, code_points)
        return numbers.astype(np.min_scalar_type(max(0, self._found - 1)))

    def most_frequent(
        self, min_count: int, max_size: int | None, special: Collection[str]
    ) -> list[str]:
        """Choose characters by how often they occur.

        Args:
            min_count: How often a character has to occur, 1 or more.
            max_size: How many there may be, `special` included; of equally frequent
                ones the first are taken.
            special: Characters that are taken anyway.

        Returns:
            The others that are taken; none if nothing was counted.

        Raises:
            ValueError: If a number is out of range, or none is left.
        """
        check_positive("min_count", min_count)
        if max_size is not None:
            check_positive("max_size", max_size)
        counts = {chr(c): int(self._counts[c]) for c in sorted(self.numbered())}
        counts = {c: n for c, n in counts.items() if c not in special}
        kept = [c for c, n in counts.items() if n >= min_count or min_count == 1]
        if max_size is not None:
            # Characters come sorted, and sorting by count leaves equals in order.
            kept.sort(key=lambda c: -counts[c])
            kept = kept[: max(0, max_size - len(special))]
        if counts and not kept:
            raise ValueError(
                f"min_count={min_count} and max_size={max_size} leave none of "
                f"{len(counts)} characters; the most frequent one occurs "
                f"{max(counts.values())} times."
            )
        return kept

    def numbered(self) -> np.ndarray:
        """Return the code points of the numbers, (numbers,)."""
        code_points = np.flatnonzero(self._numbers >= 0)
        return code_points[np.argsort(self._numbers[code_points])].astype(np.uint32)
