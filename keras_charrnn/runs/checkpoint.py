"""Checkpoint: a model's file, which is complete and opens on every backend."""

import os
import re
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import keras
import numpy as np

from keras_charrnn._platform import is_out_of_memory, whole_file

_INNER_OPTIMIZERS = re.compile(r"keras\.src\.backend\.\w+\.optimizers\..*")

_REASON = 200  # characters of what another library says


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
        FloatingPointError: If a weight is not finite.
        OSError: If the file can't be written.
    """
    path = Path(path)
    if path.suffix != ".keras":
        raise ValueError(f"A model's file ends in .keras; this is {str(path)!r}.")
    for weight in model.weights:
        values = keras.ops.convert_to_numpy(weight)
        if not np.isfinite(values.astype("float32")).all():
            raise FloatingPointError(
                f"{weight.path} holds nan or inf, since the training has diverged; "
                f"{str(path)!r} is left as it is. Train with a lower learning rate."
            )
    with whole_file(path) as part:
        model.save(part)
    return path


def load_model(path: str | os.PathLike) -> keras.Model:
    """Load a model's file, and tell in one way whatever is wrong with it.

    Args:
        path: The file, whose name ends in `.keras`.

    Returns:
        The model.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If it can't be read, or holds no model.
    """
    path = Path(path)
    if not path.exists():
        raise FileNotFoundError(f"There is no model {str(path)!r}.")
    path.open("rb").close()  # a folder, or a file that may not be read, is told as such
    if path.suffix != ".keras" or not zipfile.is_zipfile(path):
        raise ValueError(
            f"{str(path)!r} is not a .keras file, or it is damaged: copy it once more."
        )
    with reading(path):
        model = keras.saving.load_model(path)
    if not isinstance(model, keras.Model):
        kind = type(model).__name__
        raise ValueError(f"{str(path)!r} holds no model, but the class {kind}.")
    return model


@contextmanager
def reading(
    path: str | os.PathLike, unknown: str = "In Python, import what defines it first."
) -> Iterator[None]:
    """Turn what reading a model's file raises into one kind of error.

    What is raised by a damaged file, or by one with classes that are not known, can be
    anything. A lack of memory stays what it is.

    Args:
        path: The file, which the error names.
        unknown: The way out if the file has a class that is not known.

    Raises:
        ValueError: In place of every other exception.
    """
    name = str(path)
    try:
        yield
    except Exception as error:
        if is_out_of_memory(error):
            raise
        text = str(error).strip() or type(error).__name__
        kind = re.search(r"(?:Could not locate class|Unknown layer:) '([^']+)'", text)
        if kind:
            raise ValueError(
                f"{name!r} holds the class {kind[1]}, which is not known here. "
                + unknown
            ) from error
        # Keras puts the cause behind everything that contains it.
        cause = text.rpartition("Exception encountered: ")[2]
        reason = cause.splitlines()[0][:_REASON]
        raise ValueError(
            f"{name!r} can't be read: {reason.rstrip('.')}. If the file is damaged, "
            "copy or save it once more."
        ) from error


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
