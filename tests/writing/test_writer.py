"""What a writer can set, sessions, and what a model thinks of a text."""

import keras
import numpy as np
import pytest

import keras_charrnn as kc
from keras_charrnn import samplers
from keras_charrnn.writing.rules import CHUNK, SHORT_CHUNK
from keras_charrnn.writing.session import PIECE
from tests.helpers import alphabet, crossentropy, reference_logits


@pytest.fixture(scope="module")
def abc():
    return alphabet()


def test_the_fake_model_writes_the_alphabet(abc):
    assert abc.generate("x", 6) == "xyzabcd"
    for name in samplers.SAMPLERS:
        assert abc.generate("x", 6, sampler=name, seed=1) == "xyzabcd"


# Rows and seeds


def test_with_a_seed_for_each_prompt_a_row_writes_what_it_writes_alone(model):
    prompts = ["The ", "class", "", "if x"]
    each = model.generate(prompts, 150, seed=[3, 4, 5, 3])
    assert each == [
        model.generate(p, 150, seed=s) for p, s in zip(prompts, (3, 4, 5, 3))
    ]
    assert each[0][4:] != each[3][4:]
    samples = model.generate(prompts[:2], 40, seed=[3, 4], num_samples=3)
    assert samples[1][0] == model.generate("class", 40, seed=4)
    assert samples[1] == model.generate(["class"], 40, seed=[4], num_samples=3)[0]


def test_with_one_seed_the_same_call_gives_the_same_texts(model):
    prompts = ["The ", "The ", "", "if x"]
    texts = model.generate(prompts, 150, seed=3)
    assert texts == model.generate(prompts, 150, seed=3)
    assert texts != model.generate(prompts, 150, seed=4)
    # One prompt twice gets two texts.
    assert len(set(texts)) == 4
    # Two chunks and a part of one begin as one chunk does.
    short = model.generate(prompts, 9, seed=3)
    assert [text.startswith(s) for text, s in zip(texts, short)] == [True] * 4


def test_samples_differ(model):
    texts = model.generate("The ", 80, seed=1, num_samples=64)
    assert len(set(texts)) == 64
    assert texts == model.generate("The ", 80, seed=1, num_samples=64)
    assert not set(texts) & set(model.generate("The ", 80, seed=2, num_samples=64))


def test_rows_draw_independently(abc):
    """From the whole alphabet; neighbours in row or position are alike by chance."""
    drawn = abc.generate("a", 200, np.inf, seed=1, num_samples=40, strip_prompt=True)
    ids = np.array([list(map(ord, text)) for text in drawn])
    letters, count = len(abc.vocabulary), ids.size
    for pair in (
        (ids[1:], ids[:-1]),
        (ids[:, 1:], ids[:, :-1]),
        (ids[1:, 1:], ids[:-1, :-1]),
    ):
        alike = (pair[0] == pair[1]).mean()
        assert abs(alike - 1 / letters) < 4 * np.sqrt(1 / letters / count)


def test_rows_that_have_ended_leave_the_batch(monkeypatch):
    """Of 40 documents, each ends by itself; the batch shrinks to powers of two."""
    vocabulary = kc.Vocabulary(map(chr, range(97, 157)), end=True)
    model = kc.CharRNN(vocabulary, 8, embedding_dim=4)
    sizes = []
    write = model.engine.write

    def counted(passage, *rest):
        sizes.append(len(passage.recent))
        return write(passage, *rest)

    monkeypatch.setattr(model.engine, "write", counted)
    how = {"length": 400, "temperature": 50.0}
    texts = model.generate("", seed=1, num_samples=40, **how)
    assert sizes[0] == 40
    assert sizes == sorted(sizes, reverse=True)
    assert {size for size in sizes[1:] if size < 40} <= {32, 16, 8, 4, 2, 1}
    assert min(sizes) < 32
    assert len({len(text) for text in texts}) > 1
    assert texts == model.generate("", seed=1, num_samples=40, **how)
    # With a stream for each, neighbours that leave change nothing.
    prompts, seeds = ["a", "b", "", "c", "ab"], [4, 5, 6, 7, 8]
    each = model.generate(prompts, seed=seeds, **how)
    assert each == [model.generate(p, seed=s, **how) for p, s in zip(prompts, seeds)]
    warm = model.generate(["a"], 90, [50, 40.0], seed=[3], min_length=5)[0]
    assert warm == [
        model.generate("a", 90, t, seed=3, min_length=5) for t in (50, 40.0)
    ]


