"""The plan of a model that was not compiled."""

import keras
import pytest

from tests.helpers import small


@pytest.mark.parametrize("rate", [None, 0.01])
def test_the_plan_warms_up_decays_and_starts_over(docs, rate):
    text = docs[:20_000]
    model = small(text)
    model.fit(text, epochs=2, learning_rate=rate, verbose=0)
    optimizer = model.optimizer
    steps = int(optimizer.iterations)
    assert isinstance(optimizer, keras.optimizers.AdamW)
    assert optimizer.global_clipnorm == 1.0
    rates = [float(optimizer._learning_rate(step)) for step in range(steps + 1)]
    assert rates[0] < 1e-3 < max(rates) == pytest.approx(rate or 7e-3)
    assert rates[-1] < 1e-4
    model.fit(text, epochs=1, verbose=0)
    assert model.optimizer is not optimizer
    chosen = keras.optimizers.Adam(1e-3)
    model.compile(chosen)
    model.fit(text, verbose=0)
    model.fit(text, verbose=0)
    assert model.optimizer is chosen


def test_a_loaded_model_goes_on_training(docs):
    """Also on a plan of its own: the learning rate of the old one is used up."""
    text = docs[:20_000]
    model = small(text)
    model.fit(text, epochs=2, verbose=0)
    model.save("m.keras")
    again = keras.saving.load_model("m.keras")
    assert again.evaluate(text, verbose=0) == pytest.approx(
        model.evaluate(text, verbose=0), abs=1e-5
    )
    before = again.evaluate(text, verbose=0)[0]
    again.fit(text, epochs=2, verbose=0)
    assert again.evaluate(text, verbose=0)[0] < before - 0.05


def test_initial_epoch_keeps_the_plan(docs):
    text = docs[:20_000]
    model = small(text)
    model.fit(text, epochs=2, verbose=0)
    optimizer = model.optimizer
    model.fit(text, epochs=3, initial_epoch=2, verbose=0)
    assert model.optimizer is optimizer


def test_settings_that_do_not_fit_are_refused(docs):
    text = docs[:2000]
    model = small(text)
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
        model = small(text)
        model.fit(text, epochs=2, weight_decay=decay, verbose=0)
        sizes[decay] = sum(float((w**2).sum()) for w in model.get_weights())
    assert sizes[5.0] < 0.7 * sizes[0.05] < 0.7 * sizes[0.0]
    assert sizes[None] == sizes[0.05]
