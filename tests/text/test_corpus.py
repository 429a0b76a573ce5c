import numpy as np
import pytest

from keras_charrnn import Corpus, Vocabulary, read_text


def test_files_are_joined_as_they_are(tmp_path):
    first, second = tmp_path / "1.txt", tmp_path / "2.txt"
    first.write_bytes("\ufeffa\r\né".encode())
    second.write_bytes(b"z\n")
    assert read_text([first, second]) == "a\r\néz\n"
    corpus = Corpus.from_files([first, second])
    assert corpus.text == "a\r\néz\n"
    assert read_text(str(second)) == "z\n"


def test_what_does_not_decode_is_told_with_its_place(tmp_path):
    path = tmp_path / "latin.txt"
    path.write_bytes("caf\u00e9!".encode("latin-1"))
    with pytest.raises(
        ValueError, match=r"latin.txt' is not utf-8 .* offset 3, line 1.*--enc"
    ):
        read_text(path)
    assert read_text(path, "latin-1") == "café!"
    with pytest.raises(ValueError, match="no encoding 'klingon'"):
        read_text(path, "klingon")


def test_missing_files_and_folders(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"no file .*gone.txt"):
        read_text(tmp_path / "gone.txt")
    with pytest.raises(FileNotFoundError, match="no file in the folder"):
        read_text(tmp_path)
    with pytest.raises(FileNotFoundError, match=r"No file matches .*\*\.txt"):
        read_text(tmp_path / "*.txt")
    with pytest.raises(FileNotFoundError, match="no file to read"):
        read_text([])


def test_split_cuts_off_the_end(docs):
    corpus = Corpus.from_text(docs[:1000])
    train, validation = corpus.split(0.1)
    assert (len(train), len(validation)) == (900, 100)
    assert train.text + validation.text == docs[:1000]
    assert np.shares_memory(train.ids, corpus.ids)


@pytest.mark.parametrize("part", [0, 1, -0.1, 1.5, float("nan")])
def test_a_split_out_of_range(part):
    with pytest.raises(ValueError, match="above 0 and below 1"):
        Corpus.from_text("abcdef").split(part)


def test_a_split_that_leaves_nothing_to_predict():
    with pytest.raises(ValueError, match="into 9 and 1"):
        Corpus.from_text("abcdefghij").split(0.1)


@pytest.mark.parametrize(
    "ids", [np.array([0.5]), np.zeros((2, 2), int), np.array([3]), np.array([-1])]
)
def test_ids_that_are_none(ids):
    with pytest.raises(ValueError, match="ids"):
        Corpus(ids, Vocabulary("abc"))


def test_a_corpus_tells_what_it_is():
    assert repr(Corpus.from_text("abca")) == "<Corpus of 4 characters, 3 different>"
