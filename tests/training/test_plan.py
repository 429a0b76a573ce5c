"""The plan of a model that was not compiled."""

import keras
import numpy as np
import pytest

import keras_charrnn as kc
from keras_charrnn.training.plan import Plan
from tests.helpers import small


@pytest.mark.parametrize("steps", [1, 9, 40, 700])
def test_the_plan_is_the_schedule_of_keras(steps):
    warmup = min(50, steps // 10)
    theirs = keras.optimizers.schedules.CosineDecay(
        initial_learning_rate=0.0 if warmup else 0.01,
        decay_steps=max(1, steps - warmup),
        alpha=0.01,
        warmup_target=0.01 if warmup else None,
        warmup_steps=warmup,
    )
    ours = Plan(steps, 0.01)
    for step in range(0, steps + 2, 1 + steps // 20):
        assert float(ours(step)) == pytest.approx(float(theirs(step)), rel=1e-5)


def test_the_plan_warms_up_decays_and_starts_over(docs):
    text = docs[:20_000]
    model = small(text, cell="rnn")
    first = model.get_weights()
    losses, functions = [], []
    for rate, epochs in ((None, 2), (0.01, 1), (0.01, 1)):
        model.set_weights(first)
        history = model.fit(text, epochs=epochs, learning_rate=rate, verbose=0)
        losses.append(history.history["loss"])
        functions.append(model.train_function)
        optimizer = model.optimizer
        steps = int(optimizer.iterations)
        assert steps == epochs * len(model.train_batches)
        assert isinstance(optimizer, keras.optimizers.AdamW)
        assert optimizer.global_clipnorm == 1.0
        rates = [float(optimizer._learning_rate(step)) for step in range(steps + 1)]
        assert rates[0] < 1e-3 < max(rates) == pytest.approx(rate or 7e-3)
        assert rates[-1] == pytest.approx((rate or 7e-3) / 100)
    # Nothing is left of the fit before, and nothing is compiled anew.
    assert losses[1] == losses[2] != losses[0][:1]
    assert functions[0] is functions[1] is functions[2]
    chosen = keras.optimizers.Adam(1e-3)
    model.compile(chosen, metrics=[])
    model.fit(text, verbose=0)
    model.fit(text, verbose=0)
    assert model.optimizer is chosen


def test_what_was_compiled_is_kept(docs):
    """For each number of streams, so that `evaluate` does not cost a `fit` its step."""
    text = docs[:5000]
    model = small(text, cell="rnn")
    model.fit(text, validation_split=0.2, batch_size=4, verbose=0)
    trains, tests = model.train_function, {}
    for rows in (1, 4, 1, 4):
        figures = model.evaluate(text, batch_size=rows, sequence_length=64, verbose=0)
        tests.setdefault(rows, []).append((model.test_function, figures))
    for (one, before), (other, after) in tests.values():
        assert one is other
        assert before == after
    model.fit(text, batch_size=4, verbose=0)
    assert model.train_function is trains
    alone = kc.CharRNN.from_config(model.get_config())
    alone.set_weights(model.get_weights())
    for rows in (1, 4):
        got = model.evaluate(text, batch_size=rows, verbose=0)
        assert got == pytest.approx(alone.evaluate(text, batch_size=rows, verbose=0))


def test_another_plan_where_the_old_one_does_not_fit(docs):
    text = docs[:2000]
    model = small(text, cell="rnn")
    model.fit(text, verbose=0)
    before = model.optimizer
    model.fit(text, weight_decay=0.2, verbose=0)
    assert model.optimizer is not before
    assert model.optimizer.weight_decay == 0.2
    model.embedding.trainable = False
    frozen = model.embedding.get_weights()[0]
    model.fit(text, weight_decay=0.2, verbose=0)
    np.testing.assert_array_equal(model.embedding.get_weights()[0], frozen)


def test_a_loaded_model_goes_on_training(docs):
    """Also on a plan of its own: the learning rate of the old one is used up."""
    text = docs[:20_000]
    model = small(text, cell="rnn")
    model.fit(text, epochs=2, verbose=0)
    model.save("m.keras")
    again = keras.saving.load_model("m.keras")
    before = again.evaluate(text, verbose=0)
    assert before == pytest.approx(model.evaluate(text, verbose=0), abs=1e-5)
    again.fit(text, epochs=2, verbose=0)
    assert again.evaluate(text, verbose=0)[0] < before[0] - 0.05


def test_initial_epoch_keeps_the_plan(docs):
    text = docs[:20_000]
    model = small(text, cell="rnn")
    model.fit(text, epochs=2, verbose=0)
    optimizer = model.optimizer
    model.fit(text, epochs=3, initial_epoch=2, verbose=0)
    assert model.optimizer is optimizer


def test_settings_that_do_not_fit_are_refused(docs):
    text = docs[:2000]
    model = small(text, cell="rnn")
    for wrong in (0, -1e-3, float("nan"), float("inf"), "fast"):
        with pytest.raises(ValueError, match="learning_rate is a number above 0; it"):
            model.fit(text, learning_rate=wrong)
    for wrong in (-0.1, float("nan"), "much"):
        with pytest.raises(ValueError, match="weight_decay is a number from 0 on; it"):
            model.fit(text, weight_decay=wrong)
    model.compile("adam")
    for name in ("learning_rate", "weight_decay"):
        with pytest.raises(ValueError, match=f"{name}=0.1 is for a model that was not"):
            model.fit(text, **{name: 0.1})


def test_weight_decay_draws_the_weights_to_zero(docs):
    text = docs[:20_000]
    sizes = {}
    for decay in (None, 0.0, 0.05, 5.0):
        keras.utils.set_random_seed(1)
        model = small(text, cell="rnn")
        model.fit(text, epochs=2, weight_decay=decay, verbose=0)
        sizes[decay] = sum(float((w**2).sum()) for w in model.get_weights())
    assert sizes[5.0] < 0.7 * sizes[0.05] < 0.7 * sizes[0.0]
    assert sizes[None] == sizes[0.05]
