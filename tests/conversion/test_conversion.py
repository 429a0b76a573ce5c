"""Models that exist already: extended, and converted from Keras."""

import keras
import numpy as np
import pytest
from keras import layers

import keras_charrnn as kc
from tests.helpers import numpy

CHARS = "edcba"
ORDER = [CHARS.index(c) for c in sorted(CHARS)]
# As many as `from_keras` compares, for which the new model is compiled anyway.
IDS = np.random.default_rng(0).integers(0, 5, (2, 8))


def old(cell, *, embedding=True, units=(6, 7), **how):
    first = [keras.Input((None,)), layers.Embedding(5, 4)]
    if not embedding:
        first = [keras.Input((None, 5))]
    stack = [cell(n, return_sequences=True, **how) for n in units]
    model = keras.Sequential(
        [*first, stack[0], layers.Dropout(0.25), *stack[1:], layers.Dense(5)]
    )
    for weight in model.trainable_weights:
        weight.assign(np.random.default_rng(1).normal(0, 0.5, weight.shape))
    return model


def same(expected, new):
    """Compare logits of a model of CHARS, for IDS, with those of the new model."""
    ids = np.argsort(ORDER)[IDS]
    np.testing.assert_allclose(
        numpy(new(ids)), expected[..., ORDER], rtol=1e-5, atol=1e-6
    )


@pytest.mark.parametrize("embedding", [True, False])
@pytest.mark.parametrize("cell", [layers.LSTM, layers.GRU, layers.SimpleRNN])
def test_a_keras_model_has_equal_logits(cell, embedding, tmp_path):
    model = old(cell, embedding=embedding)
    expected = numpy(model(IDS if embedding else np.eye(5, dtype="float32")[IDS]))
    new = kc.from_keras(model, CHARS)
    same(expected, new)
    assert new.dropouts[0].rate == 0.25
    ids = {c: i for i, c in enumerate(CHARS)}
    for name in ("old.keras", "old.weights.h5"):
        save = model.save if name == "old.keras" else model.save_weights
        save(tmp_path / name)
        same(expected, kc.from_keras(str(tmp_path / name), ids))
    new = kc.from_keras(model, kc.Vocabulary("abcde"))
    np.testing.assert_allclose(numpy(new(IDS)), expected, rtol=1e-5, atol=1e-6)


def test_the_tutorials_programs_are_converted():
    one_hot = keras.Sequential(
        [
            keras.Input((3, 5)),
            layers.LSTM(8),
            layers.Dense(6, activation="relu"),
            layers.Dropout(0.2),
            layers.Dense(5, activation="softmax"),
        ]
    )
    new = kc.from_keras(one_hot, CHARS)
    x = np.array(ORDER)[IDS[:, :3]]
    expected = numpy(one_hot(np.eye(5, dtype="float32")[x]))[:, ORDER]
    found = numpy(keras.ops.softmax(new(IDS[:, :3], return_sequences=False)))
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-6)
    new.save("new.keras")
    again = keras.saving.load_model("new.keras")
    np.testing.assert_allclose(numpy(again(IDS)), numpy(new(IDS)), rtol=1e-5, atol=1e-6)

    class Tutorial(keras.Model):
        def __init__(self):
            super().__init__()
            self.embedding = layers.Embedding(5, 4)
            self.gru = layers.GRU(6, return_sequences=True, use_bias=False)
            self.dense = layers.TimeDistributed(layers.Dense(5))

        def call(self, x):
            return self.dense(self.gru(self.embedding(x)))

    model = Tutorial()
    with pytest.raises(ValueError, match="has no weights yet"):
        kc.from_keras(model, CHARS)
    expected = numpy(model(IDS))
    same(expected, kc.from_keras(model, CHARS))


