"""Checkpoint: a model's file, which is complete and opens on every backend."""

import io
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import h5py
import keras
import numpy as np

from keras_charrnn._platform import (
    DamagedFile,
    check_seal,
    is_out_of_memory,
    read_json,
    read_seal,
    shown,
)
from keras_charrnn.runs.archive import opened_archive, read_member, sealed_archive
from keras_charrnn.runs.hdf5 import check_hdf5
from keras_charrnn.runs.strangers import check_config, limited_to

_INNER_OPTIMIZERS = re.compile(r"keras\.src\.backend\.\w+\.optimizers\..*")

_REASON = 200  # characters of what another library says

_CONFIG, _WEIGHTS = "config.json", "model.weights.h5"
_PARTS = {_CONFIG, _WEIGHTS, "metadata.json"}

# The attribute of an HDF5 file behind which a seal stands.
SEALED = "keras_charrnn_sealed"

# What a model may have beside its weights: random states, what metrics count.
_FEW_NUMBERS = 1 << 20


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
    write_model(model, path)
    return path


def write_model(model: keras.Model, path: str | os.PathLike) -> None:
    """Write a model's file, whole and sealed, or not at all.

    Args:
        model: The model.
        path: The file, whose name ends in `.keras`.

    Raises:
        OSError: If it can't be written.
    """
    with sealed_archive(path) as part:
        keras.saving.save_model(model, part)


def load_model(path: str | os.PathLike) -> keras.Model:
    """Load a model's file, which may come from anyone.

    The file is checked before Keras reads it. It runs no code, names no other file, and
    takes no more memory than in proportion to its size.

    Args:
        path: The file, whose name ends in `.keras`.

    Returns:
        The model.

    Raises:
        FileNotFoundError: If there is no such file.
        DamagedFile: If it is not what it was when it was written.
        ValueError: If it can't be read, holds no model, or is not to be trusted.
    """
    path = Path(path)
    if not path.exists():
        raise FileNotFoundError(f"There is no model {str(path)!r}.")
    path.open("rb").close()  # a folder, or a file that may not be read, is told as such
    if path.suffix != ".keras":
        raise ValueError(f"A model's file ends in .keras; this is {str(path)!r}.")
    with limited_to(_checked(path)), reading(path):
        model = keras.saving.load_model(path)
    if not isinstance(model, keras.Model):
        kind = type(model).__name__
        raise ValueError(f"{str(path)!r} holds no model, but the class {kind}.")
    return model


def _checked(path: Path) -> int:
    """Check a model's file, and return how many numbers it may ask for."""
    with opened_archive(path) as archive:
        if strange := set(archive.namelist()) - _PARTS:
            raise ValueError(
                f"{str(path)!r} holds {min(strange)!r}, which no model has."
            )
        config = read_json(read_member(archive, _CONFIG), path, _CONFIG)
        check_config(config, path, _UNKNOWN)
        weights = read_member(archive, _WEIGHTS)
    return checked_weights(path, io.BytesIO(weights))


def checked_weights(path: str | os.PathLike, file: Any) -> int:
    """Check a file of weights, and return how many numbers its model may have.

    Args:
        path: Its name, for errors.
        file: The HDF5 file: its path, or itself.

    Raises:
        DamagedFile: If it is not what it was when it was written.
        ValueError: If something in it lies elsewhere, or asks for more than it is.
    """
    sealed = file is path and is_sealed(path)
    try:
        weights = h5py.File(file)
    except (OSError, RuntimeError) as error:
        reason = f"can't be read ({shown(str(error))})"
        raise DamagedFile(path, "its HDF5", reason) from error
    with weights, reading(path):
        check_hdf5(weights)
        if SEALED in weights.attrs and not sealed and file is path:
            raise DamagedFile(path, "its seal", "is missing")
        # A number takes four bytes or two, and an optimizer that has not begun keeps up
        # to four more.
        return 4 * weights.id.get_filesize() + _FEW_NUMBERS


def is_sealed(path: str | os.PathLike) -> bool:
    """Return whether a file ends with a seal.

    Args:
        path: The file.

    Raises:
        DamagedFile: If the seal is not that of what stands before it.
    """
    with open(path, "rb") as opened:
        seal = read_seal(opened)
        if seal is not None:
            check_seal(path, opened, seal)
    return seal is not None


_UNKNOWN = "In Python, import what defines it first."


@contextmanager
def reading(path: str | os.PathLike, unknown: str = _UNKNOWN) -> Iterator[None]:
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
    except DamagedFile:
        raise
    except Exception as error:
        if is_out_of_memory(error):
            raise
        text = str(error).strip() or type(error).__name__
        kind = re.search(r"(?:Could not locate class|Unknown layer:) '([^']+)'", text)
        if kind:
            raise ValueError(
                f"{name!r} holds the class {shown(kind[1])}, which is not known here. "
                + unknown
            ) from error
        # Keras puts the cause behind everything that contains it.
        cause = text.rpartition("Exception encountered: ")[2]
        reason = shown(cause.splitlines()[0][:_REASON])
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
