"""What the `charrnn` command does, once a backend has been chosen."""

import argparse
import zipfile
from collections.abc import Sequence
from dataclasses import asdict
from glob import has_magic
from pathlib import Path
from typing import Any

import keras

from keras_charrnn import samplers
from keras_charrnn._checks import check_positive
from keras_charrnn._files import check_writable
from keras_charrnn.callbacks import CharactersPerSecond, SaveModel, StopOnInterrupt
from keras_charrnn.checkpoint import save_model
from keras_charrnn.conversion import from_keras
from keras_charrnn.model import CharRNN
from keras_charrnn.recipes import RECIPES, Recipe
from keras_charrnn.text import corpora
from keras_charrnn.text.corpus import Corpus
from keras_charrnn.text.sources import read_text
from keras_charrnn.text.vocabulary import Vocabulary

TEMPERATURES = (0.5, 0.8, 1.0)

# Options of a new model, of training, and of a new vocabulary; --from has the first
# and the last already.
_NEW_MODEL = ("cell", "units", "layers", "embedding_dim", "dropout", "precision")
_FIT = ("epochs", "batch_size", "sequence_length", "learning_rate", "weight_decay")
_CHARACTERS = ("lowercase", "newline", "normalize", "min_count", "max_size")
_NEW_VOCABULARY = ("bytes", *_CHARACTERS)


def train(options: argparse.Namespace) -> None:
    """Train a model on a text, save it, and write samples.

    Args:
        options: Those of `charrnn train`.
    """
    settings = _recipe(options).fit | _given(options, _FIT)
    for name in ("epochs", "batch_size", "sequence_length"):
        if name in settings:
            check_positive("--" + name.replace("_", "-"), settings[name])
    _set_seed(options.seed)
    start = None if options.start is None else _load(options.start)
    model, corpus = _new(options) if start is None else _further(options, start)
    name = _name(options.text[0])
    path = Path(options.out or Path("runs", name)) / "model.keras"
    check_writable(path)
    documents = len(corpus.documents[0])
    items = f"{documents:,} documents, " if documents else ""
    print(
        f"{name}: {items}{len(corpus):,} characters, {len(corpus.vocabulary)} "
        f"different; a model of {model.count_params():,} parameters on "
        f"{keras.backend.backend()}"
    )
    stop = StopOnInterrupt()
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
    for temperature in TEMPERATURES:
        written = model.generate(
            "", 400, temperature, options.seed, num_samples=5 if documents else 1
        )
        print(f"\n--- temperature {temperature} ---", *written, sep="\n")


def encode(options: argparse.Namespace) -> None:
    """Write a text's ids to a file.

    Args:
        options: Those of `charrnn encode`.
    """
    path = Path(options.out)
    if any(word.endswith(".npy") for word in options.text):
        raise ValueError(f"{', '.join(options.text)}: a .npy file is encoded already.")
    check_writable(path)
    corpus = _read(options, path=path)
    size = path.stat().st_size / 1e6
    print(f"saved {path}: {corpus!r}, {size:,.1f} MB")


def convert(options: argparse.Namespace) -> None:
    """Turn a Keras model into a `CharRNN`, and save it.

    Args:
        options: Those of `charrnn convert`.
    """
    check_writable(options.out)
    model = from_keras(options.model, _read(options).vocabulary)
    path = save_model(model, options.out)
    print(f"saved {path}: {model.count_params():,} parameters, {model.vocabulary!r}")


def sample(options: argparse.Namespace) -> None:
    """Write with a saved model.

    Args:
        options: Those of `charrnn sample`.
    """
    if options.num_samples < 1:
        raise ValueError(f"--num-samples is 1 or more; it is {options.num_samples}.")
    model = _load(options.model)
    settings = {
        "sampler": _sampler(options),
        "repetition_penalty": options.repetition_penalty,
        "banned": options.banned,
        "stop": options.stop,
        "keep_stop": options.keep_stop,
    }
    # What beam search writes is known only when it is finished.
    best: list[str] = []
    if options.beams is not None:
        best = model.generate(
            options.prompt,
            options.length,
            unknown=options.unknown,
            num_samples=options.num_samples,
            **settings,
        )
    for number in range(options.num_samples):
        if options.num_samples > 1:
            print(f"--- {number + 1} ---")
        if best:
            print(best[number])
            continue
        seed = None if options.seed is None else options.seed + number
        session = model.session(options.prompt, options.unknown)
        # Bad settings are told before anything is written.
        pieces = session.stream(options.length, options.temperature, seed, **settings)
        print(session.text, end="", flush=True)
        for piece in pieces:
            print(piece, end="", flush=True)
        print()


def _load(name: str) -> CharRNN:
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


