"""The `charrnn` command.

Keras reads its backend when it is imported, so this module imports Keras, and
everything that does, only once the arguments are read.
"""

import argparse
import os
import sys
from collections.abc import Sequence
from typing import Any

from keras_charrnn import _choice


class _Help(argparse.ArgumentDefaultsHelpFormatter):
    """Shows a default where there is one."""

    def _get_help_string(self, action: argparse.Action) -> str | None:
        return super()._get_help_string(action) if action.default else action.help


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
        # Keras can be imported now.
        from keras_charrnn import commands

        getattr(commands, options.command)(options)
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
    reading = _reading()
    _add_train(commands, [common, reading])
    _add_encode(commands, [common, reading])
    _add_convert(commands, common, reading)
    _add_sample(commands, [common])
    return parser


def _reading() -> argparse.ArgumentParser:
    reading = argparse.ArgumentParser(add_help=False)
    reading.add_argument(
        "text",
        nargs="+",
        help="names of corpora (python-docs, python-source, shakespeare, nietzsche), "
        "files, folders, patterns such as '*.txt', files that end in .gz, - for "
        "standard input, or what `charrnn encode` wrote",
    )
    how = reading.add_argument_group("reading")
    how.add_argument("--encoding", default="utf-8", help="the encoding of the files")
    how.add_argument(
        "--documents",
        metavar="KIND",
        help="lines, files, csv:COLUMN or jsonl:FIELD: what is read by itself, with an "
        "end of its own; without it the text is one",
    )
    how.add_argument(
        "--skip-empty", action="store_true", help="leave out empty documents"
    )
    how.add_argument("--lowercase", action="store_true", help="make letters small")
    how.add_argument(
        "--newline",
        choices=("keep", "lf"),
        default="keep",
        help="lf for CRLF and CR, too",
    )
    how.add_argument(
        "--normalize",
        choices=("NFC", "NFD", "NFKC", "NFKD"),
        help="the Unicode normal form",
    )
    how.add_argument("--bytes", action="store_true", help="read bytes, of any file")
    how.add_argument("--min-count", type=int, help="how often a character has to occur")
    how.add_argument("--max-size", type=int, help="how many characters there may be")
    how.add_argument(
        "--unknown",
        default="error",
        choices=("error", "skip", "replace"),
        help="what to do with characters that are not among these, or that the model "
        "given with --from does not know; replace has an id for them, error adds them "
        "to the model",
    )
    return reading


def _add_train(commands: Any, parents: list) -> None:
    train = commands.add_parser(
        "train",
        parents=parents,
        help="train a model on a text and save it",
        formatter_class=_Help,
    )
    train.set_defaults(command="train")
    train.add_argument("--out", help="the folder for the model (default: runs/NAME)")
    new = train.add_argument_group("a new model")
    new.add_argument("--cell", help="lstm, gru, mogrifier or rnn (default: lstm)")
    new.add_argument("--units", type=int, help="width of a layer (default: 384)")
    new.add_argument("--layers", type=int, help="number of layers (default: 1)")
    new.add_argument(
        "--embedding-dim", type=int, help="0 for one-hot input (default: 64)"
    )
    new.add_argument("--dropout", type=float, help="0 to below 1 (default: 0.1)")
    new.add_argument(
        "--precision",
        choices=("float32", "mixed_bfloat16"),
        help="what to compute in (default: float32)",
    )
    train.add_argument(
        "--from",
        dest="start",
        metavar="MODEL",
        help="a .keras file to go on from, in place of a new model; it learns the "
        "characters of the text that it does not know",
    )
    train.add_argument(
        "--recipe",
        default="default",
        metavar="NAME",
        help="default, or best: up to twenty minutes for a megabyte; what is set "
        "besides goes before what the recipe says",
    )
    train.add_argument("--epochs", type=int, help="passes over the text (default: 5)")
    train.add_argument(
        "--batch-size", type=int, help="parallel streams, or windows (default: 16)"
    )
    train.add_argument(
        "--sequence-length", type=int, help="characters a step (default: 64)"
    )
    train.add_argument(
        "--learning-rate",
        type=float,
        help="what the learning rate rises to (default: 0.007)",
    )
    train.add_argument(
        "--weight-decay",
        type=float,
        help="how strongly weights are drawn to 0 (default: 0.05)",
    )
    train.add_argument(
        "--stride",
        type=int,
        help="read windows of --sequence-length, so many characters apart, each by "
        "itself and in any order; without it the text is read on and on",
    )
    train.add_argument(
        "--target",
        choices=("sequence", "next"),
        default="sequence",
        help="what a window predicts: what follows each character, or the last one",
    )
    train.add_argument(
        "--validation-split",
        type=float,
        default=0.1,
        help="the text's end, or a part of the documents; 0 for none",
    )


def _add_encode(commands: Any, parents: list) -> None:
    encode = commands.add_parser(
        "encode",
        parents=parents,
        help="write a text's ids to a file, for texts larger than memory",
        formatter_class=_Help,
    )
    encode.set_defaults(command="encode")
    encode.add_argument("--out", required=True, help="the file, which ends in .npy")


def _add_convert(
    commands: Any, common: argparse.ArgumentParser, reading: argparse.ArgumentParser
) -> None:
    first = argparse.ArgumentParser(add_help=False)
    first.add_argument(
        "model", help="a model of Keras: a .keras, .h5 or .weights.h5 file"
    )
    convert = commands.add_parser(
        "convert",
        parents=[common, first, reading],
        help="turn a Keras model of a tutorial into one of this package",
        description="The model's ids are those of the sorted characters of the text, "
        "the one that it was trained on.",
        formatter_class=_Help,
    )
    convert.set_defaults(command="convert")
    convert.add_argument("--out", required=True, help="the file, a .keras")


def _add_sample(commands: Any, parents: list) -> None:
    sample = commands.add_parser(
        "sample",
        parents=parents,
        help="write with a saved model",
        formatter_class=_Help,
    )
    sample.set_defaults(command="sample")
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
        "--beams", type=int, help="look for the likeliest text with so many beams"
    )
    sample.add_argument("--banned", default="", help="characters never to write")
    sample.add_argument(
        "--repetition-penalty", type=float, default=1.0, help="above 1: fewer repeats"
    )
    sample.add_argument(
        "--stop", action="append", default=[], help="a text that ends the writing"
    )
    sample.add_argument(
        "--keep-stop", action="store_true", help="keep the text that ended the writing"
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


if __name__ == "__main__":
    run()
