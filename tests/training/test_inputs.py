"""What fit, evaluate and a call are given in place of what they take."""

import keras
import numpy as np
import pytest

import keras_charrnn as kc


@pytest.fixture(scope="module")
def model():
    model = kc.CharRNN(kc.Vocabulary("abcd"), 4, "rnn", embedding_dim=2)
    model.compile("sgd", metrics=[])
    return model


@pytest.mark.parametrize(
    "shape", [(3,), (1, 2, 3), (2, 0), ()], ids=["a row", "a cube", "empty", "a number"]
)
def test_ids_of_another_shape_are_refused(model, shape):
    with pytest.raises(ValueError, match=r"ids are of the shape \(B, T\)"):
        model(np.zeros(shape, "int32"))


@pytest.mark.parametrize("strange", [4, -1, 99])
def test_ids_that_no_character_has_are_refused(model, strange):
    ids = np.zeros((2, 3), "int64")
    ids[1, 2] = strange
    reset = np.zeros((2, 3), bool)
    good = np.zeros((2, 3), "int64")
    calls = [
        lambda: model(ids),
        lambda: model({"ids": ids, "reset": reset}),
        lambda: model.fit(ids, good),
        lambda: model.evaluate(ids, good),
        lambda: model.predict(ids),
        lambda: model.predict_on_batch(ids),
        lambda: model.train_on_batch(ids, good),
        lambda: model.train_on_batch({"ids": ids, "reset": reset}, good),
        lambda: model.test_on_batch(ids, good),
        lambda: model.gradients(ids, good),
    ]
    for call in calls:
        with pytest.raises(ValueError, match=f"at \\[1, 2\\] there is {strange}"):
            call()
    assert np.isfinite(model.predict(good, verbose=0)).all()


@pytest.mark.parametrize("strange", [4, -1])
def test_targets_that_no_character_has_are_refused(model, strange):
    ids, targets = np.zeros((2, 3), "int64"), np.zeros((2, 3), "int64")
    targets[0, 1] = strange
    for call in (
        lambda: model.fit(ids, targets),
        lambda: model.evaluate(ids, targets),
        lambda: model.train_on_batch(ids, targets),
        lambda: model.test_on_batch(ids, targets),
        lambda: model.gradients(ids, targets),
    ):
        with pytest.raises(ValueError, match=f"at \\[0, 1\\] there is {strange}"):
            call()


def test_a_loss_of_ones_own_may_have_other_targets():
    model = kc.CharRNN(kc.Vocabulary("abcd"), 4, "rnn", embedding_dim=2)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True, ignore_class=-1)
    model.compile("sgd", loss, metrics=[])
    targets = np.array([[0, -1, 1]])
    assert np.isfinite(model.train_on_batch(np.zeros((1, 3), int), targets))


def test_ids_are_whole_numbers(model):
    for ids in ([[0, 1.5]], [[0, np.nan]]):
        with pytest.raises(ValueError, match=r"at \[0, 1\] there is"):
            model(np.array(ids))
    assert np.shape(model(np.array([[0.0, 1.0]]))) == (1, 2, 4)


def test_arrays_have_targets(model):
    for call in (model.fit, model.evaluate):
        with pytest.raises(ValueError, match=r"has no targets: pass them as y"):
            call(np.zeros((2, 3), int))


class Fault(keras.callbacks.Callback):
    def __init__(self, batch):
        super().__init__()
        self.batch = batch

    def on_train_batch_begin(self, batch, logs=None):
        if batch == self.batch:
            raise KeyboardInterrupt


@pytest.mark.parametrize("batch", [0, 2])
def test_a_model_outlives_an_interrupted_fit(batch):
    """As when a notebook's cell is interrupted."""
    text = "abcd" * 3000
    model = kc.CharRNN(kc.Vocabulary("abcd"), 4, "rnn", embedding_dim=2)
    model.compile("sgd", metrics=[])
    before = model.get_weights()
    with pytest.raises(KeyboardInterrupt):
        model.fit(text, verbose=0, callbacks=[Fault(batch)])
    moved = any((a != b).any() for a, b in zip(before, model.get_weights()))
    assert moved == (batch > 0)
    assert len(model.generate("ab", 5)) == 7
    model.fit(text, verbose=0)


def test_a_state_of_another_form_is_refused(model):
    state = model.initial_state(1)
    for wrong in (state[0], state * 2, ()):
        with pytest.raises(ValueError, match=r"has a part for each of 1 layers"):
            model(np.zeros((1, 2), int), state=wrong)


def test_a_schedule_goes_to_compile():
    model = kc.CharRNN(kc.Vocabulary("abcd"), 4, "rnn", embedding_dim=2)
    schedule = keras.optimizers.schedules.CosineDecay(0.01, 10)
    with pytest.raises(ValueError, match=r"A schedule goes to model\.compile"):
        model.fit("abcd" * 999, learning_rate=schedule)


def test_a_model_that_was_compiled_and_not_trained_opens_without_a_warning(tmp_path):
    """Warnings are errors here."""
    model = kc.CharRNN(kc.Vocabulary("abcd"), 4, "rnn", embedding_dim=2)
    model.compile("adamw")
    model.save(tmp_path / "x.keras")
    again = keras.saving.load_model(tmp_path / "x.keras")
    again.fit("abcd" * 999, verbose=0)


@pytest.mark.filterwarnings("ignore:The text has")
@pytest.mark.parametrize("name", ["none.txt", "data/none.CSV", "here/a b"])
def test_what_seems_to_be_a_file_is_told(name, tmp_path):
    """It is a text all the same."""
    (tmp_path / "here").mkdir()
    (tmp_path / "here" / "a b").write_text("abc")
    model = kc.CharRNN(kc.Vocabulary(set(name)), 4, embedding_dim=2)
    for method in (model.fit, model.evaluate):
        with pytest.warns(UserWarning, match=r"taken for a text.*pathlib\.Path\("):
            method(name, verbose=0)


@pytest.mark.parametrize("text", ["no. but a text", "a.b", "see a.txt now", "a.txt\n"])
def test_what_is_no_name_of_a_file(text):
    model = kc.CharRNN(kc.Vocabulary(set(text)), 4, embedding_dim=2)
    assert np.isfinite(model.evaluate(text, verbose=0)[0])


@pytest.mark.parametrize("shuffle", ["batch", 1, 0, "no"])
def test_shuffle_is_a_flag(model, shuffle):
    ids = np.zeros((2, 3), "int64")
    calls = [
        lambda: model.fit(ids, ids, shuffle=shuffle),
        lambda: model.fit("abcd" * 9, shuffle=shuffle, stride=1, sequence_length=4),
        lambda: kc.WindowBatches(kc.Corpus.from_text("abcd"), 1, 2, shuffle=shuffle),
        lambda: kc.DocumentBatches(
            kc.Corpus.from_documents(["ab", "c"]), 1, 2, shuffle=shuffle
        ),
    ]
    for call in calls:
        with pytest.raises(TypeError, match="shuffle is True or False; it is"):
            call()