def test_an_id_of_unknown_characters_is_kept():
    model = old(layers.GRU)
    new = kc.from_keras(model, ["[UNK]", *"abcd"])
    assert new.vocabulary.unk == "\ufffd"
    order = [1, 2, 3, 4, 0]
    expected = numpy(model(np.array(order)[IDS]))[..., order]
    np.testing.assert_allclose(numpy(new(IDS)), expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(
    ("model", "message"),
    [
        (lambda: old(layers.LSTM, activation="relu"), "activation='relu'"),
        (lambda: old(layers.GRU, reset_after=False), "reset_after=False"),
        (lambda: old(layers.LSTM, go_backwards=True), "go_backwards=True"),
        (
            lambda: keras.Sequential([keras.Input((3, 5)), layers.Conv1D(4, 2)]),
            "a Conv1D, can't be converted",
        ),
        (
            lambda: keras.Sequential([keras.Input((3, 5)), layers.LSTM(4)]),
            "no Dense layer",
        ),
        (
            lambda: keras.Sequential(
                [
                    keras.Input((3, 5)),
                    layers.LSTM(4),
                    layers.Dense(5, activation="sigmoid"),
                ]
            ),
            "logits or softmax, not .?sigmoid",
        ),
    ],
)
def test_what_no_cell_here_computes_is_refused(model, message):
    with pytest.raises(ValueError, match=message):
        kc.from_keras(model(), CHARS)


def test_a_wrong_number_of_characters_is_told(tmp_path):
    model = old(layers.LSTM)
    for wrong in ("abcd", "abcdef", kc.Vocabulary("abcdef"), {"a": 0, "b": 1}):
        with pytest.raises(ValueError, match="reads 5 characters and predicts 5"):
            kc.from_keras(model, wrong)
    with pytest.raises(ValueError, match="not all different"):
        kc.from_keras(model, "aabcd")
    with pytest.raises(FileNotFoundError):
        kc.from_keras("gone.keras", CHARS)
    with pytest.raises(TypeError, match="no int"):
        kc.from_keras(3, CHARS)
    for wrong in (None, set(CHARS), 5):
        with pytest.raises(TypeError, match="The vocabulary is a Vocabulary"):
            kc.from_keras(model, wrong)
    with pytest.raises(TypeError, match="there is b'a'"):
        kc.from_keras(model, [b"a", b"b", b"c", b"d", b"e"])
    (tmp_path / "x.weights.h5").write_bytes(b"abc")
    with pytest.raises(ValueError, match=r"neither a \.keras nor"):
        kc.from_keras("x.weights.h5", CHARS)


class Tangled(keras.Model):
    """Layers that are called in another order than they are made, or twice over."""

    def __init__(self, residual):
        super().__init__()
        self.embedding = layers.Embedding(5, 6)
        self.second = layers.GRU(6, return_sequences=True)
        self.first = layers.GRU(6, return_sequences=True)
        self.dense = layers.Dense(5)
        self.residual = residual

    def call(self, x):
        x = self.embedding(x)
        if self.residual:
            return self.dense(self.first(self.second(x)) + x)
        return self.dense(self.second(self.first(x)))


@pytest.mark.parametrize("residual", [True, False])
def test_a_model_that_is_no_chain_is_found_out(residual, tmp_path):
    model = Tangled(residual)
    model(IDS)
    rng = np.random.default_rng(1)
    for weight in model.trainable_weights:
        weight.assign(rng.normal(0, 0.5, weight.shape))
    with pytest.raises(ValueError, match="not the chain of its layers"):
        kc.from_keras(model, CHARS)
    model.save_weights(tmp_path / "tangled.weights.h5")
    with pytest.raises(ValueError, match="does not tell the order"):
        kc.from_keras(tmp_path / "tangled.weights.h5", CHARS)


class Lookup:
    """What `keras.layers.StringLookup` offers, which needs TensorFlow."""

    def get_vocabulary(self):
        return ["[UNK]", "e", "d", "c", "b"]


def test_a_stateful_model_is_left_as_it_was():
    model = keras.Sequential(
        [
            keras.Input(batch_shape=(2, 7)),
            layers.Embedding(5, 4),
            layers.GRU(6, return_sequences=True, stateful=True),
            layers.Dense(5),
            layers.Softmax(),
        ]
    )
    model(IDS)
    before = numpy(model.layers[1].states[0]).copy()
    new = kc.from_keras(model, Lookup())
    assert new.vocabulary.characters == (*"bcde", "\ufffd")
    np.testing.assert_array_equal(numpy(model.layers[1].states[0]), before)


def test_a_mask_is_refused():
    model = keras.Sequential(
        [
            keras.Input((None,)),
            layers.Embedding(5, 4, mask_zero=True),
            layers.LSTM(6),
            layers.Dense(5),
        ]
    )
    with pytest.raises(ValueError, match="mask_zero=True"):
        kc.from_keras(model, CHARS)


# More characters


@pytest.mark.parametrize("embedding_dim", [4, None])
@pytest.mark.parametrize("head", ["default", "dense", "sequential"])
def test_an_extended_model_knows_what_it_knew(embedding_dim, head):
    text = "hello world"
    vocabulary = kc.Vocabulary.from_text(text)
    width = len(vocabulary)
    heads = {
        "default": None,
        "dense": layers.Dense(width, use_bias=False),
        "sequential": keras.Sequential(
            [layers.Dense(5, "relu"), layers.Dropout(0.1), layers.Dense(width)]
        ),
    }
    # Without dropout, so that the loss falls by what is learned alone.
    how = {"units": [6, 7], "embedding_dim": embedding_dim, "dropout": 0}
    model = kc.CharRNN(vocabulary, head=heads[head], **how)
    for weight in model.trainable_weights:
        weight.assign(np.random.default_rng(1).normal(0, 0.5, weight.shape))
    new = model.extend_vocabulary("Hällo, 世界")
    assert set(new.vocabulary.characters) == set(text) | set("Hällo, 世界")
    mine, theirs = (m.vocabulary.encode(text)[None] for m in (model, new))
    kept = new.vocabulary.encode("".join(vocabulary.characters))
    np.testing.assert_allclose(
        numpy(new(theirs))[..., kept], numpy(model(mine)), rtol=1e-5, atol=1e-6
    )
    if head != "dense":  # a new character is no likelier than the unlikeliest
        bias = numpy(new.head.weights[-1])
        others = np.setdiff1d(np.arange(len(bias)), kept)
        assert (bias[others] == bias[kept].min()).all()
    adam = keras.optimizers.Adam(0.01)
    new.compile(adam, run_eagerly=True)  # in place of six compiled steps
    with pytest.warns(UserWarning, match="The text has"):
        history = new.fit("Hällo, 世界 " * 30, epochs=5, verbose=0)
    assert history.history["loss"][-1] < history.history["loss"][0]
    new.save("new.keras")
    assert keras.saving.load_model("new.keras").vocabulary == new.vocabulary


def test_a_model_that_knows_all_characters_is_the_same(tmp_path):
    model = kc.CharRNN(kc.Vocabulary.from_text("abc", lowercase=True), units=4)
    (tmp_path / "x.txt").write_text("xyz")
    assert model.extend_vocabulary("CAB") is model
    assert model.extend_vocabulary(["a", "D"]).vocabulary.characters == tuple("abcd")
    assert len(model.extend_vocabulary(tmp_path / "x.txt").vocabulary) == 6
    more = model.extend_vocabulary(kc.Vocabulary("Q", end=True)).vocabulary
    assert more.characters == tuple("abcq")
    raw = kc.CharRNN(kc.Vocabulary.bytes(), units=4)
    assert raw.extend_vocabulary("é") is raw
    names = kc.CharRNN(kc.Corpus.from_documents(["ab"]).vocabulary, units=4)
    assert names.extend_vocabulary("c").vocabulary.end is not None
    odd = kc.CharRNN(
        kc.Vocabulary("ab"),
        units=2,
        head=keras.Sequential([layers.Dense(2), layers.Activation("linear")]),
    )
    with pytest.raises(ValueError, match="ends with Activation"):
        odd.extend_vocabulary("c")
