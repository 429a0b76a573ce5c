"""Inputs: the data that is passed to `fit` and `evaluate`."""

from typing import Any

import keras
import numpy as np

from keras_charrnn._backend import feed
from keras_charrnn.batches import (
    DocumentBatches,
    StreamBatches,
    TextBatches,
    WindowBatches,
    is_text,
)
from keras_charrnn.settings import Training


def unpacked(x: Any, y: Any) -> tuple[Any, Any]:
    """Return inputs and targets, which may have been passed as a pair."""
    plain = isinstance(x, list | tuple) and all(isinstance(i, int | float) for i in x)
    if x is None or isinstance(x, bytes | int | float) or plain:
        raise TypeError(
            "Pass a text (a str), files (pathlib.Path), a Corpus, batches or arrays "
            f"of ids; this is {x!r:.60}."
        )
    if y is None and isinstance(x, tuple) and not is_text(x):
        x, y = x
    if y is None and isinstance(x, np.ndarray):
        raise ValueError(
            "An array of ids has no targets: pass them as y, the id that follows each."
        )
    return x, y


def check_ids(inputs: Any, size: int) -> Any:
    """Check that ids are those of a vocabulary, where they are not yet on a device.

    The backends treat ids that have no row in a table differently: some raise an
    error, and others compute with nan or with another row.

    Args:
        inputs: What a model is called with, or targets.
        size: V.

    Returns:
        The inputs.

    Raises:
        ValueError: If an array holds an id outside 0 to V - 1.
    """
    ids = inputs.get("ids") if isinstance(inputs, dict) else inputs
    if isinstance(ids, np.ndarray) and ids.size and ids.dtype.kind in "iuf":
        strange = (ids < 0) | (ids >= size) | (ids != np.floor(ids))
        if strange.any():
            place = np.unravel_index(strange.argmax(), ids.shape)
            raise ValueError(
                f"ids are integers from 0 to {size - 1}, those of the vocabulary; at "
                f"{list(map(int, place))} there is {ids[place]}."
            )
    return inputs


def last_alone(y: Any) -> bool:
    """Return whether targets are those of the last position alone, (B,)."""
    return len(y.shape) == 1


def logits_of(y: Any, logits: Any) -> Any:
    """Return the logits of the positions that have targets."""
    return logits[:, -1] if last_alone(y) and len(logits.shape) == 3 else logits


class Rest(keras.utils.PyDataset):
    """What is left of an epoch.

    Args:
        whole: The batches of the epoch.
        first: The first batch that is left.
    """

    def __init__(self, whole: keras.utils.PyDataset, first: int) -> None:
        super().__init__()
        self.whole, self._first = whole, first

    def __len__(self) -> int:
        return len(self.whole) - self._first

    def __getitem__(self, index: int) -> Any:
        return self.whole[self._first + index]


def fed(x: Any) -> Any:
    """Put batches into the form in which `fit` reads them fastest."""
    # A subclass may have batches of several shapes, or hooks between epochs.
    known = (StreamBatches, DocumentBatches, WindowBatches)
    return feed(x) if type(getattr(x, "whole", x)) in known else x


def carries(batches: Any) -> bool:
    """Return whether a state is carried from batch to batch."""
    return isinstance(batches[0][0], dict)


def rows_of(x: Any) -> int:
    """Return the batch size of the training data."""
    return x.batch_size if isinstance(x, TextBatches) else Training.batch_size
