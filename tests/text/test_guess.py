"""What is proposed for a file of another encoding than was asked for."""

import importlib.util
import re
import sys

import pytest

from keras_charrnn import Corpus, Vocabulary, read_text
from keras_charrnn.text import sources
from keras_charrnn.text.guess import likely_encoding, wide_encoding

ENGLISH = "The house was old.\n\u201cWho lives here?\u201d she asked, na\xefvely.\n"
CHINESE = "中文是世界上使用人数最多的语言。今天天气很好。\n"
JAPANESE = "日本語の文章です。今日はとても良い天気ですね。\n"
RUSSIAN = "Мороз и солнце; день чудесный! Еще ты дремлешь, друг прелестный.\n"

HAS_LIBRARY = importlib.util.find_spec("charset_normalizer") is not None


@pytest.fixture
def _no_library(monkeypatch):
    monkeypatch.setitem(sys.modules, "charset_normalizer", None)


@pytest.fixture
def message(tmp_path):
    def message(data, encoding="utf-8"):
        (tmp_path / "old.txt").write_bytes(data)
        with pytest.raises(ValueError, match=r"old\.txt' is not") as caught:
            read_text(tmp_path / "old.txt", encoding)
        return str(caught.value)

    return message


@pytest.mark.skipif(not HAS_LIBRARY, reason="charset-normalizer proposes it")
@pytest.mark.parametrize(
    ("text", "encoding", "proposed"),
    [
        (ENGLISH, "cp1252", "cp1252"),
        (CHINESE, "gb18030", "gb18030"),
        (JAPANESE, "shift_jis", "cp932"),
        (JAPANESE, "euc_jp", "euc_jp"),
        (RUSSIAN, "cp1251", "cp1251"),
    ],
)
@pytest.mark.parametrize("times", [1, 2000])
def test_what_decodes_and_looks_like_text_is_proposed(
    message, text, encoding, proposed, times
):
    told = message((text * times).encode(encoding))
    assert f"encoding='{proposed}', or --encoding {proposed} to" in told
    assert "pip install" not in told
    (shown,) = re.findall(f"As {proposed} it reads '(.+?)'", told)
    assert shown in text


@pytest.mark.skipif(not HAS_LIBRARY, reason="charset-normalizer proposes it")
@pytest.mark.parametrize("cut", range(3))
def test_a_line_without_end_is_looked_at_in_part(message, monkeypatch, cut):
    data = ("a" * cut + JAPANESE.strip() * 5000).encode("cp932")
    monkeypatch.setattr(sources, "PIECE", 1 << 16)
    assert "encoding='cp932'" in message(data)
    with pytest.raises(ValueError, match="--encoding cp932"):
        read_text("old.txt", "ascii")


@pytest.mark.usefixtures("_no_library")
def test_without_the_library_windows_text_is_recognised_and_no_other(message):
    told = message(ENGLISH.encode("cp1252"))
    assert "byte 0x93 at offset 19, line 2," in told
    assert "As cp1252 it reads '\u201cWho lives here?'" in told
    assert "--encoding cp1252" in told
    assert "pip install charset-normalizer" in told
    for text, encoding in ((CHINESE, "gb18030"), (JAPANESE, "cp932")):
        told = message(text.encode(encoding))
        assert "is not clear" in told
        assert "pip install charset-normalizer" in told
        assert "--encoding" not in told


@pytest.mark.parametrize("library", [False, HAS_LIBRARY])
def test_no_encoding_that_gives_control_characters_is_proposed(library, monkeypatch):
    if not library:
        monkeypatch.setitem(sys.modules, "charset_normalizer", None)
    for byte in range(0x80, 0x100):
        sample = b"The caf" + bytes([byte]) + b" was old, and nobody lived there.\n"
        name = likely_encoding(sample)
        if name is not None:
            assert not re.search("[\x00-\x08\x7f-\x9f\ufffd]", sample.decode(name))
    assert likely_encoding(b"caf\xe9 \x02\n") is None


@pytest.mark.parametrize(
    ("encoding", "proposed"),
    [
        ("utf-16", "utf-16"),
        ("utf-32", "utf-32"),
        ("utf-16-le", "utf-16-le"),
        ("utf-16-be", "utf-16-be"),
        ("utf-32-le", "utf-32-le"),
        ("utf-32-be", "utf-32-be"),
    ],
)
@pytest.mark.parametrize("asked", ["utf-8", "cp1252", "latin-1"])
def test_wide_characters_are_told_with_a_mark_and_without(
    message, encoding, proposed, asked, tmp_path
):
    told = message(ENGLISH.encode(encoding), asked)
    assert f"seems to be {proposed}. Pass encoding={proposed!r}, or --encoding" in told
    assert read_text(tmp_path / "old.txt", proposed) == ENGLISH
    assert len(Corpus.from_files(tmp_path / "old.txt", Vocabulary.bytes())) > 100


def test_bytes_of_0_alone_are_no_wide_characters():
    for start in (b"", b"a\0", bytes(64), b"\x7fELF" + bytes(60), b"a\0\0b" * 9):
        assert wide_encoding(start) is None


def test_a_missing_mark_of_utf_16_is_told(message):
    assert "Pass encoding='utf-16-le' or" in message(
        "hello".encode("utf-16-le"), "utf-16"
    )


def test_a_file_that_is_utf_8_is_told_where_another_encoding_was_asked_for(message):
    assert "As utf-8 it reads 'Zoë'" in message("Zoë\n".encode(), "ascii")


def test_a_broken_place_in_utf_8_is_not_given_another_encoding(message):
    data = "Zoë, Amaël und Jörg\n".encode()
    told = message(data * 9 + b"caf\xe9\n" + data)
    assert "line 10" in told
    assert "this place is damaged" in told
    assert "encoding=" not in told


def test_invisible_characters_of_a_wrong_encoding_are_warned_of_once(
    tmp_path, monkeypatch
):
    monkeypatch.setattr(sources, "PIECE", 16)
    path = tmp_path / "old.txt"
    path.write_bytes(ENGLISH.encode("cp1252"))
    with pytest.warns(UserWarning, match="control character") as caught:
        text = read_text(path, "latin-1")
    assert "\x93" in text  # nothing is changed
    (warned,) = [str(w.message) for w in caught]
    assert re.search(r"old.txt', line 2: latin-1 makes byte 0x93 at offset 19", warned)
    assert "U+0093" in warned
    assert "encoding='cp1252', or --encoding cp1252" in warned
    # Where such characters are meant, and where no encoding was at fault.
    path.write_bytes("a\x93b\n".encode())
    assert read_text(path) == "a\x93b\n"
    path.write_bytes("a\nb\x85\n".encode("cp037"))
    assert read_text(path, "cp037") == "a\nb\x85\n"
