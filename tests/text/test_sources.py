"""Where text comes from: files of every kind, and what is wrong with some."""

import gzip
import io
import json
import os
import sys
import threading
import unicodedata
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from keras_charrnn import Corpus, DocumentBatches, Vocabulary, read_text
from keras_charrnn.text import sources, with_characters_of
from keras_charrnn.text.documents import END, mark_documents, mark_ends, mark_sources
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
    (tmp_path / "wide.txt").write_text("hello")
    Corpus.from_text("hello").save(tmp_path / "ids.npy")
    with pytest.raises(ValueError, match=r"open it with Corpus\.load"):
        read_text(tmp_path / "ids.npy")
    for wrong in (3, "latin-3000", "hex", "rot13"):
        with pytest.raises(ValueError, match=f"no encoding {wrong!r} of text"):
            read_text(tmp_path / "wide.txt", wrong)


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
    assert read_text(path, encoding) == "abc"  # also between files put together


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
@example(Treatment(lowercase=True), "aΣ\u0301a", [])
@example(Treatment(lowercase=True), "a'Σ", [2])
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
        with pytest.raises((ValueError, TypeError), match=next(iter(wrong))):
            Vocabulary.from_text("a", **wrong)


# Documents

LINES = st.lists(st.text(st.characters(exclude_characters="\n\r")).filter(str.strip))


@given(LINES, st.sampled_from(["\n", "\r\n", "\r", "\r\r\n"]), st.booleans(), st.data())
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
        ("a,b\n1,2\n3", "csv:b", r"line 3: there is 1 value for 2 columns"),
        ("a,b\n1,\n", "csv:b", r"line 2: the document is empty"),
        ('a\n"x', "csv:a", r"begins at line 2: unexpected end of data"),
        ("", "csv:a", "in its first row, which is empty"),
        ('{"a": "x"}\n{', "jsonl:a", "line 2 is no JSON"),
        ('{"a": 3}', "jsonl:a", "line 1: there is no text 'a'"),
        ("[" * 100_000, "jsonl:a", "line 1 is no JSON"),
        ("x", "csv", "documents is one of lines, paragraphs, files, "),
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


@pytest.mark.parametrize(
    ("text", "kind", "documents"),
    [
        ('id,text\n1,"I ate pie, ice cream"\n', "csv:text", ["I ate pie, ice cream"]),
        # Quotes mean nothing beside tabs, unless that is asked for.
        ('text\tid\n"la\t1\nlo\t2\n', "csv:text", ['"la', "lo"]),
        ('text\tid\n"la\t1\nlo\t2\n', "tsv:text", ['"la', "lo"]),
        ('text\tid\n"la\tla"\t1\n', "quoted-tsv:text", ["la\tla"]),
        ("text;id\nla, la;1\n", "csv:text", ["la, la"]),
        ("smiles|id\nCC(=O)O|1\n", "csv:smiles", ["CC(=O)O"]),
        ('"text;id"\nla\n', "csv:text;id", ["la"]),
        ("text\r\nla\r\n\r\nlo\r\n", "csv:text", ["la", "lo"]),
        ("text\tid\rla\t1\r", "tsv:text", ["la"]),
        ('text\n"la\nla"\nlo\n', "csv:text", ["la\nla", "lo"]),
    ],
)
def test_tables_are_read_by_what_is_in_them(tmp_path, text, kind, documents):
    for name in ("table.txt", "table.tsv"):
        (tmp_path / name).write_text(text, newline="")
        corpus = Corpus.from_files(tmp_path / name, documents=kind)
        assert read_documents(corpus) == documents


