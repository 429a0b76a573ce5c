"""Freed memory stays in the process, unless the user says otherwise."""

import os
import platform
import subprocess
import sys

import pytest

from keras_charrnn._platform import memory

pytestmark = pytest.mark.skipif(
    platform.libc_ver()[0] != "glibc", reason="glibc's malloc"
)

PROGRAM = """
import ctypes
from keras_charrnn._platform import memory

libc = ctypes.CDLL(None)
libc.malloc.restype = libc.memset.restype = ctypes.c_void_p
libc.malloc.argtypes = [ctypes.c_size_t]
libc.memset.argtypes = [ctypes.c_void_p, ctypes.c_int, ctypes.c_size_t]
libc.free.argtypes = [ctypes.c_void_p]

def faults():
    return int(open("/proc/self/stat").read().rpartition(")")[2].split()[7])

def use(size=100 << 20):
    block = libc.malloc(size)
    libc.memset(block, 1, size)
    libc.free(block)

use()
before = faults()
use()
print(faults() - before)
"""


def faults_of_a_second_use(**variables):
    """Pages the system had to hand out for 100 MB that were in use before."""
    # charrnn as the program's name: the import stops short of Keras.
    program = "import sys; sys.argv = ['charrnn']" + PROGRAM
    clean = {k: v for k, v in os.environ.items() if not k.startswith("MALLOC_")}
    run = subprocess.run(
        [sys.executable, "-c", program],
        env={**clean, **variables},
        capture_output=True,
        text=True,
        check=True,
    )
    return int(run.stdout)


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("KERAS_CHARRNN_KEEP_MEMORY", "0"),
        ("MALLOC_TOP_PAD_", "131072"),
        ("GLIBC_TUNABLES", "glibc.malloc.top_pad=131072"),
    ],
)
def test_freed_memory_is_reused_unless_the_user_has_chosen(variable, value):
    assert faults_of_a_second_use() < faults_of_a_second_use(**{variable: value}) / 5


def test_other_systems_are_left_alone(monkeypatch):
    monkeypatch.setattr(sys, "platform", "darwin")
    assert not memory.keep_freed_memory()
