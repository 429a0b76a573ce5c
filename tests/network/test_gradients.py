"""`model.gradients`: a training loop that the reader writes."""

import keras
import numpy as np
import pytest

import keras_charrnn as kc
from tests.helpers import numpy

TEXT = "the quick brown fox jumps over the lazy dog. " * 8


def fresh(optimizer=None, **how):
    keras.utils.set_random_seed(3)
    model = kc.CharRNN(kc.Vocabulary.from_text(TEXT), units=12, dropout=0.0, **how)
    model.compile(optimizer or keras.optimizers.Adam(0.01))
    return model


@pytest.mark.parametrize("cell", ["lstm", "gru"])
def test_a_loop_by_hand_is_training(cell):
    batches = kc.StreamBatches(kc.Corpus.from_text(TEXT), 4, 16)
    mine, theirs = fresh(cell=cell), fresh(cell=cell)
    for epoch in range(2):
        mine.reset_metrics()
        for inputs, targets, weights in batches:
            gradients, logs = mine.gradients(inputs, targets, weights)
            mine.optimizer.apply(gradients, mine.trainable_variables)
        history = theirs.fit(
            batches, initial_epoch=epoch, epochs=epoch + 1, verbose=0
        ).history
        for name in ("loss", "bits_per_character", "accuracy"):
            assert logs[name] == pytest.approx(history[name][0], rel=1e-4)
    for a, b in zip(mine.get_weights(), theirs.get_weights()):
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-5)
    for a, b in zip(
        keras.tree.flatten(mine.carried_state), keras.tree.flatten(theirs.carried_state)
    ):
        np.testing.assert_allclose(numpy(a), numpy(b), rtol=1e-3, atol=1e-4)


def test_gradients_change_nothing_but_the_carried_state():
    model = fresh()
    before = model.get_weights()
    ids = np.zeros((2, 5), "int32")
    first, _ = model.gradients(ids, ids)
    again, _ = model.gradients(ids, ids)
    assert len(first) == len(model.trainable_variables)
    for gradient, weight in zip(first, model.trainable_variables):
        assert tuple(gradient.shape) == tuple(weight.shape)
    for a, b in zip(first, again):
        np.testing.assert_allclose(numpy(a), numpy(b), rtol=1e-6)
    for a, b in zip(before, model.get_weights()):
        np.testing.assert_array_equal(a, b)
    # Another shape, another batch size, another optimizer, another loss.
    model.gradients({"ids": ids, "reset": np.array([True, True])}, ids)
    more = np.zeros((3, 4), "int32")
    model.gradients({"ids": more, "reset": np.array([True] * 3)}, more)
    model.gradients(more, more[:, -1])
    model.compile("sgd", loss=lambda y, p: 0.0 * keras.ops.sum(p, axis=-1))
    zeros, logs = model.gradients(ids, ids)
    assert logs["loss"] == 0
    assert all(np.abs(numpy(gradient)).max() == 0 for gradient in zeros)


def test_a_model_that_was_not_compiled_has_gradients():
    model = kc.CharRNN(kc.Vocabulary("abc"), units=4)
    ids = np.array([[0, 1, 2]])
    gradients, logs = model.gradients(ids, ids, np.ones((1, 3), "float32"))
    assert logs["loss"] > 0
    assert any(np.abs(numpy(gradient)).max() > 0 for gradient in gradients)
