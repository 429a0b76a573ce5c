"""Every truncation, and 10,000 flips of a bit, of each kind of file."""

from pathlib import Path

import pytest

import keras_charrnn as kc
from tests.damage import check_refused, flipped
from tests.hostile import old, write

FLIPS = 10_000


def model():
    return kc.CharRNN(kc.Vocabulary("ab"), 2, embedding_dim=2)


def test_a_model():
    model().save("x.keras")
    check_refused(Path("x.keras"), kc.load_model, FLIPS, None)


def test_a_corpus():
    kc.Corpus.from_text("so much depends upon " * 50).save("x.npy")
    check_refused(Path("x.npy"), kc.Corpus.load, FLIPS, None)


def test_a_session():
    session = model().session("ab")
    session.save("x.npz")
    check_refused(Path("x.npz"), session.load, FLIPS, None)


def test_weights():
    small = model()
    small.save_weights("x.weights.h5")
    check_refused(Path("x.weights.h5"), small.load_weights, FLIPS, None)


def test_a_vocabulary():
    text = kc.Vocabulary("ab\u00e9\U0001f600" * 9, lowercase=True).to_json()
    Path("x.json").write_text(text)

    def read(path):
        try:
            kc.Vocabulary.from_json(path.read_text("latin-1"))
        except kc.DamagedFile as error:
            raise kc.DamagedFile(path, error.part, "is none") from error

    check_refused(Path("x.json"), read, FLIPS, None)


@pytest.mark.parametrize("name", ["x.keras", "x.weights.h5"])
def test_a_file_of_keras_is_read_or_refused_with_one_error(name):
    """It has no seal, so that a flip in a weight of HDF5 can't be told."""
    members = old()
    write("whole.keras", members)
    path = Path("whole.keras")
    if name.endswith("h5"):
        path.write_bytes(members["model.weights.h5"])
    refused = 0
    for data in flipped(path.read_bytes(), FLIPS):
        Path(name).write_bytes(data)
        try:
            kc.from_keras(name, "ab")
        except ValueError:
            refused += 1
    print(f"{name}: {refused} of {FLIPS} refused")
    assert refused
