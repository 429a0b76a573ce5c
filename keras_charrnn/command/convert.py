"""`charrnn convert`: a Keras model becomes a `CharRNN`."""

import argparse

from keras_charrnn._platform import check_writable
from keras_charrnn.command.reading import read
from keras_charrnn.conversion import from_keras
from keras_charrnn.runs import save_model


def run(options: argparse.Namespace) -> None:
    """Turn a Keras model into a `CharRNN`, and save it.

    Args:
        options: Those of `charrnn convert`.
    """
    check_writable(options.out)
    model = from_keras(options.model, read(options).vocabulary)
    path = save_model(model, options.out)
    print(f"saved {path}: {model.count_params():,} parameters, {model.vocabulary!r}")
