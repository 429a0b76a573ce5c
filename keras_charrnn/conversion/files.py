"""Files of Keras models: of Keras 3 and 2, whole or weights alone."""

import io
import json
import os
import shutil
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import h5py
import keras

from keras_charrnn._platform import read_json, shown
from keras_charrnn.conversion.old import is_of_cudnn, of_cudnn, renewed, time_major
from keras_charrnn.conversion.parts import Parts
from keras_charrnn.conversion.weights import (
    array,
    old_names,
    parts_of,
    read_weights,
)
from keras_charrnn.runs import (
    check_config,
    checked_weights,
    is_archive,
    is_sealed,
    limited_to,
    opened_archive,
    read_member,
    reading,
)

_CONFIG, _WEIGHTS = "config.json", "model.weights.h5"

_UNKNOWN = (
    "In the program that defines it, call model.save_weights('model.weights.h5'), and "
    "convert that file."
)


def read_file(path: Path) -> keras.Model | Parts:
    """Read the file of a Keras model, which may come from anyone.

    What a file is, its content tells and not its name: Keras 2 wrote HDF5 under names
    that end in `.keras`, too.

    Args:
        path: The file.

    Returns:
        The model; of a file of weights, its `Parts`.

    Raises:
        FileNotFoundError: If there is no such file.
        DamagedFile: If it is not what it was when it was written.
        ValueError: If it can't be read, is of another kind, or is not to be trusted.
    """
    _refuse_other_kinds(path)
    if h5py.is_hdf5(path):
        numbers = checked_weights(path, path)
        with reading(path), h5py.File(path) as file:
            config = file.attrs.get("model_config")
            weights = None if config else read_weights(file)
        if weights is not None:
            return parts_of(path, *weights)
        return _loaded(path, config, numbers, _rewrite_hdf5, "model.h5")
    if is_archive(path):
        with opened_archive(path) as archive:
            config = read_member(archive, _CONFIG)
            if b'"CuDNN' in config:
                raise ValueError(
                    f"{str(path)!r} has layers of cuDNN, which are converted of an .h5 "
                    "file alone. In Keras 2, call model.save('model.h5')."
                )
            stored = io.BytesIO(read_member(archive, _WEIGHTS))
        numbers = checked_weights(path, stored)
        return _loaded(path, config, numbers, _rewrite_archive, "model.keras")
    is_sealed(path)  # or else damaged
    raise ValueError(
        f"{str(path)!r} is neither a .keras nor an .h5 file, or it is damaged: copy it "
        "once more."
    )


@contextmanager
def converting(path: str | os.PathLike) -> Iterator[None]:
    """Tell a file whose parts do not fit each other in one way.

    Args:
        path: The file, which the error names.

    Raises:
        ValueError: In place of what no part of the conversion expects.
    """
    try:
        yield
    except (ArithmeticError, AttributeError, LookupError, TypeError) as error:
        text = shown(str(error))[:200]
        raise ValueError(
            f"{os.fspath(path)!r} can't be converted: its parts do not fit each other "
            f"({type(error).__name__}: {text})."
        ) from error


def _refuse_other_kinds(path: Path) -> None:
    """Raise an error if there is no file, or one that Keras 3 does not read."""
    name = str(path)
    if (path / "saved_model.pb").exists():
        raise ValueError(
            f"{name!r} is a SavedModel, which Keras 3 can't read. Save it in Keras 2, "
            f"pip install tf_keras: tf_keras.models.load_model({name!r})"
            ".save('model.h5'). Then convert model.h5."
        )
    parts = (".index", ".data-00000-of-00001")
    prefix = next((name.removesuffix(p) for p in parts if name.endswith(p)), name)
    if path.name == "checkpoint" or Path(f"{prefix}.index").exists():
        raise ValueError(
            f"{name!r} is a checkpoint of TensorFlow, which Keras 3 can't read. In the "
            f"program that makes the model, call model.load_weights({prefix!r}) and "
            "model.save_weights('model.weights.h5'), and convert that file."
        )
    if path.is_dir():
        raise ValueError(f"{name!r} is a folder, and no file of a model.")
    if not path.exists():
        raise FileNotFoundError(f"There is no file {name!r}.")
    if is_archive(path):
        with opened_archive(path) as archive:
            members = archive.namelist()
        if "config.json" not in members:
            pickled = any(member.endswith("data.pkl") for member in members)
            way_out = (
                f"It is one of PyTorch: from_torch(torch.load({name!r}, "
                "weights_only=True), ...) converts it in Python."
                if pickled
                else "If it is damaged, copy or save it once more."
            )
            raise ValueError(
                f"{name!r} is no model of Keras: it holds no config.json. {way_out}"
            )


def _loaded(
    path: Path, config: str | bytes, numbers: int, rewrite: Any, name: str
) -> keras.Model:
    """Load a model from a copy that has the config of today, and nothing else."""
    old = read_json(config, path, "its config")
    with reading(path):
        new = renewed(old)
    check_config(new, path, _UNKNOWN)
    if layers := time_major(old):
        raise ValueError(
            f"{str(path)!r}: the layer {layers[0]!r} has time_major=True; only "
            "time_major=False can be converted."
        )
    with (
        tempfile.TemporaryDirectory() as folder,
        limited_to(numbers),
        reading(path, _UNKNOWN),
    ):
        copy = Path(folder, name)
        rewrite(path, copy, json.dumps(new))
        return keras.saving.load_model(copy, compile=False)


def _rewrite_hdf5(path: Path, copy: Path, config: str) -> None:
    shutil.copyfile(path, copy)
    with h5py.File(copy, "r+") as file:
        file.attrs["model_config"] = config
        group = file["model_weights"]
        for names in old_names(group).values():
            weights = [array(group[name]) for name in names]
            if is_of_cudnn(weights):
                for weight, value in zip(names, of_cudnn(weights)):
                    del group[weight]
                    group[weight] = value


def _rewrite_archive(path: Path, copy: Path, config: str) -> None:
    with opened_archive(path) as archive, zipfile.ZipFile(copy, "w") as new:
        new.writestr(_CONFIG, config)
        new.writestr(_WEIGHTS, read_member(archive, _WEIGHTS))
