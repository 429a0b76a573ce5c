"""Treatment: what is done to a text before its characters are looked up."""

import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, fields
from typing import Any, Literal, get_args

from keras_charrnn._platform import check_flag
from keras_charrnn.text.documents import END

Form = Literal["NFC", "NFD", "NFKC", "NFKD"]
FORMS = get_args(Form)


@dataclass(frozen=True)
class Treatment:
    r"""What is done to every text before it is encoded, prompts included.

    Attributes:
        newline: `"\n"` turns the line ends CRLF and CR into LF; `None` keeps them.
        lowercase: Whether letters are made small.
        normalize: A Unicode normal form, one of `FORMS`; `None` for none.

    Raises:
        ValueError: If a choice is none.
        TypeError: If `lowercase` is not a boolean.
    """

    newline: str | None = None
    lowercase: bool = False
    normalize: Form | None = None

    def __post_init__(self) -> None:
        if self.newline not in (None, "\n"):
            raise ValueError(
                f"newline is '\\n' or None, to keep line ends; it is {self.newline!r}."
            )
        # Saved as JSON, which knows no boolean of NumPy.
        object.__setattr__(self, "lowercase", check_flag("lowercase", self.lowercase))
        if self.normalize not in (None, *FORMS):
            raise ValueError(
                f"normalize is one of {', '.join(FORMS)}, or None; it is "
                f"{self.normalize!r}."
            )

    @classmethod
    def among(cls, choices: Mapping[str, Any]) -> "Treatment":
        """Return the treatment that is among some choices."""
        names = [field.name for field in fields(cls)]
        return cls(**{name: choices[name] for name in names if name in choices})

    def __call__(self, text: str) -> str:
        """Treat a whole text."""
        if self.newline:
            text = text.replace("\r\n", "\n").replace("\r", "\n")
        if self.lowercase:
            text = text.lower()
        if self.normalize:
            text = unicodedata.normalize(self.normalize, text)
        return text

    def pieces(self, pieces: Iterable[str]) -> Iterator[str]:
        """Treat a text that comes piece by piece, as if it came as a whole.

        Args:
            pieces: The text, cut anywhere.

        Yields:
            The treated text, cut elsewhere.
        """
        if self == Treatment():
            yield from pieces
            return
        held = ""
        for piece in pieces:
            held += piece
            cut = _border(held)
            if cut:
                yield self(held[:cut])
                held = held[cut:]
        if held:
            yield self(held)


def _border(text: str) -> int:
    """Return a place, the later the better, over which nothing reaches."""
    border = max(map(text.rfind, ("\n", " ", END))) + 1
    if border:
        return border
    # A text without spaces: Chinese, say, or the bases of a genome.
    for place in range(len(text) - 1, max(0, len(text) - 100), -1):
        beside = text[place - 1 : place + 1]
        if _begins_anew(text[place]) and not any(map(_near_sigma, beside)):
            return place
    return 0


def _begins_anew(character: str) -> bool:
    # No mark, and no jamo of Hangul that joins the one before.
    joins = "\u1160" <= character <= "\u11ff" or "\ud7b0" <= character <= "\ud7ff"
    mark = unicodedata.combining(character) or unicodedata.category(character)[0] == "M"
    return not (joins or mark)


def _near_sigma(character: str) -> bool:
    # The small form of a capital sigma depends on the letters beside it. Some
    # characters are passed over in looking for these, an apostrophe for example: a
    # sigma in front of them is final, and is not if a letter follows.
    inside, last = (("a\u03a3" + character + end).lower()[1] for end in ("a", ""))
    return character == "\u03a3" or (inside, last) == ("\u03c3", "\u03c2")
