"""Models that a user names."""

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
    model = load_model(name)
    if not isinstance(model, CharRNN):
        raise ValueError(
            f"{name!r} holds a {type(model).__name__}, and no CharRNN. `charrnn "
            "convert` makes one of a model of Keras."
        )
    return model
