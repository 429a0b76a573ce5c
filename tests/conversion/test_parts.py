"""The characters of a model that is converted, and their ids."""

import keras
import numpy as np
import pytest

import keras_charrnn as kc
from keras_charrnn.conversion.parts import numbering
from tests.conversion.test_conversion import old


def test_every_form_tells_the_same_order():
    forms = ("cab", ["c", "a", "b"], np.array(["c", "a", "b"]))
    for form in (*forms, {"a": 1, "b": np.int64(2), "c": 0}):
        found = numbering(form)
        assert (found.vocabulary.characters, found.order) == (
            ("a", "b", "c"),
            [1, 2, 0],
        )
    masked = numbering(["", "[UNK]", "b", "a"])
    assert masked.vocabulary.characters == ("a", "b", "\ufffd")
    assert (masked.order, masked.size) == ([3, 2, 1], 4)


@pytest.mark.parametrize(
    ("characters", "kind", "message"),
    [
        ({"a": 0, "b": -1}, ValueError, "The id of 'b' is -1; the ids of 2 characters"),
        ({"a": 0, "b": 2}, ValueError, "The id of 'b' is 2; .* from 0 to 1, without"),
        ({"a": 1, "b": 1}, ValueError, "'a' and 'b' have the id 1"),
        ({"a": 0, "b": 1.0}, TypeError, r"The id of 'b' is 1\.0, and no integer"),
        ({"a": 0, "b": "1"}, TypeError, "The id of 'b' is '1', and no integer"),
        ({"a": 0, "b": True}, TypeError, "The id of 'b' is True, and no integer"),
        ("abca", ValueError, "'a' has the id 0, and 'a' the id 3"),
        (["[UNK]", "a", "\ufffd"], ValueError, r"'\[UNK\]' has the id 0, and '\ufffd'"),
    ],
)
def test_ids_that_no_model_has_are_named(characters, kind, message):
    with pytest.raises(kind, match=message):
        numbering(characters)


def test_what_was_done_to_a_text_is_done_to_a_prompt():
    model = old(keras.layers.LSTM, units=(6,))
    new = kc.from_keras(model, "edcba", lowercase=True)
    assert new.vocabulary.encode("AbE").tolist() == [0, 1, 4]
    with pytest.raises(ValueError, match="lowercase: a Vocabulary has settled that"):
        kc.from_keras(model, kc.Vocabulary("abcde"), lowercase=True)
