"""A file that was saved with its optimizer opens on every backend, and trains on there.

`python -m tests.runs.test_checkpoint` makes the file of its backend anew.
"""

import json
import zipfile
from pathlib import Path

import keras
import pytest

import keras_charrnn as kc

FOLDER = Path(__file__).parent / "golden"
TEXT = "so much depends upon a red wheel barrow glazed with rain water " * 12
# The last was made where Keras' own name of PyTorch's AdamW went into the file.
FILES = ("jax", "tensorflow", "torch", "torch-inner-name")


def train(model):
    """Make some steps from where the model's optimizer is; return their losses."""
    corpus = kc.Corpus.from_text(TEXT, model.vocabulary)
    batches = kc.StreamBatches(corpus, 4, 32)
    return [float(model.train_on_batch(*batch)[0]) for batch in batches]


@pytest.mark.parametrize("name", FILES)
def test_a_file_of_another_backend_is_trained_on(name):
    model = keras.saving.load_model(FOLDER / f"{name}.keras")
    expected = json.loads((FOLDER / f"{name}.json").read_text())
    assert int(model.optimizer.iterations) == expected["steps"]
    assert type(model.optimizer).__name__ == "AdamW"
    assert train(model) == pytest.approx(expected["losses"], abs=1e-4)
    assert model.generate("so ", 60, temperature=0) == expected["greedy"]


@pytest.mark.parametrize(
    "optimizer",
    [
        keras.optimizers.SGD(0.1, momentum=0.9),
        keras.optimizers.RMSprop(),
        keras.optimizers.LossScaleOptimizer(keras.optimizers.Adam()),
    ],
    ids=lambda optimizer: optimizer.name,
)
def test_a_file_has_public_names_alone(optimizer):
    model = kc.CharRNN(kc.Vocabulary("abc "), 4, embedding_dim=2)
    model.compile(optimizer)
    optimizer.build(model.trainable_variables)
    model.save("m.keras")
    with zipfile.ZipFile("m.keras") as file:
        assert "keras.src" not in file.read("config.json").decode()
    again = keras.saving.load_model("m.keras")
    assert again.optimizer.get_config() == optimizer.get_config()
    assert type(again.optimizer) is type(optimizer)


def make(name):
    keras.utils.set_random_seed(1)
    vocabulary = kc.Vocabulary.from_text(TEXT)
    model = kc.CharRNN(vocabulary, units=8, embedding_dim=4, dropout=0.0)
    model.fit(TEXT, epochs=4, batch_size=4, sequence_length=32, verbose=0)
    FOLDER.mkdir(exist_ok=True)
    model.save(FOLDER / f"{name}.keras")
    steps = int(model.optimizer.iterations)
    model = keras.saving.load_model(FOLDER / f"{name}.keras")
    expected = {"steps": steps, "losses": train(model)}
    expected["greedy"] = model.generate("so ", 60, temperature=0)
    (FOLDER / f"{name}.json").write_text(json.dumps(expected, indent=1) + "\n")


if __name__ == "__main__":
    make(keras.backend.backend())
