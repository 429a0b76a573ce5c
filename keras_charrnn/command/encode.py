"""`charrnn encode`: a text's ids are written to a file."""

import argparse
from pathlib import Path

from keras_charrnn._platform import check_writable, shown
from keras_charrnn.command.reading import read


def run(options: argparse.Namespace) -> None:
    """Write a text's ids to a file.

    Args:
        options: Those of `charrnn encode`.
    """
    path = Path(options.out)
    if any(word.endswith(".npy") for word in options.text):
        raise ValueError(f"{', '.join(options.text)}: a .npy file is encoded already.")
    check_writable(path)
    corpus = read(options, path=path)
    size = path.stat().st_size / 1e6
    print(f"saved {shown(str(path))}: {corpus!r}, {size:,.1f} MB")
