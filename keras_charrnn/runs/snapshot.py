"""Snapshot: arrays and facts in one file, which is whole or is refused.

The file is in the format safetensors, whose arrays any program can read and no program
can run. Its metadata holds the facts as JSON, and a SHA-256 digest of each part.
"""

import hashlib
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save_file

from keras_charrnn._platform import DamagedFile, whole_file

_FACTS = "facts"


def save_snapshot(
    path: str | os.PathLike, arrays: Mapping[str, np.ndarray], facts: dict[str, Any]
) -> Path:
    """Write a snapshot, whole or not at all.

    Args:
        path: The file. Missing folders are created.
        arrays: The arrays, by name.
        facts: What JSON can hold.

    Returns:
        The path.

    Raises:
        OSError: If the file can't be written.
    """
    path = Path(path)
    text = json.dumps(facts)
    digests = {name: _digest(array) for name, array in arrays.items()}
    digests[_FACTS] = _digest(text)
    metadata = {_FACTS: text, "sha256": json.dumps(digests)}
    tensors = {name: np.asarray(array, order="C") for name, array in arrays.items()}
    try:
        with whole_file(path) as part:
            save_file(tensors, part, metadata)
    except SafetensorError as error:
        raise OSError(f"{str(path)!r} can't be written: {error}.") from error
    return path


def load_snapshot(
    path: str | os.PathLike,
) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    """Read a snapshot.

    Args:
        path: The file.

    Returns:
        The arrays and the facts.

    Raises:
        FileNotFoundError: If there is no such file.
        DamagedFile: If a part of it is not what it was when it was written.
    """
    path = Path(path)
    path.open("rb").close()  # what can't be opened is told as such
    try:
        with safe_open(path, "numpy") as file:
            metadata = file.metadata() or {}
            arrays = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except (SafetensorError, TypeError, KeyError, ValueError) as error:
        raise DamagedFile(path, "header", f"can't be read ({error})") from error
    try:
        digests = json.loads(metadata["sha256"])
        text = metadata[_FACTS]
        wanted = dict(digests)
    except (KeyError, ValueError, TypeError, RecursionError) as error:
        raise DamagedFile(path, "header", "holds no digests") from error
    if wanted.keys() != {*arrays, _FACTS}:
        raise DamagedFile(path, "header", "names other parts than it has digests for")
    for name, part in {**arrays, _FACTS: text}.items():
        if _digest(part) != wanted[name]:
            raise DamagedFile(path, name, "is not what its SHA-256 digest says")
    try:
        facts = dict(json.loads(text))
    except (ValueError, TypeError, RecursionError) as error:
        raise DamagedFile(path, _FACTS, "are no facts") from error
    return arrays, facts


def _digest(part: np.ndarray | str) -> str:
    if isinstance(part, str):
        return hashlib.sha256(part.encode()).hexdigest()
    digest = hashlib.sha256(f"{part.dtype.str} {part.shape} ".encode())
    digest.update(np.asarray(part, order="C").data)
    return digest.hexdigest()
