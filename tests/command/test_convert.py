"""`charrnn convert`: the ids of a model, and what is refused because of them."""

import json
from itertools import pairwise
from pathlib import Path

import keras
import numpy as np
import pytest

import keras_charrnn as kc
from keras_charrnn.command import cli
from tests.command.test_command import refused
from tests.conversion.test_other_files import OTHERS, other_file
from tests.helpers import numpy

SIZE = 3000


@pytest.fixture(scope="module")
def text(docs):
    return docs[:SIZE]


def bigrams(text, characters):
    """A model of Keras that has counted pairs of characters, and not learned."""
    ids = {character: id for id, character in enumerate(characters)}
    width = len(characters)
    counts = np.full((width, width), 0.1)
    for pair in pairwise(text):
        counts[ids[pair[0]], ids[pair[1]]] += 1
    model = keras.Sequential(
        [
            keras.Input((None,)),
            keras.layers.Embedding(width, width),
            keras.layers.SimpleRNN(width, return_sequences=True, use_bias=False),
            keras.layers.Dense(width),
        ]
    )
    one_hot = np.eye(width)
    logits = np.log(counts / counts.sum(1, keepdims=True)) / np.tanh(3)
    weights = [one_hot, 3 * one_hot, 0 * one_hot, logits, np.zeros(width)]
    model.set_weights(weights)
    return model


def convert(text, characters, *words, name="old.keras"):
    Path("text.txt").write_text(text, encoding="utf-8")
    old = bigrams(text, characters)
    old.save(name)
    code = cli.main(["convert", name, "text.txt", "--out", "new/model.keras", *words])
    return code, old


def same(old, characters):
    """The new model predicts of every character what the old one does."""
    new = keras.saving.load_model("new/model.keras")
    order = [
        characters.index("[UNK]" if c == "\ufffd" else c)
        for c in new.vocabulary.characters
    ]
    expected = numpy(old(np.array(order)[None]))[..., order]
    found = numpy(new(np.arange(len(order))[None]))
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-4)
    return new


def test_sorted_characters(text, capsys):
    characters = sorted(set(text))
    code, old = convert(text, characters)
    assert code == 0, capsys.readouterr().err
    assert "saved new/model.keras" in capsys.readouterr().out
    same(old, characters)
    words = ["convert", "old.keras", "other.txt", "--out", "x.keras"]
    Path("other.txt").write_text("abc" * 500)
    refused(cli.main(words), capsys.readouterr().err, "The model reads")
    assert not Path("x.keras").exists()


def test_other_ids_are_refused_with_both_figures(text, capsys):
    """As `list(set(text))` has them, or StringLookup."""
    characters = sorted(set(text))
    for order, words in (
        (characters[::-1], []),
        (["[UNK]", *characters], ["--unknown", "replace"]),
    ):
        code, _ = convert(text, order, *words)
        err = capsys.readouterr().err
        refused(code, err, "The model needs ", " need 4.", "--unknown-first", "--ids")
        assert not Path("new").exists()


@pytest.mark.parametrize("lowercase", [True, False])
def test_an_unknown_character_comes_first(text, lowercase, capsys):
    words = ["--lowercase"] if lowercase else []
    shown = text.lower() if lowercase else text
    characters = ["[UNK]", *sorted(set(shown))]
    code, old = convert(shown, characters, "--unknown-first", *words)
    assert code == 0, capsys.readouterr().err
    vocabulary = same(old, characters).vocabulary
    assert vocabulary.unk
    assert vocabulary.treatment.lowercase == lowercase


@pytest.mark.parametrize("form", ["list", "dict"])
@pytest.mark.parametrize("encoded", [True, False])
def test_a_file_of_ids(text, form, encoded, capsys):
    characters = sorted(set(text.lower()))[::-1]
    ids = characters if form == "list" else {c: i for i, c in enumerate(characters)}
    Path("ids.json").write_text(json.dumps(ids))
    how = ["--ids", "ids.json"]
    if encoded:
        Path("text.txt").write_text(text)
        words = ["text.txt", "--lowercase", "--out", "text.npy"]
        assert cli.main(["encode", *words]) == 0
        bigrams(text.lower(), characters).save("old.keras")
        old = keras.saving.load_model("old.keras")
        words = ["old.keras", "text.npy", "--out", "new/model.keras"]
        code = cli.main(["convert", *words, *how])
    else:
        code, old = convert(text.lower(), characters, "--lowercase", *how)
    assert code == 0, capsys.readouterr().err
    assert same(old, characters).vocabulary.treatment.lowercase


