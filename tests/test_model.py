import keras
import numpy as np
import pytest

import keras_charrnn as kc
from tests.helpers import REFERENCES, numpy, reference_logits

# Of the same shape wherever it will do: a backend may compile for each shape anew.
IDS = np.array([[1, 2, 3, 4], [4, 3, 2, 1]], "int32")


def characters(count):
    return kc.Vocabulary(map(chr, range(40, 40 + count)))


@pytest.mark.parametrize(
    ("size", "cell", "parameters"),
    [(84, "lstm", 5_354_580), (83, "gru", 4_044_627), (62, "lstm", 5_326_398)],
)
def test_the_known_programs_have_their_known_size(size, cell, parameters):
    model = kc.CharRNN(characters(size), units=1024, cell=cell, embedding_dim=256)
    assert model.count_params() == parameters


@pytest.mark.parametrize("embedding_dim", [None, 4])
@pytest.mark.parametrize("units", [[6], [6, 9], 6])
@pytest.mark.parametrize("cell", REFERENCES)
def test_logits_and_state_are_those_of_numpy(cell, units, embedding_dim):
    model = kc.CharRNN(
        characters(5), units, cell, layers=1, embedding_dim=embedding_dim
    )
    rng = np.random.default_rng(0)
    model.set_weights([rng.normal(size=w.shape) * 0.5 for w in model.weights])
    ids = rng.integers(0, 5, (2, 8)).astype("int32")
    logits = model(ids)
    assert tuple(logits.shape) == (2, 8, 5)
    want, _ = reference_logits(model, ids)
    np.testing.assert_allclose(numpy(logits), want, atol=1e-5)
    first, state = model(ids[:, :4], return_state=True)
    second, state = model(ids[:, 4:], state=state, return_state=True)
    np.testing.assert_allclose(
        np.concatenate([numpy(first), numpy(second)], 1), want, atol=1e-5
    )
    _, last = reference_logits(model, ids)
    for mine, reference in zip(keras.tree.flatten(state), keras.tree.flatten(last)):
        np.testing.assert_allclose(numpy(mine), reference, atol=1e-5)


def test_the_empty_state_is_the_default():
    model = kc.CharRNN(characters(5), 6, layers=2)
    state = model.initial_state(2)
    assert [[tuple(s.shape) for s in layer] for layer in state] == [[(2, 6)] * 2] * 2
    np.testing.assert_array_equal(numpy(model(IDS)), numpy(model(IDS, state=state)))


@pytest.mark.parametrize("form", [(2,), (2, 4)])
def test_a_reset_in_the_inputs_empties_a_row(form):
    model = kc.CharRNN(characters(5), 6)
    _, state = model(IDS, return_state=True)
    reset = np.zeros(form, bool)
    reset[(0, 0) if len(form) == 2 else 0] = True
    got = numpy(model({"ids": IDS, "reset": reset}, state=state))
    np.testing.assert_allclose(got[0], numpy(model(IDS))[0], atol=1e-6)
    np.testing.assert_allclose(got[1], numpy(model(IDS, state=state))[1], atol=1e-6)


def test_dropout_works_in_training_alone():
    model = kc.CharRNN(characters(5), 6, dropout=0.5)
    np.testing.assert_array_equal(numpy(model(IDS)), numpy(model(IDS)))
    trained = numpy(model(IDS, training=True))
    assert abs(trained - numpy(model(IDS, training=True))).max() > 1e-3


def test_any_keras_layer_can_be_the_head(docs):
    vocabulary = kc.Vocabulary.from_text(docs)
    head = keras.Sequential(
        [
            keras.layers.Dense(24, "relu"),
            keras.layers.Dropout(0.2),
            keras.layers.Dense(len(vocabulary)),
        ]
    )
    model = kc.CharRNN(vocabulary, 32, embedding_dim=None, head=head)
    model.fit(docs[:4000], verbose=0)
    model.save("m.keras")
    again = keras.saving.load_model("m.keras")
    assert again.generate("The ", 30, 0) == model.generate("The ", 30, 0)


def test_a_head_of_the_wrong_width():
    with pytest.raises(ValueError, match="has to be 5, the size of the vocabulary"):
        kc.CharRNN(characters(5), 6, head=keras.layers.Dense(6))


