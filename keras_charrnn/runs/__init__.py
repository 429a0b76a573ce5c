"""Runs: the files that a training run leaves."""

from keras_charrnn.runs.checkpoint import load_model, portable, reading, save_model

__all__ = [
    "load_model",
    "portable",
    "reading",
    "save_model",
]
