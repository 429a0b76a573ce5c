"""The options of the command, which are read before Keras is imported."""

import argparse
from dataclasses import fields
from typing import Any

from keras_charrnn import _platform
from keras_charrnn.settings import Network, Training, Writing


class _Help(argparse.ArgumentDefaultsHelpFormatter):
    """Shows a default where there is one."""

    def _get_help_string(self, action: argparse.Action) -> str | None:
        return super()._get_help_string(action) if action.default else action.help


def parser() -> argparse.ArgumentParser:
    """Return the parser of the words after `charrnn`."""
    whole = argparse.ArgumentParser(
        prog="charrnn", description="Train character RNNs and write with them."
    )
    commands = whole.add_subparsers(required=True, metavar="COMMAND")
    common = argparse.ArgumentParser(add_help=False)
    # One that is not among them gets the answer of _platform.choose.
    common.add_argument(
        "--backend",
        metavar="NAME",
        help=f"one of {', '.join(_platform.BACKENDS)}; without it KERAS_BACKEND or "
        "keras.json decides, and else the first that is installed",
    )
    common.add_argument("--seed", type=int, help="make the run repeatable")
    reading = _reading()
    _add_train(commands, [common, reading])
    _add_resume(commands, common)
    _add_encode(commands, [common, reading])
    _add_convert(commands, common, reading)
    _add_sample(commands, [common])
    return whole


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
        help="lines, paragraphs (between blank lines), files, separator:TEXT, "
        "csv:COLUMN, tsv:COLUMN (without quotes), quoted-tsv:COLUMN or jsonl:FIELD: "
        "items that have nothing to do with each other; without it, the text is one",
    )
    how.add_argument(
        "--skip-empty",
        action="store_true",
        help="leave out documents that hold nothing but blanks",
    )
    how.add_argument(
        "--lowercase", action="store_true", help="turn letters into lowercase"
    )
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
    _add_raw(train)
    train.add_argument("--out", help="the folder of the run (default: runs/NAME)")
    train.add_argument(
        "--overwrite",
        action="store_true",
        help="replace the run or the model that the folder holds",
    )
    new = train.add_argument_group("a new model")
    _add(new, Network, decided_later=True)
    new.add_argument(
        "--precision",
        choices=("auto", "float32", "mixed_bfloat16"),
        help="what to train in (default: auto, the faster one on this device; the "
        "model that is saved then computes in float32)",
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
    _add(train, Training, decided_later=True)
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
    train.add_argument(
        "--patience",
        type=int,
        help="stop after so many epochs in a row that are no better in validation",
    )


def _add_raw(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--raw",
        action="store_true",
        help="print control characters of a text on a terminal as they are; without "
        "it, they are shown as escapes there",
    )


def _add_resume(commands: Any, common: argparse.ArgumentParser) -> None:
    resume = commands.add_parser(
        "resume",
        parents=[common],
        help="go on with a training that was ended",
        description="The run goes on from its last checkpoint, with the settings that "
        "it began with, as if it had not been ended. A text from standard input has to "
        "be given there once more.",
        formatter_class=_Help,
    )
    resume.set_defaults(command="resume")
    resume.add_argument("run", help="the folder of the run, such as runs/NAME")
    resume.add_argument(
        "--epochs",
        type=int,
        help="how many epochs there are in all (default: as many as before); the plan "
        "of the learning rate is spread over them",
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
        "model",
        help="a model of Keras 3 or 2: a .keras or .h5 file, of the whole model or of "
        "its weights",
    )
    convert = commands.add_parser(
        "convert",
        parents=[common, first, reading],
        help="turn a Keras model of a tutorial into one of this package",
        description="The text is the one that the model was trained on. Without an "
        "option, the model's ids are those of its sorted characters. A model that "
        "predicts the text worse than the frequencies of its letters do is refused, "
        "since its ids are others.",
        formatter_class=_Help,
    )
    convert.set_defaults(command="convert")
    convert.add_argument("--out", required=True, help="the file, a .keras")
    ids = convert.add_argument_group("the ids of the model")
    ids.add_argument(
        "--ids",
        metavar="FILE",
        help='a JSON file: a dict from characters to ids, {"a": 0, "b": 1}, or a list '
        'of the characters in the order of their ids, ["a", "b"]; [UNK] stands for '
        "unknown ones",
    )
    ids.add_argument(
        "--unknown-first",
        action="store_true",
        help="the id 0 is that of unknown characters, as StringLookup of Keras has it, "
        "and those of the sorted characters follow",
    )


def _add_sample(commands: Any, parents: list) -> None:
    sample = commands.add_parser(
        "sample",
        parents=parents,
        help="write with a saved model",
        formatter_class=_Help,
    )
    sample.set_defaults(command="sample")
    sample.add_argument("model", help="a .keras file")
    _add_raw(sample)
    prompt = sample.add_mutually_exclusive_group()
    prompt.add_argument(
        "--prompt",
        default="",
        help=r"the text to write on from; here, in --banned and in --stop, \n is a "
        r"line end, \t a tab and \\ a backslash",
    )
    prompt.add_argument(
        "--prompt-file",
        metavar="FILE",
        help="the same as it stands in a file in UTF-8, or - for standard input",
    )
    _add(sample, Writing, "length")
    _add(sample, Writing, "temperature", default=0.7)
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
    _add(sample, Writing, "dry_multiplier", "dry_base", "dry_allowed_length")
    _add(sample, Writing, "banned")
    sample.add_argument(
        "--stop",
        action="append",
        default=[],
        help="a text that ends the writing once it is complete; may be given several "
        "times",
    )
    _add(sample, Writing, "keep_stop")
    sample.add_argument(
        "--num-samples", type=int, default=1, help="how many texts to write"
    )
    sample.add_argument(
        "--unknown",
        default="error",
        choices=("error", "skip", "replace"),
        help="what to do with characters that the model does not know",
    )


def _add(
    group: Any,
    table: type,
    *names: str,
    default: Any = None,
    decided_later: bool = False,
) -> None:
    """Add options for settings.

    Args:
        group: A parser, or a group of one.
        table: `Network`, `Training` or `Writing`.
        *names: Those of the settings; without any, all of them.
        default: The option's default; that of the setting if `None`.
        decided_later: Whether an option that is left out is `None`, since a recipe or
            a model of before decides, and if they don't, the setting's default.
    """
    for setting in fields(table):
        if names and setting.name not in names:
            continue
        value = setting.default if default is None else default
        help = setting.metadata["help"]
        how: dict[str, Any] = {"type": type(value), "default": value}
        if isinstance(value, bool):
            how = {"action": "store_true"}
        elif isinstance(value, tuple):
            how = {"action": "append", "default": []}
        elif decided_later:
            how = {"type": type(value)}
            help = f"{help} (default: {value})"
        group.add_argument("--" + setting.name.replace("_", "-"), help=help, **how)
