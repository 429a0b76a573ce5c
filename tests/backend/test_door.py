"""What the door to a backend does with what comes from other wings."""

import inspect

import keras
import numpy as np
import pytest

import keras_charrnn as kc
from keras_charrnn import (
    Corpus,
    DocumentBatches,
    StreamBatches,
    WindowBatches,
    _backend,
)
from tests.helpers import numpy


def test_the_door_is_that_of_the_backend():
    door = inspect.getmodule(_backend.TrainStep).__name__
    assert door == f"keras_charrnn._backend.{keras.backend.backend()}"


TEXT = Corpus.from_text("abcdefghij" * 9)
NAMES = Corpus.from_documents(["anna", "bo", "carl", "do", "eleonore"] * 5)


@pytest.mark.parametrize(
    "batches",
    [
        StreamBatches(TEXT, 3, 7),
        DocumentBatches(NAMES, 3, 7),
        WindowBatches(TEXT, 9, 7, stride=2),
        WindowBatches(TEXT, 9, 7, stride=2, target="next"),
    ],
    ids=["streams", "documents", "windows", "next"],
)
def test_what_fit_reads_is_the_batches_and_has_their_shapes(batches):
    fed = _backend.feed(batches)
    assert len(fed) == len(batches) > 2
    for epoch in range(2):
        batches.begin_epoch(epoch)
        count = 0
        for mine, theirs in zip(fed, batches):
            for got, wanted in zip(
                keras.tree.flatten(mine), keras.tree.flatten(theirs)
            ):
                assert numpy(got).dtype == wanted.dtype
                np.testing.assert_array_equal(numpy(got), wanted)
            count += 1
        assert count == len(batches)


def test_training_on_a_mapped_corpus_is_training_on_the_text(docs, tmp_path):
    (tmp_path / "docs.txt").write_text(docs[:9000])
    losses = []
    for path in (None, "corpus.npy"):
        keras.utils.set_random_seed(5)
        corpus = Corpus.from_files("docs.txt", path=path)
        model = kc.CharRNN(corpus.vocabulary, units=16, embedding_dim=8)
        history = model.fit(corpus, epochs=2, validation_split=0.1, verbose=0)
        losses.append(history.history["loss"] + history.history["val_loss"])
    assert losses[0] == losses[1]
