"""Streams: a continuous text, cut for training with carried state."""

from numbers import Real

import numpy as np

from keras_charrnn.batches.sizes import (
    Batch,
    TextBatches,
    check_continuous,
)
from keras_charrnn.settings import Training
from keras_charrnn.text import Corpus


class StreamBatches(TextBatches):
    """A corpus as parallel streams, read from left to right.

    The text is cut into `batch_size` contiguous streams whose lengths differ by one
    character at most. A batch contains the next `sequence_length` characters of each
    stream. So a row continues in the next batch where it stopped in this one, and the
    state can be carried. Every character but the first is predicted exactly once in a
    pass. The padding of the last batch has weight 0.

    A batch is `({"ids": (B, T), "reset": (B,)}, targets (B, T), weights (B, T))`,
    with B the batch size and T the sequence length. `reset` is true in the
    first batch of a pass, where the streams start. With `resets`, a row also starts
    from the empty state in other batches, at random, so that a model learns to begin.

    Args:
        corpus: A `Corpus` of 2 characters or more.
        batch_size: B, the number of streams.
        sequence_length: T, the number of characters in a row of a batch, over which
            gradients flow back.
        resets: The probability, 0 to 1, that a row of a batch starts from the empty
            state.
        seed: A non-negative integer that determines, with the epoch, which rows do.
        warn: Whether to warn if a size is reduced.

    Raises:
        ValueError: If the corpus has fewer than 2 characters, a size is not
            a positive integer, or `resets` is not a probability.

    Warns:
        UserWarning: If the corpus is shorter than one batch; the sizes are then
            reduced to fit it.

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
        batch_size: int = Training.batch_size,
        sequence_length: int = Training.sequence_length,
        resets: float = 0.0,
        seed: int = 0,
        warn: bool = True,
    ) -> None:
        super().__init__(corpus, batch_size, sequence_length)
        number = isinstance(resets, Real) and not isinstance(resets, bool)
        if not number or not 0 <= resets <= 1:
            raise ValueError(f"resets is a probability, 0 to 1; it is {resets!r}.")
        check_continuous(corpus)
        predictions = self.predictions
        length = min(self.sequence_length, predictions)
        self._shrink_to(predictions // length, length, warn)
        # Streams whose lengths differ by one at most.
        borders = predictions * np.arange(self.batch_size + 1) // self.batch_size
        self._starts, self._ends = borders[:-1, None], borders[1:, None]
        self._longest = int((self._ends - self._starts).max())
        self.resets, self.seed = resets, seed
        self.begin_epoch(0)

    @property
    def predictions(self) -> int:
        return len(self.corpus) - 1

    def begin_epoch(self, epoch: int) -> None:
        self._epoch = epoch

    def __len__(self) -> int:
        return -(-self._longest // self.sequence_length)

    def batch(self, index: int) -> Batch:
        left = index * self.sequence_length
        places = self._starts + np.arange(left, left + self.sequence_length + 1)
        ids = self.corpus.ids[np.minimum(places, self.predictions)].astype(np.int32)
        weights = (places[:, :-1] < self._ends).astype(np.float32)
        reset = np.full(self.batch_size, index == 0)
        if self.resets:
            draw = np.random.default_rng([self.seed, self._epoch, index])
            reset |= draw.random(self.batch_size) < self.resets
        return {"ids": ids[:, :-1], "reset": reset}, ids[:, 1:], weights
