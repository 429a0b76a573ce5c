"""The cost of repetition, against a count in plain Python."""

import numpy as np
import pytest

import keras_charrnn as kc
from keras_charrnn.writing.repetition import RECENT, Past, extended, past_of
from keras_charrnn.writing.rules import CHUNK
from tests.helpers import numpy

MULTIPLIER, BASE, ALLOWED = 3.0, 1.3, 2
DRY = {"dry_multiplier": MULTIPLIER, "dry_base": BASE, "dry_allowed_length": ALLOWED}


@pytest.fixture(scope="module")
def model():
    return kc.CharRNN(kc.Vocabulary("abcd "), 16)


def costs(ids, width):
    """What each id would cost after a text, by the definition."""
    costs = np.zeros(width)
    for place in range(len(ids) - 1):
        n = 0
        while n <= place and ids[place - n] == ids[-1 - n]:
            n += 1
        if n >= ALLOWED:
            cost = MULTIPLIER * BASE ** (n - ALLOWED)
            costs[ids[place + 1]] = max(costs[ids[place + 1]], cost)
    return costs


def greedy(model, prompt, length):
    """What greedy writing gives, by the definition, one model call a character."""
    context = list(model._context(model.vocabulary.encode(prompt)))
    for _ in range(length):
        logits = numpy(model(np.array([context])))[0, -1]
        context.append(int((logits - costs(context, len(logits))).argmax()))
    return model.vocabulary.decode(context[-length:])


@pytest.mark.parametrize("prompt", ["", "ab", "abcabcab", "dd dd dd "])
def test_what_is_written_is_that_of_the_definition(model, prompt):
    want = greedy(model, prompt, 60)
    got = model.generate(prompt, 60, 0, strip_prompt=True, **DRY)
    assert got == want
    assert got != model.generate(prompt, 60, 0, strip_prompt=True)
    pieces = model.stream(prompt, 60, 0, **DRY)
    assert "".join(pieces) == want


def test_each_row_has_a_past_of_its_own(model):
    prompts = ["a", "abcabcab", "dd dd dd "]
    together = model.generate(prompts, 50, 0, **DRY)
    assert together == [model.generate(prompt, 50, 0, **DRY) for prompt in prompts]


def test_borders_of_chunks_do_not_matter(model):
    text = model.generate("abc", 2 * CHUNK + 3, 0, **DRY)
    session = model.session("abc")
    for length in (1, CHUNK - 5, CHUNK + 7):
        session.generate(length, 0, **DRY)
    assert session.text == text


def test_a_loop_ends():
    model = kc.CharRNN(kc.Vocabulary("ab"), 4)
    model.head.bias.assign([8, -8])
    assert model.generate("a", 40, 0) == "a" * 41
    assert "b" in model.generate("a", 40, 0, dry_multiplier=0.8)
    # Ten equal characters cost nothing yet; with each further one the cost grows.
    assert model.generate("a", 9, 0, dry_multiplier=0.8) == "a" * 10


@pytest.mark.parametrize("length", [1, 5, 700, RECENT, RECENT + 900])
def test_a_past_is_the_same_made_at_once_or_one_by_one(length):
    rng = np.random.default_rng(length)
    ids = rng.integers(0, 3, (2, length)).astype("int32")
    ids[0, length // 2 :] = ids[0, length // 2]  # a loop longer than what counts
    whole = past_of(ids[:, -RECENT:])
    past = past_of(ids[:, :0])
    for column in ids.T:
        after = extended(Past(*map(np.asarray, past)), np.asarray(column))
        past = Past(*map(numpy, after))
    np.testing.assert_array_equal(past.ids, whole.ids)
    np.testing.assert_array_equal(past.lengths[:, :-1], whole.lengths[:, :-1])
