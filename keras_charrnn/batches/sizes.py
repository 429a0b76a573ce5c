"""The base class of all batches of a text, with their sizes and fixed shape."""

import warnings
from abc import ABC, abstractmethod
from typing import Any

import keras
import numpy as np

from keras_charrnn._platform import check_positive
from keras_charrnn.text import Corpus

Batch = tuple[Any, np.ndarray, np.ndarray]

# The memory of a mapped file is released each time this many batches were read.
_RELEASED_EVERY = 16


class TextBatches(keras.utils.PyDataset, ABC):
    """Batches of a text, all of one shape, the same number in each epoch.

    A subclass sets the sizes with `_shrink_to`, and defines `predictions`,
    `__len__` and `batch`.

    Args:
        corpus: The `Corpus`.
        batch_size: B, a positive integer.
        sequence_length: T, a positive integer.

    Attributes:
        corpus: The `Corpus`.
        batch_size: B.
        sequence_length: T.
    """

    def __init__(self, corpus: Corpus, batch_size: int, sequence_length: int) -> None:
        super().__init__()
        self.corpus = corpus
        self.batch_size = check_positive("batch_size", batch_size)
        self.sequence_length = check_positive("sequence_length", sequence_length)

    def _shrink_to(self, batch_size: int, sequence_length: int, warn: bool) -> None:
        """Reduce the sizes if the text does not fill one batch."""
        asked = self.batch_size, self.sequence_length
        self.batch_size = min(self.batch_size, batch_size)
        self.sequence_length = min(self.sequence_length, sequence_length)
        if warn and asked != (self.batch_size, self.sequence_length):
            warnings.warn(
                f"The text has {len(self.corpus):,} characters, fewer than one batch "
                f"of {asked[0]} x {asked[1]} needs; batch_size={self.batch_size} and "
                f"sequence_length={self.sequence_length} are used.",
                stacklevel=3,
            )

    @property
    @abstractmethod
    def predictions(self) -> int:
        """The number of characters that one pass predicts."""

    @abstractmethod
    def batch(self, index: int) -> Batch:
        """Return a batch."""

    def begin_epoch(self, epoch: int) -> None:
        """Put the batches into the order of an epoch, counted from 0.

        `fit` calls this method before a pass over the batches.
        """

    def __repr__(self) -> str:
        return (
            f"<{type(self).__name__}: {len(self)} batches of {self.batch_size} x "
            f"{self.sequence_length}>"
        )

    def __getitem__(self, index: int) -> Batch:
        if not 0 <= index < len(self):
            raise IndexError(f"Batch {index} of {len(self)}.")
        if index % _RELEASED_EVERY == 0:
            self.corpus.release()
        return self.batch(index)


def check_continuous(corpus: Corpus) -> None:
    """Raise a `ValueError` unless a corpus is one text of 2 characters or more."""
    if corpus.vocabulary.end is not None:
        raise ValueError(
            f"{corpus!r} consists of documents, which are no continuous text. Pass "
            "it to DocumentBatches, or to fit as it is."
        )
    if len(corpus) < 2:
        raise ValueError(
            f"The text has {len(corpus)} characters; it takes at least 2, "
            "one to read and one to predict. Give it a longer one."
        )
