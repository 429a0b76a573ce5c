"""Cold windows: a text cut into consecutive windows, for evaluation."""

import numpy as np

from keras_charrnn.batches.sizes import Batch, TextBatches, check_continuous
from keras_charrnn.text import Corpus


class ColdBatches(TextBatches):
    """A corpus cut into consecutive windows, each read from the empty state.

    Every character but the first is predicted exactly once, whatever the batch size.
    The last window may be shorter. Padding has weight 0.

    A batch is `(ids (B, T), targets (B, T), weights (B, T))`, with B the batch size
    and T the sequence length, int32, int32 and float32.

    Args:
        corpus: A `Corpus` of 2 characters or more.
        batch_size: B, the number of windows in a batch.
        sequence_length: T, the number of characters that a window reads.

    Raises:
        ValueError: If the corpus has fewer than 2 characters, or a size is not a
            positive integer.
    """

    def __init__(self, corpus: Corpus, batch_size: int, sequence_length: int) -> None:
        super().__init__(corpus, batch_size, sequence_length)
        check_continuous(corpus)
        length = min(self.sequence_length, self.predictions)
        self._windows = -(-self.predictions // length)
        self._shrink_to(self._windows, length, warn=False)

    @property
    def predictions(self) -> int:
        return len(self.corpus) - 1

    def __len__(self) -> int:
        return -(-self._windows // self.batch_size)

    def batch(self, index: int) -> Batch:
        windows = index * self.batch_size + np.arange(self.batch_size)
        places = windows[:, None] * self.sequence_length
        places = places + np.arange(self.sequence_length + 1)
        ids = self.corpus.ids[np.minimum(places, self.predictions)].astype(np.int32)
        weights = (places[:, :-1] < self.predictions).astype(np.float32)
        return ids[:, :-1], ids[:, 1:], weights
