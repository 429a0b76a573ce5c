"""Documents and windows, trained and written: what a model makes of them."""

from pathlib import Path

import keras
import numpy as np
import pytest

import keras_charrnn as kc
from keras_charrnn.batches import as_corpus
from tests.helpers import REFERENCES, crossentropy, numpy, reference_logits

WORDS = ["anna", "bo", "carlotta", "do", "eleonore", "f", "gustavadolfo"] * 4


def perplexed(cell="lstm", **arguments):
    corpus = kc.Corpus.from_documents(WORDS)
    model = kc.CharRNN(
        corpus.vocabulary, units=12, cell=cell, embedding_dim=6, dropout=0, **arguments
    )
    # Larger weights than a new model has, so that a wrong state shows.
    for weight in model.trainable_weights:
        weight.assign(np.random.default_rng(1).normal(0, 0.6, weight.shape))
    return model, corpus


def alone(model, word):
    """Nats of a document's characters and its end, from the empty state."""
    end = model.vocabulary.end_id
    ids = np.array([end, *model.vocabulary.encode(word), end])[None]
    return crossentropy(reference_logits(model, ids[:, :-1])[0], ids[:, 1:])[0]


@pytest.mark.parametrize("cell", REFERENCES)
def test_a_packed_document_has_the_loss_that_it_has_alone(cell):
    model, corpus = perplexed(cell)
    model.compile(metrics=[])
    expected = np.concatenate([alone(model, word) for word in WORDS]).mean()
    for rows, columns in ((4, 5), (1, 64), (16, 3)):
        found = model.evaluate(
            corpus, batch_size=rows, sequence_length=columns, verbose=0
        )
        assert found == pytest.approx(expected, rel=1e-5)
    assert -model.score("carlotta") == pytest.approx(
        alone(model, "carlotta")[:-1], rel=1e-4
    )


def test_packed_training_makes_the_step_of_the_documents_alone():
    """One step on all documents at once: its gradient is that of each alone."""
    model, corpus = perplexed()
    weights = model.get_weights()
    model.compile(keras.optimizers.SGD(1.0), metrics=[])
    rows, columns = 4, 200
    batches = kc.DocumentBatches(corpus, rows, columns, warn=False)
    assert len(batches) == 1
    model.fit(batches, verbose=0)
    packed = [after - before for after, before in zip(model.get_weights(), weights)]

    single, _ = perplexed()
    end = model.vocabulary.end_id
    longest = max(map(len, WORDS)) + 1
    ids = np.full((len(WORDS), longest + 1), end, np.int32)
    counted = np.zeros((len(WORDS), longest), np.float32)
    for row, word in enumerate(WORDS):
        ids[row, 1 : len(word) + 1] = model.vocabulary.encode(word)
        counted[row, : len(word) + 1] = 1
    single.compile(keras.optimizers.SGD(1.0), metrics=[])
    single.train_on_batch(ids[:, :-1], ids[:, 1:], sample_weight=counted)
    padded = [after - before for after, before in zip(single.get_weights(), weights)]

    # A batch pulls by the part of its places that count.
    part = len(corpus) / (rows * batches.sequence_length)
    scale = counted.mean() / part
    for mine, theirs in zip(packed, padded):
        np.testing.assert_allclose(mine * scale, theirs, rtol=2e-3, atol=2e-5)


