"""The `charrnn` command.

Keras reads its backend when it is imported, so this module imports Keras, and
everything that does, only once the arguments are read.
"""

import argparse
import os
import sys
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from keras_charrnn import _choice

TEMPERATURES = (0.5, 0.8, 1.0)


def run() -> None:
    """Run the command as a program: the entry point of `charrnn`."""
    # A terminal that lacks a character shows another one in its place.
    sys.stdout.reconfigure(errors="replace")  # type: ignore[union-attr]
    code = main()
    if code == _INTERRUPTED:
        # A backend's threads may be in the middle of a step; do not wait for them.
        sys.stdout.flush()
        os._exit(code)
    sys.exit(code)


_INTERRUPTED = 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command.

    Args:
        arguments: The words after `charrnn`; those of the process if `None`.

    Returns:
        The exit code: 0 if all went well, 2 if the input was bad, 130 if
        interrupted.
    """
    parser = _parser()
    options = parser.parse_args(arguments)
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    try:
        _choose_backend(options.backend)
        options.run(options)
        sys.stdout.flush()
    except KeyboardInterrupt:
        print("\ncharrnn: interrupted", file=sys.stderr, flush=True)
        return _INTERRUPTED
    except BrokenPipeError:
        # Whoever read the output has enough of it.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except (ValueError, OSError, ImportError) as error:
        print(f"charrnn: error: {error}", file=sys.stderr)
        return 2
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="charrnn", description="Train character RNNs and write with them."
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    common = argparse.ArgumentParser(add_help=False)
    # One that is not among them gets the answer of _choice.require.
    common.add_argument(
        "--backend",
        metavar="NAME",
        help=f"one of {', '.join(_choice.BACKENDS)}; without it KERAS_BACKEND or "
        "keras.json decides, and else the first that is installed",
    )
    common.add_argument("--seed", type=int, help="make the run repeatable")
    _add_train(commands, common)
    _add_sample(commands, common)
    return parser


def _add_train(commands: Any, common: argparse.ArgumentParser) -> None:
    train = commands.add_parser(
        "train",
        parents=[common],
        help="train a model on a text and save it",
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    train.set_defaults(run=_train)
    train.add_argument(
        "text",
        nargs="+",
        help="the name of a corpus (python-docs, python-source, shakespeare, "
        "nietzsche) or text files",
    )
    train.add_argument("--out", help="the folder for the model (default: runs/NAME)")
    train.add_argument("--encoding", default="utf-8", help="the encoding of the files")
    train.add_argument("--cell", default="lstm", help="lstm, gru or rnn")
    train.add_argument("--units", type=int, default=384, help="width of a layer")
    train.add_argument("--layers", type=int, default=1, help="number of layers")
    train.add_argument(
        "--embedding-dim", type=int, default=64, help="0 for one-hot input"
    )
    train.add_argument("--dropout", type=float, default=0.0, help="0 to below 1")
    train.add_argument("--epochs", type=int, default=5, help="passes over the text")
    train.add_argument("--batch-size", type=int, default=16, help="parallel streams")
    train.add_argument(
        "--sequence-length", type=int, default=64, help="characters a step"
    )
    train.add_argument(
        "--validation-split", type=float, default=0.1, help="the text's end, 0 for none"
    )
    train.add_argument(
        "--precision",
        default="float32",
        choices=("float32", "mixed_bfloat16"),
        help="what to compute in",
    )


def _add_sample(commands: Any, common: argparse.ArgumentParser) -> None:
    sample = commands.add_parser(
        "sample",
        parents=[common],
        help="write with a saved model",
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    sample.set_defaults(run=_sample)
    sample.add_argument("model", help="a .keras file")
    sample.add_argument("--prompt", default="", help="the text to write on from")
    sample.add_argument("--length", type=int, default=400, help="characters to write")
    sample.add_argument(
        "--temperature", type=float, default=0.7, help="0 is greedy, 1 as learned"
    )
    sample.add_argument("--top-k", type=int, help="draw from the K likeliest")
    sample.add_argument(
        "--top-p", type=float, help="draw from the likeliest that sum up to P"
    )
    sample.add_argument(
        "--min-p", type=float, help="draw from those of P times the likeliest's or more"
    )
    sample.add_argument(
        "--repetition-penalty", type=float, default=1.0, help="above 1: fewer repeats"
    )
    sample.add_argument(
        "--stop", action="append", default=[], help="a text that ends the writing"
    )
    sample.add_argument(
        "--num-samples", type=int, default=1, help="how many texts to write"
    )
    sample.add_argument(
        "--unknown",
        default="error",
        choices=("error", "skip", "replace"),
        help="what to do with characters that the model does not know",
    )


def _choose_backend(asked: str | None) -> None:
    if "keras" in sys.modules:
        from keras import backend

        if asked and asked != backend.backend():
            raise ValueError(
                f"--backend {asked} comes too late: Keras is already running on "
                f"{backend.backend()}."
            )
        return
    name = asked or _choice.configured()
    if name is None:
        if not _choice.installed():
            raise ImportError(
                "There is no backend: pip install 'keras_charrnn[jax]' "
                "(or [torch] or [tensorflow])."
            )
        name = _choice.installed()[0]
        print(
            f"backend: {name}, the first installed of {', '.join(_choice.BACKENDS)} "
            "(--backend or KERAS_BACKEND chooses)",
            file=sys.stderr,
        )
    _choice.require(name)
    os.environ["KERAS_BACKEND"] = name


def _train(options: argparse.Namespace) -> None:
    import keras

    from keras_charrnn.callbacks import (
        CharactersPerSecond,
        SaveModel,
        StopOnInterrupt,
    )
    from keras_charrnn.checkpoint import check_writable
    from keras_charrnn.model import CharRNN
    from keras_charrnn.text.corpus import Corpus

    if options.epochs < 1:
        raise ValueError(f"--epochs is 1 or more; it is {options.epochs}.")
    _set_seed(options.seed)
    name, text = _read(options.text, options.encoding)
    corpus = Corpus.from_text(text)
    path = Path(options.out or Path("runs", name)) / "model.keras"
    keras.config.set_dtype_policy(options.precision)
    model = CharRNN(
        corpus.vocabulary,
        units=options.units,
        cell=options.cell,
        layers=options.layers,
        embedding_dim=options.embedding_dim or None,
        dropout=options.dropout,
    )
    check_writable(path)
    print(
        f"{name}: {len(corpus):,} characters, {len(corpus.vocabulary)} different; "
        f"a model of {model.count_params():,} parameters on {keras.backend.backend()}"
    )
    stop = StopOnInterrupt()
    model.fit(
        corpus,
        epochs=options.epochs,
        batch_size=options.batch_size,
        sequence_length=options.sequence_length,
        validation_split=options.validation_split,
        callbacks=[CharactersPerSecond(), SaveModel(path), stop],
    )
    print(f"saved {path}")
    if stop.interrupted:
        raise KeyboardInterrupt
    for temperature in TEMPERATURES:
        written = model.generate("", 400, temperature, seed=options.seed)
        print(f"\n--- temperature {temperature} ---\n{written}")


def _sample(options: argparse.Namespace) -> None:
    import keras

    from keras_charrnn.model import CharRNN

    path = Path(options.model)
    if not path.exists():
        raise FileNotFoundError(f"There is no model {options.model!r}.")
    if not zipfile.is_zipfile(path):
        raise ValueError(f"{options.model!r} is not a .keras file.")
    try:
        model = keras.saving.load_model(path)
    except Exception as error:  # what a damaged file raises can be anything
        reason = str(error).strip().splitlines()[0]
        raise ValueError(f"{options.model!r} can't be read: {reason}") from error
    if not isinstance(model, CharRNN):
        raise ValueError(
            f"{options.model!r} holds a {type(model).__name__}, and no CharRNN."
        )
    if options.num_samples < 1:
        raise ValueError(f"--num-samples is 1 or more; it is {options.num_samples}.")
    settings = {
        "sampler": _sampler(options),
        "repetition_penalty": options.repetition_penalty,
        "stop": options.stop,
    }
    for number in range(options.num_samples):
        if options.num_samples > 1:
            print(f"--- {number + 1} ---")
        seed = None if options.seed is None else options.seed + number
        session = model.session(options.prompt, options.unknown)
        print(session.text, end="", flush=True)
        for piece in session.stream(
            options.length, options.temperature, seed, **settings
        ):
            print(piece, end="", flush=True)
        print()


def _sampler(options: argparse.Namespace) -> Any:
    from keras_charrnn import samplers

    asked = {
        "top_k": (samplers.TopKSampler, options.top_k),
        "top_p": (samplers.TopPSampler, options.top_p),
        "min_p": (samplers.MinPSampler, options.min_p),
    }
    chosen = [kind(number) for kind, number in asked.values() if number is not None]
    if len(chosen) > 1:
        raise ValueError("Choose one of --top-k, --top-p and --min-p.")
    return chosen[0] if chosen else "random"


def _set_seed(seed: int | None) -> None:
    import keras

    if seed is not None:
        if seed < 0:
            raise ValueError(f"--seed is an integer from 0 on; it is {seed}.")
        keras.utils.set_random_seed(seed)


def _read(words: Sequence[str], encoding: str) -> tuple[str, str]:
    from keras_charrnn.text import corpora
    from keras_charrnn.text.corpus import read_text

    named = corpora.CORPORA
    missing = [w for w in words if w not in named and not Path(w).exists()]
    if missing:
        raise FileNotFoundError(
            f"There is no file {missing[0]!r}, and no corpus of that name; the "
            f"corpora are {', '.join(corpora.CORPORA)}."
        )
    texts = [corpora.load(w) if w in named else read_text(w, encoding) for w in words]
    return Path(words[0]).stem, "".join(texts)


if __name__ == "__main__":
    run()