def test_a_list_of_temperatures_gives_a_text_for_each(model):
    texts = model.generate("The ", 60, [0, 0.5, 2.0], seed=1)
    assert texts[0] == model.generate("The ", 60, 0)
    # The temperatures draw differently, so that warm texts are no copies of each other.
    alike = model.generate("The ", 60, [0.5, 0.5], seed=1)
    assert alike[0] != alike[1]
    nested = model.generate(["a", "b"], 9, [0.5, 1], seed=[1, 2], num_samples=3)
    assert np.shape(nested) == (2, 2, 3)
    alone = model.generate(["b"], 9, 0.5, seed=[2], num_samples=3)
    assert nested[1][0] == alone[0]


def test_a_temperature_may_be_a_function_of_the_position(model):
    length = CHUNK + 30
    greedy = model.generate("The ", length, 0)
    assert model.generate("The ", length, lambda i: 0.0, seed=1) == greedy
    late = model.generate("The ", length, lambda i: 0 if i < CHUNK + 9 else 5, seed=1)
    assert late[: 4 + CHUNK + 9] == greedy[: 4 + CHUNK + 9]
    assert late != greedy
    with pytest.raises(ValueError, match="at position 7 the function returned -1"):
        model.generate("The ", 20, lambda i: -1 if i == 7 else 1)


# What may be written


def test_banned_and_allowed_characters(model):
    hot = model.generate("The ", 300, 3.0, seed=1, strip_prompt=True)
    assert set("aeiou") & set(hot)
    text = model.generate("The ", 300, 3.0, seed=1, banned="aeiou", strip_prompt=True)
    assert len(text) == 300
    assert not set("aeiou") & set(text)
    text = model.generate("The ", 300, np.inf, seed=1, allowed="xyz", strip_prompt=True)
    assert set(text) == set("xyz")
    greedy = model.generate("The ", 50, 0, allowed="xyz", strip_prompt=True)
    assert set(greedy) <= set("xyz")
    text = model.generate("a", 50, allowed="xyz", banned="xy", strip_prompt=True)
    assert text == "z" * 50


def test_a_setting_that_leaves_no_character(model):
    with pytest.raises(ValueError, match="leave no character"):
        model.generate("a", 5, allowed="ab", banned="abc")


# Where writing ends


def test_a_stop_text_ends_the_writing(abc):
    assert abc.generate("a", 50, stop="h") == "abcdefg"
    assert abc.generate("a", 50, stop="h", keep_stop=True) == "abcdefgh"
    assert abc.generate("a", 50, stop=["xyz", "gh", "hi"]) == "abcdef"
    assert abc.generate("a", 9, stop="xyz") == "abcdefghij"
    assert abc.generate(["a", "t"], 99, stop="uv") == ["abcdefghijklmnopqrst", "t"]


@pytest.mark.parametrize("size", [1, 2, 30, 200])
@pytest.mark.parametrize(
    "end", [SHORT_CHUNK, SHORT_CHUNK + 1, SHORT_CHUNK + 29, 2 * SHORT_CHUNK, 300]
)
def test_a_stop_text_is_found_across_the_border_of_chunks(abc, size, end):
    start = max(0, end - size)
    whole = "abcdefghijklmnopqrstuvwxyz" * 20  # what is written after "z"
    stop = whole[start:end]
    for keep, kept in ((False, start), (True, end)):
        text = abc.generate("z", 400, stop=stop, min_length=kept, keep_stop=keep)
        assert text == "z" + whole[:kept]


