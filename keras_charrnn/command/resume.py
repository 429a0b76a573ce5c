"""`charrnn resume`: a training that was ended goes on."""

import argparse

from keras_charrnn._platform import check_positive
from keras_charrnn.command.reading import read
from keras_charrnn.command.train import settings_of, train
from keras_charrnn.model import CharRNN
from keras_charrnn.runs import RunFolder, check_config, limited_to


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
    check_config(checkpoint["network"], folder.path, "Go on with it in Python.")
    with limited_to(sum(array.size for array in arrays.values())):
        model = CharRNN.from_config(checkpoint["network"])
    del arrays
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
    train(model, read(begun, model.vocabulary), begun, settings, folder, resume=True)
