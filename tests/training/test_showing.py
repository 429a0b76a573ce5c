"""What training shows never ends it, wherever it is shown."""

import io
import sys

import pytest

import keras_charrnn as kc

TEXT = "für 本 €uro " * 40


class Full(io.StringIO):
    """A disk that is full."""

    def write(self, text):
        raise OSError(28, "No space left on device")


@pytest.mark.parametrize("encoding", ["ascii", "cp1252", "latin-1"])
def test_samples_in_a_terminal_of_another_encoding(monkeypatch, encoding):
    model = kc.CharRNN(kc.Vocabulary.from_text(TEXT), 4, embedding_dim=2)
    samples = kc.SampleText([1.0], length=30, prompt="本 €", seed=1)
    out = io.TextIOWrapper(io.BytesIO(), encoding=encoding)
    monkeypatch.setattr(sys, "stdout", out)
    samples.set_model(model)
    samples.on_train_begin()
    samples.on_epoch_end(0)
    shown = out.buffer.getvalue().decode(encoding)
    assert "--- epoch 1, temperature 1.0, after '" in shown
    assert len(samples.samples[0][3]) == 30


def test_samples_on_a_full_disk(monkeypatch, tmp_path):
    model = kc.CharRNN(kc.Vocabulary.from_text(TEXT), 4, embedding_dim=2)
    samples = kc.SampleText([1.0], length=5, prompt="f", log_dir=tmp_path)
    samples.set_model(model)
    samples.on_train_begin()

    def write(tag, text, step):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(samples._log, "write", write)
    monkeypatch.setattr(sys, "stdout", Full())
    with pytest.warns(UserWarning, match=r"No space left") as warned:
        samples.on_epoch_end(0)
    told = {str(w.message).partition(":")[0] for w in warned}
    assert told >= {"A text could not be shown", "TensorBoard gets no text"}
    assert len(samples.samples) == 1


def test_one_temperature_is_a_list_of_one():
    model = kc.CharRNN(kc.Vocabulary("ab"), 4, embedding_dim=2)
    samples = kc.SampleText(prompt="a", temperature=0.5)
    samples.set_model(model)
    with pytest.raises(TypeError, match="takes a list, temperatures"):
        samples.on_train_begin()


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"sampling": 3}, "SampleText has no setting 'sampling'; it has temperatures"),
        ({"prompt": "fü!"}, "'!' at 2"),
    ],
)
def test_bad_settings_of_samples_are_told_before_training(settings, message):
    model = kc.CharRNN(kc.Vocabulary("füx"), 4, embedding_dim=2)
    samples = kc.SampleText(**{"prompt": "f", **settings})
    samples.set_model(model)
    with pytest.raises((TypeError, ValueError), match=message):
        samples.on_train_begin()