def test_a_model_of_documents_writes_documents():
    keras.utils.set_random_seed(2)
    model = kc.CharRNN(kc.Corpus.from_documents(WORDS).vocabulary, units=48)
    model.fit(WORDS * 8, epochs=60, batch_size=4, sequence_length=32, verbose=0)
    written = model.generate(num_samples=40, seed=1)
    assert np.mean([word in WORDS for word in written]) > 0.8
    assert len(set(written)) > 3
    assert not any("\n" in word or model.vocabulary.end in word for word in written)
    # The beginning is given, and the end is found.
    assert model.generate("car", temperature=0) == "carlotta"
    assert "".join(model.stream("car", temperature=0)) == "lotta"
    session = model.session("car")
    assert session.generate(temperature=0) == "lotta"
    assert session.text == "carlotta"
    assert session.next_probabilities()[model.vocabulary.end] > 0.5
    # It has ended the document, and writes no more.
    assert session.ended
    assert session.fork().ended
    assert session.generate(20, seed=1) == session.generate(sampler="beam") == ""
    assert "".join(session.stream(20)) == ""
    session.save("ended.npz")
    assert model.session().load("ended.npz").ended
    assert not session.feed("d").ended
    beam = model.session("car")
    assert beam.generate(30, sampler="beam") == "lotta"
    assert beam.ended
    assert model.generate("car", sampler="beam", length=30) == "carlotta"
    assert len(model.generate(length=2, seed=1, min_length=2)) == 2
    long = model.generate(num_samples=9, min_length=14, length=20, seed=3)
    assert all(14 <= len(word) <= 20 for word in long)
    assert min(map(len, long)) < 20
    # What may be written never rules out the end.
    assert set(model.generate(allowed="a", seed=1, length=50)) <= {"a"}
    assert model.generate("carlott", banned="b", temperature=0) == "carlotta"


def test_a_score_has_the_end_in_it_and_a_beam_is_ranked_by_its_score():
    model, _ = perplexed()
    likely = (
        numpy(model.head.bias)
        + 2 * np.eye(len(model.vocabulary))[model.vocabulary.end_id]
    )
    model.head.bias.assign(likely)
    beam = kc.samplers.BeamSampler(5)
    found = model.generate(
        "an", 6, sampler=beam, num_samples=5, return_scores=True, strip_prompt=True
    )
    scores = [score for _, score in found]
    assert scores == sorted(scores, reverse=True)
    for text, score in [
        *found,
        *model.generate(
            "an", 6, num_samples=9, seed=1, return_scores=True, strip_prompt=True
        ),
    ]:
        nats = -alone(model, "an" + text)[2:]
        # A text that is as long as it may be has not been ended.
        nats = nats if len(text) < 6 else nats[:-1]
        assert score == pytest.approx(nats.mean(), rel=1e-4)
    assert any(len(text) < 6 for text, _ in found)


def test_a_text_of_bytes_is_written_in_pieces():
    keras.utils.set_random_seed(1)
    text = "日本😀é\n" * 60
    model = kc.CharRNN(kc.Vocabulary.bytes(), units=48)
    model.compile(keras.optimizers.Adam(0.01), metrics=[])
    model.fit(text, epochs=40, batch_size=4, sequence_length=26, verbose=0)
    session = model.session("日")
    pieces = [session.generate(1, temperature=0) for _ in range(11)]
    assert "".join(pieces) + session.rest == session.text[1:]
    assert "".join(pieces) == "本😀é\n"[: len("".join(pieces))] != ""
    whole = model.generate("日", 20, temperature=0, strip_prompt=True)
    assert "".join(model.stream("日", 20, temperature=0)) == whole
    assert model.generate("日", 30, temperature=0, stop="é").endswith("😀")
    for wrong in ({"banned": "è"}, {"allowed": "abc é"}):
        with pytest.raises(ValueError, match="which is several characters"):
            model.generate("日", 5, **wrong)
    assert "\n" not in model.generate("日", 40, temperature=0, banned="\n")


def test_documents_are_shuffled_anew_in_each_epoch_of_fit():
    seen = []

    class Spy(kc.DocumentBatches):
        def batch(self, index):
            seen[-1].append(super().batch(index)[1].tolist())
            return super().batch(index)

    class Epochs(keras.callbacks.Callback):
        def on_epoch_begin(self, epoch, logs=None):
            seen.append([])

    model, corpus = perplexed("rnn")
    model.compile("sgd", metrics=[])
    seen.append([])
    model.fit(Spy(corpus, 2, 8), epochs=2, verbose=0, callbacks=[Epochs()])
    first, second = seen[-2:]
    assert len(first) >= len(second) > 1
    assert first[-len(second) :] != second
    # A run that goes on has the order of the epoch that it goes on with.
    seen.append([])
    model.fit(
        Spy(corpus, 2, 8), initial_epoch=1, epochs=2, verbose=0, callbacks=[Epochs()]
    )
    assert seen[-1][-len(second) :] == second


