"""What `evaluate` measures, beside a reference in NumPy."""

import keras
import numpy as np
import pytest

import keras_charrnn as kc
from tests.helpers import numpy


@pytest.fixture(scope="module")
def text(docs):
    return docs[5000:6234]


@pytest.fixture(scope="module")
def small(text):
    model = kc.CharRNN(kc.Vocabulary.from_text(text), units=16, embedding_dim=4)
    # Larger weights than a new model has, so that a wrong state shows.
    for weight in model.trainable_weights:
        weight.assign(np.random.default_rng(1).normal(0, 0.6, weight.shape))
    return model


def nats(model, ids):
    """The losses of rows (N, T + 1), each read from the empty state: (N * T,)."""
    logits = numpy(model(ids[:, :-1].astype("int32"))).astype(np.float64)
    logp = logits - np.log(np.exp(logits).sum(-1, keepdims=True))
    return -np.take_along_axis(logp, ids[:, 1:, None].astype(int), -1).ravel()


def figures(model, text, **protocol):
    return model.evaluate(text, verbose=0, return_dict=True, **protocol)


def test_carried_reads_the_text_as_one_stream(small, text):
    want = nats(small, small.vocabulary.encode(text)[None]).mean()
    for sizes in ({}, {"sequence_length": 7}):
        got = figures(small, text, **sizes)
        assert got["loss"] == pytest.approx(want, abs=1e-5)
        assert got["bits_per_character"] == pytest.approx(want / np.log(2), abs=1e-5)
        assert got["perplexity"] == pytest.approx(np.exp(want), rel=1e-5)


@pytest.mark.parametrize("window", [1, 50, 5000])
def test_cold_reads_windows_that_follow_each_other(small, text, window):
    ids = small.vocabulary.encode(text)
    whole = (len(ids) - 1) // window
    places = np.arange(whole)[:, None] * window + np.arange(window + 1)
    rest = ids[None, whole * window :]
    rows = [r for r in (ids[places], rest) if len(r) and r.shape[1] > 1]
    want = np.concatenate([nats(small, r) for r in rows])
    assert len(want) == len(ids) - 1
    for rows in (None, 3):
        got = figures(small, text, protocol="cold", window=window, batch_size=rows)
        assert got["loss"] == pytest.approx(want.mean(), abs=1e-5)


def test_validation_has_a_perplexity_and_training_none(small, text):
    model = kc.CharRNN(small.vocabulary, 8, "rnn")
    model.compile("sgd")
    history = model.fit(
        text, batch_size=4, validation_split=0.2, epochs=2, verbose=0
    ).history
    np.testing.assert_allclose(
        history["val_perplexity"], np.exp(history["val_loss"]), rtol=1e-5
    )
    assert "perplexity" not in history


def test_a_model_that_begins_often_predicts_beginnings_better(docs):
    """Resets in training are what the cold protocol asks for."""
    text, held_out = docs[:60_000], docs[60_000:70_000]
    cold = {}
    model = kc.CharRNN(kc.Vocabulary.from_text(docs), 32, "rnn", embedding_dim=16)
    model.compile(keras.optimizers.Adam(0.01))
    model.optimizer.build(model.trainable_variables)
    variables = [*model.weights, *model.optimizer.variables]
    start = [numpy(variable).copy() for variable in variables]
    for resets in (0.0, 0.5):
        for variable, value in zip(variables, start):
            variable.assign(value)
        model.fit(text, epochs=2, sequence_length=32, resets=resets, verbose=0)
        protocol = {"protocol": "cold", "window": 4}
        cold[resets] = figures(model, held_out, **protocol)["loss"]
    assert cold[0.5] < cold[0.0] - 0.02


