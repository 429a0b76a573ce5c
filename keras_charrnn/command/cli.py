"""The `charrnn` command.

Keras reads its backend when it is imported, so this module imports Keras, and
everything that does, only once the arguments are read.
"""

import os
import signal
import sys
import threading
import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib import import_module
from typing import Any

from keras_charrnn import _platform
from keras_charrnn.command.options import parser


def run() -> None:
    """Run the command as a program: the entry point of `charrnn`."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:  # closed by whoever runs the command
            setattr(sys, name, open(os.devnull, "w"))  # noqa: SIM115
    _prepare(sys.stdout)
    code = main()
    if code == _INTERRUPTED:
        # A backend's threads may be in the middle of a step; do not wait for them.
        sys.stdout.flush()
        os._exit(code)
    sys.exit(code)


def _prepare(output: Any) -> None:
    """Let every text be printed, whatever the locale says.

    A terminal that lacks a character shows another one in its place. A file or a pipe
    gets UTF-8, unless PYTHONIOENCODING asks for something else.
    """
    if output.isatty() or os.environ.get("PYTHONIOENCODING"):
        output.reconfigure(errors="replace")
    else:
        output.reconfigure(encoding="utf-8", errors="replace")


_INTERRUPTED = 130
_TRACEBACK = "KERAS_CHARRNN_TRACEBACK"
_SHOWN = 200  # characters of what a backend says
_SMALLER = {
    "train": "Take fewer --units, a smaller --batch-size or a shorter "
    "--sequence-length; for a large text, run `charrnn encode` first.",
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command.

    Args:
        arguments: The words after `charrnn`; those of the process if `None`.

    Returns:
        The exit code: 0 if all went well, 2 if the input was bad or memory too short,
        1 after an error that nobody expected or a training that diverged, and 130 if
        interrupted.

    Raises:
        SystemExit: After a signal such as SIGTERM, with 128 and its number.
    """
    options = parser().parse_args(arguments)
    try:
        with _ended_by_interrupt():
            _choose_backend(options.backend)
            # The command's own module imports Keras.
            module = import_module(f"keras_charrnn.command.{options.command}")
        module.run(options)
        sys.stdout.flush()
    except KeyboardInterrupt:
        print("\ncharrnn: interrupted", file=sys.stderr, flush=True)
        return _INTERRUPTED
    except BrokenPipeError:
        # Whoever read the output has enough of it.
        _drop_output()
    except Exception as error:
        if os.environ.get(_TRACEBACK) == "1":
            traceback.print_exception(error)
        code, message = _told(error, options.command)
        if isinstance(error, OSError) and not _output_works():
            message = f"standard output: {message}"
        print(f"charrnn: error: {message}", file=sys.stderr)
        return code
    return 0


def _output_works() -> bool:
    """Return whether standard output takes what was printed; it is dropped if not."""
    try:
        sys.stdout.flush()
    except OSError:
        # What could not be written would be tried again at the end of the process.
        _drop_output()
        return False
    return True


def _drop_output() -> None:
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _told(error: Exception, command: str) -> tuple[int, str]:
    """Return the exit code for an exception, and one line that tells it."""
    lines = [_platform.shown(line.strip()) for line in str(error).splitlines()]
    text = " ".join(filter(None, lines)) or type(error).__name__
    shown = text[:_SHOWN]
    if _platform.is_out_of_memory(error):
        way_out = _SMALLER.get(
            command, "Close other programs, or take another machine."
        )
        return 2, f"There is not enough memory ({shown.rstrip('.')}). {way_out}"
    if isinstance(error, FloatingPointError):
        return 1, text
    if isinstance(error, ValueError | OSError | ImportError):
        return 2, text
    return 1, (
        f"This is a fault of the program, {type(error).__name__}: {shown} "
        f"({_TRACEBACK}=1 shows where it lies.)"
    )


@contextmanager
def _ended_by_interrupt() -> Iterator[None]:
    """Let Ctrl-C end the process at once, as where there is no Python.

    An exception that it raises in the middle of an import can get lost there. Nothing
    has been done by then that could be lost.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.getsignal(signal.SIGINT)
    # A shell starts a job in the background with the signal ignored.
    if before is not signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _choose_backend(asked: str | None) -> None:
    if "keras" in sys.modules:
        from keras import backend

        if asked and asked != backend.backend():
            raise ValueError(
                f"--backend {asked} comes too late: Keras is already running on "
                f"{backend.backend()}."
            )
        return
    if _platform.choose(asked):
        print(
            f"backend: {os.environ['KERAS_BACKEND']}, the first installed of "
            f"{', '.join(_platform.BACKENDS)} (--backend or KERAS_BACKEND chooses)",
            file=sys.stderr,
        )
