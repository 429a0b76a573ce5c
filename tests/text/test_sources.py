"""Where text comes from: files of every kind, and what is wrong with some."""

import gzip
import io
import json
import sys
import unicodedata
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from keras_charrnn import Corpus, Vocabulary, read_text
from keras_charrnn.text import sources
from keras_charrnn.text.documents import END, mark_ends
from keras_charrnn.text.treatment import FORMS, Treatment


def cut(text, places):
    borders = [0, *sorted(p % (len(text) + 1) for p in places), len(text)]
    return [text[a:b] for a, b in pairwise(borders)]


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "texts"
    (folder / "below").mkdir(parents=True)
    (folder / "b.txt").write_text("b")
    (folder / "a.txt").write_text("a")
    (folder / ".hidden").write_text("no")
    (folder / "below" / "c.txt.gz").write_bytes(gzip.compress(b"c"))
    return folder


def test_folders_and_patterns_are_read_in_order_and_each_file_once(folder):
    assert read_text(folder) == "abc"
    assert read_text(folder / "*.txt") == read_text(str(folder / "?.txt")) == "ab"
    assert read_text(folder / "**" / "*") == "abc"
    assert read_text([folder / "b.txt", folder]) == "bac"
    assert read_text([folder, folder / "*.txt"]) == "abc"
    # What is named twice is wanted twice.
    assert read_text([folder / "a.txt", folder / "a.txt"]) == "aa"


def test_the_borders_of_files_are_kept(folder):
    corpus = Corpus.from_files([folder / "b.txt", folder / "below"])
    assert corpus.text == "bc"
    assert [place for _, place in corpus.files] == [0, 1]
    assert corpus.files[1][0].endswith("c.txt.gz")
    (folder / "long.txt").write_text("x" * 8)
    corpus = Corpus.from_files([folder / "long.txt", folder / "below"])
    train, validation = corpus.split(0.5)
    assert [place for _, place in train.files] == [0]
    assert [place for _, place in validation.files] == [0, 8 - len(train)]


def test_a_path_is_a_path():
    for wrong in ("", ["a", ""], [3], [b"a"]):
        with pytest.raises(ValueError, match="A path is a str or a Path"):
            read_text(wrong)
    for wrong in (3, None):
        with pytest.raises(TypeError, match="Pass a path or several"):
            read_text(wrong)


def test_what_a_file_seems_to_be_is_said(tmp_path):
    (tmp_path / "wide.txt").write_bytes("hello".encode("utf-16"))
    with pytest.raises(ValueError, match="--encoding utf-16"):
        read_text(tmp_path / "wide.txt")
    Corpus.from_text("hello").save(tmp_path / "ids.npy")
    with pytest.raises(ValueError, match=r"open it with Corpus\.load"):
        read_text(tmp_path / "ids.npy")
    with pytest.raises(ValueError, match="no encoding 3"):
        read_text(tmp_path / "wide.txt", 3)


def test_standard_input(monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO("é\n".encode())))
    assert read_text("-") == "é\n"


def test_a_damaged_gz_file_is_told(tmp_path):
    whole = gzip.compress(b"abc" * 1000)
    for name, data in (("cut.gz", whole[:-20]), ("no.gz", b"abc")):
        (tmp_path / name).write_bytes(data)
        with pytest.raises(ValueError, match=f"{name}' is no whole .gz file"):
            read_text(tmp_path / name)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-8-sig"])
def test_a_byte_order_mark_is_no_part_of_a_text(tmp_path, encoding):
    path = tmp_path / "bom.txt"
    path.write_bytes("\ufeffab\ufeffc".encode(encoding.removesuffix("-sig")))
    assert read_text(path, encoding) == "ab\ufeffc"


