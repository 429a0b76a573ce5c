"""Saving: what Keras writes of a model, written whole and sealed."""

import os
from pathlib import Path
from typing import Any

import h5py
import keras

from keras_charrnn._platform import append_seal, whole_file
from keras_charrnn.runs.checkpoint import SEALED, checked_weights, write_model


class WholeFiles(keras.Model):
    """A mixin for a `keras.Model`: its files are whole, or not there at all."""

    def save(
        self,
        filepath: Any,
        overwrite: bool = True,
        zipped: bool | None = None,
        **kwargs: Any,
    ) -> None:
        """Save the model as Keras does; a `.keras` file whole, or not at all.

        Args:
            filepath: The file, whose name ends in `.keras`; or another one that Keras
                knows, an `.h5` file or a folder, which Keras writes.
            overwrite: Whether to replace an existing file without asking.
            zipped: As in Keras.
            **kwargs: As in Keras.

        Raises:
            OSError: If the file can't be written.
        """
        ours = _is_local(filepath, ".keras") and zipped is not False and not kwargs
        if ours and _may_be_written(filepath, overwrite):
            write_model(self, filepath)
        else:
            super().save(filepath, overwrite, zipped, **kwargs)

    def save_weights(
        self, filepath: Any, overwrite: bool = True, max_shard_size: Any = None
    ) -> None:
        """Save the weights as Keras does; a `.weights.h5` file whole, or not at all.

        Args:
            filepath: The file, whose name ends in `.weights.h5`.
            overwrite: Whether to replace an existing file without asking.
            max_shard_size: As in Keras, which then writes several files.

        Raises:
            OSError: If the file can't be written.
        """
        ours = _is_local(filepath, ".weights.h5") and max_shard_size is None
        if not (ours and _may_be_written(filepath, overwrite)):
            super().save_weights(filepath, overwrite, max_shard_size)
            return
        with whole_file(filepath) as part:
            super().save_weights(part)
            with h5py.File(part, "r+") as file:
                file.attrs[SEALED] = True
            append_seal(part)

    def load_weights(
        self, filepath: Any, skip_mismatch: bool = False, **kwargs: Any
    ) -> None:
        """Load weights as Keras does, of an HDF5 file that holds nothing but numbers.

        Args:
            filepath: The file, whose name ends in `.weights.h5`, or another one that
                Keras knows.
            skip_mismatch: As in Keras.
            **kwargs: As in Keras.

        Raises:
            DamagedFile: If a `.weights.h5` file is not what it was when it was written.
            ValueError: If something in it lies elsewhere, or does not fit the model.
        """
        if _is_local(filepath, ".weights.h5") and Path(filepath).is_file():
            checked_weights(filepath, filepath)
        super().load_weights(filepath, skip_mismatch, **kwargs)


def _is_local(filepath: Any, ending: str) -> bool:
    name = str(filepath)
    return name.endswith(ending) and "://" not in name


def _may_be_written(filepath: Any, overwrite: bool) -> bool:
    """Return whether Keras would ask nobody before it writes."""
    return overwrite or not os.path.exists(filepath)
