"""What stands for characters that a command line can hardly hold."""

import pytest

from keras_charrnn.text import unescaped


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        ("plain", "plain"),
        (r"a\nb\tc\rd", "a\nb\tc\rd"),
        (r"\\n", r"\n"),
        (r"\\\n", "\\\n"),
        ("", ""),
    ],
)
def test_escapes(given, meant):
    assert unescaped(given, "it") == meant


@pytest.mark.parametrize("given", ["\\", r"\x", r"a\\\ b"])
def test_other_backslashes_are_refused(given):
    with pytest.raises(ValueError, match=r"it: a backslash begins \\n, \\r or \\t"):
        unescaped(given, "it")
