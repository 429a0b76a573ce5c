"""Metrics of character models."""

import math
from typing import Any

import keras
from keras import ops


@keras.saving.register_keras_serializable("keras_charrnn")
class BitsPerCharacter(keras.metrics.MeanMetricWrapper):
    """The cross-entropy of the next character in bits.

    The metric is the loss in nats divided by the natural logarithm of 2. It is the
    number of bits per character that an ideal coder would need with this model.

    Args:
        name: The metric's name.
        dtype: The dtype of the sums.

    Example:

    >>> import numpy as np
    >>> from keras_charrnn import BitsPerCharacter
    >>> metric = BitsPerCharacter()
    >>> metric.update_state(np.array([[0, 3]]), np.zeros((1, 2, 4), "float32"))
    >>> print(f"{float(metric.result()):.3f}")
    2.000
    """

    def __init__(
        self, name: str = "bits_per_character", dtype: Any = None, **kwargs: Any
    ) -> None:
        super().__init__(_bits, name=name, dtype=dtype)
        # From this, Keras' callbacks know that a lower value is better.
        self._direction = "down"

    def get_config(self) -> dict:
        return {"name": self.name, "dtype": self.dtype}


def _bits(y_true: Any, y_pred: Any) -> Any:
    nats = keras.losses.sparse_categorical_crossentropy(
        y_true, y_pred, from_logits=True
    )
    return nats / ops.cast(math.log(2), nats.dtype)
