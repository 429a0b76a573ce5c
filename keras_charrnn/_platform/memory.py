"""How the C library treats memory that a training step has freed.

A training step allocates a hundred megabytes and frees them. By default, glibc
returns such memory to the system and asks for it again in the next step, and
the system clears every page of it again. On CPUs this takes as long as the
arithmetic does. Memory that the process keeps costs the next step nothing.
"""

import ctypes
import os
import sys

# From <malloc.h>: parameters of mallopt, and the values to set.
_TRIM_THRESHOLD, _MMAP_MAX, _ARENA_MAX = -1, -4, -8
_SETTINGS = (
    (_TRIM_THRESHOLD, 2**31 - 1),  # free bytes at the end before any are returned
    (_MMAP_MAX, 0),  # large blocks come from the heap and stay in it
    (_ARENA_MAX, 1),  # one heap for all threads, so that all reuse the same
)


def keep_freed_memory() -> bool:
    """Ask glibc, where it is in use, to keep freed memory in the process.

    The setting applies to threads that start later, so this function is called
    when the package is imported. It does nothing if the user has set
    `KERAS_CHARRNN_KEEP_MEMORY=0` or malloc's own variables (`MALLOC_...`,
    `GLIBC_TUNABLES`).

    Returns:
        Whether glibc has accepted the settings.
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
