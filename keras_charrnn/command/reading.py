"""Texts that a user names: what the options of reading make of them."""

import argparse
import sys
from collections.abc import Sequence
from glob import has_magic
from pathlib import Path
from typing import Any

from keras_charrnn.text import Corpus, Vocabulary, corpora, read_text

# Options of a new vocabulary; the model of --from has one already.
_CHARACTERS = ("lowercase", "newline", "normalize", "min_count", "max_size")
NEW_VOCABULARY = ("bytes", *_CHARACTERS)


def read(
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
    refuse_models(options.text)
    if len(options.text) > 1 and any(is_encoded([word]) for word in options.text):
        raise ValueError("An encoded corpus, a .npy file, is trained on alone.")
    if is_encoded(options.text):
        given = ("documents", "skip_empty", *NEW_VOCABULARY)
        refuse(options, given, "`charrnn encode`")
        return Corpus.load(options.text[0])
    if options.documents and vocabulary is not None and vocabulary.end is None:
        raise ValueError(
            f"--documents {options.documents}: the model of --from has no end of "
            "documents. Leave --documents out, or train a new model with it."
        )
    choices: dict[str, Any] = {}
    if vocabulary is None and options.bytes:
        parsed = ":" in (options.documents or "")
        refuse(options, (*_CHARACTERS, *(() if parsed else ("encoding",))), "--bytes")
        documents = options.documents
        vocabulary = Vocabulary.bytes(end=documents is not None, documents=documents)
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
        text = joined(options)
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


def refuse(options: argparse.Namespace, names: Sequence[str], settled: str) -> None:
    """Raise a `ValueError` if one of some options was given.

    Args:
        options: All options.
        names: Those that are not to be given.
        settled: What has settled them.
    """
    values = {name: getattr(options, name) for name in names}
    given = [
        name
        for name, value in values.items()
        if value is not False and value not in (None, "keep", "utf-8")
    ]
    if given:
        named = ", ".join("--" + name.replace("_", "-") for name in given)
        raise ValueError(f"{named}: {settled} has settled that. Leave it out.")


def refuse_models(words: Sequence[str]) -> None:
    """Raise a `ValueError` if a word that stands for a text is the file of a model."""
    for word in words:
        if Path(word).suffix == ".keras" and Path(word).is_file():
            raise ValueError(
                f"{word!r} is a model, and no text. `charrnn sample {word}` writes "
                f"with it, and `charrnn train TEXT --from {word}` trains it further."
            )
        if Path(word).suffix in (".h5", ".hdf5") and Path(word).is_file():
            raise ValueError(
                f"{word!r} is a model of Keras, and no text. `charrnn convert {word} "
                "TEXT --out MODEL.keras` makes a model for this package of it."
            )


def joined(options: argparse.Namespace) -> str:
    """Return the corpora and files that were named as one text."""
    _refuse_missing([w for w in options.text if w not in corpora.CORPORA])
    for word in options.text:
        if word in corpora.CORPORA and Path(word).exists():
            print(
                f"{word}: the corpus of that name is read; ./{word} would be the file "
                "or folder here.",
                file=sys.stderr,
            )
    return "".join(
        corpora.load(word)
        if word in corpora.CORPORA
        else read_text(word, options.encoding)
        for word in options.text
    )


def reads_once(words: Sequence[str]) -> bool:
    """Return whether some words name what can't be read twice, or are corpora."""
    paths = [Path(word) for word in words]
    pipes = any(
        path.exists() and not (path.is_file() or path.is_dir()) for path in paths
    )
    return pipes or "-" in words or _has_corpora(words)


def _has_corpora(words: Sequence[str]) -> bool:
    """Return whether one of some words is the name of a corpus."""
    return any(word in corpora.CORPORA for word in words)


def is_encoded(words: Sequence[str]) -> bool:
    """Return whether a single word names a file that `charrnn encode` wrote."""
    return len(words) == 1 and words[0].endswith(".npy")


def name_of(word: str) -> str:
    """Return a name for what was trained on a text."""
    if word == "-":
        return "stdin"
    path = Path(word)
    if has_magic(path.name):
        path = path.parent
    if path.name in ("", ".."):
        path = path.resolve()
    return Path(path.name.removesuffix(".gz")).stem.strip(".") or "text"


def _refuse_missing(words: Sequence[str]) -> None:
    for word in words:
        path = Path(word)
        if word != "-" and not path.exists() and not has_magic(word):
            raise FileNotFoundError(
                f"There is no file {word!r}, and no corpus of that name; the corpora "
                f"are {', '.join(corpora.CORPORA)}."
            )
