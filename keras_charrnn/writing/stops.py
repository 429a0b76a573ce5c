"""Stops: where a text that is being written ends."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Stops:
    """What ends a text, in symbols, which are one character for each id.

    Attributes:
        texts: The stop texts; the writing ends once one of them is complete.
        keep: Whether the stop text that ended the writing is kept.
        min_length: A stop text that would leave fewer symbols does not end the writing.
        end: The end of a document, which always ends the writing.
    """

    texts: tuple[str, ...] = ()
    keep: bool = False
    min_length: int = 0
    end: str | None = None

    def __bool__(self) -> bool:
        return bool(self.texts) or self.end is not None

    def find(self, text: str, known: int) -> int | None:
        """Find where a text ends.

        Args:
            text: The text written so far.
            known: The number of its symbols in which no end was found before.

        Returns:
            The length of the text to keep, without the end of a document; `None` if
            the text goes on.
        """
        ends = []
        for stop in self.texts:
            start = text.find(stop, max(0, known - len(stop) + 1))
            while start >= 0:
                kept = start + len(stop) * self.keep
                if kept >= self.min_length:
                    ends.append((start + len(stop), kept))
                    break
                start = text.find(stop, start + 1)
        if self.end is not None and (place := text.find(self.end, known)) >= 0:
            ends.append((place + 1, place))
        return min(ends)[1] if ends else None

    def kept(self, text: str, end: int | None) -> str:
        """Return a text up to its end, including the end of a document if it has one.

        Args:
            text: The text written so far.
            end: The length that `find` returned.
        """
        if end is not None and self.end is not None and text[end : end + 1] == self.end:
            return text[: end + 1]
        return text[:end]

    def certain(self, text: str) -> int:
        """Return the number of symbols that no stop text can remove any more."""
        if self.keep:
            return len(text)
        # A stop text that begins with the last symbols may still remove them.
        held = (
            size
            for stop in self.texts
            for size in range(min(len(stop) - 1, len(text)), 0, -1)
            if text.endswith(stop[:size])
        )
        return len(text) - max(held, default=0)