@pytest.mark.parametrize(
    ("text", "kind", "message"),
    [
        (
            "id,text\n1,I ate pie, ice cream\n",
            "csv:text",
            "line 2: there are 3 values for 2 columns, with a comma .* double quotes",
        ),
        ("text,id\nla, la,1\n", "csv:text", "line 2: there are 3 values for 2 columns"),
        ("text;id\nla;1\n", "csv:text;id", "names 'text', 'id', with ';' between"),
        ("text\tid\nla\t1\n", "csv:song", "names 'text', 'id', with a tab between"),
        ("text,text\nla,lo\n", "csv:text", "there are several columns 'text'"),
        ('text,id\n"la,1\nlo,2\n', "csv:text", "begins at line 2: unexpected end"),
        ("text\nla\n \n", "csv:text", "line 3: the document is empty"),
        ("id,text\r1,la\r", "csv:text", "its lines end with CR alone"),
        ("id,text\n", "csv:text", "no row below the first, which names 'id', 'text'"),
        ("id\ttext\n\n", "tsv:text", "no row below the first, .* a tab between"),
        (
            "id,text\n1,la\n",
            "tsv:text",
            "With a comma .* 'id', 'text': .* 'csv:",
        ),
        ("id;text\n1;la\n", "quoted-tsv:text", "With ';' between names, it has 'id'"),
    ],
)
def test_a_table_is_not_guessed_at(tmp_path, text, kind, message):
    (tmp_path / "table.txt").write_text(text, newline="")
    with pytest.raises(ValueError, match=message):
        Corpus.from_files(tmp_path / "table.txt", documents=kind)


def read_documents(corpus):
    return corpus.vocabulary.decode_symbols(corpus.ids).split(END)[:-1]


PARAGRAPHS = st.lists(
    st.lists(st.text("ab ").filter(str.strip), min_size=1).map("\n".join), min_size=1
)


@given(PARAGRAPHS, st.sampled_from(["\n\n", "\n \n", "\n\n\t\n\n"]), st.data())
def test_paragraphs_are_documents_however_they_are_cut(paragraphs, gap, data):
    text = gap.join(paragraphs)
    start, end = data.draw(st.sampled_from([("", ""), ("\n", "\n"), (" \n", " \n\n")]))
    text = (start + text + end).replace(
        "\n", data.draw(st.sampled_from(["\n", "\r\n"]))
    )
    places = data.draw(st.lists(st.integers(0, 100), max_size=5))
    marked = "".join(mark_ends(cut(text, places), "paragraphs", "x"))
    last = paragraphs[-1] + (" " if end == " \n\n" else "")
    assert marked.split(END) == [*paragraphs[:-1], last, ""]


def test_a_separator_stands_between_documents():
    text = "anna\n<|end|>\n\notto\nb<|end|>\n"
    for pieces in ([text], list(text)):
        marked = "".join(mark_ends(pieces, "separator:<|end|>", "x"))
        assert marked == f"anna{END}otto\nb{END}"
    with pytest.raises(ValueError, match="'x', document 2: the document is empty"):
        list(mark_ends(["a;;b"], "separator:;", "x"))
    assert "".join(mark_ends(["a;;b"], "separator:;", "x", True)) == f"a{END}b{END}"


def test_a_separator_that_occurs_nowhere_is_an_error(tmp_path):
    (tmp_path / "1").write_text("anna\notto\n")
    (tmp_path / "2").write_text("lu")
    kind = "separator:<|end|>"
    for read in (Corpus.from_files, Vocabulary.from_files):
        with pytest.raises(ValueError, match=r"1', '.*2': the separator '<.end.>' occ"):
            read(tmp_path, documents=kind)
    with pytest.raises(ValueError, match="'the text': the separator") as error:
        Corpus.from_text("anna", documents=kind)
    assert "Windows" not in str(error.value)
    with pytest.raises(ValueError, match=r"line end of Windows is \\r\\n\."):
        Corpus.from_text("a\r\n\r\nb", documents=r"separator:\n\n")
    # In one of the files is enough, and at its end, and across two pieces.
    (tmp_path / "2").write_text("lu<|end|>")
    corpus = Corpus.from_files(tmp_path, documents=kind)
    assert read_documents(corpus) == ["anna\notto", "lu"]
    for cuts in ([8], [3, 9], list(range(15))):
        pieces = cut("anna<|end|>otto", cuts)
        marked = ["".join(text) for _, text in mark_sources([("", pieces)], kind)]
        assert marked == [f"anna{END}otto{END}"]


def test_a_separator_has_escapes(tmp_path):
    text = "an\\na\n\notto"
    for kind, documents in (
        (r"separator:\n\n", ["an\\na", "otto"]),
        ("separator:\n\n", ["an\\na", "otto"]),
        (r"separator:\\n", ["an", "a\n\notto"]),
    ):
        assert read_documents(Corpus.from_text(text, documents=kind)) == documents
    corpus = Corpus.from_text("a\tb", documents=r"separator:\t")
    assert read_documents(corpus) == ["a", "b"]
    with pytest.raises(ValueError, match="a backslash begins"):
        Corpus.from_text(text, documents=r"separator:\section")


