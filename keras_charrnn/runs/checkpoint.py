"""Checkpoint: a model's file, which is complete and opens on every backend."""

import os
import re
from pathlib import Path
from typing import Any

import keras

from keras_charrnn._platform import whole_file

_INNER_OPTIMIZERS = re.compile(r"keras\.src\.backend\.\w+\.optimizers\..*")


def save_model(model: keras.Model, path: str | os.PathLike) -> Path:
    """Save a model in such a way that its file is never half-written.

    The file is written to a temporary path in the same file system and then renamed.
    Until then, an existing file stays as it was.

    Args:
        model: The model.
        path: The file, whose name ends in `.keras`. Missing folders are created.

    Returns:
        The path.

    Raises:
        ValueError: If `path` does not end in `.keras`.
        OSError: If the file can't be written.
    """
    path = Path(path)
    if path.suffix != ".keras":
        raise ValueError(f"A model's file ends in .keras; this is {str(path)!r}.")
    with whole_file(path) as part:
        model.save(part)
    return path


def portable(config: Any) -> Any:
    """Name the optimizers in a config as `keras.optimizers` does.

    On PyTorch, Keras writes the name of an internal class, which can't be imported
    where PyTorch is not installed.

    Args:
        config: A config of serialized objects, a nest of dicts and lists.

    Returns:
        The config, which differs only in these names.
    """
    if isinstance(config, list | tuple):
        return type(config)(map(portable, config))
    if not isinstance(config, dict):
        return config
    config = {key: portable(value) for key, value in config.items()}
    module = config.get("module")
    if isinstance(module, str) and _INNER_OPTIMIZERS.fullmatch(module):
        config |= {"module": "keras.optimizers", "registered_name": None}
    return config
