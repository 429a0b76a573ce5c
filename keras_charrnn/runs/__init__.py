"""Runs: what a training run leaves in files."""

from keras_charrnn.runs.checkpoint import portable, save_model

__all__ = [
    "portable",
    "save_model",
]