def test_skip_empty_is_for_documents():
    for make in (Corpus.from_text, Corpus.from_files):
        with pytest.raises(ValueError, match="Say what a document is"):
            make(__file__ if make == Corpus.from_files else "abc", skip_empty=True)
    corpus = Corpus.from_text("a\n\nb", documents="lines", skip_empty=True)
    assert read_documents(corpus) == ["a", "b"]
    with pytest.raises(ValueError, match="'the text', line 2: the document is empty"):
        Corpus.from_text("a\n\nb", Vocabulary("ab", end=True, documents="lines"))


def test_a_flag_is_true_or_false():
    with pytest.raises(TypeError, match=r"unk is True or False.* unknown= takes"):
        Corpus.from_text("aab", unk="skip")
    for make in (Vocabulary, Vocabulary.from_text):
        with pytest.raises(TypeError, match="end is True or False; it is 'lines'"):
            make("ab", end="lines")
    with pytest.raises(TypeError, match="end is True or False"):
        Vocabulary.bytes(end="lines")
    with pytest.raises(TypeError, match="shuffle is True or False; it is 'no'"):
        DocumentBatches(Corpus.from_documents(["ab"]), shuffle="no")
    # A boolean of NumPy is one, and can be saved.
    yes = np.True_
    vocabulary = Vocabulary.from_text("Aa", lowercase=yes, end=yes, unk=yes)
    assert Vocabulary.from_json(vocabulary.to_json()) == vocabulary
    for read in (
        lambda: Corpus.from_text("a", documents="lines", skip_empty="yes"),
        lambda: Corpus.from_documents(["a"], skip_empty="yes"),
    ):
        with pytest.raises(TypeError, match="skip_empty is True or False; it is 'yes'"):
            read()


@pytest.mark.parametrize(
    ("kind", "text", "place"),
    [
        ("lines", "a\na\nxyz\n", "line 3"),
        ("paragraphs", "a\na\n\nxyz\n", "document 2"),
        ("separator:;", "a;xyz;a", "document 2"),
        ("csv:t", 't,n\n"a\na",1\nxyz,2\n', "line 4"),
        ("tsv:t", "t\tn\nxyz\t2\n", "line 2"),
        ("jsonl:t", '{"t": "a"}\n\n{"t": "xyz"}\n', "line 3"),
        ("files", "xyz", None),
    ],
)
def test_the_place_of_a_document_of_which_nothing_is_left(tmp_path, kind, text, place):
    first, path = tmp_path / "1.txt", tmp_path / "2.txt"
    first.write_text('{"t": "a"}' if "json" in kind else "t\tn\na\t1\n")
    if kind == "csv:t":
        first.write_text("t,n\na,1\n")
    path.write_text(text)
    known = Vocabulary("atn1\t", end=True)
    shown = f"2.txt'{f', {place}' if place else ''}: nothing is left"
    with pytest.raises(ValueError, match=shown):
        Corpus.from_files([first, path], known, "skip", documents=kind)
    with pytest.raises(ValueError, match=shown.replace(str(path), "the text")[5:]):
        Corpus.from_text(text, known, "skip", documents=kind)
    with pytest.raises(ValueError, match="Document 1: nothing is left"):
        Corpus.from_documents(["a", "xyz"], known, "skip")


@pytest.mark.parametrize("kind", ["lines", "files", "paragraphs"])
def test_blanks_alone_are_no_document(kind):
    for text in (" ", "\t\n", " \n \n"):
        for pieces in ([text], list(text)):
            with pytest.raises(ValueError, match="the document is empty"):
                list(mark_ends(pieces, kind, "x"))
            assert "".join(mark_ends(pieces, kind, "x", skip_empty=True)) == ""
    with pytest.raises(ValueError, match="line 2: the document is empty"):
        list(mark_ends(["a\n ", " \nb"], "lines", "x"))
    assert "".join(mark_ends(["a\n ", " b"], "lines", "x")) == f"a{END}  b{END}"
    with pytest.raises(ValueError, match="Document 1: the document is empty"):
        Corpus.from_documents(["a", " \n"])


