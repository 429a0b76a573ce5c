"""Files that are damaged, or of another kind: each is told, with the way out."""

import json
import zipfile
from pathlib import Path

import h5py
import keras
import pytest

import keras_charrnn as kc
from tests.conversion.test_conversion import IDS
from tests.conversion.test_old_files import (
    config_of,
    layers_of,
    recurrent,
    write_model,
    write_weights,
)


class Subclassed(keras.Model):
    def call(self, x):
        return x


def other_file(kind):
    """Make a file that is none of a model; return its name."""
    write_model("m.h5", config_of("LSTM", 1), layers_of("LSTM", recurrent("LSTM")))
    data = Path("m.h5").read_bytes()
    if kind == "saved":
        Path("saved").mkdir()
        Path("saved/saved_model.pb").write_bytes(b"")
    elif kind.startswith("ckpt"):
        Path("ckpt.index").write_bytes(b"")
        Path("ckpt.data-00000-of-00001").write_bytes(b"")
    elif kind == "cut.h5":
        Path(kind).write_bytes(data[: len(data) // 2])
    elif kind == "start.h5":
        Path(kind).write_bytes(data[:100])
    elif kind == "lost.h5":
        Path(kind).write_bytes(data)
        with h5py.File(kind, "r+") as file:
            del file["model_weights/dense"]
    elif kind == "outside.h5":
        with h5py.File(kind, "w") as file:
            write_weights(file, layers_of("LSTM", recurrent("LSTM")))
            del file["dense/dense/bias:0"]
            where = [("/etc/hostname", 0, 20)]
            file["dense"].create_dataset("dense/bias:0", (5,), "f4", external=where)
    elif kind == "config.h5":
        Path(kind).write_bytes(data)
        with h5py.File(kind, "r+") as file:
            file.attrs["model_config"] = b"{"
    elif kind == "layers.h5":
        write_model(kind, {}, {})
    elif kind == "words.h5":
        layers = layers_of("LSTM", recurrent("LSTM"))
        layers["dense"]["dense/bias:0"] = [b"a"] * 5
        with h5py.File(kind, "w") as file:
            write_weights(file, layers)
    elif kind == "empty.h5":
        h5py.File(kind, "w").close()
    elif kind == "own.keras":
        model = Subclassed()
        model(IDS)
        model.save(kind)
        with zipfile.ZipFile(kind) as file:
            members = {name: file.read(name) for name in file.namelist()}
        with zipfile.ZipFile(kind, "w") as file:
            for name, value in members.items():
                file.writestr(name, value.replace(b"Subclassed", b"Elsewhere"))
    elif kind == "model.pt":
        with zipfile.ZipFile(kind, "w") as file:
            file.writestr("archive/data.pkl", b"")
    elif kind == "some.zip":
        with zipfile.ZipFile(kind, "w") as file:
            file.writestr("x", b"")
    elif kind == "cudnn.keras":
        with zipfile.ZipFile(kind, "w") as file:
            config = config_of("CuDNNGRU", 1)
            file.writestr("config.json", json.dumps(config))
    return kind


OTHERS = [
    ("saved", r"is a SavedModel.*tf_keras\.models\.load_model\('saved'\)"),
    ("ckpt", r"is a checkpoint of TensorFlow.*load_weights\('ckpt'\)"),
    ("ckpt.index", r"is a checkpoint of TensorFlow.*load_weights\('ckpt'\)"),
    ("ckpt.data-00000-of-00001", r"is a checkpoint.*load_weights\('ckpt'\)"),
    ("cut.h5", r"its HDF5 can't be read \(Unable to .*truncated file"),
    ("start.h5", r"its HDF5 can't be read \(Unable to .*truncated file"),
    ("lost.h5", "can't be read: "),
    ("outside.h5", "can't be read: '/dense/dense/bias:0' is in another file"),
    ("config.h5", "can't be read: its config is no JSON: Expecting"),
    ("layers.h5", "can't be read: 'layers'. If"),
    ("words.h5", "can't be read: '/dense/dense/bias:0' is of dtype object"),
    ("empty.h5", "holds 0 recurrent and 0 Dense"),
    ("own.keras", r"holds the class Elsewhere, .*model\.save_weights\("),
    ("model.pt", r"It is one of PyTorch: from_torch\(torch\.load\('model\.pt'"),
    ("some.zip", "is no model of Keras: it holds no config.json"),
    ("cudnn.keras", r"layers of cuDNN.*model\.save\('model\.h5'\)"),
    (".", "is a folder, and no file"),
]


@pytest.mark.parametrize(("kind", "message"), OTHERS, ids=lambda word: word)
def test_a_file_of_another_kind_is_told(kind, message):
    with pytest.raises(ValueError, match=message) as told:
        kc.from_keras(other_file(kind), "abcde")
    assert repr(kind) in str(told.value)
    assert "\n" not in str(told.value)
