"""Beam search, against every text there is."""

from itertools import product

import numpy as np
import pytest

import keras_charrnn as kc
from keras_charrnn.writing.samplers import BeamSampler
from tests.helpers import crossentropy, reference_logits

LETTERS, LENGTH = "abc", 4


@pytest.fixture(scope="module")
def small():
    model = kc.CharRNN(kc.Vocabulary(LETTERS), 8, "gru", embedding_dim=4)
    rng = np.random.default_rng(4)
    model.set_weights([rng.normal(size=w.shape) for w in model.weights])
    return model


@pytest.fixture(scope="module")
def every(small):
    """{text: log-probability of each character} for all texts of one length."""
    scores = {}
    for letters in product(LETTERS, repeat=LENGTH):
        ids = small.vocabulary.encode("b" + "".join(letters))
        logits, _ = reference_logits(small, ids[None, :-1])
        scores["".join(letters)] = -crossentropy(logits, ids[None, 1:])[0]
    return scores


def test_a_wide_search_finds_the_likeliest_texts_of_all(small, every):
    ranked = sorted(every, key=lambda text: -every[text].sum())
    wide = BeamSampler(len(every))
    found = small.generate("b", LENGTH, sampler=wide, num_samples=10, strip_prompt=True)
    assert found == ranked[:10]
    assert small.generate("b", LENGTH, sampler=wide) == "b" + ranked[0]


def narrow_search(scores, beams):
    """Beam search over the table of all texts."""
    begun = [""]
    for length in range(1, LENGTH + 1):
        longer = {t + c for t in begun for c in LETTERS}
        value = {
            text[:length]: logp[:length].sum()
            for text, logp in scores.items()
            if text[:length] in longer
        }
        begun = sorted(longer, key=lambda text: -value[text])[:beams]
    return begun


@pytest.mark.parametrize("beams", [1, 2, 3])
def test_a_narrow_search_is_that_of_numpy(small, every, beams):
    got = small.generate(
        ["b", "b"],
        LENGTH,
        sampler=BeamSampler(beams),
        num_samples=beams,
        strip_prompt=True,
    )
    assert got == [narrow_search(every, beams)] * 2
    if beams == 1:
        assert got[0][0] == small.generate("b", LENGTH, 0, strip_prompt=True)


@pytest.mark.parametrize("keep", [False, True])
@pytest.mark.parametrize("stop", ["c", "ab", "ca"])
def test_texts_that_a_stop_ends_compete_by_their_mean(small, every, stop, keep):
    candidates = {}
    for text, logp in every.items():
        place = text.find(stop)
        size = len(text) if place < 0 else place + len(stop)
        kept = text if place < 0 else text[: size if keep else place]
        candidates[text[:size]] = (logp[:size].mean(), kept)
    best = max(candidates.values())[1]
    got = small.generate(
        "b",
        LENGTH,
        sampler=BeamSampler(200),
        stop=stop,
        keep_stop=keep,
        strip_prompt=True,
    )
    assert got == best


def test_banned_letters_and_repetitions_count(small, every):
    text = small.generate(
        "b", LENGTH, sampler=BeamSampler(81), banned="a", strip_prompt=True
    )
    allowed = {t: s.sum() for t, s in every.items() if "a" not in t}
    assert set(text) <= set("bc")
    assert text in allowed
    settings = {"dry_multiplier": 50.0, "dry_allowed_length": 2}
    varied = small.generate("b", 40, sampler="beam", **settings)
    assert varied != small.generate("b", 40, sampler="beam")


def test_scores_are_the_mean_log_probability(small, every):
    text, score = small.generate(
        "b", LENGTH, sampler="beam", strip_prompt=True, return_scores=True
    )
    assert score == pytest.approx(every[text].mean(), abs=1e-5)
    pairs = small.generate(
        "b", LENGTH, seed=1, num_samples=3, strip_prompt=True, return_scores=True
    )
    for text, score in pairs:
        assert score == pytest.approx(every[text].mean(), abs=1e-5)


def test_a_temperature_changes_nothing(small, every):
    """Nor does 0, which makes every other sampler greedy."""
    ranked = sorted(every, key=lambda text: -every[text].sum())
    wide = BeamSampler(len(every))
    for temperature in (0, 2.0):
        texts = small.generate(
            "b",
            LENGTH,
            temperature,
            sampler=wide,
            num_samples=10,
            strip_prompt=True,
        )
        assert texts == ranked[:10]


def test_a_long_search_goes_on_from_chunk_to_chunk(small):
    long = small.generate("b", 300, sampler="beam")
    assert len(long) == 301
    beam, greedy = (
        small.score(small.generate("b", 300, sampler=s)[1:], "b").sum()
        for s in ("beam", "greedy")
    )
    assert beam >= greedy - 1e-3


def test_a_session_searches_and_a_stream_cannot(small):
    session = small.session("b")
    text = session.generate(30, sampler="beam")
    assert "b" + text == session.text == small.generate("b", 30, sampler="beam")
    with pytest.raises(ValueError, match="nothing to stream"):
        session.stream(30, sampler="beam")


def test_more_texts_than_beams(small):
    with pytest.raises(ValueError, match=r"is 6, but .*no more than 5 texts"):
        small.generate("b", 5, sampler="beam", num_samples=6)
    # Of one letter, there are three texts.
    assert len(small.generate("b", 1, sampler="beam", num_samples=3)) == 3
    with pytest.raises(ValueError, match=r"is 4, but .*no more than 3 texts"):
        small.generate("b", 1, sampler="beam", num_samples=4)
    with pytest.raises(ValueError, match="num_beams is an integer from 1 on; it is 0"):
        BeamSampler(0)