def test_a_minimal_length_goes_on_past_a_stop(abc):
    assert abc.generate("z", 90, stop="c", min_length=3) == "z" + "abc" + (
        "defghijklmnopqrstuvwxyzab"
    )
    assert abc.generate("z", 90, stop="c", min_length=2) == "zab"
    assert abc.generate("z", 90, stop="c", min_length=3, keep_stop=True) == "zabc"


# Streams


@pytest.mark.parametrize("length", [0, 1, PIECE, PIECE + 1, CHUNK + 5])
def test_a_stream_is_the_text(model, length):
    pieces = list(model.stream("The ", length, 0.8, seed=5))
    assert all(pieces)
    text = model.generate("The ", length, 0.8, seed=5, strip_prompt=True)
    assert "".join(pieces) == text


def test_a_stream_hands_out_nothing_of_a_stop_text(abc):
    for stop in ("cd", "cdefghijklmnopqrstuvwxyzab", "fgh"):
        for keep in (False, True):
            settings = {"stop": stop, "keep_stop": keep}
            text = abc.generate("z", 99, strip_prompt=True, **settings)
            pieces = list(abc.stream("z", 99, **settings))
            assert "".join(pieces) == text


def test_closing_a_stream_stops_the_work(model, monkeypatch):
    session = model.session("The ")
    written = []
    write = model.engine.write

    def counted(*arguments):
        written.append(arguments[3])
        return write(*arguments)

    monkeypatch.setattr(model.engine, "write", counted)
    stream = session.stream(10_000, seed=1)
    first = next(stream)
    stream.close()
    assert sum(written) == len(first) == PIECE
    assert session.text == "The " + first


# Sessions


def probabilities(model, text):
    logits = reference_logits(model, model.vocabulary.encode(text)[None])[0][0, -1]
    p = np.exp(logits - logits.max())
    return dict(zip(model.vocabulary.characters, p / p.sum()))


def test_a_session_reads_and_writes_by_turns(model, docs):
    session = model.session("The ")
    session.feed(docs[:CHUNK]).feed(docs[CHUNK : 3 * CHUNK + 7])
    more = session.generate(30, 0.8, seed=1)
    text = "The " + docs[: 3 * CHUNK + 7] + more
    assert session.text == text
    want = probabilities(model, text)
    got = session.next_probabilities()
    assert got == pytest.approx(want, abs=1e-5)
    assert list(got.values()) == sorted(got.values(), reverse=True)
    assert sum(got.values()) == pytest.approx(1)
    assert model.next_probabilities(text) == pytest.approx(want, abs=1e-5)


def test_a_session_reads_a_long_text(model, docs):
    session = model.session("T").feed(docs[:2500])
    assert session.next_probabilities() == pytest.approx(
        probabilities(model, "T" + docs[:2500]), abs=1e-4
    )


def test_a_session_writes_what_generate_writes(model):
    session = model.session("The ")
    assert session.generate(90, seed=2) == model.generate(
        "The ", 90, seed=2, strip_prompt=True
    )


def test_a_session_stands_where_its_text_ends(abc):
    session = abc.session("z")
    assert session.generate(99, stop="fg") == "abcde"
    assert session.generate(3) == "fgh"
    stream = session.stream(99)
    given = next(stream)
    stream.close()
    letters = "abcdefghijklmnopqrstuvwxyza"
    assert session.generate(1) == letters[letters.index(given[-1]) + 1]