def test_wrong_bytes_are_told_with_offset_and_line_across_pieces(tmp_path, monkeypatch):
    monkeypatch.setattr(sources, "PIECE", 4)
    path = tmp_path / "mixed.txt"
    path.write_bytes("aé\nbé\n".encode() + "é\n".encode("latin-1"))
    with pytest.raises(ValueError, match=r"mixed.txt' .* 0xe9 at offset 8, line 3,"):
        read_text(path)
    path.write_bytes(b"abc\xc3(")  # the first byte of two ends a piece
    with pytest.raises(ValueError, match=r"0xc3 at offset 3, line 1,"):
        read_text(path)
    path.write_bytes(b"\x7fELF\0\0\xff\xff")
    with pytest.raises(ValueError, match=r"binary file.*Vocabulary\.bytes"):
        read_text(path)


TREATMENTS = st.builds(
    Treatment,
    newline=st.sampled_from([None, "\n"]),
    lowercase=st.booleans(),
    normalize=st.sampled_from([None, *FORMS]),
)
# Marks, jamo, sigmas and line ends are what a cut could tear apart.
HARD = st.text(
    st.sampled_from("aÅe\u0301\u0323\r\n Σσ\u1100\u1161\u11a8가世\u09c7\u09be'İ")
    | st.characters(),
)


@settings(deadline=None)
@example(Treatment(normalize="NFC"), "e\u0301\u0323", [1, 2])
@example(Treatment(normalize="NFC"), "\u1100\u1161\u11a8", [1, 2])
@example(Treatment(lowercase=True), "ΑΣΑ", [1, 2])
@example(Treatment(lowercase=True), "ΑΣ", [1])
@example(Treatment(newline="\n"), "a\r\nb", [2])
@given(TREATMENTS, HARD, st.lists(st.integers(0, 1000), max_size=6))
def test_pieces_are_treated_as_the_whole(treatment, text, places):
    assert "".join(treatment.pieces(cut(text, places))) == treatment(text)


def test_a_prompt_is_treated_as_the_text_was():
    text = "CAFE\u0301\r\nCAFÉ"
    vocabulary = Vocabulary.from_text(
        text, lowercase=True, normalize="NFC", newline="\n"
    )
    assert vocabulary.characters == tuple("\nacfé")
    assert vocabulary.decode(vocabulary.encode("FE\u0301\r")) == "fé\n"
    assert Vocabulary.from_json(vocabulary.to_json()) == vocabulary
    assert unicodedata.normalize("NFC", "e\u0301") in vocabulary
    for wrong in ({"newline": "\r"}, {"normalize": "nfc"}, {"lowercase": 1}):
        with pytest.raises(ValueError, match=next(iter(wrong))):
            Vocabulary.from_text("a", **wrong)


# Documents

LINES = st.lists(st.text(st.characters(exclude_characters="\n\r"), min_size=1))


@given(LINES, st.sampled_from(["\n", "\r\n"]), st.booleans(), st.data())
def test_lines_are_documents_however_they_are_cut(lines, ending, closed, data):
    text = ending.join(lines) + (ending if closed and lines else "")
    places = data.draw(st.lists(st.integers(0, 1000), max_size=5))
    if END in text:
        with pytest.raises(ValueError, match="U\\+FDD0"):
            list(mark_ends(cut(text, places), "lines", "x"))
        return
    marked = "".join(mark_ends(cut(text, places), "lines", "x"))
    assert marked == "".join(line + END for line in lines)


@pytest.mark.parametrize(
    ("text", "line"), [("\na", 1), ("a\n\nb", 2), ("a\r\n\r\nb", 2), ("a\nb\n\n", 3)]
)
def test_an_empty_line_is_told_or_left_out(text, line):
    for pieces in ([text], list(text)):
        with pytest.raises(ValueError, match=rf"'x', line {line}: .*empty.*--skip"):
            list(mark_ends(pieces, "lines", "x"))
        kept = "".join(mark_ends(pieces, "lines", "x", skip_empty=True))
        assert kept == "".join(c + END for c in text if c in "ab")


def test_files_are_documents(tmp_path):
    (tmp_path / "1").write_text("a\nb")
    (tmp_path / "2").write_text("b")
    corpus = Corpus.from_files(tmp_path, documents="files")
    assert corpus.text == "a\nb\nb\n"
    assert [a.tolist() for a in corpus.documents] == [[0, 4], [4, 2]]
    (tmp_path / "3").write_text("")
    with pytest.raises(ValueError, match=r"3': the document is empty"):
        Corpus.from_files(tmp_path, documents="files")
    again = Corpus.from_files(tmp_path, documents="files", skip_empty=True)
    assert again.text == corpus.text


