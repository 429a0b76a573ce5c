"""Additions: the vocabulary of further texts, beside that of a model."""

from dataclasses import asdict
from typing import Any

from keras_charrnn.text.documents import kind_of
from keras_charrnn.text.vocabulary import Vocabulary


def with_characters_of(
    text: Any,
    vocabulary: Vocabulary,
    encoding: str = "utf-8",
    documents: str | None = None,
) -> Vocabulary:
    """Return a vocabulary that has the characters of a text, too.

    Args:
        text: A string or several (texts), a path or several (files), or another
            `Vocabulary`.
        vocabulary: The `Vocabulary`; the text is treated as it says.
        encoding: That of the files.
        documents: What a document is in the files, as in `Corpus.from_files`.

    Returns:
        The new `Vocabulary`; one of bytes knows every text, and none is read for it.
    """
    if vocabulary.complete:
        return vocabulary
    choices = asdict(vocabulary.treatment)
    if isinstance(text, Vocabulary):
        text = [c for c in text.characters if c != text.end]
    if isinstance(text, list | tuple) and all(isinstance(t, str) for t in text):
        text = "".join(text)
    if isinstance(text, str):
        other = Vocabulary.from_text(text, **choices)
    else:
        kind = kind_of(documents, vocabulary)
        other = Vocabulary.from_files(text, encoding, documents=kind, **choices)
    return vocabulary.extended(c for c in other.characters if c != other.end)
