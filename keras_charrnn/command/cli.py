"""The `charrnn` command.

Keras reads its backend when it is imported, so this module imports Keras, and
everything that does, only once the arguments are read.
"""

import os
import signal
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib import import_module

from keras_charrnn import _platform
from keras_charrnn.command.options import parser


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
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except (ValueError, OSError, ImportError) as error:
        print(f"charrnn: error: {error}", file=sys.stderr)
        return 2
    return 0


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
