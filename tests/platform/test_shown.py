"""Text that a terminal would obey is shown as escapes."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keras_charrnn._platform import Shower, shown

ACTIVE = ["\x1b", "\x07", "\b", "\0", "\x7f", "\x9b", "\x85", "\u202e", "\u2066"]
ACTIVE += ["\u200f", "\u061c", "\ud800"]


@pytest.mark.parametrize("character", ACTIVE, ids=ascii)
def test_what_a_terminal_obeys_is_shown(character):
    assert shown(f"a{character}b") == f"a{repr(character)[1:-1]}b"


@pytest.mark.parametrize(
    "text",
    ["a\tb\nc\r\n", "Gr\u00fc\u00dfe", "\u3000\u00a0", "\U0001f468\u200d\U0001f469"],
)
def test_text_stays_as_it_is(text):
    assert shown(text) == text


def test_a_carriage_return_is_part_of_a_line_end_or_nothing():
    assert shown("a\rb\r\nc\r") == "a\\rb\r\nc\\r"


@given(st.lists(st.text(st.sampled_from("a\r\n\x1b\u202e"))))
def test_pieces_are_shown_as_the_whole(pieces):
    show = Shower()
    written = "".join([*map(show, pieces), show("", final=True)])
    assert written == shown("".join(pieces))


@given(st.text())
def test_nothing_active_is_left(text):
    left = shown(text).replace("\r\n", "").replace("\n", "").replace("\t", "")
    assert not {"Cc", "Cs"} & {unicodedata.category(c) for c in left}
    controls = {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"}
    assert not controls & {unicodedata.bidirectional(c) for c in left}
