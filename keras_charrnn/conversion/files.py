"""Files of Keras models: of Keras 3 and 2, whole or weights alone."""

import json
import shutil
import tempfile
import zipfile
from pathlib import Path
from typing import Any

import h5py
import keras

from keras_charrnn.conversion.old import is_of_cudnn, of_cudnn, renewed, time_major
from keras_charrnn.conversion.parts import Parts
from keras_charrnn.conversion.weights import (
    array,
    old_names,
    parts_of,
    read_weights,
)
from keras_charrnn.runs import reading

_UNKNOWN = (
    "In the program that defines it, call model.save_weights('model.weights.h5'), and "
    "convert that file."
)


def read_file(path: Path) -> keras.Model | Parts:
    """Read the file of a Keras model.

    What a file is, its content tells and not its name: Keras 2 wrote HDF5 under names
    that end in `.keras`, too.

    Args:
        path: The file.

    Returns:
        The model; of a file of weights, its `Parts`.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If it can't be read, or is of another kind.
    """
    _refuse_other_kinds(path)
    if h5py.is_hdf5(path):
        with reading(path), h5py.File(path) as file:
            config = file.attrs.get("model_config")
            weights = None if config else read_weights(file)
        if weights is not None:
            return parts_of(path, *weights)
        return _loaded(path, config, _rewrite_hdf5, "model.h5")
    if zipfile.is_zipfile(path):
        with reading(path), zipfile.ZipFile(path) as archive:
            config = archive.read("config.json")
        if b'"CuDNN' in config:
            raise ValueError(
                f"{str(path)!r} has layers of cuDNN, which are converted of an .h5 "
                "file alone. In Keras 2, call model.save('model.h5')."
            )
        return _loaded(path, config, _rewrite_archive, "model.keras")
    raise ValueError(
        f"{str(path)!r} is neither a .keras nor an .h5 file, or it is damaged: copy it "
        "once more."
    )


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
    if zipfile.is_zipfile(path):
        with reading(path), zipfile.ZipFile(path) as archive:
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


def _loaded(path: Path, config: str | bytes, rewrite: Any, name: str) -> keras.Model:
    """Load a model from a copy that has the config of today."""
    with reading(path):
        old = json.loads(config)
        new = json.dumps(renewed(old))
    if layers := time_major(old):
        raise ValueError(
            f"{str(path)!r}: the layer {layers[0]!r} has time_major=True; only "
            "time_major=False can be converted."
        )
    with (
        tempfile.TemporaryDirectory() as folder,
        reading(path, _UNKNOWN),
    ):
        copy = Path(folder, name)
        rewrite(path, copy, new)
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
    with zipfile.ZipFile(path) as archive, zipfile.ZipFile(copy, "w") as new:
        for member in archive.infolist():
            if member.filename == "config.json":
                new.writestr(member, config)
                continue
            with archive.open(member) as old, new.open(member, "w") as written:
                shutil.copyfileobj(old, written)
