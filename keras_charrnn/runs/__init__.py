"""Runs: what a training run leaves in files."""

from keras_charrnn.runs.checkpoint import save_model

__all__ = [
    "save_model",
]
