"""A run that was ended goes on as if nothing had happened."""

import json
import os
import signal
from pathlib import Path

import keras
import numpy as np
import pytest

import keras_charrnn as kc
from keras_charrnn.runs import RunFolder, load_model
from tests.helpers import numpy

TEXT = "so much depends upon a red wheel barrow glazed with rain water " * 30
LINES = [TEXT[i : i + 9 + i % 31] for i in range(0, 1800, 23)]
SETTINGS = {"epochs": 3, "batch_size": 4, "sequence_length": 24, "verbose": 0}


@pytest.fixture(autouse=True)
def _heard():
    """A shell starts jobs in the background with SIGINT ignored."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


class At(keras.callbacks.Callback):
    """Does something at a step of an epoch, counted from 0."""

    def __init__(self, epoch, step, what):
        super().__init__()
        self.place, self.what = (epoch, step), what

    def on_epoch_begin(self, epoch, logs=None):
        self.epoch = epoch

    def on_train_batch_end(self, batch, logs=None):
        if (self.epoch, batch) == self.place:
            self.what()


class AtTest(At):
    """Does something while the model is validated."""

    def on_train_batch_end(self, batch, logs=None):
        pass

    def on_test_batch_begin(self, batch, logs=None):
        if (self.epoch, batch) == self.place:
            self.what()


def interrupt():
    signal.raise_signal(signal.SIGINT)


def crash():
    raise RuntimeError("the machine lost its power")


def model_for(text, policy="float32", cell="lstm"):
    keras.utils.set_random_seed(3)
    documents = isinstance(text, list)
    corpus = kc.Corpus.from_documents(text) if documents else kc.Corpus.from_text(text)
    model = kc.CharRNN(
        corpus.vocabulary, 12, cell, embedding_dim=6, dropout=0.3, dtype=policy
    )
    return model, corpus


def fitted(text=TEXT, run=None, callbacks=(), policy="float32", **settings):
    model, corpus = model_for(text, policy)
    how = {**SETTINGS, **settings}
    history = model.fit(corpus, run=run, callbacks=list(callbacks), **how)
    return model, history.history


def lines_of(path):
    return [json.loads(line) for line in Path(path).read_text().splitlines()]


def check_equal(one, two):
    (model, history), (other, other_history) = one, two
    assert history.keys() == other_history.keys()
    for name, values in history.items():
        assert values == other_history[name], name
    for a, b in zip(model.get_weights(), other.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
    ours, theirs = model.optimizer.variables, other.optimizer.variables
    for a, b in zip(ours, theirs, strict=True):
        np.testing.assert_array_equal(numpy(a), numpy(b))


@pytest.mark.parametrize(
    ("text", "settings"),
    [
        (TEXT, {"validation_split": 0.2}),
        (TEXT, {"policy": "mixed_bfloat16"}),
        (TEXT, {"resets": 0.3}),
        (TEXT, {"stride": 5, "validation_split": 0.2}),
        (LINES, {"validation_split": 0.2}),
    ],
    ids=["streams", "bfloat16", "resets", "windows", "documents"],
)
def test_a_run_that_was_interrupted_goes_on_bit_by_bit(text, settings):
    whole = fitted(text, **settings)  # without a folder
    _, history = fitted(text, "run", [At(0, 2, interrupt)], **settings)
    assert history == {}
    settings["resume"] = True
    _, history = fitted(text, "run", [At(2, 1, interrupt)], **settings)
    assert len(history["loss"]) == 2
    check_equal(whole, fitted(text, "run", **settings))


def test_a_run_that_crashed_goes_on_from_its_last_checkpoint():
    settings = {"validation_split": 0.2, "validation_batch_size": 1}
    whole = fitted(**settings)
    with pytest.raises(RuntimeError, match="lost its power"):
        fitted(run="run", callbacks=[At(1, 1, crash)], **settings)
    settings["resume"] = True
    with pytest.raises(RuntimeError, match="lost its power"):
        fitted(run="run", callbacks=[AtTest(1, 0, crash)], **settings)
    facts = RunFolder("run").last_checkpoint()[1]
    assert (facts["epoch"], facts["step"]) == (1, facts["batches"])
    _, history = fitted(run="run", callbacks=[AtTest(2, 0, interrupt)], **settings)
    assert len(history["loss"]) == 2
    check_equal(whole, fitted(run="run", **settings))


@pytest.mark.skipif(keras.backend.backend() == "torch", reason="Keras refuses it there")
def test_several_steps_in_one_execution():
    def fit(**kwargs):
        model, corpus = model_for(TEXT)
        model.compile(keras.optimizers.AdamW(0.01), steps_per_execution=2)
        history = model.fit(corpus, **SETTINGS, **kwargs)
        return model, history.history

    whole = fit()
    fit(run="run", callbacks=[At(1, 3, interrupt)])
    assert RunFolder("run").last_checkpoint()[1]["step"] == 4
    check_equal(whole, fit(run="run", resume=True))


def test_early_stopping_goes_on_counting():
    def patient():
        return keras.callbacks.EarlyStopping("loss", patience=2, min_delta=9.0)

    settings = {"epochs": 9}
    whole = fitted(callbacks=[patient()], **settings)
    assert len(whole[1]["loss"]) == 3
    fitted(run="run", callbacks=[patient(), At(2, 0, interrupt)], **settings)
    check_equal(
        whole, fitted(run="run", callbacks=[patient()], resume=True, **settings)
    )


def test_more_epochs_spread_the_plan():
    fitted(run="run", epochs=2)
    _, history = fitted(run="run", epochs=4, resume=True)
    assert len(history["loss"]) == 4
    rates = [line["learning_rate"] for line in lines_of("run/history.jsonl")]
    assert rates[1] < rates[2] > rates[3]
    assert rates[3] == pytest.approx(0.00007, rel=0.01)


def test_what_a_run_leaves():
    model, history = fitted(run="run", validation_split=0.2, epochs=4)
    folder = RunFolder("run")
    left = {"model.keras", "checkpoints", "history.jsonl", "run.json", "samples.txt"}
    assert set(os.listdir("run")) == left
    lines = lines_of("run/history.jsonl")
    assert [line["val_loss"] for line in lines] == history["val_loss"]
    best = int(np.argmin(history["val_loss"]))
    facts = folder.last_checkpoint()[1]
    assert facts["best"]["epoch"] == best + 1
    assert len(folder.checkpoints) in (2, 3)
    text = Path("run/samples.txt").read_text(encoding="utf-8")
    assert text.count("--- epoch ") == 4
    assert load_model("run/model.keras").count_params() == model.count_params()
    facts = folder.read_facts()
    assert facts["ended"] == "finished"
    assert facts["keras_charrnn"] == kc.__version__


def test_the_best_model_is_kept():
    """Its rate is so high that later epochs are worse."""
    model, corpus = model_for(TEXT)
    validation = kc.Corpus.from_text(TEXT[:300], corpus.vocabulary)
    rates = keras.callbacks.LearningRateScheduler(
        lambda epoch: (0.01, 0.01, 300.0)[epoch]
    )
    model.compile(keras.optimizers.SGD(0.01))
    settings = {"validation_data": validation, "callbacks": [rates]}
    history = model.fit(corpus, run="run", **SETTINGS, **settings).history
    losses = history["val_loss"]
    assert losses[2] > min(losses)
    kept = load_model("run/model.keras")
    figures = kept.evaluate(validation, batch_size=4, verbose=0, return_dict=True)
    assert figures["loss"] == pytest.approx(min(losses), rel=0.05)


def test_a_folder_that_is_used_is_refused():
    fitted(run="run", epochs=1)
    before = lines_of("run/history.jsonl")
    with pytest.raises(FileExistsError, match=r"'run' holds a run already\. Pass"):
        fitted(run="run")
    assert lines_of("run/history.jsonl") == before
    with pytest.raises(FileNotFoundError, match="no checkpoint in 'other'"):
        fitted(run="other", resume=True)
    assert not os.path.exists("other")


def test_another_text_or_network_can_not_go_on():
    fitted(run="run", epochs=1)
    with pytest.raises(ValueError, match="batches differs"):
        fitted(TEXT[:-99], run="run", resume=True)
    with pytest.raises(ValueError, match="sha256 of the ids differs"):
        fitted(TEXT[1:] + "s", run="run", resume=True)
    with pytest.raises(ValueError, match="network differs"):
        fitted(run="run", resume=True, policy="mixed_bfloat16")
    for name, value in (("resets", 0.5), ("validation_split", 0.1)):
        with pytest.raises(ValueError, match=" differs"):
            fitted(run="run", resume=True, **{name: value})
    for name in ("learning_rate", "weight_decay"):
        with pytest.raises(ValueError, match="optimizer differs"):
            fitted(run="run", resume=True, **{name: 0.001})
    with pytest.raises(ValueError, match="steps_per_epoch: the run"):
        fitted(run="run", resume=True, steps_per_epoch=2)


def test_a_loss_that_is_not_finite_ends_the_run_and_overwrites_nothing():
    class Spoil(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            if batch == 3 and os.path.exists("run/model.keras"):
                bias = self.model.head.bias
                bias.assign(bias * float("nan"))

    model, corpus = model_for(TEXT)
    with pytest.raises(FloatingPointError, match=r"In epoch 2, at step [567] of"):
        model.fit(corpus, run="run", callbacks=[Spoil()], **SETTINGS)
    for weight in load_model("run/model.keras").get_weights():
        assert np.isfinite(weight).all()
    facts = RunFolder("run").last_checkpoint()[1]
    assert facts["epoch"] == 1
    assert RunFolder("run").read_facts()["ended"].startswith("failed: In epoch 2")


def test_what_can_not_be_recorded_is_refused():
    model, corpus = model_for(TEXT)
    ids = corpus.ids[:40].reshape(4, 10).astype("int32")
    with pytest.raises(ValueError, match="the order of ndarray is not known"):
        model.fit(ids, ids, run="run", verbose=0)
    stop = keras.callbacks.EarlyStopping("loss", restore_best_weights=True)
    with pytest.raises(ValueError, match="run does not go with restore_best_weights"):
        model.fit(corpus, run="run", callbacks=[stop], **SETTINGS)
    model.compile(keras.optimizers.SGD(0.1, use_ema=True))
    with pytest.raises(ValueError, match="run does not go with use_ema"):
        model.fit(corpus, run="run", **SETTINGS)
    assert not os.path.exists("run")


def test_a_run_that_has_learned_nothing_leaves_nothing():
    with pytest.raises(RuntimeError, match="lost its power"):
        fitted(run="deep/run", callbacks=[At(0, 1, crash)])
    assert not os.path.exists("deep")


def test_a_part_of_the_documents_is_told_from_another():
    fitted(LINES, "run", epochs=1, validation_split=0.2)
    with pytest.raises(ValueError, match=" differs"):
        fitted(LINES, "run", epochs=2, validation_split=0.23, resume=True)


def test_a_validation_that_is_not_finite_ends_the_run():
    class Spoil(keras.callbacks.Callback):
        def on_test_end(self, logs=None):
            logs["loss"] = float("nan")

        def on_epoch_end(self, epoch, logs=None):
            logs["val_loss"] = float("nan")

    model, corpus = model_for(TEXT)
    with pytest.raises(FloatingPointError, match="val_loss is not finite"):
        model.fit(
            corpus, run="run", validation_split=0.2, callbacks=[Spoil()], **SETTINGS
        )
    assert not os.path.exists("run/model.keras")


def test_what_is_overwritten_stays_until_there_is_something_new():
    fitted(run="run", epochs=1)
    before = Path("run/model.keras").read_bytes()
    facts = RunFolder("run").read_facts()
    model, corpus = model_for(TEXT)
    folder = RunFolder("run", overwrite=True)
    with pytest.raises(RuntimeError, match="lost its power"):
        model.fit(corpus, run=folder, callbacks=[At(0, 1, crash)], **SETTINGS)
    assert Path("run/model.keras").read_bytes() == before
    assert RunFolder("run").read_facts() == facts
    model, corpus = model_for(TEXT)
    model.fit(corpus, run=folder, **SETTINGS)
    assert Path("run/model.keras").read_bytes() != before
    assert len(lines_of("run/history.jsonl")) == 3
    assert RunFolder("run").read_facts()["epochs"] == 3
