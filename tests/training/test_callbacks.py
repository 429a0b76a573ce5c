import os
import time
from pathlib import Path

import keras
import numpy as np
import pytest

import keras_charrnn as kc
from keras_charrnn.runs import save_model
from tests.helpers import numpy


def tiny(docs, cell="rnn", **kwargs):
    return kc.CharRNN(
        kc.Vocabulary.from_text(docs[:9000]), 8, cell, embedding_dim=4, **kwargs
    )


@pytest.fixture(scope="module")
def compiled(docs):
    model = tiny(docs)
    model.compile("sgd")
    return model, model.get_weights()


@pytest.fixture
def model(compiled):
    """A model with its first weights, compiled once for all tests."""
    model, weights = compiled
    model.set_weights(weights)
    return model


def test_characters_per_second_are_in_the_history_and_the_bar(model, docs, capsys):
    history = model.fit(
        docs[:9000], epochs=2, verbose=2, callbacks=[kc.CharactersPerSecond()]
    )
    speeds = history.history["characters_per_second"]
    assert len(speeds) == 2
    assert min(speeds) > 100
    assert "characters_per_second" in capsys.readouterr().out


def test_the_progress_bar_shows_loss_bits_and_speed(model, docs, capsys):
    model.fit(docs[:9000], verbose=1, callbacks=[kc.CharactersPerSecond()])
    out = capsys.readouterr().out
    for name in ("loss", "bits_per_character", "accuracy", "characters_per_second"):
        assert name in out


class StopAfter(keras.callbacks.Callback):
    def __init__(self, batches):
        super().__init__()
        self.batches = batches

    def on_train_batch_end(self, batch, logs=None):
        self.model.stop_training = batch + 1 == self.batches


def test_after_an_early_end_the_bar_shows_how_far_it_came(model, docs, capsys):
    batches = kc.StreamBatches(kc.Corpus.from_text(docs[:9000], model.vocabulary))
    model.fit(batches, verbose=1, callbacks=[StopAfter(3)])
    out = capsys.readouterr().out
    assert f"3/{len(batches)}" in out
    assert f"{len(batches)}/{len(batches)}" not in out
    model.fit(batches, verbose=1)
    assert f"{len(batches)}/{len(batches)}" in capsys.readouterr().out


def test_verbose_2_tells_which_kernels_ran(docs, capsys):
    model = tiny(docs, "lstm")
    model.compile("sgd", metrics=[])
    model.fit(docs[:3000], epochs=2, verbose=2)
    ran = model.recurrent[0].ran
    assert ran == ("oneDNN" if keras.backend.backend() == "torch" else "loop")
    assert capsys.readouterr().out.count(f"Kernels - lstm_0: {ran}\n") == 1
    model.fit(docs[:3000], verbose=0)
    assert "Kernels" not in capsys.readouterr().out


def test_other_data_have_no_speed(docs):
    model = tiny(docs)
    model.compile("sgd", metrics=[])
    ids = model.vocabulary.encode("some text")[None].astype("int32")
    history = model.fit(ids, ids, verbose=0, callbacks=[kc.CharactersPerSecond()])
    assert "characters_per_second" not in history.history


def test_speed_is_right_when_batches_end_out_of_order(model, docs):
    model.fit(docs[:9000], verbose=0)  # Keras calls from several threads
    speed = kc.CharactersPerSecond()
    speed.set_model(model)
    speed.on_train_begin()
    for _ in range(2):
        speed.on_epoch_begin(0)
        start = time.perf_counter()
        for batch in (1, 0, 3, 2):
            time.sleep(0.001)
            speed.on_train_batch_end(batch, logs := {})
        seconds = time.perf_counter() - start
        speed.on_epoch_end(0, logs)
        done = 3 / len(model.train_batches) * model.train_batches.predictions
        assert logs["characters_per_second"] > done / seconds


def test_the_weights_of_the_best_epoch_come_back(docs):
    """`EarlyStopping` knows by itself that fewer bits are better."""
    text, held_out = docs[:3000], docs[10_000:12_000]
    model = kc.CharRNN(kc.Vocabulary.from_text(docs), 64)
    best = keras.callbacks.EarlyStopping(
        "val_bits_per_character", patience=2, restore_best_weights=True
    )
    history = model.fit(
        text,
        epochs=60,
        validation_data=held_out,
        learning_rate=0.02,
        callbacks=[best],
        verbose=0,
    ).history["val_bits_per_character"]
    assert len(history) < 60
    assert np.argmin(history) == len(history) - 3
    sizes = {"batch_size": 16, "sequence_length": 64}
    figures = model.evaluate(held_out, **sizes, verbose=0, return_dict=True)
    assert figures["bits_per_character"] == pytest.approx(min(history), rel=1e-4)


def test_a_model_is_saved_after_each_epoch(model, docs):
    seen = []

    class Watch(keras.callbacks.Callback):
        def on_epoch_begin(self, epoch, logs=None):
            seen.append(os.path.exists("deep/er/m.keras"))

    model.fit(
        docs[:2000],
        epochs=3,
        verbose=0,
        callbacks=[kc.SaveModel("deep/er/m.keras"), Watch()],
    )
    assert seen == [False, True, True]
    again = keras.saving.load_model("deep/er/m.keras")
    assert again.vocabulary == model.vocabulary
    for saved, weight in zip(again.get_weights(), model.get_weights()):
        np.testing.assert_array_equal(saved, weight)
    assert os.listdir("deep/er") == ["m.keras"]


