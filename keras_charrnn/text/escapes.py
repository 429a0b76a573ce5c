"""Escapes: characters that a command line can hardly hold."""

import re

_ESCAPES = {r"\n": "\n", r"\r": "\r", r"\t": "\t", r"\\": "\\"}
_ESCAPE = re.compile(r"\\[nrt\\]")


def unescaped(text: str, what: str) -> str:
    r"""Replace `\n`, `\r`, `\t` and `\\` by a line end, CR, a tab and a backslash.

    Args:
        text: The text.
        what: What the text is, for the error.

    Returns:
        The text without escapes.

    Raises:
        ValueError: If another character follows a backslash.
    """
    if "\\" in _ESCAPE.sub("", text):
        raise ValueError(
            f"{what}: a backslash begins \\n, \\r or \\t, and stands twice, \\\\, for "
            "itself."
        )
    return _ESCAPE.sub(lambda found: _ESCAPES[found[0]], text)
