"""Texts larger than memory: ids in a file, as they would be in memory."""

import copy
import os
import pickle

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keras_charrnn import Corpus, Vocabulary
from keras_charrnn._platform import SEAL_SIZE
from keras_charrnn.text import corpus_file, sources


@pytest.fixture
def texts(tmp_path, docs, monkeypatch):
    monkeypatch.setattr(sources, "PIECE", 1000)
    monkeypatch.setattr(corpus_file, "_PIECE", 1000)
    (tmp_path / "1.txt").write_text(docs[:30_000])
    (tmp_path / "2.txt").write_text(docs[30_000:50_000] + "Ünïcode €")
    return [tmp_path / "1.txt", tmp_path / "2.txt"]


@pytest.mark.parametrize(
    "choices",
    [
        {},
        {"lowercase": True, "newline": "\n", "normalize": "NFKD"},
        {"min_count": 100, "unknown": "skip"},
        {"max_size": 20, "unk": True, "unknown": "replace"},
        {"documents": "lines", "skip_empty": True},
        {"vocabulary": Vocabulary.bytes()},
    ],
)
def test_a_mapped_corpus_is_the_one_in_memory(texts, choices):
    memory = Corpus.from_files(texts, **choices)
    mapped = Corpus.from_files(texts, path="corpus.npy", **choices)
    again = Corpus.load("corpus.npy")
    for other in (mapped, again):
        assert other.vocabulary == memory.vocabulary
        assert other.files == memory.files
        assert other.ids.dtype == memory.ids.dtype
        np.testing.assert_array_equal(other.ids, memory.ids)
        assert other.text == memory.text
        for mine, theirs in zip(other.documents, memory.documents):
            np.testing.assert_array_equal(mine, theirs)
    # NumPy reads the file as the plain array that it is.
    np.testing.assert_array_equal(np.load("corpus.npy"), memory.ids)
    assert not [name for name in os.listdir() if name.startswith(".saving")]


def test_files_begin_where_they_say_when_characters_are_left_out(texts):
    first, second = (path.read_text() for path in texts)
    corpus = Corpus.from_files(texts, min_count=200, unknown="skip")
    kept = set(corpus.vocabulary.characters)
    assert corpus.text == "".join(c for c in first + second if c in kept)
    assert corpus.files[1][1] == sum(c in kept for c in first) < len(first)
    assert all((first + second).count(c) >= 200 for c in kept)


def test_a_part_of_a_corpus_can_be_saved():
    corpus = Corpus.from_documents([f"{i}" for i in range(20)])
    train, _ = corpus.split(0.2)
    saved = train.save("part.npy")
    assert saved.text == train.text != corpus.text
    assert len(saved.documents[0]) == len(train.documents[0])


def test_a_failure_leaves_nothing_behind(tmp_path):
    (tmp_path / "old.npy").write_bytes(b"old")
    (tmp_path / "bad.txt").write_bytes(b"abc" * 1000 + b"\xff")
    with pytest.raises(ValueError, match="offset 3000"):
        Corpus.from_files(tmp_path / "bad.txt", path=tmp_path / "old.npy")
    assert (tmp_path / "old.npy").read_bytes() == b"old"
    assert sorted(os.listdir(tmp_path)) == ["bad.txt", "old.npy"]
    with pytest.raises(ValueError, match=r"ends in \.npy"):
        Corpus.from_files(tmp_path / "bad.txt", path="corpus.bin")


def test_a_file_that_is_no_corpus_is_told(tmp_path):
    good = Corpus.from_text("hello").save("good.npy")
    data = (tmp_path / "good.npy").read_bytes()
    np.save("plain.npy", np.arange(5))
    np.save("object.npy", np.array([{}]), allow_pickle=True)
    (tmp_path / "cut.npy").write_bytes(data[:-5])
    (tmp_path / "text.npy").write_text("hello")
    for name in ("plain", "object", "cut", "text"):
        with pytest.raises(ValueError, match=f"{name}.npy' is dam.* is no corpus"):
            Corpus.load(f"{name}.npy")
    damaged = bytearray(data[:-SEAL_SIZE].replace(b', "sealed": true', b""))
    damaged[data.index(b"\n") + 1] = 200
    (tmp_path / "ids.npy").write_bytes(bytes(damaged))
    with pytest.raises(ValueError, match="hold the id 200"):
        Corpus.load("ids.npy")
    with pytest.raises(FileNotFoundError):
        Corpus.load("gone.npy")
    assert good.text == "hello"
    with pytest.raises(IsADirectoryError):
        Corpus.load(".")