@pytest.mark.parametrize("target", ["sequence", "next"])
def test_windows_are_read_each_from_the_empty_state(target):
    text = "".join(np.random.default_rng(0).choice(list("abcd"), 120))
    corpus = kc.Corpus.from_text(text)
    model = kc.CharRNN(corpus.vocabulary, 9, "rnn", embedding_dim=None, dropout=0)
    model.compile(keras.optimizers.Adam(0.01))
    for weight in model.trainable_weights:
        weight.assign(np.random.default_rng(1).normal(0, 0.6, weight.shape))
    windows = np.stack([corpus.ids[i : i + 9] for i in range(0, 120 - 8, 3)])
    logits = reference_logits(model, windows[:, :-1])[0]
    nats = crossentropy(logits, windows[:, 1:])
    expected = nats.mean() if target == "sequence" else nats[:, -1].mean()
    how = {"stride": 3, "target": target, "sequence_length": 8, "batch_size": 7}
    assert model.evaluate(text, verbose=0, **how)[0] == pytest.approx(
        expected, rel=1e-5
    )
    history = model.fit(text, validation_split=0.2, epochs=2, verbose=0, **how)
    assert history.history["loss"][1] < history.history["loss"][0]
    assert "val_accuracy" in history.history


def test_the_classic_next_character_program():
    """One-hot windows, an LSTM, a head of dense layers with dropout."""
    text = "to be or not to be that is the question. " * 12
    vocabulary = kc.Vocabulary.from_text(text)
    head = keras.Sequential(
        [
            keras.layers.Dense(24, activation="relu"),
            keras.layers.Dropout(0.2),
            keras.layers.Dense(32, activation="relu"),
            keras.layers.Dropout(0.3),
            keras.layers.Dense(len(vocabulary)),
        ]
    )
    model = kc.CharRNN(vocabulary, units=32, embedding_dim=None, head=head)
    model.compile(keras.optimizers.RMSprop(0.01), metrics=[])
    history = model.fit(
        text,
        sequence_length=40,
        stride=3,
        target="next",
        batch_size=96,
        epochs=30,
        verbose=0,
    )
    assert history.history["loss"][-1] < 0.8 * history.history["loss"][0]
    assert len(model.generate("to be ", 20, seed=1)) == 26


def test_the_head_sees_the_last_position_alone():
    model, _ = perplexed("rnn")
    model.compile("sgd")
    ids = np.array([[0, 1, 2], [2, 1, 0]])
    every = numpy(model(ids))
    last = numpy(model(ids, return_sequences=False))
    np.testing.assert_allclose(last, every[:, -1], rtol=1e-5, atol=1e-6)
    # Arrays with targets for the last position train as well.
    model.fit(ids, np.array([1, 2]), verbose=0)


def test_what_fit_refuses():
    model, corpus = perplexed()
    with pytest.raises(ValueError, match="target='next' is for windows"):
        model.fit(corpus, target="next", verbose=0)
    with pytest.raises(ValueError, match="apart that follow each other"):
        model.fit(kc.DocumentBatches(corpus, 2, 2), shuffle=True, verbose=0)
    plain = kc.CharRNN(kc.Vocabulary("ab"), units=4)
    with pytest.raises(TypeError, match="knows no end of a document"):
        plain.fit(["ab", "ba"], verbose=0)


def test_the_state_that_is_carried_may_be_used_as_it_is():
    """A dict of ids without a reset goes on, on a backend that assigns in place."""
    model = kc.CharRNN(kc.Vocabulary("abcd"), units=5)
    model.compile("sgd", metrics=[])
    ids = np.array([[0, 1, 2, 3]])
    for _ in range(3):
        model.train_on_batch({"ids": ids}, ids)
    assert np.abs(numpy(model.carried_state[0][0])).max() > 0


def test_files_are_documents_as_the_vocabulary_says():
    Path("names.txt").write_text("anna\notto\n" * 20)
    Path("more.txt").write_text("anna\nxerxes\n")
    names = kc.Corpus.from_files("names.txt", documents="lines")
    model = kc.CharRNN(names.vocabulary, 4, embedding_dim=2)
    message = r"'x' at 5, .* In files, a document is .* 'lines'\. For others"
    with pytest.raises(ValueError, match=message):
        model.fit(Path("more.txt"), verbose=0)
    assert len(as_corpus(Path("names.txt"), names.vocabulary, "error")) == len(names)
