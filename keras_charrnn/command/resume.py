"""`charrnn resume`: a training that was ended goes on."""

import argparse

from keras_charrnn._platform import check_positive
from keras_charrnn.command.reading import read
from keras_charrnn.command.train import note_of, settings_of, train
from keras_charrnn.model import CharRNN
from keras_charrnn.runs import RunFolder, check_config, limited_to
from keras_charrnn.text import Corpus


def run(options: argparse.Namespace) -> None:
    """Go on with the run in a folder, from its last checkpoint.

    Args:
        options: Those of `charrnn resume`.
    """
    folder = RunFolder(options.run)
    facts = folder.read_facts()
    if "command" not in facts:
        raise ValueError(
            f"{options.run!r} was begun from Python. Go on there: "
            "fit(..., run=..., resume=True), with the same model and text."
        )
    begun = argparse.Namespace(**facts["command"])
    if options.epochs is not None:
        check_positive("--epochs", options.epochs)
        begun.epochs = options.epochs
    settings = settings_of(begun)
    arrays, checkpoint = folder.last_checkpoint()
    for part in ("network", "compiled"):
        check_config(checkpoint[part], folder.path, "Go on with it in Python.")
    with limited_to(sum(array.size for array in arrays.values())):
        model = CharRNN.from_config(checkpoint["network"])
    del arrays
    if checkpoint["compiled"]:
        model.compile_from_config(checkpoint["compiled"])
    done, planned = checkpoint["epoch"], settings["epochs"]
    if done >= planned and not checkpoint["step"]:
        raise ValueError(
            f"{options.run!r} has done its {done} epochs. --epochs asks for more than "
            "that in all."
        )
    if planned != checkpoint["epochs"]:
        print(
            f"The plan of the learning rate, made for {checkpoint['epochs']} epochs, "
            f"is spread over {planned}: the rate goes on from where it then would be."
        )
    folder.note = {"command": note_of(begun)}
    train(model, _text(begun, model, options.run), begun, settings, folder, True)


def _text(begun: argparse.Namespace, model: CharRNN, run: str) -> Corpus:
    """Read the text of a run once more."""
    try:
        return read(begun, model.vocabulary)
    except ValueError as error:
        if "-" not in begun.text:
            raise
        raise ValueError(
            f"{error} The text of this run came from standard input: give it once "
            f"more, as in `cat FILE | charrnn resume {run}`."
        ) from error
