"""Batches: a corpus, cut for training with carried state."""

import os
import warnings
from collections.abc import Iterable
from typing import Any

import keras
import numpy as np

from keras_charrnn.text.corpus import Corpus
from keras_charrnn.text.vocabulary import Unknown, Vocabulary

SEQUENCE_LENGTH = 64
BATCH_SIZE = 16


class StreamBatches(keras.utils.PyDataset):
    """A corpus as parallel streams, read from left to right.

    The text is cut into `batch_size` contiguous streams of equal length, and a
    batch holds the next `sequence_length` characters of each. So a row goes on
    in the next batch where it stopped in this one, and a state can be carried.
    Every character but the first is predicted exactly once in a pass; places
    that only fill up the last batch have weight 0.

    A batch is `({"ids": (B, T), "reset": (B,)}, targets (B, T), weights (B, T))`,
    with B the batch size and T the sequence length. `reset` is true in the
    first batch of a pass: the streams start there.

    Args:
        corpus: A `Corpus` of 2 characters or more.
        batch_size: B, the number of streams.
        sequence_length: T, characters in a batch's row, over which gradients
            flow back.

    Raises:
        ValueError: If the corpus has fewer than 2 characters, or a size is not
            a positive integer.

    Warns:
        UserWarning: If the corpus is shorter than one batch; both sizes shrink
            to what it holds.

    Example:

    >>> from keras_charrnn import Corpus, StreamBatches
    >>> corpus = Corpus.from_text("abcdefghi")
    >>> batches = StreamBatches(corpus, batch_size=2, sequence_length=2)
    >>> len(batches)
    2
    >>> inputs, targets, weights = batches[0]
    >>> inputs["ids"].tolist(), targets.tolist()
    ([[0, 1], [4, 5]], [[1, 2], [5, 6]])
    """

    def __init__(
        self,
        corpus: Corpus,
        batch_size: int = BATCH_SIZE,
        sequence_length: int = SEQUENCE_LENGTH,
    ) -> None:
        super().__init__()
        self.corpus = corpus
        self.batch_size, self.sequence_length = fitting_sizes(
            corpus, batch_size, sequence_length
        )
        if (self.batch_size, self.sequence_length) != (batch_size, sequence_length):
            warnings.warn(
                f"The text has {len(corpus):,} characters, fewer than one batch of "
                f"{batch_size} x {sequence_length} needs; "
                f"batch_size={self.batch_size} and "
                f"sequence_length={self.sequence_length} are used.",
                stacklevel=2,
            )
        predictions = self.predictions
        # Streams whose lengths differ by one at most.
        borders = predictions * np.arange(self.batch_size + 1) // self.batch_size
        self._starts, self._ends = borders[:-1, None], borders[1:, None]
        self._longest = int((self._ends - self._starts).max())

    @property
    def predictions(self) -> int:
        """How many characters one pass predicts."""
        return len(self.corpus) - 1

    def __len__(self) -> int:
        return -(-self._longest // self.sequence_length)

    def __getitem__(self, index: int) -> tuple[dict, np.ndarray, np.ndarray]:
        if not 0 <= index < len(self):
            raise IndexError(f"Batch {index} of {len(self)}.")
        left = index * self.sequence_length
        places = self._starts + np.arange(left, left + self.sequence_length + 1)
        ids = self.corpus.ids[np.minimum(places, self.predictions)].astype(np.int32)
        weights = (places[:, :-1] < self._ends).astype(np.float32)
        reset = np.full(self.batch_size, index == 0)
        return {"ids": ids[:, :-1], "reset": reset}, ids[:, 1:], weights


def fitting_sizes(
    corpus: Corpus, batch_size: int, sequence_length: int
) -> tuple[int, int]:
    """Shrink the sizes of a batch to what a corpus holds.

    Args:
        corpus: The `Corpus`.
        batch_size: B, as asked for.
        sequence_length: T, as asked for.

    Returns:
        `(batch_size, sequence_length)`, smaller where the corpus does not fill
        one batch.

    Raises:
        ValueError: As for `StreamBatches`.
    """
    sizes = {"batch_size": batch_size, "sequence_length": sequence_length}
    for name, size in sizes.items():
        if not isinstance(size, int | np.integer) or size < 1:
            raise ValueError(f"{name} is a positive integer; it is {size!r}.")
    predictions = len(corpus) - 1
    if predictions < 1:
        raise ValueError(
            f"The text has {len(corpus)} characters; it takes at least 2, "
            "one to read and one to predict."
        )
    length = min(int(sequence_length), predictions)
    return min(int(batch_size), predictions // length), length


def is_text(x: Any) -> bool:
    """Tell whether `x` is a text: a string, a `Corpus`, a path or a list of paths."""
    if isinstance(x, list | tuple):
        return bool(x) and all(isinstance(item, os.PathLike) for item in x)
    return isinstance(x, str | os.PathLike | Corpus)


def as_corpus(
    x: str | os.PathLike | Iterable[os.PathLike] | Corpus,
    vocabulary: Vocabulary,
    unknown: Unknown = "error",
) -> Corpus:
    """Encode a text with a vocabulary.

    Args:
        x: A string (always text), a path or paths (always files), or a `Corpus`.
        vocabulary: The `Vocabulary`.
        unknown: As in `Vocabulary.encode`.

    Returns:
        The `Corpus`.

    Raises:
        ValueError: If a `Corpus` has another vocabulary, or a character of a
            text is unknown.
    """
    if not isinstance(x, Corpus):
        if isinstance(x, str):
            return Corpus.from_text(x, vocabulary, unknown)
        return Corpus.from_files(x, vocabulary, unknown)
    if x.vocabulary != vocabulary:
        raise ValueError(
            f"The corpus has {x.vocabulary!r}, the model has {vocabulary!r}; their "
            "ids mean different characters. Make the corpus with the model's: "
            "Corpus.from_text(text, model.vocabulary)."
        )
    return x