def test_a_mapped_corpus_can_be_copied():
    corpus = Corpus.from_documents(["ab", "c"]).save("x.npy")
    for copied in (pickle.loads(pickle.dumps(corpus)), copy.deepcopy(corpus)):
        assert copied.text == corpus.text
        assert copied.vocabulary == corpus.vocabulary


def test_an_unknown_character_is_told_with_its_file(texts):
    vocabulary = Vocabulary.from_files(texts[0])
    with pytest.raises(ValueError, match=r"2\.txt': .*'Z' at 7116"):
        Corpus.from_files(texts, vocabulary)
    with pytest.raises(ValueError, match="belong to the vocabulary"):
        Corpus.from_files(texts, vocabulary, lowercase=True)
    with pytest.raises(TypeError, match="no choice 'lower'"):
        Corpus.from_files(texts, lower=True)
    with pytest.raises(ValueError, match="'foo' is not one of"):
        Corpus.from_files(texts, unknown="foo")
    with pytest.raises(ValueError, match=r"drop \d+ different characters"):
        Corpus.from_files(texts, min_count=10)
    for name in ("min_count", "max_size"):
        for wrong in (0, 1.5, True):
            with pytest.raises(ValueError, match=f"{name} is a positive integer"):
                Vocabulary.from_text("aab", **{name: wrong})
    assert len(Vocabulary.from_text("aab", max_size=np.int64(1))) == 1


@settings(deadline=None)
@given(
    st.text(st.characters(codec="utf-8"), min_size=1),
    st.integers(1, 3),
    st.none() | st.integers(2, 5),
)
def test_counting_is_that_of_a_dictionary(text, min_count, max_size):
    counts = {c: text.count(c) for c in sorted(set(text)) if c != "\ufffd"}
    kept = [c for c in counts if counts[c] >= min_count]
    if max_size is not None:
        kept = sorted(kept, key=lambda c: -counts[c])[: max_size - 1]
    if not kept:
        return
    vocabulary = Vocabulary.from_text(
        text, min_count=min_count, max_size=max_size, unk=True
    )
    assert vocabulary.characters == tuple(sorted([*kept, "\ufffd"]))
    coded = vocabulary.decode(vocabulary.encode(text, "replace"))
    assert coded == "".join(c if c in kept else "\ufffd" for c in text)


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_bytes_are_a_vocabulary_for_every_text(text):
    vocabulary = Vocabulary.bytes()
    assert vocabulary.decode(vocabulary.encode(text)) == text
    assert vocabulary.encode(text).tolist() == list(text.encode())
    assert Vocabulary.from_json(vocabulary.to_json()) == vocabulary


@given(st.binary(min_size=1))
def test_bytes_are_a_vocabulary_for_every_file(data):
    with open("file", "wb") as file:
        file.write(data)
    corpus = Corpus.from_files("file", Vocabulary.bytes())
    assert corpus.ids.tolist() == list(data)
    assert corpus.text == data.decode(errors="replace")


def test_bytes_have_documents_of_every_kind(tmp_path):
    (tmp_path / "lines.txt").write_bytes(b"\xff\xfe\nab\n")
    (tmp_path / "x.jsonl").write_text('{"a": "\\u00e9"}')
    vocabulary = Vocabulary.bytes(end=True)
    lines = Corpus.from_files("lines.txt", vocabulary, documents="lines")
    assert lines.ids.tolist() == [255, 254, 256, 97, 98, 256]
    field = Corpus.from_files("x.jsonl", vocabulary, documents="jsonl:a")
    assert field.ids.tolist() == [0xC3, 0xA9, 256]
    texts = Corpus.from_documents(["é"], vocabulary)
    assert texts.ids.tolist() == [0xC3, 0xA9, 256]
