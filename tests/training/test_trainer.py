import keras
import numpy as np
import pytest

import keras_charrnn as kc
from tests.helpers import REFERENCES, crossentropy, numpy, reference_logits, small

CELLS = list(REFERENCES)


def still(model, **kwargs):
    """Compile a model so that training moves no weight."""
    model.compile(keras.optimizers.SGD(0.0), **kwargs)
    return model


def plain(docs, **kwargs):
    """A model where any will do: the one that compiles fastest."""
    return small(docs[:8000], cell="rnn", **kwargs)


@pytest.fixture(scope="module")
def resting(docs):
    """Compiled once for all tests that train it on streams: its weights stand still."""
    return still(small(docs[:8000]))


def arrays(state):
    return [numpy(s) for s in keras.tree.flatten(state)]


@pytest.mark.parametrize("eager", [False, True])
@pytest.mark.parametrize("cell", CELLS)
def test_two_half_steps_are_one_double_step(docs, cell, eager):
    """The state is carried: same loss, same states, and those of NumPy."""
    text = docs[: 4 * 40 + 1]
    model = small(docs[:8000], cell=cell, layers=2)
    still(model, metrics=[], run_eagerly=eager)
    corpus = kc.Corpus.from_text(text, model.vocabulary)
    losses, states = [], []
    for length in (40, 20):
        batches = kc.StreamBatches(corpus, batch_size=4, sequence_length=length)
        steps = [model.train_on_batch(*batch) for batch in batches]
        assert len(steps) == 40 // length
        losses.append(np.mean(steps))
        states.append(arrays(model.carried_state))
    inputs, targets, _ = kc.StreamBatches(corpus, 4, 40)[0]
    logits, state = reference_logits(model, inputs["ids"])
    assert losses == pytest.approx([crossentropy(logits, targets).mean()] * 2, abs=1e-5)
    for double, half, reference in zip(*states, keras.tree.flatten(state)):
        np.testing.assert_allclose(half, double, atol=1e-5)
        np.testing.assert_allclose(half, reference, atol=1e-5)
        assert abs(half).max() > 1e-3


@pytest.mark.parametrize("cell", CELLS)
def test_fit_carries_the_state_to_the_end_of_the_text(docs, cell):
    text = docs[:1025]
    model = still(small(docs[:8000], cell=cell), metrics=[])
    model.fit(text, batch_size=4, sequence_length=32, epochs=2, verbose=0)
    inputs, _, _ = kc.StreamBatches(
        kc.Corpus.from_text(text, model.vocabulary), 4, 256
    )[0]
    _, state = reference_logits(model, inputs["ids"])
    for mine, reference in zip(arrays(model.carried_state), keras.tree.flatten(state)):
        np.testing.assert_allclose(mine, reference, atol=1e-5)


def test_an_epoch_starts_from_the_empty_state(docs, resting):
    """With weights that stand still, every epoch has the same loss."""
    losses = resting.fit(docs[:3000], epochs=3, verbose=0).history["loss"]
    assert losses == pytest.approx([losses[0]] * 3, abs=1e-6)


def test_the_loss_counts_every_character_once(docs):
    """Also where the last batch is only partly filled, and for any batch size."""
    text = docs[5000:6234]
    model = still(plain(docs))
    ids = model.vocabulary.encode(text).astype("int32")
    logits, _ = reference_logits(model, ids[None, :-1])
    nats = crossentropy(logits, ids[None, 1:])
    right = (logits.argmax(-1) == ids[1:]).mean()
    for length in (7, 100, 1233):
        got = model.evaluate(
            text, batch_size=1, sequence_length=length, verbose=0, return_dict=True
        )
        assert got["loss"] == pytest.approx(nats.mean(), abs=1e-5)
        assert got["bits_per_character"] == pytest.approx(
            nats.mean() / np.log(2), abs=1e-5
        )
        assert got["accuracy"] == pytest.approx(right, abs=1e-6)


