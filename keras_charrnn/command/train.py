"""`charrnn train`: a model is trained on a text and saved."""

import argparse
import os
import signal
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import fields
from pathlib import Path
from typing import Any

import keras

from keras_charrnn._platform import check_positive, check_writable, shown
from keras_charrnn.command.models import load
from keras_charrnn.command.reading import (
    NEW_VOCABULARY,
    is_encoded,
    joined,
    name_of,
    read,
    reads_once,
    refuse,
    refuse_models,
)
from keras_charrnn.command.showing import Screen
from keras_charrnn.model import CharRNN
from keras_charrnn.network import fast_policy, in_policy
from keras_charrnn.runs import RunFolder, save_model
from keras_charrnn.settings import Network, Training
from keras_charrnn.text import Corpus, corpora
from keras_charrnn.training import RECIPES, CharactersPerSecond, Recipe

TEMPERATURES = (0.5, 0.8, 1.0)

# Options of a new model and of training; --from has the first already.
_NEW_MODEL = tuple(setting.name for setting in fields(Network))
_FIT = ("epochs", *(setting.name for setting in fields(Training)))


def run(options: argparse.Namespace) -> None:
    """Train a model on a text, save it, and write samples.

    Args:
        options: Those of `charrnn train`.
    """
    settings = settings_of(options)
    name = name_of(options.text[0])
    path = options.out or Path("runs", name)
    folder = RunFolder(path, options.overwrite, {"command": note_of(options)})
    check_writable(folder.model)
    if not options.overwrite:
        folder.refuse_used(
            f"`charrnn resume {folder.path}` goes on with a run; --out names another "
            "folder, and --overwrite replaces what is there."
        )
    _set_seed(options.seed)
    start = None if options.start is None else load(options.start)
    model, corpus = _new(options) if start is None else _further(options, start)
    train(model, corpus, options, settings, folder)


def settings_of(options: argparse.Namespace) -> dict[str, Any]:
    """Return the settings of `fit` that options ask for, and check them.

    Args:
        options: Those of `charrnn train`.
    """
    settings = _recipe(options).fit | _given(options, _FIT)
    for name in ("epochs", "batch_size", "sequence_length"):
        if name in settings:
            check_positive("--" + name.replace("_", "-"), settings[name])
    if options.patience is not None:
        check_positive("--patience", options.patience)
        if not options.validation_split:
            raise ValueError("--patience needs a validation; leave it out, or that.")
    return settings


def train(
    model: CharRNN,
    corpus: Corpus,
    options: argparse.Namespace,
    settings: dict[str, Any],
    folder: RunFolder,
    resume: bool = False,
) -> None:
    """Train a model in a run folder, and write samples with the best.

    Args:
        model: The model.
        corpus: The text.
        options: Those of `charrnn train`.
        settings: Those of `fit`.
        folder: The folder of the run.
        resume: Whether to go on with the run in the folder.
    """
    documents = len(corpus.documents[0])
    items = f"{documents:,} documents, " if documents else ""
    policy = model.dtype_policy.name
    print(
        f"{shown(folder.path.name)}: {items}{len(corpus):,} characters, "
        f"{len(corpus.vocabulary)} different; a model of {model.count_params():,} "
        f"parameters on {keras.backend.backend()}, {policy}"
    )
    callbacks: list[Any] = [CharactersPerSecond()]
    if options.patience is not None:
        callbacks.append(
            keras.callbacks.EarlyStopping("val_loss", patience=options.patience)
        )
    with _ended_by_interrupt():
        history = model.fit(
            corpus,
            **settings,
            stride=options.stride,
            target=options.target,
            validation_split=options.validation_split,
            callbacks=callbacks,
            run=folder,
            resume=resume,
        )
    best = load(str(folder.model))
    if options.precision in (None, "auto") and options.start is None:
        best = in_policy(best, "float32")
        save_model(best, folder.model)
    facts = folder.read_facts()
    if facts["best"]:
        last = history.history["val_loss"][-1]
        print(
            f"best: epoch {facts['best']['epoch']}, validation loss "
            f"{facts['best']['loss']:.4f} (last: {last:.4f})"
        )
    print(f"saved {shown(str(folder.model))}")
    if facts["ended"] != "finished":
        command = f"charrnn resume {shown(str(folder.path))}"
        print(f"`{command}` goes on with it", flush=True)
        raise KeyboardInterrupt
    samples = best.generate(
        "", 400, TEMPERATURES, options.seed, num_samples=5 if documents else 1
    )
    screen = Screen(getattr(options, "raw", False))
    for temperature, written in zip(TEMPERATURES, samples):
        print(f"\n--- temperature {temperature} ---")
        for text in written:
            screen.show(text)


def note_of(options: argparse.Namespace) -> dict[str, Any]:
    """Return options for `run.json`, with a text that is found from everywhere.

    Args:
        options: Those of `charrnn train`.
    """
    words = [
        word if word == "-" or word in corpora.CORPORA else os.path.abspath(word)
        for word in options.text
    ]
    return {**vars(options), "text": words}


@contextmanager
def _ended_by_interrupt() -> Iterator[None]:
    """Let Ctrl-C end the process at once, until the run itself listens to it.

    Before the first batch, nothing has been learned, and an exception in the middle of
    compiling can get lost in a backend.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.getsignal(signal.SIGINT)
    if before is not signal.SIG_IGN:
        signal.signal(signal.SIGINT, _end)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _end(number: int, frame: Any) -> None:
    os.write(2, b"\ncharrnn: interrupted\n")
    os._exit(128 + number)


def _new(options: argparse.Namespace) -> tuple[CharRNN, Corpus]:
    corpus = read(options)
    asked = options.precision or "auto"
    policy = fast_policy() if asked == "auto" else asked
    settings = _recipe(options).model | _given(options, _NEW_MODEL)
    if settings.get("embedding_dim") == 0:
        settings["embedding_dim"] = None
    return CharRNN(corpus.vocabulary, dtype=policy, **settings), corpus


def _recipe(options: argparse.Namespace) -> Recipe:
    if options.recipe not in RECIPES:
        raise ValueError(
            f"There is no recipe {options.recipe!r}; there are {', '.join(RECIPES)}."
        )
    return RECIPES[options.recipe]


def _given(options: argparse.Namespace, names: Sequence[str]) -> dict[str, Any]:
    values = {name: getattr(options, name) for name in names}
    return {name: value for name, value in values.items() if value is not None}


def _further(options: argparse.Namespace, model: CharRNN) -> tuple[CharRNN, Corpus]:
    """Return the model of --from, with the characters of the text, and the text."""
    settled = (*_NEW_MODEL, "precision", *NEW_VOCABULARY)
    refuse(options, settled, "the model of --from")
    if _recipe(options).model:
        raise ValueError(
            f"--recipe {options.recipe} is for a new model, and --from has one. Give "
            "--epochs and --weight-decay in its place."
        )
    refuse_models(options.text)
    text = None
    known = model.vocabulary.complete or is_encoded(options.text)
    if options.unknown == "error" and not known:
        source: Any = [Path(word) for word in options.text]
        if reads_once(options.text):
            source = text = joined(options)
        model = model.extend_vocabulary(source, options.encoding, options.documents)
    return model, read(options, model.vocabulary, text)


def _set_seed(seed: int | None) -> None:
    if seed is not None:
        if seed < 0:
            raise ValueError(f"--seed is an integer from 0 on; it is {seed}.")
        keras.utils.set_random_seed(seed)
