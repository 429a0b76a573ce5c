import keras
import numpy as np
import pytest

from keras_charrnn.samplers import RandomSampler
from tests.helpers import numpy

LOGITS = np.log(np.array([[0.1, 0.2, 0.3, 0.4]], "float32"))


def draws(logits, temperature, count=4000, seed=0):
    sampler = RandomSampler()
    rows = keras.ops.convert_to_tensor(
        np.repeat(np.asarray(logits, "float32"), count, axis=0)
    )
    key = np.random.default_rng(seed).integers(0, 2**31, 2, np.int32)
    ids = numpy(
        sampler(
            rows,
            keras.ops.convert_to_tensor(np.float32(temperature)),
            keras.ops.convert_to_tensor(key),
        )
    )
    assert ids.dtype == "int32"
    return ids


@pytest.mark.parametrize("temperature", [0.5, 1.0, 2.0])
def test_draws_follow_the_distribution(temperature):
    """A chi-square test; the bound is passed once in 10,000 seeds by chance."""
    p = np.exp(LOGITS[0] / temperature)
    p /= p.sum()
    counts = np.bincount(draws(LOGITS, temperature), minlength=4)
    expected = p * counts.sum()
    assert ((counts - expected) ** 2 / expected).sum() < 21.1


@pytest.mark.parametrize("temperature", [0, 1e-9, 1e-30])
def test_cold_is_greedy(temperature):
    assert set(draws(LOGITS, temperature)) == {3}


@pytest.mark.parametrize("temperature", [1e9, 3e38, np.inf])
def test_hot_is_uniform(temperature):
    counts = np.bincount(draws(LOGITS, temperature), minlength=4)
    assert ((counts - 1000) ** 2 / 1000).sum() < 21.1


def test_the_key_is_the_draw():
    first, again, other = (draws(LOGITS, 1.0, 200, seed) for seed in (1, 1, 2))
    assert (first == again).all()
    assert (first != other).any()


def test_large_logits_do_not_overflow():
    assert set(draws([[1e30, -1e30, 0, 0]], 1.0, 50)) == {0}
