"""Runs: the files that a training run leaves."""

from keras_charrnn.runs.checkpoint import load_model, portable, reading, save_model
from keras_charrnn.runs.folder import RunFolder
from keras_charrnn.runs.snapshot import load_snapshot, save_snapshot

__all__ = [
    "RunFolder",
    "load_model",
    "load_snapshot",
    "portable",
    "reading",
    "save_model",
    "save_snapshot",
]