def test_dynamic_evaluation_predicts_first_and_learns_then(docs):
    model = kc.CharRNN(kc.Vocabulary.from_text(docs), 32, "rnn", dropout=0.5)
    model.fit(docs[:20_000], verbose=0)
    before = model.get_weights()
    # Nothing was learned before the first 32 predictions, and nothing is dropped.
    start = docs[20_000:20_033]
    first = figures(model, start, dynamic=True)
    assert first == pytest.approx(figures(model, start), rel=1e-5)
    # What comes again is easier the second time.
    for text, gain in ((docs[20_000:23_000], 0.05), (docs[20_000:20_200] * 20, 0.2)):
        still, moving = (figures(model, text, dynamic=d) for d in (False, True))
        assert moving["loss"] < still["loss"] - gain
        assert moving["perplexity"] == pytest.approx(np.exp(moving["loss"]), rel=1e-4)
        # Again it is the same, and a list has the same figures in the same order.
        again = model.evaluate(text, verbose=0, dynamic=True)
        assert again == list(moving.values())
        plain = model.evaluate(text, verbose=0)
        assert plain == pytest.approx([still[name] for name in moving])
    for weight, same in zip(model.get_weights(), before):
        np.testing.assert_array_equal(weight, same)


def test_dynamic_evaluation_is_of_one_continuous_text(small, text):
    documents = kc.Vocabulary.from_text(text, end=True)
    with pytest.raises(ValueError, match="dynamic=True is for one continuous text"):
        kc.CharRNN(documents, 8).evaluate(text.split(), dynamic=True)
    ids = small.vocabulary.encode(text)[None]
    with pytest.raises(ValueError, match="dynamic=True is for one continuous text"):
        small.evaluate(ids, ids, dynamic=True)
    for how in ({"protocol": "cold"}, {"batch_size": 4}, {"stride": 3}, {"steps": 2}):
        with pytest.raises(ValueError, match="takes unknown, verbose and return_dict"):
            small.evaluate(text, dynamic=True, **how)


def test_protocols_that_do_not_fit_are_refused(small, text):
    with pytest.raises(ValueError, match="protocol is 'carried' or 'cold'; it is 'ho"):
        small.evaluate(text, protocol="hot")
    with pytest.raises(ValueError, match="windows with a stride start from the empty"):
        small.evaluate(text, protocol="cold", stride=3)
    batches = kc.StreamBatches(kc.Corpus.from_text(text, small.vocabulary))
    with pytest.raises(ValueError, match="protocol='cold' is for a text"):
        small.evaluate(batches, protocol="cold")
    with pytest.raises(ValueError, match="window"):
        small.evaluate(text, protocol="cold", window=0)
    with pytest.raises(ValueError, match=r"resets=0.5 is for streams"):
        small.fit(text, stride=3, resets=0.5)
    for how in ({}, {"protocol": "cold"}, {"stride": 3}):
        with pytest.raises(ValueError, match="batch_size is a positive integer"):
            small.evaluate(text, batch_size=0, **how)
    with pytest.raises(TypeError, match="dynamic is True or False; it is 'no'"):
        small.evaluate(text, dynamic="no")
    with pytest.raises(ValueError, match="window=9 is for protocol='cold'"):
        small.evaluate(text, window=9)
    with pytest.raises(ValueError, match=r"resets=0.5 is for a text. Batches have it"):
        small.fit(batches, resets=0.5)


@pytest.mark.parametrize("wrong", [0, -1, 1.5, "3"])
def test_epochs_are_a_positive_integer(small, text, wrong):
    with pytest.raises(ValueError, match="epochs is a positive integer; it is"):
        small.fit(text, epochs=wrong)


def test_one_batch_is_evaluated_as_in_keras(small, text):
    ids = small.vocabulary.encode(text[:21])[None].astype("int32")
    figures = small.test_on_batch(ids[:, :-1], ids[:, 1:], return_dict=True)
    whole = small.evaluate(ids[:, :-1], ids[:, 1:], verbose=0, return_dict=True)
    assert figures["loss"] == pytest.approx(whole["loss"], rel=1e-5)