def test_a_failed_save_leaves_the_old_file_and_nothing_else(model, monkeypatch):
    save_model(model, "m.keras")
    before = Path("m.keras").read_bytes()

    def fail(model, path):
        with open(path, "wb") as file:
            file.write(b"half")
        raise OSError("no space left")

    monkeypatch.setattr("keras.saving.save_model", fail)
    with pytest.raises(OSError, match="no space"):
        save_model(model, "m.keras")
    assert Path("m.keras").read_bytes() == before
    assert os.listdir() == ["m.keras"]


def test_a_file_of_another_kind(model):
    with pytest.raises(ValueError, match=r"ends in \.keras"):
        save_model(model, "m.h5")


def test_a_path_that_cannot_be_written_is_told_before_training(docs):
    model = tiny(docs)
    Path("file").touch()
    with pytest.raises(OSError, match="can't be written"):
        model.fit(docs[:2000], callbacks=[kc.SaveModel("file/m.keras")], verbose=0)
    assert model.optimizer is None or int(model.optimizer.iterations) == 0


def test_samples_start_from_the_same_prompt_and_an_empty_state(model, docs, capsys):
    """Each text is what the model writes by itself, whatever was written before."""
    text = docs[:9000]
    samples = kc.SampleText([0.5, 1.0, 0.5], length=30, prompt="The ", seed=3, every=2)
    model.fit(text, epochs=3, verbose=0, callbacks=[samples, _Stop(2)])
    assert [(e, t) for e, t, _, _ in samples.samples] == [(2, 0.5), (2, 1.0), (2, 0.5)]
    texts = [text for *_, text in samples.samples]
    assert texts[0] == texts[2] != texts[1]
    for temperature, written in ((0.5, texts[0]), (1.0, texts[1])):
        alone = model.generate("The ", 30, temperature, 4, strip_prompt=True)
        assert written == alone
    out = capsys.readouterr().out
    assert f"--- epoch 2, temperature 1.0, after 'The ' ---\n{texts[1]}\n" in out


class _Stop(keras.callbacks.Callback):
    """Ends training after an epoch, so that the model is the one that wrote."""

    def __init__(self, epoch):
        super().__init__()
        self.last = epoch

    def on_epoch_end(self, epoch, logs=None):
        self.model.stop_training = epoch + 1 == self.last


def test_sampling_leaves_training_undisturbed(docs):
    losses = []
    model = tiny(docs, dropout=0.2)
    model.compile("sgd")
    dropped = model.dropouts[0].seed_generator.state
    weights, seed = model.get_weights(), numpy(dropped).copy()
    # The first of these also builds the optimizer, which draws on PyTorch.
    for callbacks in ([], [], [kc.SampleText([1.0], length=20, seed=1)]):
        keras.utils.set_random_seed(5)
        model.set_weights(weights)
        dropped.assign(seed)
        history = model.fit(docs[:9000], epochs=2, verbose=0, callbacks=callbacks)
        losses.append(history.history["loss"])
    assert losses[1] == losses[2]


def test_samples_begin_with_phrases_of_the_text(model, docs):
    text = docs[:9000]
    samples = kc.SampleText([1.0], length=5, prompt_length=25, seed=1)
    model.fit(text, epochs=3, verbose=0, callbacks=[samples])
    prompts = [prompt for _, _, prompt, _ in samples.samples]
    assert len(set(prompts)) == 3
    assert all(len(prompt) == 25 and prompt in text for prompt in prompts)
    with pytest.raises(ValueError, match="length is a positive integer; it is -1"):
        kc.Corpus.from_text(text).phrase(-1)
    names = kc.Corpus.from_documents(["anna", "bo"] * 40)
    model = kc.CharRNN(names.vocabulary, 8, "rnn")
    model.compile("sgd", metrics=[])
    samples = kc.SampleText([1.0], length=9)
    model.fit(names, verbose=0, callbacks=[samples], batch_size=4, sequence_length=8)
    assert samples.samples[0][2] == ""
    ids = np.zeros((2, 4), "int32")
    with pytest.raises(ValueError, match="Pass a prompt"):
        model.fit(ids, ids, verbose=0, callbacks=[kc.SampleText()])
    with pytest.raises(ValueError, match="every is a positive integer"):
        kc.SampleText(every=0)


def test_bad_settings_of_samples_are_told_before_training(docs):
    model = tiny(docs)
    for bad in ({"temperatures": [0.5, -1]}, {"sampler": "best"}, {"length": -1}):
        with pytest.raises(ValueError, match=r"temperature is|no sampler|length is"):
            model.fit(docs[:3000], verbose=0, callbacks=[kc.SampleText(**bad)])
    assert int(model.optimizer.iterations) == 0


def test_tensorboard_gets_the_texts(model, docs, tmp_path):
    loader = pytest.importorskip(
        "tensorboard.backend.event_processing.event_file_loader"
    )
    samples = kc.SampleText([0.5, 1.0], length=20, log_dir=tmp_path / "logs")
    model.fit(docs[:9000], epochs=2, verbose=0, callbacks=[samples])
    (path,) = (tmp_path / "logs").iterdir()
    found = [
        (event.step, value.tag, value.tensor.string_val[0].decode())
        for event in loader.EventFileLoader(str(path)).Load()
        for value in event.summary.value
    ]
    assert [(step, tag) for step, tag, _ in found] == [
        (epoch, f"temperature {t}") for epoch in (1, 2) for t in (0.5, 1.0)
    ]
    for (*_, prompt, text), (*_, shown) in zip(samples.samples, found):
        lines = [line.removeprefix("    ") for line in shown.split("\n")[:-1]]
        assert "\n".join(lines) == f"[{prompt}]{text}"
