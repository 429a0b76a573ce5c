"""Conversion: a Keras or PyTorch model becomes a `CharRNN`."""

from keras_charrnn.conversion.of_keras import from_keras
from keras_charrnn.conversion.of_torch import from_torch

__all__ = ["from_keras", "from_torch"]
