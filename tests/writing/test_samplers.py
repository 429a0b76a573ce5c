from functools import cache

import keras
import numpy as np
import pytest

import keras_charrnn as kc
from keras_charrnn import Sampler, samplers
from keras_charrnn._backend import compiled, seed_dtype
from tests.helpers import numpy

P = np.array([0.02, 0.08, 0.1, 0.2, 0.25, 0.35])
LOGITS = np.log(P)[None].astype("float32")
COUNT = 4000
ROWS = 200  # drawn for at once; COUNT is a multiple
# What a chi-square statistic of 5 degrees of freedom passes once in 10,000 times.
BOUND = 25.7


def choose(sampler, logits, temperature=1.0, keys=None, rows=None, draw=None):
    """Ids for some rows of the same logits, each with a key of its own."""
    logits = np.asarray(logits, "float32")
    logits = logits if rows is None else np.repeat(logits, rows, axis=0)
    if keys is None:
        keys = np.random.default_rng(0).integers(0, 2**31, (len(logits), 2))
    ids = (draw or sampler)(
        keras.ops.convert_to_tensor(logits),
        keras.ops.convert_to_tensor(samplers.coldness([[temperature]] * len(logits))),
        keras.ops.convert_to_tensor(np.asarray(keys, seed_dtype)),
        {
            k: keras.ops.convert_to_tensor(np.float32(v))
            for k, v in sampler.numbers.items()
        },
    )
    ids = numpy(ids)
    assert ids.dtype == "int32"
    return ids


@cache
def drawing(kind):
    """A sampler of a kind, compiled; its numbers and the temperature are data."""
    return compiled(kind(), [])