def test_training_validation_and_writing_leave_each_other_alone(docs):
    text = docs[:3000]
    model = still(plain(docs), metrics=[])
    model.fit(text[:2000], batch_size=4, verbose=0)
    carried = arrays(model.carried_state)
    first = model.evaluate(text[2000:], batch_size=4, verbose=0)
    model.generate("The ", 30)
    assert model.evaluate(text[2000:], batch_size=4, verbose=0) == pytest.approx(first)
    model.evaluate(text, batch_size=2, verbose=0)
    for before, after in zip(carried, arrays(model.carried_state)):
        np.testing.assert_array_equal(before, after)


def test_validation_in_fit_is_evaluation(docs):
    text = docs[:8000]
    model = plain(docs)
    model.compile("sgd")
    history = model.fit(text, epochs=2, validation_split=0.25, verbose=0).history
    got = model.evaluate(text[6000:], batch_size=16, verbose=0, return_dict=True)
    for name in ("loss", "bits_per_character", "accuracy", "perplexity"):
        assert history[f"val_{name}"][-1] == pytest.approx(got[name], rel=1e-5)


def test_the_batch_size_is_free(docs):
    text = docs[:1000]
    model = still(plain(docs), metrics=[])
    weights = len(model.get_weights())
    for batch_size in (2, 5, 2):
        model.fit(text, batch_size=batch_size, verbose=0)
        assert arrays(model.carried_state)[0].shape == (batch_size, 16)
    assert len(model.get_weights()) == weights
    model.save("m.keras")
    again = keras.saving.load_model("m.keras")
    assert again.carried_state == ()
    again.fit(text, batch_size=3, verbose=0)


def test_training_on_real_text_learns_what_letters_follow(docs):
    """It beats the best guess that knows only how often each letter comes."""
    text = docs[:20_000]
    model = small(text, units=64, embedding_dim=32)
    history = model.fit(text, epochs=8, validation_split=0.1, verbose=0).history
    letters = np.bincount(model.vocabulary.encode(text)) / len(text)
    best_guess = -(letters * np.log(letters)).sum()
    assert history["loss"][-1] < best_guess - 0.5
    assert history["val_loss"][-1] < best_guess - 0.3
    assert history["val_loss"][-1] < history["val_loss"][0]


def test_every_form_of_a_text_gives_the_same_loss(docs, resting, tmp_path):
    text = docs[:3001]
    half = [tmp_path / "a.txt", tmp_path / "b.txt"]
    for path, part in zip(half, (text[:1500], text[1500:])):
        path.write_text(part, encoding="utf-8", newline="")
    whole = tmp_path / "whole.txt"
    whole.write_text(text, encoding="utf-8", newline="")
    corpus = kc.Corpus.from_text(text, resting.vocabulary)
    forms = [text, whole, half, corpus, kc.StreamBatches(corpus)]
    losses = [resting.fit(form, verbose=0).history["loss"][0] for form in forms]
    assert losses == pytest.approx([losses[0]] * len(forms), abs=1e-6)


def test_arrays_train_as_in_keras_without_a_carried_state(docs):
    model = still(plain(docs), metrics=[])
    ids = model.vocabulary.encode(docs[:4000]).astype("int32")
    x = np.stack([ids[i : i + 20] for i in range(0, 3900, 60)])
    y = np.stack([ids[i + 1 : i + 21] for i in range(0, 3900, 60)])
    expected = crossentropy(reference_logits(model, x)[0], y).mean()
    for given in ({"x": x, "y": y}, {"x": (x, y)}):
        got = model.fit(**given, verbose=0).history["loss"][0]
        assert got == pytest.approx(expected, abs=1e-5)
    assert model.carried_state == ()


def test_sample_weights_weigh(docs):
    model = still(plain(docs), metrics=[])
    ids = model.vocabulary.encode(docs[:401]).astype("int32")
    x, y = ids[:-1].reshape(4, 100), ids[1:].reshape(4, 100)
    weights = np.zeros((4, 100), "float32")
    weights[1] = 0.5
    nats = crossentropy(reference_logits(model, x)[0], y)
    got = model.evaluate(x, y, sample_weight=weights, verbose=0)
    assert got == pytest.approx(nats[1].mean(), abs=1e-5)


