"""Checkpoint: saving a model so that its file is never seen half-written."""

import os
from pathlib import Path

import keras

from keras_charrnn._platform import whole_file


def save_model(model: keras.Model, path: str | os.PathLike) -> Path:
    """Save a model so that its file is never seen half-written.

    The file is written under another name in the same folder and then renamed;
    an older file of that name stays whole until then.

    Args:
        model: The model.
        path: The file, which ends in `.keras`. Missing folders are made.

    Returns:
        The path.

    Raises:
        ValueError: If `path` does not end in `.keras`.
        OSError: If it can't be written.
    """
    path = Path(path)
    if path.suffix != ".keras":
        raise ValueError(f"A model's file ends in .keras; this is {str(path)!r}.")
    with whole_file(path) as part:
        model.save(part)
    return path