def test_a_session_follows_an_open_stream_and_whatever_comes_next_closes_it(model):
    session = model.session("The ")
    stream = session.stream(300, seed=1)
    given = next(stream)
    assert session.text == "The " + given
    given += next(stream)
    assert session.feed("zz").text == "The " + given + "zz"
    assert list(stream) == []
    want = probabilities(model, session.text)
    assert session.next_probabilities() == pytest.approx(want, abs=1e-5)
    other = session.stream(300, seed=1)
    given = next(other)
    fork = session.fork()
    assert fork.text.endswith("zz" + given)
    assert list(other) == []
    more = session.generate(10, seed=2)
    assert session.text == fork.text + more


def test_a_fork_goes_its_own_way(model):
    one = model.session("The ")
    two = one.fork()
    a, b = one.generate(40, seed=1), two.generate(40, seed=2)
    assert a != b
    assert (one.text, two.text) == ("The " + a, "The " + b)
    assert two.fork().feed("x").text == two.text + "x"


def test_a_session_is_saved_and_loaded(model):
    session = model.session("The ")
    session.generate(33, seed=1)
    session.save("one.npz")
    again = model.session("x").load("one.npz")
    assert again.text == session.text
    assert again.generate(40, seed=9) == session.generate(40, seed=9)
    dry = {"dry_multiplier": 9.0, "dry_allowed_length": 2}
    assert again.generate(40, 0, **dry) == session.generate(40, 0, **dry)


def test_files_that_are_no_session(model, abc, tmp_path):
    session = model.session("The ")
    with pytest.raises(ValueError, match=r"ends in \.npz"):
        session.save("one.txt")
    with pytest.raises(FileNotFoundError, match=r"no file 'none\.npz'"):
        session.load("none.npz")
    (tmp_path / "text.npz").write_text("text")
    with pytest.raises(ValueError, match="it is no session's file"):
        session.load("text.npz")
    np.savez("other.npz", ids=np.zeros(3))
    with pytest.raises(ValueError, match="no session of such a model"):
        session.load("other.npz")
    small = kc.CharRNN(model.vocabulary, 8)
    small.session("a").save("small.npz")
    with pytest.raises(ValueError, match="a session of another model"):
        session.load("small.npz")
    assert session.text == "The "


# What the model thinks


def test_scores_are_those_of_numpy(model, docs):
    for length in (1, 2, 17, 1024, 1300):
        text, prompt = docs[9 : 9 + length], "def "
        ids = model.vocabulary.encode(prompt + text)
        logits, _ = reference_logits(model, ids[None, :-1])
        want = -crossentropy(logits, ids[None, 1:])[0][-length:]
        got = model.score(text, prompt)
        assert got.shape == (length,)
        np.testing.assert_allclose(got, want, atol=1e-4)
        bits = -want.mean() / np.log(2)
        assert model.bits_per_character(text, prompt) == pytest.approx(bits, abs=1e-4)
        assert model.perplexity(text, prompt) == pytest.approx(2**bits, rel=1e-4)


def test_the_first_character_of_a_text_has_a_score(model):
    first = model.next_probabilities("")
    assert model.score("Th")[0] == pytest.approx(np.log(first["T"]), abs=1e-5)
    assert model.score("").shape == (0,)
    with pytest.raises(ValueError, match="no mean"):
        model.perplexity("")


