import os
from pathlib import Path

import keras
import pytest

import keras_charrnn as kc
from keras_charrnn.checkpoint import save_model


@pytest.fixture
def model(docs):
    return kc.CharRNN(kc.Vocabulary.from_text(docs), 8, embedding_dim=4)


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


def test_verbose_2_tells_which_kernels_ran(model, docs, capsys):
    model.fit(docs[:3000], epochs=2, verbose=2)
    ran = model.recurrent[0].ran
    assert ran == ("oneDNN" if keras.backend.backend() == "torch" else "loop")
    assert capsys.readouterr().out.count(f"Kernels - lstm_0: {ran}\n") == 1
    model.fit(docs[:3000], verbose=0)
    assert "Kernels" not in capsys.readouterr().out


def test_other_data_have_no_speed(model):
    ids = model.vocabulary.encode("some text")[None].astype("int32")
    history = model.fit(ids, ids, verbose=0, callbacks=[kc.CharactersPerSecond()])
    assert "characters_per_second" not in history.history


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
    assert again.generate("The ", 20, 0) == model.generate("The ", 20, 0)
    assert os.listdir("deep/er") == ["m.keras"]


def test_a_failed_save_leaves_the_old_file_and_nothing_else(model, monkeypatch):
    save_model(model, "m.keras")
    before = Path("m.keras").read_bytes()

    def fail(path):
        with open(path, "wb") as file:
            file.write(b"half")
        raise OSError("no space left")

    monkeypatch.setattr(model, "save", fail)
    with pytest.raises(OSError, match="no space"):
        save_model(model, "m.keras")
    assert Path("m.keras").read_bytes() == before
    assert os.listdir() == ["m.keras"]


def test_a_file_of_another_kind(model):
    with pytest.raises(ValueError, match=r"ends in \.keras"):
        save_model(model, "m.h5")


def test_a_path_that_cannot_be_written_is_told_before_training(model, docs):
    Path("file").touch()
    with pytest.raises(OSError, match="can't be written"):
        model.fit(docs[:2000], callbacks=[kc.SaveModel("file/m.keras")], verbose=0)
    assert model.optimizer is None or int(model.optimizer.iterations) == 0