def _new(options: argparse.Namespace) -> tuple[CharRNN, Corpus]:
    corpus = _read(options)
    keras.config.set_dtype_policy(options.precision or "float32")
    names = tuple(name for name in _NEW_MODEL if name != "precision")
    settings = _recipe(options).model | _given(options, names)
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
    _refuse(options, _NEW_MODEL + _NEW_VOCABULARY, "the model of --from")
    if _recipe(options).model:
        raise ValueError(
            f"--recipe {options.recipe} is for a new model, and --from has one. Give "
            "--epochs and --weight-decay in its place."
        )
    text = None
    if options.unknown == "error" and not _is_encoded(options.text):
        choices = asdict(model.vocabulary.treatment)
        if _has_corpora(options.text) or "-" in options.text:
            text = _joined(options)
            found = Vocabulary.from_text(text, **choices)
        else:
            found = Vocabulary.from_files(
                options.text, options.encoding, documents=options.documents, **choices
            )
        model = model.extend_vocabulary(found)
    return model, _read(options, model.vocabulary, text)


def _read(
    options: argparse.Namespace,
    vocabulary: Vocabulary | None = None,
    text: str | None = None,
    path: Path | None = None,
) -> Corpus:
    """Read a text as the options say.

    Args:
        options: Those of reading.
        vocabulary: The vocabulary, if it is known.
        text: The text, if it has been read.
        path: The file to write its ids to, if there is one.

    Returns:
        The `Corpus`.
    """
    if len(options.text) > 1 and any(_is_encoded([word]) for word in options.text):
        raise ValueError("An encoded corpus, a .npy file, is trained on alone.")
    if _is_encoded(options.text):
        given = ("documents", "skip_empty", *_NEW_VOCABULARY)
        _refuse(options, given, "`charrnn encode`")
        return Corpus.load(options.text[0])
    choices: dict[str, Any] = {}
    if vocabulary is None and options.bytes:
        parsed = options.documents not in (None, "lines", "files")
        _refuse(options, (*_CHARACTERS, *(() if parsed else ("encoding",))), "--bytes")
        vocabulary = Vocabulary.bytes(end=options.documents is not None)
    elif vocabulary is None:
        choices = {
            "lowercase": options.lowercase,
            "newline": None if options.newline == "keep" else "\n",
            "normalize": options.normalize,
            "min_count": 1 if options.min_count is None else options.min_count,
            "max_size": options.max_size,
            "unk": options.unknown == "replace",
        }
    items = {"documents": options.documents, "skip_empty": options.skip_empty}
    if text is None and _has_corpora(options.text):
        text = _joined(options)
    if text is None:
        _refuse_missing(options.text)
        return Corpus.from_files(
            options.text,
            vocabulary,
            options.unknown,
            options.encoding,
            path=path,
            **items,
            **choices,
        )
    corpus = Corpus.from_text(text, vocabulary, options.unknown, **items, **choices)
    return corpus if path is None else corpus.save(path)


def _refuse(options: argparse.Namespace, names: Sequence[str], settled: str) -> None:
    """Raise a `ValueError` if one of some options was given."""
    values = {name: getattr(options, name) for name in names}
    given = [
        name
        for name, value in values.items()
        if value is not False and value not in (None, "keep", "utf-8")
    ]
    if given:
        named = ", ".join("--" + name.replace("_", "-") for name in given)
        raise ValueError(f"{named}: {settled} has settled that. Leave it out.")


def _refuse_missing(words: Sequence[str]) -> None:
    for word in words:
        path = Path(word)
        if word != "-" and not path.exists() and not has_magic(word):
            raise FileNotFoundError(
                f"There is no file {word!r}, and no corpus of that name; the corpora "
                f"are {', '.join(corpora.CORPORA)}."
            )


def _has_corpora(words: Sequence[str]) -> bool:
    return any(word in corpora.CORPORA for word in words)


def _is_encoded(words: Sequence[str]) -> bool:
    return len(words) == 1 and words[0].endswith(".npy")


def _joined(options: argparse.Namespace) -> str:
    _refuse_missing([w for w in options.text if w not in corpora.CORPORA])
    return "".join(
        corpora.load(word)
        if word in corpora.CORPORA
        else read_text(word, options.encoding)
        for word in options.text
    )


def _name(word: str) -> str:
    """Return a name for what was trained on a text."""
    if word == "-":
        return "stdin"
    path = Path(word)
    if has_magic(path.name):
        path = path.parent
    return Path(path.name.removesuffix(".gz")).stem or "text"


def _sampler(options: argparse.Namespace) -> Any:
    asked = {
        "top_k": (samplers.TopKSampler, options.top_k),
        "top_p": (samplers.TopPSampler, options.top_p),
        "min_p": (samplers.MinPSampler, options.min_p),
        "beams": (samplers.BeamSampler, options.beams),
    }
    chosen = [kind(number) for kind, number in asked.values() if number is not None]
    if len(chosen) > 1:
        raise ValueError("Choose one of --top-k, --top-p, --min-p and --beams.")
    return chosen[0] if chosen else "random"


def _set_seed(seed: int | None) -> None:
    if seed is not None:
        if seed < 0:
            raise ValueError(f"--seed is an integer from 0 on; it is {seed}.")
        keras.utils.set_random_seed(seed)
