"""A corpus and a vocabulary are what they were when they were written, or refused."""

import contextlib
import json
import os
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from keras_charrnn import Corpus, DamagedFile, StreamBatches, Vocabulary
from keras_charrnn._platform import SEAL_SIZE
from tests.damage import check_refused, cut, flipped

ANY = settings(
    max_examples=150,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
VOCABULARIES = [
    Vocabulary("ab\u00e9\U0001f600\n", lowercase=True, normalize="NFC"),
    Vocabulary("ab", end=True, documents="lines"),
    Vocabulary.bytes(),
]


def test_each_flip_and_each_truncation_of_a_corpus_is_refused():
    Corpus.from_text("so much depends upon \u00e9 " * 9).save("x.npy")
    check_refused(Path("x.npy"), Corpus.load, 200, 200)


@pytest.mark.parametrize("vocabulary", VOCABULARIES, ids=repr)
def test_each_flip_and_each_truncation_of_a_vocabulary_is_refused(vocabulary):
    text = vocabulary.to_json()
    assert text.isascii()
    assert Vocabulary.from_json(text) == vocabulary
    data = text.encode()
    for changed in (*flipped(data, None), *cut(data, None)):
        with pytest.raises(DamagedFile):
            Vocabulary.from_json(changed.decode("latin-1"))


def test_a_vocabulary_of_before_has_no_digest():
    text = '{"characters": "ab", "lowercase": true}'
    assert Vocabulary.from_json(text) == Vocabulary("ab", lowercase=True)
    assert Vocabulary.from_json('{"bytes": true}') == Vocabulary.bytes()


def test_a_corpus_of_before_has_no_seal():
    Corpus.from_text("abcabc").save("new.npy")
    data = Path("new.npy").read_bytes()[:-SEAL_SIZE]
    Path("cut.npy").write_bytes(data)
    with pytest.raises(DamagedFile, match="its seal is missing"):
        Corpus.load("cut.npy")
    start = data.index(b"{", data.index(b"\n"))
    about = json.loads(data[start:])
    del about["sealed"], about["vocabulary"]["sha256"]
    Path("old.npy").write_bytes(data[:start] + json.dumps(about).encode())
    assert Corpus.load("old.npy").text == "abcabc"
    np.testing.assert_array_equal(np.load("new.npy"), [0, 1, 2, 0, 1, 2])


def test_what_can_not_be_of_a_corpus_of_before_either():
    corpus = Corpus.from_documents(["ab", "ba"]).save("new.npy")
    data = bytearray(Path("new.npy").read_bytes()[:-SEAL_SIZE])
    data = data.replace(b', "sealed": true', b"")
    last = data.index(b"\n") + len(corpus)
    data[last] = 0
    Path("old.npy").write_bytes(data)
    with pytest.raises(DamagedFile, match="its last document has no end"):
        Corpus.load("old.npy")


@pytest.mark.skipif(os.name == "nt", reason="a mapped file can't be cut there")
def test_a_corpus_that_is_cut_while_it_is_mapped_kills_nobody():
    corpus = Corpus.from_text("abcdefgh" * 4096).save("x.npy")
    batches = StreamBatches(corpus, 4, 32)
    batches.batch(0)
    with open("x.npy", "r+b") as file:
        file.truncate(4096)
    with pytest.raises(DamagedFile, match=r"'x\.npy' is damaged: its end was cut off"):
        batches.batch(1)


@ANY
@given(st.text(max_size=80) | st.binary(max_size=80))
def test_no_text_is_another_error_than_that_of_a_vocabulary(text):
    with contextlib.suppress(DamagedFile):
        Vocabulary.from_json(text)


@ANY
@given(st.binary(max_size=300), st.integers(0, 500), st.integers(0, 60))
def test_no_change_of_a_corpus_without_a_seal_is_another_error(more, place, less):
    path = Path("base.npy")
    if not path.exists():
        Corpus.from_text("abcabc" * 9).save(path)
    data = path.read_bytes()[:-SEAL_SIZE].replace(b', "sealed": true', b"")
    place %= len(data)
    Path("x.npy").write_bytes(data[:place] + more + data[place + less :])
    with contextlib.suppress(DamagedFile):
        Corpus.load("x.npy")
