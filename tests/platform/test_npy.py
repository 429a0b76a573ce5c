import io

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from keras_charrnn._platform import read_npy_header


@pytest.mark.parametrize(
    "array",
    [
        np.zeros(3, "uint8"),
        np.zeros((2, 3), "<f4"),
        np.zeros((), ">u4"),
        np.array("text"),
        np.zeros((0, 4), bool),
        np.asfortranarray(np.zeros((2, 3))),
    ],
    ids=lambda array: f"{array.dtype}{array.shape}",
)
@pytest.mark.parametrize("version", [(1, 0), (2, 0)])
def test_a_header_is_that_of_numpy(array, version):
    file = io.BytesIO()
    np.lib.format.write_array(file, array, version)
    file.seek(0)
    name, fortran, shape = read_npy_header(file)
    assert np.dtype(name) == array.dtype
    assert shape == array.shape
    assert fortran == (array.flags.f_contiguous and not array.flags.c_contiguous)
    assert file.read() == array.tobytes("A")


@given(st.binary())
def test_nothing_else_is_read(data):
    for start in (b"", b"\x93NUMPY\x01\x00", b"\x93NUMPY\x02\x00\xff\xff\xff\xff"):
        with pytest.raises(ValueError, match=r"it does not|its header"):
            read_npy_header(io.BytesIO(start + data))