def test_tables_hold_documents(tmp_path):
    rows = ["name,song", 'a,"la, ""la""\nla"', "b,lo"]
    (tmp_path / "songs.csv").write_text("\n".join(rows))
    (tmp_path / "songs.tsv").write_text("name\tsong\na\tla, la\n")
    items = [{"song": "la\nla"}, {"song": "é", "x": 1}]
    lines = "\n\n".join(map(json.dumps, items))
    (tmp_path / "songs.jsonl").write_text(lines)

    def read(name, kind):
        corpus = Corpus.from_files(tmp_path / name, documents=kind)
        symbols = corpus.vocabulary.decode_symbols(corpus.ids)
        return symbols.split(END)[:-1]

    assert read("songs.csv", "csv:song") == ['la, "la"\nla', "lo"]
    assert read("songs.tsv", "csv:song") == ["la, la"]
    assert read("songs.jsonl", "jsonl:song") == ["la\nla", "é"]


@pytest.mark.parametrize(
    ("text", "kind", "message"),
    [
        ("a,b\n1,2", "csv:c", r"no column 'c' in its first row, which names 'a', 'b'"),
        ("a,b\n1,2\n3", "csv:b", r"line 3: the row ends before the column 'b'"),
        ("a,b\n1,\n", "csv:b", r"line 2: the document is empty"),
        ('a\n"x', "csv:a", r"line 2: unexpected end of data"),
        ("", "csv:a", "in its first row, which is empty"),
        ('{"a": "x"}\n{', "jsonl:a", "line 2 is no JSON"),
        ('{"a": 3}', "jsonl:a", "line 1: there is no text 'a'"),
        ("[" * 100_000, "jsonl:a", "line 1 is no JSON"),
        ("x", "csv", "documents is one of lines, files, csv:COLUMN"),
        ("x", "lines:a", "documents is one of"),
        ("x", "csv:", "it is 'csv:'"),
        ("x", True, "documents is one of"),
        ("x", "poems", "documents is one of"),
    ],
)
def test_what_is_wrong_with_documents_is_told_with_its_place(
    tmp_path, text, kind, message
):
    path = tmp_path / "bad.txt"
    path.write_text(text)
    with pytest.raises(ValueError, match=message) as caught:
        Corpus.from_files(path, documents=kind)
    assert "bad.txt" in str(caught.value) or "documents is" in str(caught.value)


def test_a_row_without_end_is_an_error_and_a_long_line_is_not(monkeypatch):
    monkeypatch.setattr("keras_charrnn.text.documents._LONGEST_ROW", 100)
    with pytest.raises(ValueError, match="'x', line 2: the line is longer than 100"):
        list(mark_ends(["a\n", *["b" * 60] * 3], "csv:a", "x"))
    assert len("".join(mark_ends(["b" * 60] * 3, "lines", "x"))) == 181


def test_documents_in_a_list():
    corpus = Corpus.from_documents(["ab", "b"])
    assert corpus.ids.tolist() == [0, 1, 2, 1, 2]
    with pytest.raises(ValueError, match="Document 1: the document is empty"):
        Corpus.from_documents(["a", ""])
    for wrong in ("abc", None):
        with pytest.raises(TypeError, match="Documents are a list of str"):
            Corpus.from_documents(wrong)
    with pytest.raises(TypeError, match="Document 1 is a int"):
        Corpus.from_documents(["a", 3])
    with pytest.raises(ValueError, match="has no id for the end"):
        Corpus.from_documents(["a"], Vocabulary("a"))
    with pytest.raises(ValueError, match="do not end with it"):
        Corpus(np.array([0, 1]), Vocabulary("ab", end=True))
    with pytest.raises(ValueError, match="U\\+FDD0 at 1"):
        corpus.vocabulary.encode("a" + END)