@pytest.mark.parametrize(
    ("ids", "words", "message"),
    [
        ({"a": 0, "b": 2}, [], "--ids: 'ids.json': The id of 'b' is 2; the ids of 2"),
        ({"a": 0, "b": -1}, [], "'ids.json': The id of 'b' is -1"),
        ({"0": "a"}, [], "'ids.json': The dict goes from ids to characters, {'0': 'a'"),
        ({"a": 0, "b": "1"}, [], "'ids.json': The id of 'b' is '1', and no integer"),
        (["a", 1], [], "'ids.json': The characters are str; there is 1"),
        (["a", "bc"], [], "'ids.json': A vocabulary consists of single characters"),
        (7, [], "'ids.json': The vocabulary is a Vocabulary, a str or list"),
        (["a", "b"], [], "predicts 3; the vocabulary has 2. Pass all of its"),
        (["a", "b", "d"], [], "outside the vocabulary: 'c' at 2"),
        (["a", "b", "c"], ["--min-count", "2"], "--min-count: --ids has settled that"),
        (["a", "b", "c"], ["--bytes"], "--bytes: --ids has settled that"),
        (["a", "b", "c"], ["--unknown-first"], "--unknown-first: --ids has settled"),
        ("{", [], "'ids.json' is no JSON: Expecting"),
        (None, [], "--ids: there is no file 'ids.json'"),
    ],
)
def test_bad_files_of_ids(ids, words, message, capsys):
    if ids is not None:
        Path("ids.json").write_text("{" if ids == "{" else json.dumps(ids))
    code, _ = convert("abc" * 500, "abc", "--ids", "ids.json", *words)
    refused(code, capsys.readouterr().err, message)
    assert not Path("new").exists()


def test_what_does_not_go_with_an_unknown_character_first(capsys):
    for words in (["--bytes"], ["--documents", "lines"]):
        code, _ = convert("abc" * 500, "abc", "--unknown-first", *words)
        message = f"{words[0]}: --unknown-first has settled that"
        refused(code, capsys.readouterr().err, message)


def test_a_short_text_tells_nothing_of_the_ids(capsys):
    code, old = convert("cab", "abc")
    assert code == 0
    assert "The text has 3 characters, too few to tell" in capsys.readouterr().err
    same(old, "abc")


@pytest.mark.parametrize(("kind", "message"), OTHERS, ids=lambda word: word)
def test_a_file_that_is_no_model_is_one_line(kind, message, capsys):
    Path("text.txt").write_text("abcde" * 20)
    words = ["convert", other_file(kind), "text.txt", "--out", "new/model.keras"]
    refused(cli.main(words), capsys.readouterr().err, f"error: {kind!r}")
    assert not Path("new").exists()


def test_a_user_is_told_what_there_is_to_say_of_ids(capsys):
    with pytest.raises(SystemExit):
        cli.main(["convert", "--help"])
    out = " ".join(capsys.readouterr().out.split())
    assert (
        '--ids FILE a JSON file: a dict from characters to ids, {"a": 0, "b": 1}' in out
    )


def test_from_keras_in_python_judges_no_model(text):
    """It has no text to do so."""
    characters = sorted(set(text))
    assert kc.from_keras(bigrams(text, characters), characters[::-1])


def test_the_model_itself_is_not_replaced(text, capsys):
    old = bigrams(text, sorted(set(text)))
    old.save("old.keras")
    before = Path("old.keras").read_bytes()
    Path("text.txt").write_text(text, encoding="utf-8")
    code = cli.main(["convert", "old.keras", "text.txt", "--out", "./old.keras"])
    refused(code, capsys.readouterr().err, "is the model itself")
    assert Path("old.keras").read_bytes() == before