def test_a_model_comes_back_from_its_file(docs):
    model = kc.CharRNN(
        kc.Vocabulary.from_text(docs), [6, 9], "gru", embedding_dim=4, dropout=0.25
    )
    model.save("m.keras")
    again = keras.saving.load_model("m.keras")
    assert again.vocabulary == model.vocabulary
    assert again.get_config() == model.get_config()
    ids = model.vocabulary.encode(docs[:16]).reshape(2, 8).astype("int32")
    np.testing.assert_allclose(numpy(again(ids)), numpy(model(ids)), atol=1e-6)
    model.save_weights("m.weights.h5")
    again.load_weights("m.weights.h5")


def test_a_model_that_was_loaded_under_another_precision_keeps_its_own(docs):
    model = kc.CharRNN(characters(5), 6, dtype="mixed_bfloat16")
    model.save("m.keras")
    assert keras.saving.load_model("m.keras").dtype_policy.name == "mixed_bfloat16"


def test_summary_counts(capsys):
    model = kc.CharRNN(characters(5), 6)
    model.summary()
    assert f"{model.count_params():,}" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"units": 0}, "units is a positive integer; it is 0"),
        ({"units": []}, "asks for 0 layers"),
        ({"units": [3, 4], "layers": 3}, "asks for 2 layers, layers=3"),
        ({"layers": 0}, "layers is a positive integer"),
        ({"cell": "lsd"}, "no cell 'lsd'"),
        ({"embedding_dim": 0}, "embedding_dim is a positive integer"),
        ({"dropout": 1.0}, "dropout is 0 or more and below 1"),
        ({"dropout": -0.1}, "dropout is 0 or more"),
        ({"dropout": float("nan")}, "dropout is 0 or more"),
    ],
)
def test_bad_arguments(arguments, message):
    with pytest.raises(ValueError, match=message):
        kc.CharRNN(characters(5), **arguments)


def test_the_state_of_another_model():
    small, large = (kc.CharRNN(characters(5), 6, layers=n) for n in (1, 2))
    with pytest.raises(ValueError, match=r"each of 2 layers, .* has 1 such parts"):
        large(IDS, state=small.initial_state(2))


def test_one_character_is_nothing_to_predict():
    with pytest.raises(ValueError, match="fewer than 2 different characters"):
        kc.CharRNN(kc.Vocabulary("a"))


def test_numpy_sizes_and_small_ids_will_do():
    model = kc.CharRNN(characters(5), np.int64(6), embedding_dim=np.int32(4))
    np.testing.assert_array_equal(numpy(model(IDS.astype("uint8"))), numpy(model(IDS)))


@pytest.mark.parametrize("prompt", [b"the", None, 3, [b"a"]])
def test_a_prompt_of_another_type(prompt):
    with pytest.raises(TypeError, match="prompt is a str or a list of str"):
        kc.CharRNN(characters(5), 6).generate(prompt)


def test_a_model_that_would_be_quantized_is_as_it_was():
    model = kc.CharRNN(kc.Vocabulary("abc"), 4)
    before = model.score("abcabc")
    with pytest.raises(NotImplementedError, match="can't be quantized"):
        model.quantize("int8")
    np.testing.assert_array_equal(model.score("abcabc"), before)


def test_a_string_is_no_vocabulary():
    with pytest.raises(TypeError, match=r"Vocabulary\.from_text"):
        kc.CharRNN("abc")


@pytest.mark.parametrize("cell", sorted(REFERENCES))
@pytest.mark.parametrize("shape", [(1, 6), (3, 6), (2, 5), (2, 7), (6,)])
def test_a_state_that_does_not_fit_is_refused(cell, shape):
    """Some kernels would read beyond its end."""
    model = kc.CharRNN(kc.Vocabulary("abcde"), 6, cell, embedding_dim=4)
    wrong = [np.zeros(shape, "float32") for _ in model.recurrent[0].cell.states]
    with pytest.raises(ValueError, match=r"state of .* is \(2, 6\) for these inputs"):
        model(np.zeros((2, 4), "int32"), state=(wrong,))
