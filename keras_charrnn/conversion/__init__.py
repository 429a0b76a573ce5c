"""Conversion: a Keras or PyTorch model becomes a `CharRNN`."""

from keras_charrnn.conversion.of_keras import from_keras
from keras_charrnn.conversion.of_torch import from_torch
from keras_charrnn.conversion.parts import Numbering, numbering

__all__ = ["Numbering", "from_keras", "from_torch", "numbering"]