def test_a_batch_in_which_nothing_counts_does_no_harm(docs):
    model = plain(docs)
    model.compile("sgd")
    ids = model.vocabulary.encode(docs[:400]).reshape(4, 100)
    before = model.get_weights()
    nothing = np.zeros((4, 100), "float32")
    assert model.train_on_batch(ids, ids, nothing)[0] == 0
    for old, new in zip(before, model.get_weights()):
        np.testing.assert_array_equal(old, new)


def test_the_loss_by_its_name_takes_logits(docs):
    model = plain(docs)
    ids = model.vocabulary.encode(docs[:2000])[None]
    want = crossentropy(reference_logits(model, ids[:, :-1])[0], ids[:, 1:]).mean()
    model.compile("sgd", loss="sparse_categorical_crossentropy", metrics=[])
    assert model.evaluate(docs[:2000], verbose=0) == pytest.approx(want, abs=1e-6)


@pytest.mark.parametrize("metrics", ["accuracy", ["accuracy"], []])
def test_metrics_are_given_as_in_keras(docs, metrics):
    model = still(plain(docs), metrics=metrics)
    got = model.evaluate(docs[:2000], verbose=0, return_dict=True)
    assert set(got) == ({"loss", "accuracy"} if metrics else {"loss"})


@pytest.mark.filterwarnings("ignore:`shuffle=True` was passed")
def test_streams_from_a_generator_are_refused(docs):
    model = plain(docs)
    batches = kc.StreamBatches(kc.Corpus.from_text(docs[:2000], model.vocabulary))
    with pytest.raises(ValueError, match="does not tell how many streams"):
        model.fit((b for b in batches), steps_per_epoch=1, verbose=0)


@pytest.mark.parametrize("x", [None, b"bytes", ["a.txt", "b.txt"]])
def test_what_is_no_text(x):
    with pytest.raises(TypeError, match="str"):
        small("abc").fit(x, verbose=0)


def test_a_frozen_model_can_be_fitted(docs):
    model = plain(docs)
    model.trainable = False
    before = model.get_weights()
    model.fit(docs[:2000], verbose=0)
    for old, new in zip(before, model.get_weights()):
        np.testing.assert_array_equal(old, new)


def test_a_step_before_compile_compiles(docs):
    model = plain(docs)
    ids = model.vocabulary.encode(docs[:400]).reshape(4, 100)
    assert model.train_on_batch(ids, ids)[0] > 0


@pytest.mark.parametrize("cell", CELLS)
def test_mixed_bfloat16_trains_and_writes(docs, cell):
    text = docs[:8000]
    model = small(text, cell=cell, dtype="mixed_bfloat16")
    model.compile(keras.optimizers.Adam(0.01))
    assert keras.backend.standardize_dtype(model.initial_state(1)[0][0].dtype) == (
        "bfloat16"
    )
    losses = model.fit(text, epochs=3, verbose=0).history["loss"]
    assert losses[-1] < losses[0] - 0.3
    assert {w.dtype for w in model.weights} == {"float32"}
    assert len(model.generate("The ", 20)) == 24


def test_run_eagerly(docs, resting):
    text = docs[:3000]
    eager = kc.CharRNN.from_config(resting.get_config())
    eager.set_weights(resting.get_weights())
    still(eager, run_eagerly=True)
    losses = [m.fit(text, verbose=0).history["loss"][0] for m in (resting, eager)]
    assert losses[0] == pytest.approx(losses[1], abs=1e-5)


