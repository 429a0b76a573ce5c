"""Models that a user names."""

import zipfile
from pathlib import Path

import keras

from keras_charrnn.model import CharRNN


def load(name: str) -> CharRNN:
    """Load a model.

    Args:
        name: Its file, which ends in `.keras`.

    Returns:
        The model.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If it can't be read, or holds something else.
    """
    path = Path(name)
    if not path.exists():
        raise FileNotFoundError(f"There is no model {name!r}.")
    if not zipfile.is_zipfile(path) or path.suffix != ".keras":
        raise ValueError(f"{name!r} is not a .keras file.")
    try:
        model = keras.saving.load_model(path)
    except Exception as error:  # what a damaged file raises can be anything
        reason = str(error).strip().splitlines()[0]
        raise ValueError(f"{name!r} can't be read: {reason}") from error
    if not isinstance(model, CharRNN):
        raise ValueError(f"{name!r} holds a {type(model).__name__}, and no CharRNN.")
    return model
