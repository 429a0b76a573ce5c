import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from keras_charrnn import Vocabulary

ANY_TEXT = st.text(st.characters(codec="utf-8"), min_size=1)  # NUL included


@given(ANY_TEXT)
def test_every_text_comes_back(text):
    vocabulary = Vocabulary.from_text(text)
    ids = vocabulary.encode(text)
    assert vocabulary.decode(ids) == text
    assert ids.dtype == vocabulary.id_dtype
    assert vocabulary.characters == tuple(sorted(set(text)))
    assert Vocabulary.from_json(vocabulary.to_json()) == vocabulary


@given(ANY_TEXT, st.text(st.characters()))
def test_skip_leaves_what_is_known(known, text):
    vocabulary = Vocabulary.from_text(known)
    kept = "".join(c for c in text if c in vocabulary)
    assert vocabulary.decode(vocabulary.encode(text, "skip")) == kept


def test_a_real_text_comes_back(docs):
    vocabulary = Vocabulary.from_text(docs)
    assert vocabulary.decode(vocabulary.encode(docs)) == docs
    assert len(vocabulary) == len(set(docs))


def test_ids_are_places_in_the_sorted_characters():
    vocabulary = Vocabulary.from_text("cab\u00e9\U0001f600")
    assert vocabulary.encode("abc\u00e9\U0001f600").tolist() == [0, 1, 2, 3, 4]


@pytest.mark.parametrize(
    ("size", "dtype"), [(2, "uint8"), (256, "uint8"), (257, "uint16")]
)
def test_ids_are_as_small_as_they_can_be(size, dtype):
    assert Vocabulary(map(chr, range(size))).id_dtype == dtype


def test_an_unknown_character_is_named_with_its_place():
    vocabulary = Vocabulary.from_text("abc ?")
    with pytest.raises(ValueError, match=r"2 characters .* 'ł' at 1, '€' at 3"):
        vocabulary.encode("ałb€")
    with pytest.raises(ValueError, match=r"and 20 more\."):
        vocabulary.encode("x" * 30)
    assert vocabulary.decode(vocabulary.encode("ałb€", "skip")) == "ab"


def test_the_unknown_is_replaced_only_if_that_was_asked_for():
    with pytest.raises(ValueError, match="unk=True"):
        Vocabulary.from_text("abc ?").encode("xyz", "replace")
    vocabulary = Vocabulary.from_text("abc", unk=True)
    assert vocabulary.unk == "\ufffd"
    assert vocabulary.characters == ("a", "b", "c", "\ufffd")
    assert vocabulary.decode(vocabulary.encode("ałb€", "replace")) == "a\ufffdb\ufffd"
    assert Vocabulary.from_text("abc").unk is None


def test_no_fourth_way_with_the_unknown():
    with pytest.raises(ValueError, match="'ignore' is not one of"):
        Vocabulary.from_text("abc").encode("abc", "ignore")


@pytest.mark.parametrize("ids", [[3], [-1], [0, 1, 99]])
def test_ids_out_of_range(ids):
    with pytest.raises(ValueError, match="outside the vocabulary"):
        Vocabulary.from_text("abc").decode(ids)


@pytest.mark.parametrize("ids", [[0.5], [[1], [2]]])
def test_what_is_no_sequence_of_ids(ids):
    with pytest.raises(ValueError, match="flat sequence of integer ids"):
        Vocabulary.from_text("abc").decode(ids)


def test_nothing_encodes_to_nothing():
    vocabulary = Vocabulary.from_text("abc")
    assert len(vocabulary.encode("")) == 0
    assert vocabulary.decode(np.array([], "int32")) == ""


def test_an_empty_vocabulary_is_an_error():
    with pytest.raises(ValueError, match="Is the text empty"):
        Vocabulary.from_text("")
    with pytest.raises(ValueError, match="'ab' is not one"):
        Vocabulary(["ab"])


@pytest.mark.parametrize("string", ["", "[]", "{}", '{"characters": ""}', "3"])
def test_what_is_no_vocabulary_in_json(string):
    with pytest.raises(ValueError, match="vocabulary"):
        Vocabulary.from_json(string)


def test_equality_and_hash():
    assert Vocabulary("ba") == Vocabulary("aab") != Vocabulary("abc")
    assert len({Vocabulary("ba"), Vocabulary("ab")}) == 1
    assert Vocabulary("ab") != "ab"
    assert "a" in Vocabulary("ab")
    for other in ("c", "ab", "", 3):
        assert other not in Vocabulary("ab")


def test_more_characters_than_sixteen_bits_number():
    text = "".join(map(chr, range(0x4E00, 0x9FFF))) + "".join(
        map(chr, range(0x20000, 0x25000))
    )
    vocabulary = Vocabulary.from_text(text)
    assert len(vocabulary) == len(text) > 1 << 15
    assert vocabulary.decode(vocabulary.encode(text)) == text
