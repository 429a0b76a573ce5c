"""Stops: where a text that is being written ends."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Stops:
    """What ends a text, in symbols: a character for each id.

    Attributes:
        texts: Texts that end it where they are complete.
        keep: Whether the text that ended it is kept.
        min_length: A stop text that would leave fewer symbols does not end it.
        end: The end of a document, which always ends it and is never kept.
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
            text: What has been written.
            known: How many of its symbols hold no end.

        Returns:
            The length of the text that is kept; `None` if it goes on.
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
        """Return a text up to where it ends, with the end of a document if it has one.

        Args:
            text: What has been written.
            end: What `find` returned.
        """
        if end is not None and self.end is not None and text[end : end + 1] == self.end:
            return text[: end + 1]
        return text[:end]

    def certain(self, text: str) -> int:
        """Return how many symbols of a text no stop text can take away."""
        if self.keep:
            return len(text)
        # The longest tail with which a stop text begins may be cut off.
        held = (
            size
            for stop in self.texts
            for size in range(min(len(stop) - 1, len(text)), 0, -1)
            if text.endswith(stop[:size])
        )
        return len(text) - max(held, default=0)
