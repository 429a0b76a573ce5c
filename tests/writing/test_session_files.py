"""A session's file is what it was when it was written, or refused."""

import json
from pathlib import Path

import numpy as np
import pytest

import keras_charrnn as kc
from keras_charrnn.runs import load_arrays, save_arrays
from tests.damage import check_refused


@pytest.fixture
def session():
    return kc.CharRNN(kc.Vocabulary("ab "), 4, embedding_dim=2).session("ab ba")


def test_each_flip_and_each_truncation_is_refused(session):
    session.save("x.npz")
    check_refused(Path("x.npz"), session.load, 100, 100)


CHANGES = {
    "ids out of range": {"ids": np.array([0, 3], "uint8")},
    "ids below 0": {"ids": np.array([0, -1])},
    "ids of two rows": {"ids": np.zeros((2, 2), "uint8")},
    "ids that are none": {"ids": np.array([0.5])},
    "recent out of range": {"recent": np.array([[0, 3]])},
    "recent of another form": {"recent": np.array([0, 1])},
    "recent of two rows": {"recent": np.zeros((2, 2), int)},
    "recent of too many": {"recent": np.zeros((1, 9999), int)},
    "ended that is neither": {"ended": np.array([1, 0])},
    "nan": {"tensor_1": np.full((1, 4), np.nan, "float32")},
    "inf": {"tensor_0": np.full((1, 3), np.inf, "float32")},
    "texts": {"tensor_1": np.full((1, 4), "x")},
    "vocabulary": {"vocabulary": np.array('{"characters": "ab"')},
}


@pytest.mark.parametrize("change", CHANGES)
def test_what_is_in_it_is_checked(change, session):
    session.save("x.npz")
    save_arrays("x.npz", {**load_arrays("x.npz"), **CHANGES[change]})
    before = session.text
    with pytest.raises(kc.DamagedFile):
        session.load("x.npz")
    assert session.text == before


def test_a_file_of_before_is_read(session):
    session.save("x.npz")
    arrays = load_arrays("x.npz")
    config = json.loads(str(arrays["vocabulary"]))
    del config["sha256"], arrays["recent"]
    arrays |= {
        "vocabulary": np.array(json.dumps(config)),
        "seen": np.array([[True, True, True]]),
    }
    np.savez("old.npz", **arrays)
    expected = session.generate(5, temperature=0)
    assert session.load("old.npz").text == "ab ba"
    assert session.generate(5, temperature=0) == expected
