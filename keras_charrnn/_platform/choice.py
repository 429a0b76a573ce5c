"""Choice: the backend that Keras is going to use, before Keras is imported.

Keras reads `KERAS_BACKEND` and `keras.json` once, when it is imported. This
module does what has to happen before that, with the standard library alone.
"""

import json
import os
import sys
from importlib.util import find_spec
from itertools import pairwise
from pathlib import Path

# In the order in which they are tried where none is chosen.
BACKENDS = ("jax", "torch", "tensorflow")

# Keras writes these settings at its first import, so nobody has chosen them.
_UNTOUCHED = {
    "floatx": "float32",
    "epsilon": 1e-07,
    "backend": "tensorflow",
    "image_data_format": "channels_last",
}

_COMMAND = {"charrnn", "charrnn.exe", "charrnn-script.py"}


def is_command() -> bool:
    """Return whether the running program is `charrnn`."""
    if Path(sys.argv[0] if sys.argv else "").name in _COMMAND:
        return True
    # `python -m` imports the package before it puts the module's path into argv.
    return sys.argv[:1] == ["-m"] and any(
        words == ("-m", "keras_charrnn") for words in pairwise(sys.orig_argv)
    )


def configured() -> str | None:
    """Return the backend that `KERAS_BACKEND` or `keras.json` names, if any."""
    if os.environ.get("KERAS_BACKEND"):
        return os.environ["KERAS_BACKEND"]
    path = Path(os.environ.get("KERAS_HOME") or Path.home() / ".keras") / "keras.json"
    try:
        config = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None  # Keras, too, falls back to its default
    if not isinstance(config, dict) or config == _UNTOUCHED:
        return None
    return config.get("backend")


def installed() -> list[str]:
    """Return the supported backends that can be imported, in order of preference."""
    return [name for name in BACKENDS if find_spec(name)]


def choose(asked: str | None = None) -> bool:
    """Choose the backend that Keras will import: what is asked for, or else the first.

    TensorFlow's notes on how it was built and what it compiles are hidden, unless
    `TF_CPP_MIN_LOG_LEVEL` says otherwise.

    Args:
        asked: The backend's name; if `None`, what is configured, and if nothing is, the
            first of `BACKENDS` that is installed.

    Returns:
        Whether nobody has chosen, so that the first that is installed was taken.

    Raises:
        ImportError: If the backend is none, or not installed, or none is.
    """
    name = asked or configured()
    free = name is None
    if name is None:
        if not installed():
            raise ImportError(
                f"There is no backend: pip install {' or '.join(BACKENDS)}."
            )
        name = installed()[0]
    require(name)
    os.environ["KERAS_BACKEND"] = name
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "1")
    return free


def require(name: str) -> None:
    """Check that a backend is supported and installed.

    Args:
        name: The backend's name.

    Raises:
        ImportError: If it is not; the message says what to do.
    """
    if name not in BACKENDS:
        raise ImportError(
            f"keras_charrnn runs on {', '.join(BACKENDS)}; the backend is {name!r}. "
            "Set KERAS_BACKEND to one of them."
        )
    if name not in installed():
        others = " or ".join(f"KERAS_BACKEND={other}" for other in installed())
        raise ImportError(
            f"The backend {name!r} is not installed: "
            f"pip install {name}"
            + (f", or set {others}, which is installed." if others else ".")
        )
