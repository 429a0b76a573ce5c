import logging

import keras
import numpy as np
import pytest

import keras_charrnn as kc
from keras_charrnn.writing.rules import CHUNK
from tests.helpers import REFERENCES, alphabet, reference_logits


@pytest.fixture(scope="module")
def abc():
    return alphabet()


def greedy(model, prompt, length):
    """Write with the network in NumPy, one whole reading for each character."""
    ids = list(model.vocabulary.encode(prompt))
    for _ in range(length):
        logits, _ = reference_logits(model, np.array([ids]))
        ids.append(int(logits[0, -1].argmax()))
    return model.vocabulary.decode(ids)


def test_greedy_text_is_that_of_numpy(model):
    assert model.generate("The state", 90, temperature=0) == greedy(
        model, "The state", 90
    )


@pytest.mark.parametrize("cell", REFERENCES)
@pytest.mark.parametrize("embedding_dim", [None, 8])
def test_every_network_writes_what_it_reads(cell, embedding_dim):
    vocabulary = kc.Vocabulary("abcdefgh ")
    model = kc.CharRNN(vocabulary, [12, 8], cell, embedding_dim=embedding_dim)
    rng = np.random.default_rng(1)
    model.set_weights([rng.normal(size=w.shape) for w in model.weights])
    assert model.generate("bad", 40, temperature=0) == greedy(model, "bad", 40)


def test_a_prompt_of_any_length_is_read_as_the_network_reads(model, docs):
    for length in (1, 15, 16, 17, 1024, 1500):
        prompt = docs[2000 : 2000 + length]
        ids = model.vocabulary.encode(prompt)
        text = model.generate(prompt, 1, temperature=0)
        want, _ = reference_logits(model, ids[None])
        assert text == prompt + model.vocabulary.decode([int(want[0, -1].argmax())])


def test_prompts_of_different_lengths_do_not_disturb_each_other(model):
    prompts = ["T", "The value of ", "", "class"]
    together = model.generate(prompts, 80, temperature=0)
    assert together == [model.generate(p, 80, temperature=0) for p in prompts]


def test_a_str_gives_a_str_and_a_list_a_list(model):
    assert isinstance(model.generate("a", 5), str)
    assert [len(t) for t in model.generate(["a", "bc", "", "d"], 5)] == [6, 7, 5, 6]
    assert model.generate([], 5) == []


def test_a_seed_repeats_and_another_does_not(model):
    one = model.generate("The ", 100, seed=1)
    assert one == model.generate("The ", 100, seed=1)
    assert one != model.generate("The ", 100, seed=2)
    assert model.generate("The ", 100) != model.generate("The ", 100)


def test_neighbouring_seeds_write_unrelated_texts(model):
    """Draws depend on seed and position, not on their sum."""
    one, two = (model.generate("The ", 300, temperature=5, seed=s)[4:] for s in (1, 2))
    for shift in range(1, 4):
        same = np.mean([a == b for a, b in zip(one[shift:], two)])
        assert same < 0.2


def test_the_length_is_exact_and_a_shorter_text_is_a_beginning(model):
    long = model.generate("The ", 2 * CHUNK + 9, seed=5)
    for length in (0, 1, CHUNK - 1, CHUNK, CHUNK + 1):
        short = model.generate("The ", length, seed=5)
        assert len(short) == 4 + length
        assert long.startswith(short)


def test_training_changes_what_is_written(docs):
    model = kc.CharRNN(kc.Vocabulary.from_text(docs), 32)
    before = model.generate("The ", 60, temperature=0)
    model.fit(docs[:10_000], verbose=0)
    assert model.generate("The ", 60, temperature=0) != before


def test_writing_reads_like_the_text(model, docs):
    """Most words of a careful sample are words of the corpus."""
    samples = model.generate("The ", 600, temperature=0.5, seed=1, num_samples=4)
    words = [w for w in " ".join(samples).split() if w.isalpha()]
    known = set(docs.split())
    assert len(words) > 80
    assert np.mean([w in known for w in words]) > 0.5


def test_unknown_characters_of_a_prompt(model):
    with pytest.raises(ValueError, match="'ł' at 2, '€' at 4"):
        model.generate("abłc€")
    assert model.generate("abłc€", 0, unknown="skip") == "abc"
    with pytest.raises(ValueError, match="unk=True"):
        model.generate("abłc€", 0, unknown="replace")


