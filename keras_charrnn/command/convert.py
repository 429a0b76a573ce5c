"""`charrnn convert`: a Keras model becomes a `CharRNN`."""

import argparse
import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from keras_charrnn._platform import check_writable, shown
from keras_charrnn.command.reading import is_encoded, read, refuse
from keras_charrnn.conversion import Numbering, from_keras, numbering
from keras_charrnn.model import CharRNN
from keras_charrnn.runs import save_model
from keras_charrnn.text import UNK, Corpus, Vocabulary

# How many characters tell whether the ids are right, and how many tell nothing.
_ENOUGH = 10_000
_TOO_FEW = 1_000


def run(options: argparse.Namespace) -> None:
    """Turn a Keras model into a `CharRNN`, and save it.

    Args:
        options: Those of `charrnn convert`.
    """
    check_writable(options.out)
    if Path(options.out).resolve() == Path(options.model).resolve():
        raise ValueError(f"--out {options.out} is the model itself. Name another file.")
    model, corpus = _converted(options)
    _check_ids(model, corpus, options)
    path = save_model(model, options.out)
    size = f"{model.count_params():,} parameters"
    print(f"saved {shown(str(path))}: {size}, {model.vocabulary!r}")


def _converted(options: argparse.Namespace) -> tuple[CharRNN, Corpus]:
    """Return the model, and the text with the vocabulary that the ids are told by.

    Without an option, that is the vocabulary of the text.
    """
    settled = ["documents", "skip_empty", "bytes"]
    if options.ids is not None:
        given = (*settled, "min_count", "max_size", "unknown_first")
        refuse(options, given, "--ids")
        characters = _read_ids(options.ids)
        known = _known(options, characters).vocabulary
        if is_encoded(options.text):
            corpus = read(options)
            return _model(options, characters, corpus.vocabulary), corpus
        # Ids that do not fit the model are told before a text that does not fit them.
        model = _model(options, characters, known)
        return model, read(options, known)
    if options.unknown_first:
        refuse(options, settled, "--unknown-first")
        corpus = read(options)
        own = corpus.vocabulary.characters
        characters = ["[UNK]", *(c for c in own if c != UNK)]
        return _model(options, characters, corpus.vocabulary), corpus
    corpus = read(options)
    return from_keras(options.model, corpus.vocabulary), corpus


def _model(
    options: argparse.Namespace, characters: Any, vocabulary: Vocabulary
) -> CharRNN:
    """Return the model with the given ids, which treats a text as a vocabulary does."""
    return from_keras(options.model, characters, **asdict(vocabulary.treatment))


def _read_ids(path: str) -> Any:
    if not Path(path).is_file():
        raise FileNotFoundError(f"--ids: there is no file {path!r}.")
    try:
        return json.loads(Path(path).read_text(encoding="utf-8-sig"))
    except ValueError as error:
        raise ValueError(
            f"--ids: {path!r} is no JSON: {error}. It holds a dict from characters to "
            'ids, {"a": 0, "b": 1}, or a list in the order of the ids, ["a", "b"].'
        ) from error


def _known(options: argparse.Namespace, characters: Any) -> Numbering:
    try:
        return numbering(
            characters,
            newline="\n" if options.newline == "lf" else None,
            lowercase=options.lowercase,
            normalize=options.normalize,
        )
    except (TypeError, ValueError) as error:
        raise ValueError(f"--ids: {options.ids!r}: {error}") from error


def _check_ids(model: CharRNN, corpus: Corpus, options: argparse.Namespace) -> None:
    """Raise a `ValueError` if a model predicts its text worse than letters alone do."""
    symbols = corpus.vocabulary.decode_symbols(corpus.ids[:_ENOUGH])
    ids = model.vocabulary.encode_symbols(symbols, options.unknown)
    if len(ids) < _TOO_FEW:
        print(
            f"The text has {len(ids):,} characters, too few to tell whether the ids "
            "of the model are right.",
            file=sys.stderr,
        )
        return
    bits = -model.engine.score(ids).mean() / np.log(2)
    counts = np.bincount(ids[1:])
    shares = counts[counts > 0] / counts.sum()
    chance = -(shares * np.log2(shares)).sum()
    if not bits <= chance:
        raise ValueError(
            f"The model needs {bits:.2f} bits per character for the text, and the "
            f"frequencies of its letters alone need {chance:.2f}. So the model has "
            "probably other ids: give --unknown-first if [UNK] has the id 0, or else "
            "their order with --ids FILE. A model that is as bad as that with the "
            "right ids is converted in Python, by from_keras."
        )