def test_keras_callbacks_and_arguments_keep_their_meaning(docs):
    text = docs[:6000]
    model = plain(docs)
    model.compile("adam", metrics=[])
    seen = []

    class Watch(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            seen.append(sorted(logs))

    history = model.fit(
        text,
        epochs=9,
        steps_per_epoch=2,
        validation_data=docs[:2000],
        validation_steps=1,
        verbose=0,
        callbacks=[
            Watch(),
            keras.callbacks.ModelCheckpoint("best.keras", save_best_only=True),
            keras.callbacks.EarlyStopping("val_loss", patience=1, min_delta=9),
        ],
    )
    assert seen == [["loss"]] * 4
    assert len(history.history["val_loss"]) == 2
    assert keras.saving.load_model("best.keras").vocabulary == model.vocabulary


def test_predict_and_batches_as_input(docs):
    text = docs[:600]
    model = small(docs[:8000])
    batches = kc.StreamBatches(kc.Corpus.from_text(text, model.vocabulary), 4, 10)
    ids = batches[0][0]["ids"]
    want = reference_logits(model, ids)[0]
    np.testing.assert_allclose(model.predict(ids, verbose=0), want, atol=1e-5)


def test_streams_are_not_shuffled(docs):
    with pytest.raises(ValueError, match="tear the streams"):
        plain(docs).fit(docs[:2000], shuffle=True, verbose=0)


def test_an_unknown_character_in_the_training_text(docs):
    model = small("plain text " * 200, cell="rnn")
    model.compile("sgd", metrics=[])
    with pytest.raises(ValueError, match="'é' at 2"):
        model.fit("piéta" * 100, verbose=0)
    model.fit("piéta" * 500, unknown="skip", verbose=0)


def test_another_vocabulary_is_an_error(docs):
    with pytest.raises(ValueError, match="ids mean different characters"):
        small("abc" * 500).fit(kc.Corpus.from_text("xyz" * 500), verbose=0)


@pytest.mark.parametrize("text", ["", "a"])
def test_a_text_with_nothing_to_predict(text):
    with pytest.raises(ValueError, match="at least 2"):
        small("ab").fit(text, verbose=0)


def test_a_short_text_shrinks_the_batch_and_says_so():
    model = small("abcab", cell="rnn")
    model.compile("sgd", metrics=[])
    with pytest.warns(UserWarning, match="batch_size=1 and sequence_length=4"):
        model.fit("abcab", verbose=0)


@pytest.mark.filterwarnings("ignore:`shuffle=True` was passed")
def test_an_unknown_number_of_batches_needs_an_optimizer(docs):
    model = plain(docs)
    ids = np.zeros((2, 5), "int32")
    with pytest.raises(ValueError, match="Pass steps_per_epoch"):
        model.fit(((ids, ids) for _ in range(3)), verbose=0)
    model.fit(((ids, ids) for _ in range(9)), steps_per_epoch=2, verbose=0)


def test_a_short_text_is_evaluated_without_a_word(docs):
    """A warning would fail this test."""
    model = still(plain(docs), metrics=[])
    model.fit(docs[:3000], validation_data=docs[:100], verbose=0)
    whole = model.evaluate(docs[:100], batch_size=1, verbose=0)
    assert model.evaluate(docs[:100], verbose=0) == pytest.approx(whole, abs=1e-5)


def test_several_steps_per_execution_carry_the_state(docs):
    """Seven batches, three to an execution: the last execution is short."""
    corpus = kc.Corpus.from_text(docs[: 4 * 8 * 7 + 1])
    if keras.backend.backend() == "torch":
        model = kc.CharRNN(corpus.vocabulary, 8)
        model.compile("sgd", steps_per_execution=3)
        with pytest.raises(ValueError, match="`steps_per_execution` must be 1"):
            model.fit(kc.StreamBatches(corpus, 4, 8), verbose=0)
        return
    ends = []
    for steps in (1, 3):
        keras.utils.set_random_seed(3)
        model = kc.CharRNN(corpus.vocabulary, 8, "rnn", embedding_dim=4, dropout=0)
        model.compile("sgd", metrics=[], steps_per_execution=steps)
        history = model.fit(kc.StreamBatches(corpus, 4, 8), epochs=2, verbose=0)
        ends.append([*model.get_weights(), *arrays(model.carried_state)])
        assert int(model.optimizer.iterations) == 14
        assert len(history.history["loss"]) == 2
    for one, three in zip(*ends):
        np.testing.assert_allclose(three, one, atol=1e-6)
    assert abs(ends[1][-1]).max() > 1e-3
