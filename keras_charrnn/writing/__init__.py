"""Writing: how a model generates text, and how it scores a text."""

from keras_charrnn.writing import samplers
from keras_charrnn.writing.samplers import Sampler
from keras_charrnn.writing.session import Session
from keras_charrnn.writing.settings import Settings
from keras_charrnn.writing.writer import TextWriter

__all__ = [
    "Sampler",
    "Session",
    "Settings",
    "TextWriter",
    "samplers",
]
