"""One file, made on one backend, means the same on all three.

`python -m tests.test_golden` makes the file and what is expected of it anew.
"""

import json
from pathlib import Path

import keras
import numpy as np
import pytest

import keras_charrnn as kc
from tests.helpers import numpy

FOLDER = Path(__file__).parent / "golden"
CELLS = ["lstm", "gru", "rnn"]
PROMPT = "The value of "


@pytest.mark.parametrize("cell", CELLS)
def test_a_file_of_another_backend_means_the_same_here(cell):
    golden = json.loads((FOLDER / f"{cell}.json").read_text())
    model = keras.saving.load_model(FOLDER / f"{cell}.keras")
    ids = model.vocabulary.encode(PROMPT)[None].astype("int32")
    np.testing.assert_allclose(numpy(model(ids))[0], golden["logits"], atol=1e-5)
    assert model.generate(PROMPT, 300, temperature=0) == golden["greedy"]
    loss = model.evaluate(golden["greedy"], batch_size=3, verbose=0)[0]
    assert loss == pytest.approx(golden["loss"], abs=1e-5)


@pytest.mark.parametrize("cell", CELLS)
def test_a_training_step_does_the_same_here(cell):
    """Also with the state that the step before left."""
    golden = json.loads((FOLDER / f"{cell}.json").read_text())
    model = keras.saving.load_model(FOLDER / f"{cell}.keras")
    assert train(model) == pytest.approx(golden["training"], abs=1e-4)


def train(model):
    """Make four steps and return their losses."""
    model.compile(keras.optimizers.SGD(0.5))
    corpus = kc.Corpus.from_text(GOLDEN_TEXT, model.vocabulary)
    return [float(model.train_on_batch(*b)[0]) for b in kc.StreamBatches(corpus, 4, 25)]


GOLDEN_TEXT = (
    "An object's type determines the operations that the object supports and also "
    "defines the possible values for objects of that type. "
) * 4


def make():
    FOLDER.mkdir(exist_ok=True)
    text = kc.corpora.load("python-docs")
    vocabulary = kc.Vocabulary(c for c in map(chr, range(32, 127)))
    for cell in CELLS:
        keras.utils.set_random_seed(1)
        model = kc.CharRNN(vocabulary, [32, 24], cell, embedding_dim=12)
        model.fit(text[:150_000], epochs=2, unknown="skip", verbose=0)
        model.compile("sgd")  # whose state is small
        model.save(FOLDER / f"{cell}.keras")
        ids = vocabulary.encode(PROMPT)[None].astype("int32")
        greedy = model.generate(PROMPT, 300, temperature=0)
        golden = {
            "backend": keras.backend.backend(),
            "logits": numpy(model(ids))[0].tolist(),
            "greedy": greedy,
            "loss": model.evaluate(greedy, batch_size=3, verbose=0)[0],
            "training": train(model),
        }
        (FOLDER / f"{cell}.json").write_text(json.dumps(golden) + "\n")


if __name__ == "__main__":
    make()
