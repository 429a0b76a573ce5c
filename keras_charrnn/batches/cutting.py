"""Cutting: a text becomes the batches that a model is trained on."""

import os
from typing import Any

from keras_charrnn._platform import check_flag
from keras_charrnn.batches.documents import DocumentBatches
from keras_charrnn.batches.sizes import TextBatches
from keras_charrnn.batches.streams import StreamBatches
from keras_charrnn.batches.windows import Target, WindowBatches
from keras_charrnn.text import Corpus, Unknown, Vocabulary


def is_text(x: Any) -> bool:
    """Return whether `x` is a text: a string, a `Corpus`, or paths; or documents."""
    if isinstance(x, list | tuple):
        kinds = (str, os.PathLike)
        return bool(x) and any(all(isinstance(i, kind) for i in x) for kind in kinds)
    return isinstance(x, str | os.PathLike | Corpus)


def as_corpus(x: Any, vocabulary: Vocabulary, unknown: Unknown = "error") -> Corpus:
    """Encode a text with a vocabulary.

    Args:
        x: A string (always text), a path or paths (always files), a list of strings
            (documents), or a `Corpus`.
        vocabulary: The `Vocabulary`.
        unknown: As in `Vocabulary.encode`.

    Returns:
        The `Corpus`.

    Raises:
        ValueError: If a `Corpus` has another vocabulary, or a character of a
            text is unknown.
        TypeError: If `x` is a list of strings, and the vocabulary has no end of
            documents.
    """
    if isinstance(x, str):
        return Corpus.from_text(x, vocabulary, unknown)
    if isinstance(x, list | tuple) and isinstance(x[0], str):
        if vocabulary.end is None:
            raise TypeError(
                f"A list of str is a list of documents: {x[0][:40]!r}... The model "
                "knows no end of a document. Join texts to one str, pass files as "
                "pathlib.Path, or make the vocabulary with end=True."
            )
        return Corpus.from_documents(x, vocabulary, unknown)
    if not isinstance(x, Corpus):
        try:
            return Corpus.from_files(x, vocabulary, unknown)
        except ValueError as error:
            if vocabulary.end is None:
                raise
            raise ValueError(
                f"{error} In files, a document is what it was for the vocabulary: "
                f"{vocabulary.documents or 'files'!r}. For others, pass "
                "Corpus.from_files(path, model.vocabulary, documents=...)."
            ) from None
    if x.vocabulary != vocabulary:
        raise ValueError(
            f"The corpus has {x.vocabulary!r}, the model has {vocabulary!r}; their "
            "ids mean different characters. Make the corpus with the model's: "
            "Corpus.from_text(text, model.vocabulary)."
        )
    return x


def cut(
    corpus: Corpus,
    batch_size: int,
    sequence_length: int,
    stride: int | None = None,
    target: Target = "sequence",
    shuffle: bool | None = None,
    resets: float = 0.0,
    warn: bool = True,
) -> TextBatches:
    """Cut a corpus for training.

    Args:
        corpus: The `Corpus`.
        batch_size: B.
        sequence_length: T.
        stride: The number of characters from the start of one window to the start
            of the next; no windows are cut if `None`.
        target: What windows predict, as in `WindowBatches`.
        shuffle: Whether windows and documents are shuffled; they are if `None`.
        resets: The probability that a stream is reset, as in `StreamBatches`.
        warn: Whether to warn if a size is reduced.

    Returns:
        `WindowBatches` if a `stride` is given, `DocumentBatches` if the corpus has
        documents, or else `StreamBatches`.

    Raises:
        ValueError: If the batches can't be made, or if `shuffle`, `target` or `resets`
            does not apply to them.
        TypeError: If `shuffle` is neither a boolean nor `None`.
    """
    mixed = shuffle is None or check_flag("shuffle", shuffle)
    if resets and (stride is not None or corpus.vocabulary.end is not None):
        raise ValueError(
            f"resets={resets} is for streams; windows and documents start from the "
            "empty state anyway. Leave it out."
        )
    if stride is not None:
        return WindowBatches(corpus, batch_size, sequence_length, stride, target, mixed)
    if target != "sequence":
        raise ValueError(
            f"target={target!r} is for windows: pass stride, too, the number of "
            "characters from one window to the next."
        )
    if corpus.vocabulary.end is not None:
        return DocumentBatches(corpus, batch_size, sequence_length, mixed, warn=warn)
    if shuffle:
        raise ValueError(
            "shuffle=True would tear the streams of a text apart: their batches follow "
            "each other. Leave shuffle out."
        )
    return StreamBatches(corpus, batch_size, sequence_length, resets, warn=warn)
