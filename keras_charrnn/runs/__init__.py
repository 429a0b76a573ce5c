"""Runs: the files that a training run leaves."""

from keras_charrnn.runs.checkpoint import portable, save_model

__all__ = [
    "portable",
    "save_model",
]