def counts(sampler, logits=LOGITS, temperature=1.0, count=COUNT):
    """How often each id is drawn, in as many rows with a key each."""
    rng = np.random.default_rng(7)
    total = np.zeros(logits.shape[-1], int)
    draw = drawing(type(sampler))
    for _ in range(count // ROWS):
        keys = rng.integers(0, 2**31, (ROWS, 2))
        ids = choose(sampler, logits, temperature, keys, ROWS, draw)
        total += np.bincount(ids, minlength=len(total))
    return total


def restricted(sampler, logits=LOGITS):
    """The ids that a sampler leaves possible."""
    logits = np.asarray(logits, "float32")
    numbers = {k: np.float32(v) for k, v in sampler.numbers.items()}
    kept = numpy(
        sampler.restrict(
            keras.ops.convert_to_tensor(logits - logits.max(-1, keepdims=True)),
            {k: keras.ops.convert_to_tensor(v) for k, v in numbers.items()},
        )
    )
    assert kept.shape == logits.shape
    return [set(np.flatnonzero(np.isfinite(row))) for row in kept]


def chi_square(observed, p):
    expected = p * observed.sum()
    assert not observed[p == 0].any()
    some = p > 0
    return ((observed[some] - expected[some]) ** 2 / expected[some]).sum()


def test_every_sampler_is_known_by_its_name():
    names = {"greedy", "random", "top_k", "top_p", "min_p", "beam"}
    assert set(samplers.SAMPLERS) >= names
    for name, kind in samplers.SAMPLERS.items():
        assert type(samplers.get(name)) is kind
    sampler = samplers.TopKSampler(3)
    assert samplers.get(sampler) is sampler
    assert repr(sampler) == "TopKSampler(k=3)"


@pytest.mark.parametrize("temperature", [0.5, 1.0, 2.0])
def test_draws_follow_the_distribution(temperature):
    p = P ** (1 / temperature)
    count = 100_000 if temperature == 1 else COUNT
    got = counts(samplers.RandomSampler(), temperature=temperature, count=count)
    assert chi_square(got, p / p.sum()) < BOUND


@pytest.mark.parametrize(
    ("sampler", "left"),
    [
        (samplers.TopKSampler(2), [4, 5]),
        (samplers.TopPSampler(0.7), [3, 4, 5]),
        (samplers.MinPSampler(0.25), [2, 3, 4, 5]),
    ],
)
def test_what_is_left_keeps_its_proportions(sampler, left):
    p = np.where(np.isin(range(6), left), P, 0)
    assert chi_square(counts(sampler), p / p.sum()) < BOUND


@pytest.mark.parametrize(
    ("sampler", "probabilities", "left"),
    [
        (samplers.TopPSampler(0.8), [0.3, 0.1, 0.1, 0.5], {0, 3}),
        (samplers.TopPSampler(0.8), [0.1, 0.2, 0.3, 0.4], {1, 2, 3}),
        (samplers.TopPSampler(0.5), [0.5, 0.3, 0.2], {0}),
        (samplers.TopPSampler(1e-7), [0.5, 0.3, 0.2], {0}),
        (samplers.MinPSampler(0.5), [0.6, 0.3, 0.1], {0, 1}),
        (samplers.MinPSampler(0.5), [0.64, 0.32, 0.04], {0, 1}),
    ],
)
def test_what_lies_at_the_border_is_inside(sampler, probabilities, left):
    assert restricted(sampler, np.log([probabilities])) == [left]


@pytest.mark.parametrize("parts", [10, 20, 100])
def test_top_p_keeps_the_fewest_that_reach_p(parts):
    """Of whole hundredths, and so without rounding, the fewest can be counted."""
    rng = np.random.default_rng(parts)
    for _ in range(60):
        cuts = np.sort(rng.choice(np.arange(1, parts), 5, replace=False))
        shares = np.diff([0, *cuts, parts])
        p = rng.integers(1, parts)
        ordered = np.sort(shares)[::-1]
        least = ordered[np.searchsorted(ordered.cumsum(), p)]
        left = set(np.flatnonzero(shares >= least))
        assert restricted(
            samplers.TopPSampler(p / parts), np.log([shares / parts])
        ) == [left], (shares, p)


@pytest.mark.parametrize("width", [17, 300])
@pytest.mark.parametrize("name", ["top_k", "top_p", "min_p"])
def test_restrictions_are_those_of_numpy(name, width):
    rng = np.random.default_rng(1)
    logits = rng.normal(size=(40, width)) * 3
    for _ in range(8):
        number = int(rng.integers(1, width)) if name == "top_k" else rng.random()
        sampler = samplers.SAMPLERS[name](number)
        for got, row in zip(restricted(sampler, logits), logits):
            p = np.exp(row - row.max())
            p /= p.sum()
            order = np.argsort(-p)
            if name == "top_k":
                want = order[:number]
            elif name == "top_p":
                want = order[: np.searchsorted(p[order].cumsum(), number) + 1]
            else:
                want = np.flatnonzero(p >= number * p.max())
            assert got == set(want)


def test_the_widest_settings_keep_everything_and_the_narrowest_one():
    everything = set(range(6))
    assert restricted(samplers.TopKSampler(99)) == [everything]
    assert restricted(samplers.TopPSampler(1)) == [everything]
    assert restricted(samplers.MinPSampler(1e-9)) == [everything]
    for sampler in (
        samplers.TopKSampler(1),
        samplers.TopPSampler(1e-9),
        samplers.MinPSampler(1),
    ):
        assert restricted(sampler) == [{5}]


@pytest.mark.parametrize("name", ["random", "top_k", "top_p", "min_p", "greedy"])
@pytest.mark.parametrize("temperature", [0, 1e-45, 1e-30, 1e-9])
def test_cold_is_greedy(name, temperature):
    assert set(choose(samplers.get(name), LOGITS, temperature, rows=50)) == {5}


@pytest.mark.parametrize("temperature", [1e9, 3e38, np.inf])
def test_hot_is_uniform(temperature):
    got = counts(samplers.RandomSampler(), temperature=temperature)
    assert chi_square(got, np.full(6, 1 / 6)) < BOUND


@pytest.mark.parametrize("name", ["random", "top_k", "top_p", "min_p", "greedy"])
@pytest.mark.parametrize("temperature", [0, 1e-9, 1.0, np.inf])
def test_what_is_impossible_is_never_drawn(name, temperature):
    logits = np.array([[-np.inf, 1, -np.inf, 0.5, -np.inf]])
    ids = set(choose(samplers.get(name), logits, temperature, rows=100))
    assert ids <= {1, 3}


def test_greedy_is_the_same_for_every_key():
    assert set(choose(samplers.GreedySampler(), LOGITS, 5.0, rows=50)) == {5}


def test_a_row_draws_by_its_own_key():
    """Alone, or among others in any order."""
    rng = np.random.default_rng(2)
    logits = rng.normal(size=(9, 6))
    keys = rng.integers(0, 2**31, (9, 2))
    together = choose(samplers.RandomSampler(), logits, keys=keys)
    for i in range(9):
        alone = choose(
            samplers.RandomSampler(), logits[i : i + 1], keys=keys[i : i + 1]
        )
        assert alone[0] == together[i]
    turned = choose(samplers.RandomSampler(), logits[::-1], keys=keys[::-1])
    assert (turned[::-1] == together).all()


def test_keys_differ():
    first = choose(samplers.RandomSampler(), LOGITS, rows=200)
    keys = np.random.default_rng(5).integers(0, 2**31, (200, 2))
    again = choose(samplers.RandomSampler(), LOGITS, keys=keys, rows=200)
    assert (first != again).any()


def test_large_logits_do_not_overflow():
    assert set(choose(samplers.get("random"), [[1e30, -1e30, 0, 0]], rows=50)) == {0}


def test_a_sampler_of_the_users_own():
    class Odd(Sampler):
        """Draws from odd ids."""

        name = "odd"

        def restrict(self, logits, numbers):
            odd = keras.ops.arange(logits.shape[-1]) % 2 == 1
            return keras.ops.where(odd, logits, -float("inf"))

    try:
        assert set(choose(samplers.get("odd"), LOGITS, rows=100)) <= {1, 3, 5}
    finally:
        del samplers.SAMPLERS["odd"]


def test_a_sampler_with_a_mistake():
    class Wrong(Sampler):
        name = "wrong"

        def restrict(self, logits, numbers):
            return logits[:, :3]

    class Silent(Sampler):
        name = "silent"

        def __init__(self):
            pass

        def restrict(self, logits, numbers):
            return logits

    class Wanting(samplers.RandomSampler):
        name = "wanting"

        def __init__(self, number):
            super().__init__()

    try:
        with pytest.raises(ValueError, match=r"Wrong.restrict returns logits of"):
            choose(Wrong(), LOGITS)
        with pytest.raises(TypeError, match="Silent has no numbers"):
            samplers.get(Silent())
        with pytest.raises(TypeError, match="Silent has no numbers"):
            samplers.get("silent")
        with pytest.raises(
            TypeError, match=r"'wanting' has numbers to be set .* object"
        ):
            samplers.get("wanting")
        with pytest.raises(ValueError, match="floor is a number; it is 'x'"):
            Wrong(floor="x")
    finally:
        for name in ("wrong", "silent", "wanting"):
            del samplers.SAMPLERS[name]


def test_a_sampler_that_leaves_nothing():
    class Sure(samplers.TopKSampler):
        """Keeps what is surely there: nothing, mostly."""

        def restrict(self, logits, numbers):
            p = keras.ops.softmax(logits, axis=-1)
            return keras.ops.where(p > 0.9, logits, -float("inf"))

    rows = np.stack([np.full(6, 0.0), np.eye(6)[4] * 50])
    assert list(choose(Sure(), rows, keys=np.ones((2, 2), np.int32))) == [-1, 4]
    assert samplers.TopKSampler.keeps_likeliest
    assert not Sure.keeps_likeliest


def test_temperature_0_takes_the_likeliest_that_is_left():
    class Even(Sampler):
        """Draws from even ids."""

        def restrict(self, logits, numbers):
            even = keras.ops.arange(logits.shape[-1]) % 2 == 0
            return keras.ops.where(even, logits, -float("inf"))

    assert LOGITS[0].argmax() == 5
    assert set(choose(Even(), LOGITS, temperature=0.0, rows=50)) == {4}


def test_a_sampler_of_samplers():
    """None of them has a variable, which a compiled loop could not make."""

    class Both(Sampler):
        """Draws from what two samplers leave."""

        def restrict(self, logits, numbers):
            for other in (samplers.TopKSampler(3), samplers.MinPSampler(0.01)):
                logits = other.restrict(logits, other.numbers)
            return logits

    model = kc.CharRNN(kc.Vocabulary("abcdef"), 4, embedding_dim=2)
    assert len(model.generate("a", 9, seed=1, sampler=Both())) == 10
    assert set(choose(samplers.GreedySampler(), LOGITS, rows=3)) == {5}
    for kind in (samplers.GreedySampler, samplers.BeamSampler):
        kept = numpy(kind().restrict(keras.ops.convert_to_tensor([[0.0, -1.0]]), {}))
        assert kept[0, 0] == 0.0


def test_names_belong_to_whom_they_were_given():
    unnamed = type("Mine", (samplers.TopKSampler,), {})
    assert samplers.get("top_k").__class__ is samplers.TopKSampler
    assert samplers.get(unnamed(2)).numbers == {"k": 2}
    with pytest.raises(
        ValueError, match=r"'top_k', which is that of keras_charrnn\.writ"
    ):
        type("Mine", (samplers.TopKSampler,), {"name": "top_k"})
    assert samplers.SAMPLERS["top_k"] is samplers.TopKSampler
    try:
        first, again = (
            type("Mine", (samplers.TopKSampler,), {"name": "mine"}) for _ in range(2)
        )
        assert samplers.SAMPLERS["mine"] is again is not first
    finally:
        del samplers.SAMPLERS["mine"]


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: samplers.get("topk"), ValueError, "no sampler 'topk'; there are"),
        (lambda: samplers.get(0.5), TypeError, "a name or a Sampler; it is 0.5"),
        (lambda: samplers.TopKSampler(0), ValueError, "from 1 on; it is 0"),
        (lambda: samplers.TopKSampler(2.5), ValueError, "it is 2.5"),
        (lambda: samplers.TopPSampler(0), ValueError, "above 0, to 1; it is 0"),
        (lambda: samplers.TopPSampler(1.1), ValueError, "it is 1.1"),
        (lambda: samplers.MinPSampler(float("nan")), ValueError, "it is nan"),
    ],
)
def test_bad_numbers(make, error, message):
    with pytest.raises(error, match=message):
        make()
