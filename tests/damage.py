"""What accidents do to a file: bits flip, and the end is lost."""

import random

import pytest

from keras_charrnn import DamagedFile


def flipped(data, count, seed=0):
    """Copies of some bytes, each with another bit flipped; `None` flips every bit."""
    bits = range(8 * len(data))
    if count is not None:
        bits = random.Random(seed).sample(bits, min(count, len(bits)))
    for bit in bits:
        changed = bytearray(data)
        changed[bit // 8] ^= 1 << bit % 8
        yield bytes(changed)


def cut(data, count, least=0):
    """Beginnings of some bytes, the last of them among them; `None` cuts everywhere."""
    step = 1 if count is None else max(1, len(data) // count)
    last = range(max(least, len(data) - 120), len(data))
    for end in {*range(least, len(data), step), *last}:
        yield data[:end]


def check_refused(path, read, flips, cuts, least=0):
    """Check that a file is refused, by one kind of error, whatever happens to it.

    With fewer bytes than `least`, nothing tells what it was.
    """
    data = path.read_bytes()
    read(path)
    for changed in (*flipped(data, flips), *cut(data, cuts, least)):
        path.write_bytes(changed)
        with pytest.raises(DamagedFile, match="is damaged: "):
            read(path)
    path.write_bytes(data)
