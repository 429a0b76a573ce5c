"""A model's file is sealed, whole or refused; and it takes what its size allows."""

import contextlib
import json
import os
import threading
import zipfile
from pathlib import Path

import h5py
import keras
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import keras_charrnn as kc
from keras_charrnn.network import in_policy
from keras_charrnn.runs import limited_to, load_arrays, save_arrays, save_model
from tests.damage import check_refused

ANY = settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


@pytest.fixture
def small():
    return kc.CharRNN(kc.Vocabulary("ab"), 4, embedding_dim=2)


def members(path):
    with zipfile.ZipFile(path) as file:
        return {name: file.read(name) for name in file.namelist()}


def test_each_flip_and_each_truncation_of_a_model_is_refused(small):
    small.compile("adam")
    small.save("m.keras")
    check_refused(Path("m.keras"), kc.load_model, 100, 100)


def test_each_flip_and_each_truncation_of_weights_is_refused(small):
    small.save_weights("x.weights.h5")
    for read in (small.load_weights, lambda path: kc.from_keras(path, "ab")):
        check_refused(Path("x.weights.h5"), read, 40, 40, least=8)


def test_a_flip_in_the_first_byte_of_weights_is_told(small):
    small.save_weights("x.weights.h5")
    data = bytearray(Path("x.weights.h5").read_bytes())
    data[0] ^= 1
    Path("x.weights.h5").write_bytes(data)
    with pytest.raises(kc.DamagedFile):
        kc.from_keras("x.weights.h5", "ab")


def test_weights_are_those_of_keras(small):
    small.save_weights("ours.weights.h5")
    keras.saving.save_weights(small, "theirs.weights.h5")
    twin = kc.CharRNN(kc.Vocabulary("ab"), 4, embedding_dim=2)
    for name in ("ours", "theirs"):
        for load in (twin.load_weights, lambda p: keras.saving.load_weights(twin, p)):
            twin.set_weights([0 * w for w in small.get_weights()])
            load(f"{name}.weights.h5")
            for a, b in zip(twin.get_weights(), small.get_weights()):
                np.testing.assert_array_equal(a, b)
    small.save_weights("many.weights.json", max_shard_size=1)
    twin.load_weights("many.weights.json")


def test_weights_that_lie_elsewhere_are_not_loaded(small):
    small.save_weights("x.weights.h5")
    Path("secret").write_bytes(b"x" * 99)
    with h5py.File("x.weights.h5", "r+") as file:
        del file.attrs["keras_charrnn_sealed"]
        file.create_dataset("x", (2,), "f4", external=[("secret", 0, 8)])
    with pytest.raises(ValueError, match="'/x' is in another file"):
        small.load_weights("x.weights.h5")


def test_keras_reads_a_sealed_file_and_we_read_one_of_keras(small):
    small.save("ours.keras")
    keras.saving.save_model(small, "theirs.keras")
    assert zipfile.ZipFile("ours.keras").comment.startswith(b"\nsha256 ")
    assert not zipfile.ZipFile("theirs.keras").comment
    models = [keras.saving.load_model("ours.keras"), kc.load_model("theirs.keras")]
    for model in models:
        for a, b in zip(model.get_weights(), small.get_weights()):
            np.testing.assert_array_equal(a, b)


def test_a_file_without_a_seal_is_told_by_its_own_checksums(small):
    keras.saving.save_model(small, "m.keras")
    data = bytearray(Path("m.keras").read_bytes())
    data[data.index(b"CharRNN")] ^= 1
    Path("m.keras").write_bytes(data)
    with pytest.raises(kc.DamagedFile, match=r"'config\.json' can't be read \(Bad CRC"):
        kc.load_model("m.keras")


def test_save_is_whole_or_not_at_all(small, monkeypatch):
    small.save("m.keras")
    before = Path("m.keras").read_bytes()

    def full(*args, **kwargs):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("keras.saving.save_model", full)
    for save in (small.save, lambda path: save_model(small, path)):
        with pytest.raises(OSError, match=r"'m\.keras' can't be written: No space"):
            save("m.keras")
        assert Path("m.keras").read_bytes() == before
        assert os.listdir() == ["m.keras"]


def test_save_takes_what_keras_takes(small, monkeypatch):
    small.save("m.keras", overwrite=True, zipped=True)
    before = Path("m.keras").read_bytes()
    monkeypatch.setattr("builtins.input", lambda *_: "n")
    small.save(Path("m.keras"), overwrite=False)
    assert Path("m.keras").read_bytes() == before
    small.save("folder", zipped=False)
    assert Path("folder/config.json").exists()
    with pytest.raises(ValueError, match="extension"):
        small.save("m.txt")


@keras.saving.register_keras_serializable("tests")
class OwnHead(keras.layers.Dense):
    """A head of a user."""


