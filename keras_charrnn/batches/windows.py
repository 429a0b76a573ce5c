"""Windows: pieces of a text that are read separately, in any order."""

from typing import Literal, get_args

import numpy as np

from keras_charrnn._platform import check_flag, check_positive
from keras_charrnn.batches.sizes import (
    Batch,
    TextBatches,
)
from keras_charrnn.settings import Training
from keras_charrnn.text import Corpus

Target = Literal["sequence", "next"]


class WindowBatches(TextBatches):
    """Windows of a text, shuffled, each read from the empty state.

    A batch is `(ids (B, T), targets, weights)`, with B the batch size and T the
    sequence length. Targets and weights are (B, T), or (B,) with `target="next"`.
    Windows that only pad the last batch have weight 0. Windows are not stored: each
    takes 4 bytes, for its place in the order.

    Args:
        corpus: A `Corpus` of more than `sequence_length` characters, not documents.
        batch_size: B, the number of windows in a batch.
        sequence_length: T, the number of characters in a window.
        stride: The number of characters from the start of one window to the start of
            the next.
        target: `"sequence"` to predict the character after each character of the
            window, `"next"` to predict only the character after the window.
        shuffle: Whether each epoch has a different order; if false, all have the order
            of the text.
        seed: A non-negative integer that determines the orders.

    Raises:
        ValueError: If the corpus is too short or consists of documents, a number is
            not a positive integer, or `target` is unknown.

    Example:

    >>> from keras_charrnn import Corpus, WindowBatches
    >>> corpus = Corpus.from_text("abcdefgh")
    >>> batches = WindowBatches(corpus, 2, 3, stride=2, target="next", shuffle=False)
    >>> ids, targets, weights = batches[0]
    >>> ids.tolist(), targets.tolist()
    ([[0, 1, 2], [2, 3, 4]], [3, 5])
    """

    def __init__(
        self,
        corpus: Corpus,
        batch_size: int = 128,
        sequence_length: int = Training.sequence_length,
        stride: int = 1,
        target: Target = "sequence",
        shuffle: bool = True,
        seed: int = 0,
    ) -> None:
        super().__init__(corpus, batch_size, sequence_length)
        self.stride = check_positive("stride", stride)
        if target not in get_args(Target):
            raise ValueError(f"target is 'sequence' or 'next'; it is {target!r}.")
        if corpus.vocabulary.end is not None:
            raise ValueError(
                f"{corpus!r} consists of documents, and windows would reach from one "
                "into the next. Pass it to DocumentBatches, or make another without."
            )
        if len(corpus) <= self.sequence_length:
            raise ValueError(
                f"The text has {len(corpus):,} characters; with windows of "
                f"sequence_length={self.sequence_length} it takes at least "
                f"{self.sequence_length + 1}. Give it a longer text or a smaller "
                "sequence_length."
            )
        self.target = target
        self.shuffle, self.seed = check_flag("shuffle", shuffle), seed
        self.windows = -(-(len(corpus) - self.sequence_length) // self.stride)
        self._shrink_to(self.windows, self.sequence_length, warn=False)
        self.begin_epoch(0)

    @property
    def predictions(self) -> int:
        each = 1 if self.target == "next" else self.sequence_length
        return self.windows * each

    def begin_epoch(self, epoch: int) -> None:
        self._order = np.arange(self.windows, dtype=np.uint32)
        if self.shuffle:
            np.random.default_rng([self.seed, epoch]).shuffle(self._order)

    def __len__(self) -> int:
        return -(-self.windows // self.batch_size)

    def batch(self, index: int) -> Batch:
        left = index * self.batch_size
        chosen = self._order[left : left + self.batch_size].astype(np.int64)
        windows = np.resize(chosen, self.batch_size)
        places = windows[:, None] * self.stride + np.arange(self.sequence_length + 1)
        ids = self.corpus.ids[places].astype(np.int32)
        targets = ids[:, -1] if self.target == "next" else ids[:, 1:]
        weights = np.zeros(targets.shape, np.float32)
        weights[: len(chosen)] = 1
        return ids[:, :-1], targets, weights
