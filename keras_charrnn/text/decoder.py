"""Decoders: symbols, a character for each id, become a text piece by piece."""

import codecs

from keras_charrnn.text.documents import END


class Decoder:
    """Turns symbols into a text, piece by piece.

    Args:
        end: Whether the symbols may hold the end of a document.
    """

    def __init__(self, end: bool) -> None:
        self._end = end

    def __call__(self, symbols: str, final: bool = False) -> str:
        """Return the text of the next symbols; `final` says that no more come."""
        return symbols.replace(END, "\n") if self._end else symbols


class ByteDecoder(Decoder):
    """Turns symbols that stand for bytes into the text whose UTF-8 they are.

    Args:
        end: Whether the symbols may hold the end of a document.
    """

    def __init__(self, end: bool) -> None:
        super().__init__(end)
        self._bytes = codecs.getincrementaldecoder("utf-8")("replace")

    def __call__(self, symbols: str, final: bool = False) -> str:
        raw = super().__call__(symbols).encode("latin-1")
        return self._bytes.decode(raw, final)