@pytest.mark.parametrize("path", [None, "corpus.npy"])
def test_documents_of_which_nothing_is_left(tmp_path, path):
    (tmp_path / "1.txt").write_text("anna\nxyz\nnan\n")
    (tmp_path / "2.txt").write_text("xz\nna\n")
    known = Vocabulary("an", end=True)
    choices = {"documents": "lines", "unknown": "skip", "path": path}
    for how in ({"vocabulary": known}, {"min_count": 3}):
        with pytest.raises(ValueError, match=r"1.txt', line 2: nothing is left of"):
            Corpus.from_files(tmp_path.glob("*.txt"), **how, **choices)
        files = sorted(tmp_path.glob("*.txt"))
        corpus = Corpus.from_files(files, skip_empty=True, **how, **choices)
        assert corpus.text == "anna\nnan\nna\n"
        assert [place for _, place in corpus.files] == [0, 9]


def test_half_of_a_surrogate_pair_is_refused_where_it_is_read(tmp_path):
    (tmp_path / "x.jsonl").write_text('{"t": "ok"}\n{"t": "a\\ud83d"}\n')
    with pytest.raises(ValueError, match=r"l', line 2: 't' .* pair, U\+D83D, at 1"):
        Corpus.from_files(tmp_path / "x.jsonl", documents="jsonl:t")
    with pytest.raises(ValueError, match=r"Document 1 holds .* U\+DC00, at 0"):
        Corpus.from_documents(["a", "\udc00"])
    with pytest.raises(ValueError, match=r"U\+DC00, at 2"):
        Vocabulary.from_text("ab\udc00")
    with pytest.raises(ValueError, match="1 character outside the vocabulary"):
        Corpus.from_text("ab\udc00", Vocabulary("ab"))


def test_many_documents_come_in_pieces(monkeypatch):
    monkeypatch.setattr("keras_charrnn.text.documents._PIECE", 3)
    assert list(mark_documents(["ab", "cd", "ef"])) == [f"ab{END}cd{END}", f"ef{END}"]


def test_a_header_with_an_open_quote(tmp_path):
    (tmp_path / "x.csv").write_text('"text\nla\n')
    with pytest.raises(ValueError, match="there is no column 'text'"):
        Corpus.from_files(tmp_path / "x.csv", documents="csv:text")


def test_wrong_bytes_in_a_pipe_are_told_without_a_line(tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    writer = threading.Thread(target=pipe.write_bytes, args=(b"ab\n\xff",), daemon=True)
    writer.start()
    with pytest.raises(ValueError, match="0xff at offset 3 does not decode"):
        read_text(pipe)
    writer.join()


def test_the_name_of_a_file_is_no_text_without_a_word(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for take in (Vocabulary.from_text, Corpus.from_text):  # there is no such file
        with pytest.warns(UserWarning, match=r"looks like a file's name\. pathlib"):
            take("held_out.txt")
        take("a/b")
    Vocabulary.bytes().encode("held_out.txt")  # a prompt, perhaps
    (tmp_path / "held_out.txt").write_text("some text")
    for take in (Vocabulary.from_text, Corpus.from_text, Vocabulary.bytes().encode):
        with pytest.warns(UserWarning, match=r"text of 12 .*Path\('held_out.txt'\)"):
            take("held_out.txt")


def test_a_vocabulary_knows_what_its_documents_were(tmp_path):
    (tmp_path / "names.txt").write_text("anna\notto\n")
    corpus = Corpus.from_files(tmp_path / "names.txt", documents="lines")
    vocabulary = Vocabulary.from_json(corpus.vocabulary.to_json())
    assert vocabulary.documents == "lines"
    again = Corpus.from_files(tmp_path / "names.txt", vocabulary)
    assert read_documents(again) == ["anna", "otto"]
    assert with_characters_of(tmp_path / "names.txt", vocabulary) == vocabulary
    assert vocabulary == Vocabulary("anot", end=True)
    (tmp_path / "more.bin").write_bytes(b"\xff\0")
    known = Vocabulary.bytes()
    assert with_characters_of(tmp_path / "more.bin", known) is known


def test_a_row_without_end_is_an_error_and_a_long_line_is_not(monkeypatch):
    monkeypatch.setattr("keras_charrnn.text.tables._LONGEST_ROW", 100)
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