def test_shapes_of_all_kinds_bring_no_warning(monkeypatch):
    """TensorFlow would warn of a function that is traced anew and anew."""
    records = []
    logger = logging.getLogger("tensorflow")
    monkeypatch.setattr(logger, "handle", records.append)
    abc = alphabet()
    for rows in range(1, 7):
        abc.generate(["a"] * rows, 2, seed=1, banned="b" * (rows % 2))
    assert [record.getMessage() for record in records] == []


def test_a_sampler_that_runs_out_of_characters_says_where(abc):
    class Until(kc.Sampler):
        """Draws the likeliest, until that is a q."""

        def restrict(self, logits, numbers):
            q = np.arange(logits.shape[-1]) == 16
            likeliest = logits >= 0
            return keras.ops.where(
                keras.ops.logical_and(likeliest, ~q), logits, -float("inf")
            )

    assert abc.generate("l", 4, sampler=Until()) == "lmnop"
    with pytest.raises(ValueError, match=r"Until\(\) left no character .* position 4"):
        abc.generate(["c", "l"], 8, sampler=Until())
    with pytest.raises(ValueError, match="position 14 "):
        list(abc.stream("b", 30, sampler=Until()))


def test_a_sampler_restricts_at_temperature_0(abc):
    class Vowels(kc.Sampler):
        """Draws from a, e, i, o and u."""

        def restrict(self, logits, numbers):
            mask = np.isin(np.arange(logits.shape[-1]), [0, 4, 8, 14, 20])
            return keras.ops.where(mask, logits, -float("inf"))

    for temperature in (0, 1e-9, 1e-3):
        assert abc.generate("d", 2, temperature, sampler=Vowels(), seed=1)[:2] == "de"
        assert set(abc.generate("d", 9, temperature, sampler=Vowels())) <= set("daeiou")


def test_characters_that_are_several_can_not_be_told_apart():
    text = "e\u0301te\u0301 hello " * 9
    model = kc.CharRNN(kc.Vocabulary.from_text(text, normalize="NFD"), 4)
    for name in ("banned", "allowed"):
        with pytest.raises(
            ValueError, match=f"{name} holds 'é', .* several characters"
        ):
            model.generate("h", 5, **{name: "é"})
    assert "\u0301" not in model.generate("h", 99, banned="\u0301", seed=1)
    assert set(model.generate("h", 50, allowed="eh", seed=1)) == set("eh")
    model = kc.CharRNN(kc.Vocabulary.bytes(), 4)
    with pytest.raises(ValueError, match=r"'é', which is several .* 'Ã', '©'"):
        model.generate("h", 5, banned="aé")


def test_the_end_of_a_document_is_not_banned():
    names = kc.Corpus.from_documents(["anna", "otto"])
    model = kc.CharRNN(names.vocabulary, 4)
    with pytest.raises(ValueError, match=r"end of a document\. .* min_length"):
        model.generate(length=5, banned=names.vocabulary.end)


def test_nothing_written_has_no_score(abc):
    text, score = abc.generate("a", 9, stop="b", return_scores=True)
    assert (text, np.isnan(score)) == ("a", True)


def test_a_temperature_may_be_a_tensor(model):
    half = model.generate("The ", 20, 0.5, seed=1)
    assert model.generate("The ", 20, np.array(0.5), seed=1) == half
    constant = keras.optimizers.schedules.PolynomialDecay(0.5, 9, 0.5)
    assert model.generate("The ", 20, constant, seed=1) == half


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"temperature": -0.1}, "temperature is a number from 0 on; it is -0.1"),
        ({"temperature": float("nan")}, "temperature is a number from 0 on"),
        ({"length": -1}, "length is a number of characters"),
        ({"length": 2.5}, "length is a number of characters"),
        ({"seed": -1}, "seed is an integer from 0 on"),
        ({"seed": "x"}, "seed is an integer from 0 on"),
    ],
)
def test_bad_arguments(model, arguments, message):
    with pytest.raises(ValueError, match=message):
        model.generate("The ", **arguments)


def test_a_vocabulary_without_line_ends_can_start_from_nothing():
    model = kc.CharRNN(kc.Vocabulary("xyz"), 4)
    assert len(model.generate("", 10)) == 10


def test_what_a_session_was_fed_counts_as_said(model):
    settings = {"length": 40, "dry_multiplier": 9.0, "dry_allowed_length": 2}
    settings |= {"seed": 1, "temperature": 0.3}
    whole = model.session("The class").generate(**settings)
    assert model.session("The").feed(" class").generate(**settings) == whole
