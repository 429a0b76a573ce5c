"""Runs: the files that a training run leaves."""

from keras_charrnn.runs.archive import (
    is_archive,
    load_arrays,
    opened_archive,
    read_member,
    save_arrays,
)
from keras_charrnn.runs.checkpoint import (
    checked_weights,
    is_sealed,
    load_model,
    portable,
    reading,
    save_model,
)
from keras_charrnn.runs.folder import RunFolder
from keras_charrnn.runs.saving import WholeFiles
from keras_charrnn.runs.snapshot import load_snapshot, save_snapshot
from keras_charrnn.runs.strangers import check_config, limited_to

__all__ = [
    "RunFolder",
    "WholeFiles",
    "check_config",
    "checked_weights",
    "is_archive",
    "is_sealed",
    "limited_to",
    "load_arrays",
    "load_model",
    "load_snapshot",
    "opened_archive",
    "portable",
    "read_member",
    "reading",
    "save_arrays",
    "save_model",
    "save_snapshot",
]
