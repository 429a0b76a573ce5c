"""Models that a user names."""

from pathlib import Path

from keras_charrnn.model import CharRNN
from keras_charrnn.runs import load_model


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
    _refuse_others(name)
    model = load_model(name)
    if not isinstance(model, CharRNN):
        raise ValueError(
            f"{name!r} holds a {type(model).__name__}, and no CharRNN. `charrnn "
            "convert` makes one of a model of Keras."
        )
    return model


def _refuse_others(name: str) -> None:
    """Raise a `ValueError` for a file of another kind, with what reads it."""
    path = Path(name)
    if path.suffix == ".keras" or not path.exists():
        return
    kind, way_out = "no model, whose file ends in .keras", "trains one on a text"
    if path.suffix in (".h5", ".hdf5"):
        kind, command = "a model of Keras", f"convert {name} TEXT --out MODEL.keras"
        way_out = "makes a model for this of it"
    elif path.suffix == ".npy":
        kind, command = "an encoded text", f"train {name}"
        way_out = "trains a model on it"
    elif (path / "model.keras").is_file():
        kind, command = "a folder", f"sample {path / 'model.keras'}"
        way_out = "writes with the model in it"
    else:
        command = f"train {name}"
    raise ValueError(f"{name!r} is {kind}. `charrnn {command}` {way_out}.")