def test_a_text_like_that_learned_is_likelier(model, docs):
    shuffled = "".join(np.random.default_rng(1).permutation(list(docs[:300])))
    assert model.bits_per_character(docs[:300]) < model.bits_per_character(shuffled) - 1


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"sampler": "topk"}, ValueError, "no sampler 'topk'"),
        ({"sampler": 3}, TypeError, "a name or a Sampler"),
        ({"dry_multiplier": -1}, ValueError, "dry_multiplier is a number from 0"),
        ({"dry_multiplier": float("nan")}, ValueError, "dry_multiplier is a number"),
        ({"dry_base": 0.5}, ValueError, "dry_base is a number from 1 to 1,000,000"),
        ({"dry_allowed_length": 0}, ValueError, "characters, 1 to 200; it is 0"),
        ({"dry_allowed_length": 2.5}, ValueError, "characters, 1 to 200; it is 2.5"),
        ({"stop": ""}, ValueError, "of one character or more"),
        ({"stop": ["a", ""]}, ValueError, "of one character or more"),
        ({"stop": [1]}, ValueError, "of one character or more"),
        ({"stop": 5}, TypeError, "stop is a text or a list of texts; it is 5"),
        ({"temperature": []}, ValueError, "temperature is an empty list"),
        ({"temperature": lambda i: None}, ValueError, "position 0 .* returned None"),
        ({"num_samples": True}, ValueError, "num_samples is 1 or more"),
        ({"keep_stop": "no"}, TypeError, "keep_stop is True or False; it is 'no'"),
        ({"strip_prompt": 1}, TypeError, "strip_prompt is True or False; it is 1"),
        ({"return_scores": "no"}, TypeError, "return_scores is True or False"),
        ({"stop": ["a", "b日"]}, ValueError, "stop holds 'b日', .* never writes '日'"),
        ({"allowed": "ab日"}, ValueError, "allowed holds 'ab日', .* never writes '日'"),
        ({"banned": 3}, TypeError, "banned is a str of characters"),
        ({"min_length": -1}, ValueError, "min_length is a number of characters"),
        ({"min_length": 6}, ValueError, "min_length is 6, and length, .* is 5"),
        ({"num_samples": 0}, ValueError, "num_samples is 1 or more"),
        ({"seed": [1, 2]}, ValueError, "2 seeds for 1 prompts"),
        ({"temperature": "hot"}, ValueError, "temperature is a number from 0 on"),
        ({"temperature": [1, -1]}, ValueError, "it is -1"),
    ],
)
def test_bad_settings(model, arguments, error, message):
    with pytest.raises(error, match=message):
        model.generate("The ", 5, **arguments)


def test_a_stream_names_its_settings(model):
    with pytest.raises(TypeError, match="stream has no setting 'num_samples'; it has"):
        model.stream("a", 5, num_samples=2)
    with pytest.raises(TypeError, match="generate has no setting 'bogus'"):
        model.session("a").generate(5, bogus=1)
    with pytest.raises(ValueError, match="seed is an integer"):
        model.stream("a", 5, seed=[1])


def test_arrays_are_lists(model):
    texts = model.generate(np.array(["a", "b"]), 5, seed=np.array([5, 6]))
    assert texts == model.generate(["a", "b"], 5, seed=[5, 6])
    assert model.generate("a", 5, np.float32(0.5), seed=1, stop=None) == model.generate(
        "a", 5, 0.5, seed=1
    )


def test_a_model_that_has_diverged():
    model = kc.CharRNN(kc.Vocabulary("abc"), 4)
    model.set_weights([w * np.nan for w in model.get_weights()])
    for settings in ({"seed": 1}, {"temperature": 0}, {"sampler": "beam"}):
        with pytest.raises(ValueError, match="logits are not finite"):
            model.generate("a", 5, **settings)
    with pytest.raises(ValueError, match="logits are not finite"):
        model.next_probabilities("a")


def test_nothing_that_a_user_changes_compiles_anew(abc):
    """Only another number of rows, or another kind of sampler, makes a new loop."""
    calls = []
    step = abc.step

    def traced(*arguments):
        calls.append(1)
        return step(*arguments)

    abc.step = traced
    try:
        abc.__dict__.pop("engine", None)
        abc.generate("a", 20, sampler=samplers.TopKSampler(3), seed=1)
        compiled = len(calls)
        abc.generate("b", 131, 0.5, sampler=samplers.TopKSampler(9), seed=2)
        list(abc.stream("c", 40, 2.0, sampler="top_k"))
        if keras.backend.backend() != "torch":  # nothing is compiled there
            assert len(calls) == compiled
        assert set(abc.engine._write) == {samplers.TopKSampler}
    finally:
        abc.step = step
        abc.__dict__.pop("engine", None)
