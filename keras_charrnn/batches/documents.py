"""Documents: short texts, packed back to back into streams."""

import numpy as np

from keras_charrnn._platform import check_flag
from keras_charrnn.batches.sizes import Batch, TextBatches
from keras_charrnn.settings import Training
from keras_charrnn.text import Corpus


class DocumentBatches(TextBatches):
    """Documents, packed back to back into streams without padding.

    Each document is read from the empty state. The inputs are the end of a document,
    which also marks the beginning, and then its characters; the targets are its
    characters and its end. `reset` is true where a document begins. A document that
    does not fit into a batch continues in the next one, with the state carried. Each
    epoch has a different order, but a document stays in its stream. The streams are
    of nearly equal length; the padding at their ends has weight 0.

    A batch is `({"ids": (B, T), "reset": (B, T)}, targets (B, T), weights (B, T))`,
    with B the batch size and T the sequence length.

    Args:
        corpus: A `Corpus` of documents.
        batch_size: B, the number of streams.
        sequence_length: T, the number of characters in a row of a batch, over which
            gradients flow back.
        shuffle: Whether each epoch has a different order.
        seed: A non-negative integer that determines the streams and the orders.
        warn: Whether to warn if a size is reduced.

    Raises:
        ValueError: If the corpus has no documents, or a size is not a positive
            integer.
        TypeError: If `shuffle` is not a boolean.

    Warns:
        UserWarning: If there are fewer documents than streams, or the streams are
            shorter than a batch; the sizes are then reduced.

    Example:

    >>> from keras_charrnn import Corpus, DocumentBatches
    >>> corpus = Corpus.from_documents(["ab", "b"])
    >>> batches = DocumentBatches(corpus, 1, 5, shuffle=False)
    >>> inputs, targets, weights = batches[0]
    >>> inputs["ids"].tolist(), targets.tolist()
    ([[2, 0, 1, 2, 1]], [[0, 1, 2, 1, 2]])
    >>> inputs["reset"].astype(int).tolist()
    [[1, 0, 0, 1, 0]]
    """

    def __init__(
        self,
        corpus: Corpus,
        batch_size: int = Training.batch_size,
        sequence_length: int = Training.sequence_length,
        shuffle: bool = True,
        seed: int = 0,
        warn: bool = True,
    ) -> None:
        super().__init__(corpus, batch_size, sequence_length)
        self._starts, self._lengths = corpus.documents
        if not len(self._starts):
            raise ValueError(
                f"{corpus!r} has no documents. Make it with documents='lines', say, or "
                "with Corpus.from_documents."
            )
        self.shuffle, self.seed = check_flag("shuffle", shuffle), seed
        self._end_id = corpus.vocabulary.end_id
        self._shrink_to(len(self._starts), self.sequence_length, warn=False)
        self._stream = _dealt(self._lengths, self.batch_size, seed)
        sizes = np.bincount(self._stream, self._lengths, self.batch_size)
        self._borders = np.concatenate([[0], np.cumsum(sizes.astype(np.int64))])
        self._longest = int(sizes.max())
        self.batch_size, shrunk = int(batch_size), self.batch_size
        self._shrink_to(shrunk, self._longest, warn)
        self.begin_epoch(0)

    @property
    def predictions(self) -> int:
        return len(self.corpus)

    def begin_epoch(self, epoch: int) -> None:
        order = np.arange(len(self._starts))
        if self.shuffle:
            order = np.random.default_rng([self.seed, epoch]).permutation(order)
        order = order[np.argsort(self._stream[order], kind="stable")]
        self._first = self._starts[order]
        self._ends = np.cumsum(self._lengths[order])
        self._begins = self._ends - self._lengths[order]

    def __len__(self) -> int:
        return -(-self._longest // self.sequence_length)

    def batch(self, index: int) -> Batch:
        left = index * self.sequence_length
        places = self._borders[:-1, None] + np.arange(left, left + self.sequence_length)
        weights = (places < self._borders[1:, None]).astype(np.float32)
        places = np.minimum(places, self._borders[-1] - 1)
        document = np.searchsorted(self._ends, places, side="right")
        inside = places - self._begins[document]
        source = self._first[document] + inside
        targets = self.corpus.ids[source].astype(np.int32)
        reset = inside == 0
        before = self.corpus.ids[np.maximum(source - 1, 0)]
        ids = np.asarray(np.where(reset, self._end_id, before), np.int32)
        return {"ids": ids, "reset": reset}, targets, weights


def _dealt(lengths: np.ndarray, streams: int, seed: int) -> np.ndarray:
    """Return the stream of each document, dealing the longest first, back and forth."""
    order = np.random.default_rng(seed).permutation(len(lengths))
    order = order[np.argsort(-lengths[order], kind="stable")]
    turn, place = np.divmod(np.arange(len(lengths)), streams)
    dealt = np.empty(len(lengths), np.int32)
    dealt[order] = np.where(turn % 2, streams - 1 - place, place)
    return dealt
