"""Which exceptions say that memory is short; the command's tests have those that do."""

import pytest

from keras_charrnn._platform import is_out_of_memory


@pytest.mark.parametrize(
    "error",
    [
        RuntimeError("shape mismatch"),
        ValueError("the text 'out of memory' is too short"),
        FileNotFoundError(2, "No such file", "out of memory.txt"),
        KeyError("bad_alloc"),
    ],
)
def test_other_exceptions_do_not(error):
    assert not is_out_of_memory(error)
