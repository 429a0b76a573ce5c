"""Showing: what a model wrote reaches a terminal as text, and a file as it is."""

import sys

from keras_charrnn._platform import Shower


class Screen:
    """Prints text of a model or a corpus on standard output.

    On a terminal, what the terminal would obey is shown as escapes. A file or a pipe
    gets the text as it is.

    Args:
        raw: Whether a terminal gets it as it is, too.
    """

    def __init__(self, raw: bool) -> None:
        self._show = Shower() if sys.stdout.isatty() and not raw else None

    def write(self, piece: str) -> None:
        """Print a piece of a text at once."""
        print(piece if self._show is None else self._show(piece), end="", flush=True)

    def end(self) -> None:
        """End the text, and the line."""
        print("" if self._show is None else self._show("", final=True))

    def show(self, text: str) -> None:
        """Print a whole text, and end the line."""
        self.write(text)
        self.end()
