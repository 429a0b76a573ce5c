"""What the command says when something is wrong: one line, and how to go on."""

import errno
import json
import zipfile
from pathlib import Path

import keras
import numpy as np
import pytest

import keras_charrnn as kc
from keras_charrnn.command import cli
from tests.command.test_command import refused


class OutOfMemoryError(RuntimeError):
    """As `torch.OutOfMemoryError`."""


class ResourceExhaustedError(Exception):
    """As that of `tensorflow.errors`."""


class XlaRuntimeError(RuntimeError):
    """As that of JAX."""


def numpys():
    with pytest.raises(MemoryError) as caught:
        np.empty(1 << 55, "uint8")
    return caught.value


SHORTAGES = [
    MemoryError(),
    numpys(),
    OutOfMemoryError("CUDA out of memory. Tried to allocate 74.5 GiB"),
    ResourceExhaustedError("OOM when allocating tensor\nwith shape[100000,400000]"),
    XlaRuntimeError("RESOURCE_EXHAUSTED: Out of memory allocating 160000000000 bytes."),
    RuntimeError(
        "[enforce fail] DefaultCPUAllocator: can't allocate memory: you tried"
    ),
    RuntimeError("std::bad_alloc"),
    OSError(errno.ENOMEM, "Cannot allocate memory"),
]


def failing(error, command, monkeypatch):
    def run(options):
        raise error

    monkeypatch.setattr(f"keras_charrnn.command.{command}.run", run)
    words = {"train": ["x"], "sample": ["x"], "encode": ["x", "--out", "x.npy"]}
    return cli.main([command, *words[command]])


@pytest.mark.parametrize("error", SHORTAGES, ids=lambda error: type(error).__name__)
def test_a_lack_of_memory_is_told_with_a_way_out(error, monkeypatch, capsys):
    code = failing(error, "train", monkeypatch)
    parts = ["There is not enough memory (", "fewer --units", "`charrnn encode`"]
    refused(code, capsys.readouterr().err, *parts)
    code = failing(error, "sample", monkeypatch)
    refused(code, capsys.readouterr().err, "memory", "Close other programs")


@pytest.mark.parametrize(
    "error",
    [
        RuntimeError("Expected all tensors\nto be on the same device"),
        KeyError("units"),
        TypeError("unhashable type: 'list'"),
        AssertionError(),
    ],
    ids=lambda error: type(error).__name__,
)
def test_a_fault_of_the_program_is_one_line(error, monkeypatch, capsys):
    monkeypatch.delenv("KERAS_CHARRNN_TRACEBACK", raising=False)
    assert failing(error, "encode", monkeypatch) == 1
    err = capsys.readouterr().err
    assert len(err.splitlines()) == 1
    assert err.startswith("charrnn: error: This is a fault of the program, ")
    for part in (type(error).__name__, *str(error).splitlines()):
        assert part in err
    assert "KERAS_CHARRNN_TRACEBACK=1 shows where" in err


def test_a_traceback_for_those_who_ask(monkeypatch, capsys):
    monkeypatch.setenv("KERAS_CHARRNN_TRACEBACK", "1")
    for error, code in ((KeyError("units"), 1), (ValueError("no units"), 2)):
        assert failing(error, "encode", monkeypatch) == code
        err = capsys.readouterr().err
        assert "Traceback (most recent call last)" in err
        assert "test_errors.py" in err
        assert err.splitlines()[-1].startswith("charrnn: error: ")


def test_a_file_named_after_a_lack_of_memory_is_only_missing(capsys):
    assert cli.main(["sample", "out of memory.keras"]) == 2
    assert "There is no model 'out of memory.keras'" in capsys.readouterr().err


def rewritten(path, members):
    with zipfile.ZipFile(path, "w") as file:
        for name, value in members.items():
            file.writestr(name, value)


def damaged(path, kind):
    """Make a model's file, and spoil it."""
    kc.CharRNN(kc.Vocabulary("ab"), 4, embedding_dim=2).save(path)
    whole = Path(path).read_bytes()
    if kind == "cut":
        Path(path).write_bytes(whole[: len(whole) // 2])
        return
    with zipfile.ZipFile(path) as file:
        members = {name: file.read(name) for name in file.namelist()}
    if kind == "config":
        members["config.json"] = b'{"class_name": 3}'
    elif kind == "json":
        members["config.json"] = b"\xff\xfe"
    elif kind == "weights":
        members["model.weights.h5"] = members["model.weights.h5"][:900]
    elif kind == "setting":
        members["config.json"] = members["config.json"].replace(b'"cell"', b'"celll"')
    elif kind == "class":
        config = members["config.json"].replace(b"CharRNN", b"Unheard")
        members["config.json"] = config
    else:
        del members[kind]
    rewritten(path, members)


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        ("cut", "is damaged: the end of its archive is not where it should be"),
        ("config", "can't be read"),
        ("json", "can't be read"),
        ("weights", "is damaged: its HDF5 can't be read"),
        ("config.json", "is damaged: 'config.json' is missing"),
        ("model.weights.h5", "is damaged: 'model.weights.h5' is missing"),
        ("setting", "can't be read: Unrecognized keyword arguments passed to CharRNN"),
        ("class", "holds the class Unheard, which is not known here. In Python"),
    ],
)
def test_a_damaged_model_is_told(kind, message, capsys):
    damaged("m.keras", kind)
    code = cli.main(["sample", "m.keras"])
    refused(code, capsys.readouterr().err, f"'m.keras' {message}")


def test_an_archive_with_wrong_bytes(capsys):
    kc.CharRNN(kc.Vocabulary("ab"), 4, embedding_dim=2).save("m.keras")
    data = bytearray(Path("m.keras").read_bytes())
    place = data.index(b"CharRNN")
    data[place : place + 7] = b"CharCNN"  # the checksum is that of before
    Path("m.keras").write_bytes(data)
    assert cli.main(["sample", "m.keras"]) == 2
    assert "'m.keras' is damaged: its content is not what" in capsys.readouterr().err


def test_what_holds_no_model(capsys):
    layer = keras.layers.Activation("tanh")
    keras.saving.save_model(keras.Sequential([keras.Input((2,)), layer]), "m.keras")
    with zipfile.ZipFile("m.keras") as file:
        members = {name: file.read(name) for name in file.namelist()}
    config = keras.saving.serialize_keras_object(layer)
    members["config.json"] = json.dumps(config).encode()
    rewritten("m.keras", members)
    assert cli.main(["sample", "m.keras"]) == 2
    assert (
        "'m.keras' holds no model, but the class Activation" in capsys.readouterr().err
    )


def test_a_shortage_of_memory_while_a_model_is_read(monkeypatch, capsys):
    def load_model(*args, **kwargs):
        raise MemoryError

    damaged("m.keras", "metadata.json")
    monkeypatch.setattr("keras.saving.load_model", load_model)
    assert cli.main(["sample", "m.keras"]) == 2
    assert "There is not enough memory" in capsys.readouterr().err
