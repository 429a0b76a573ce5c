"""How the C library treats memory that a training step has freed.

A step of training takes a hundred megabytes and frees them. By default glibc
hands such memory back to the system and asks for it anew in the next step, and
the system clears every page of it again: on CPUs that takes as long as the
arithmetic does. Kept memory is there for the next step at no cost.
"""

import ctypes
import os
import sys

# <malloc.h>: parameters of mallopt, and the values they get.
_TRIM_THRESHOLD, _MMAP_MAX, _ARENA_MAX = -1, -4, -8
_SETTINGS = (
    (_TRIM_THRESHOLD, 2**31 - 1),  # bytes free at the end before any go back
    (_MMAP_MAX, 0),  # large blocks come from the heap, and stay in it
    (_ARENA_MAX, 1),  # one heap for all threads, so that all reuse the same
)


def keep_freed_memory() -> bool:
    """Ask glibc to keep freed memory in the process, where glibc is at work.

    It works for threads that start later, so it is called when the package is
    imported. It does nothing if the user has set `KERAS_CHARRNN_KEEP_MEMORY=0`,
    or malloc's own variables (`MALLOC_...`, `GLIBC_TUNABLES`).

    Returns:
        Whether it was done.
    """
    if sys.platform != "linux" or _user_has_chosen():
        return False
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)  # musl has none
    return mallopt is not None and all(mallopt(*setting) for setting in _SETTINGS)


def _user_has_chosen() -> bool:
    return (
        os.environ.get("KERAS_CHARRNN_KEEP_MEMORY") == "0"
        or "glibc.malloc" in os.environ.get("GLIBC_TUNABLES", "")
        or any(name.startswith("MALLOC_") for name in os.environ)
    )