def test_a_head_that_a_program_has_registered_is_read():
    head = keras.Sequential([keras.layers.Dense(4, "relu"), OwnHead(2)])
    model = kc.CharRNN(kc.Vocabulary("ab"), 4, embedding_dim=2, head=head)
    model.save("m.keras")
    again = kc.load_model("m.keras")
    assert isinstance(again.head.layers[-1], OwnHead)


def test_a_large_model_is_read_whose_optimizer_has_not_begun():
    model = kc.CharRNN(kc.Vocabulary("ab"), 600, embedding_dim=2)
    model.compile(keras.optimizers.Adam(amsgrad=True))
    model.save("m.keras")
    assert kc.load_model("m.keras").count_params() > 1_400_000


def test_a_limit_is_one_of_its_thread_and_its_time():
    before = keras.Variable.__init__
    with limited_to(10):
        with pytest.raises(ValueError, match="A weight asks for 20 numbers"):
            keras.Variable("zeros", (4, 5))
        keras.Variable("zeros", (2, 5))
        with pytest.raises(ValueError, match="for 1 numbers, where its"):
            keras.Variable("zeros", (1,))
        made = []
        other = threading.Thread(
            target=lambda: made.append(keras.Variable("zeros", (9, 9)))
        )
        other.start()
        other.join()
        assert made[0].shape == (9, 9)
    assert keras.Variable.__init__ is before


def test_keras_itself_asks_a_config_for_its_size(small):
    config = small.get_config()
    for change in ({"units": [10**9]}, {"units": [8] * 2000}, {"embedding_dim": 10**9}):
        with pytest.raises(ValueError, match=r"asks for [\d,]+ (numbers|layers)"):
            kc.CharRNN.from_config({**config, **change})


def test_a_copy_of_a_model_in_memory_is_not_asked(small, monkeypatch):
    monkeypatch.setattr("keras_charrnn.model._MOST_NUMBERS", 20)
    with pytest.raises(ValueError, match="A weight asks for"):
        kc.CharRNN.from_config(small.get_config())
    assert in_policy(small, "mixed_bfloat16").count_params() == small.count_params()
    assert small.extend_vocabulary("abc").count_params() > small.count_params()


def test_hdf5_that_keras_packs_is_read(small):
    small.save("m.keras")
    found = members("m.keras")
    Path("w.h5").write_bytes(found["model.weights.h5"])
    with h5py.File("w.h5", "r+") as file:
        names = []
        file.visit(lambda name: names.append(name) if "vars/" in name else None)
        for name in names:
            value = file[name][...]
            del file[name]
            chunks = {"compression": "gzip", "shuffle": True, "fletcher32": True}
            file.create_dataset(name, data=value, **(chunks if value.ndim else {}))
    with zipfile.ZipFile("m.keras", "w", zipfile.ZIP_DEFLATED) as file:
        for name, value in found.items():
            packed = Path("w.h5").read_bytes() if name.endswith("h5") else value
            file.writestr(name, packed)
    again = kc.load_model("m.keras")
    for a, b in zip(again.get_weights(), small.get_weights()):
        np.testing.assert_array_equal(a, b)


ARRAYS = {"a": np.arange(6).reshape(2, 3), "b": np.array("x"), "c": np.zeros((0, 2))}


def test_arrays_are_what_was_saved():
    save_arrays("x.npz", ARRAYS)
    for found in (load_arrays("x.npz"), dict(np.load("x.npz"))):
        assert found.keys() == ARRAYS.keys()
        for name, array in ARRAYS.items():
            np.testing.assert_array_equal(found[name], array)


def test_each_flip_and_each_truncation_of_arrays_is_refused():
    save_arrays("x.npz", ARRAYS)
    check_refused(Path("x.npz"), load_arrays, 150, 100)


@ANY
@given(st.binary(max_size=200), st.integers(0, 4000), st.integers(0, 60))
def test_no_change_of_a_file_without_a_seal_is_another_error(more, place, less):
    path = Path("base.npz")
    if not path.exists():
        np.savez(path, **ARRAYS)
    data = path.read_bytes()
    place %= len(data)
    Path("x.npz").write_bytes(data[:place] + more + data[place + less :])
    with contextlib.suppress(ValueError):
        load_arrays("x.npz")


@ANY
@given(
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.text(max_size=5) | st.integers(),
        lambda x: (
            st.lists(x, max_size=3)
            | st.dictionaries(
                st.sampled_from(["class_name", "config", "module", "registered_name"]),
                x,
            )
        ),
        max_leaves=12,
    )
)
def test_no_config_is_another_error(config):
    if not Path("good.keras").exists():
        kc.CharRNN(kc.Vocabulary("ab"), 2, embedding_dim=2).save("good.keras")
    parts = members("good.keras") | {"config.json": json.dumps(config)}
    with zipfile.ZipFile("x.keras", "w") as file:
        for name, value in parts.items():
            file.writestr(name, value)
    with pytest.raises(ValueError, match=r"'x\.keras'"):
        kc.load_model("x.keras")
