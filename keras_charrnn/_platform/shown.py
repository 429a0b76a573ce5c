"""Shown: text of unknown origin in a form that can do nothing to a terminal.

A terminal obeys control characters: ESC begins orders that move the cursor, change the
title or, in some terminals, type into the shell. Characters that set the direction of
writing make a line read as another one.
"""

import re

# C0 without tab and line end, DEL, C1, Unicode's Bidi_Control, halves of surrogate
# pairs. A carriage return before a line end is a part of it.
_ACTIVE = re.compile(
    "\r(?!\n)|[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e"
    "\u2066-\u2069\ud800-\udfff]"
)


def shown(text: str) -> str:
    r"""Return a text with what a terminal would obey as escapes, such as `\x1b`.

    Args:
        text: Any text.

    Example:

    >>> from keras_charrnn._platform import shown
    >>> print(shown("a\x1b[2Jb"))
    a\x1b[2Jb
    """
    return _ACTIVE.sub(lambda found: repr(found[0])[1:-1], text)


class Shower:
    r"""Shows a text that comes in pieces, as `shown` does the whole.

    Example:

    >>> from keras_charrnn._platform.shown import Shower
    >>> show = Shower()
    >>> [show("a\r"), show("\nb\x07"), show("", final=True)]
    ['a', '\r\nb\\x07', '']
    """

    def __init__(self) -> None:
        self._held = ""

    def __call__(self, piece: str, final: bool = False) -> str:
        """Return what can be shown so far.

        Args:
            piece: The next piece.
            final: Whether it is the last one.
        """
        text = self._held + piece
        # What follows a carriage return tells what it is.
        self._held = "\r" if text.endswith("\r") and not final else ""
        return shown(text[: len(text) - len(self._held)])
