"""`charrnn train`: a model is trained on a text and saved."""

import argparse
from collections.abc import Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

import keras

from keras_charrnn._platform import check_positive, check_writable
from keras_charrnn.command.models import load
from keras_charrnn.command.reading import (
    NEW_VOCABULARY,
    is_encoded,
    joined,
    name_of,
    read,
    reads_once,
    refuse,
)
from keras_charrnn.model import CharRNN
from keras_charrnn.settings import Network, Training
from keras_charrnn.text import Corpus
from keras_charrnn.training import (
    RECIPES,
    CharactersPerSecond,
    Recipe,
    SaveModel,
    StopOnInterrupt,
)

TEMPERATURES = (0.5, 0.8, 1.0)

# Options of a new model and of training; --from has the first already.
_NEW_MODEL = tuple(setting.name for setting in fields(Network))
_FIT = ("epochs", *(setting.name for setting in fields(Training)))


def run(options: argparse.Namespace) -> None:
    """Train a model on a text, save it, and write samples.

    Args:
        options: Those of `charrnn train`.
    """
    settings = _recipe(options).fit | _given(options, _FIT)
    for name in ("epochs", "batch_size", "sequence_length"):
        if name in settings:
            check_positive("--" + name.replace("_", "-"), settings[name])
    _set_seed(options.seed)
    start = None if options.start is None else load(options.start)
    model, corpus = _new(options) if start is None else _further(options, start)
    name = name_of(options.text[0])
    path = Path(options.out or Path("runs", name)) / "model.keras"
    check_writable(path)
    documents = len(corpus.documents[0])
    items = f"{documents:,} documents, " if documents else ""
    print(
        f"{name}: {items}{len(corpus):,} characters, {len(corpus.vocabulary)} "
        f"different; a model of {model.count_params():,} parameters on "
        f"{keras.backend.backend()}"
    )
    with StopOnInterrupt() as stop:
        model.fit(
            corpus,
            **settings,
            stride=options.stride,
            target=options.target,
            validation_split=options.validation_split,
            callbacks=[CharactersPerSecond(), SaveModel(path), stop],
        )
    print(f"saved {path}")
    if stop.interrupted:
        raise KeyboardInterrupt
    samples = model.generate(
        "", 400, TEMPERATURES, options.seed, num_samples=5 if documents else 1
    )
    for temperature, written in zip(TEMPERATURES, samples):
        print(f"\n--- temperature {temperature} ---", *written, sep="\n")


def _new(options: argparse.Namespace) -> tuple[CharRNN, Corpus]:
    corpus = read(options)
    keras.config.set_dtype_policy(options.precision or "float32")
    settings = _recipe(options).model | _given(options, _NEW_MODEL)
    if settings.get("embedding_dim") == 0:
        settings["embedding_dim"] = None
    return CharRNN(corpus.vocabulary, **settings), corpus


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
