"""The header of a `.npy` file, read without what NumPy evaluates."""

import re
from typing import BinaryIO

_MAGIC = b"\x93NUMPY"
# How many bytes of the length there are in each version.
_VERSIONS = {b"\x01\x00": 2, b"\x02\x00": 4}
_LONGEST = 10_000

# As NumPy writes it.
_HEADER = re.compile(
    rb"\{'descr': '([<>|=]?[A-Za-z][0-9]*)', 'fortran_order': (True|False), "
    rb"'shape': \(((?:[0-9]+(?:, [0-9]+)*,?)?)\), \} *\n"
)


def read_npy_header(file: BinaryIO) -> tuple[str, bool, tuple[int, ...]]:
    """Read the header of an array, and stop where the array begins.

    Args:
        file: The file.

    Returns:
        The name of the dtype, whether the order is that of Fortran, and the shape.

    Raises:
        ValueError: If there is none, as `numpy.save` writes it.
    """
    start = file.read(len(_MAGIC) + 2)
    count = _VERSIONS.get(start[len(_MAGIC) :])
    if not start.startswith(_MAGIC) or count is None:
        raise ValueError("it does not begin as an array does")
    length = int.from_bytes(file.read(count), "little")
    if length > _LONGEST:
        raise ValueError(f"its header has {length:,} bytes")
    found = _HEADER.fullmatch(file.read(length))
    if found is None:
        raise ValueError("its header is none of an array of numbers")
    shape = tuple(int(side) for side in found[3].replace(b",", b" ").split())
    return found[1].decode(), found[2] == b"True", shape
