"""The `charrnn` command."""

from keras_charrnn.command.cli import main, run

__all__ = [
    "main",
    "run",
]
