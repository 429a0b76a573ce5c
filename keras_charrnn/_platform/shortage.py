"""Shortage: an exception that says that memory is short, whoever raised it."""

import errno

# Told by their names, so that no backend is imported to look at an exception.
_TYPES = {"MemoryError", "OutOfMemoryError", "ResourceExhaustedError"}
_TEXTS = ("resource_exhausted", "out of memory", "allocate memory", "bad_alloc")


def is_out_of_memory(error: BaseException) -> bool:
    """Return whether an exception says that there is not enough memory.

    Args:
        error: Any exception: of Python, NumPy, JAX, PyTorch or TensorFlow.
    """
    if _TYPES & {kind.__name__ for kind in type(error).__mro__}:
        return True
    if isinstance(error, OSError):
        return error.errno == errno.ENOMEM
    # JAX and PyTorch raise a RuntimeError, on whose text alone one can go.
    text = str(error).lower()
    return isinstance(error, RuntimeError) and any(part in text for part in _TEXTS)
