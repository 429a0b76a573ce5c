"""Dropout with a mask that is drawn fast on every backend."""

from typing import Any

import keras
from keras import ops

from keras_charrnn._backend import keep_mask


class Dropout(keras.layers.Dropout):
    """`keras.layers.Dropout` with 16 random bits for each value.

    The part that is dropped is a whole number of 65,536ths, and what is kept is scaled
    by the exact part of it. The seeds are those of Keras' `SeedGenerator`, on PyTorch
    too, so that `seed_generator.state` is the whole random state.

    Args:
        rate: The fraction to drop, from 0 to below 1.
        **kwargs: As for every `keras.layers.Layer`.

    Source: Srivastava et al., "Dropout: A Simple Way to Prevent Neural Networks from
    Overfitting" (2014).
    """

    def call(self, inputs: Any, training: bool | None = False) -> Any:
        threshold = round(self.rate * 2**16)
        if not training or not threshold:
            return inputs
        keep = keep_mask(inputs, self.seed_generator.next(), threshold)
        return inputs * (ops.cast(keep, inputs.dtype) * (2**16 / (2**16 - threshold)))
