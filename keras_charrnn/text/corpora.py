"""Named corpora: a row in `CORPORA` each."""

import sys
import sysconfig
import tokenize
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from pydoc_data.topics import topics

from keras.utils import get_file

from keras_charrnn.text.sources import read_text


@dataclass(frozen=True)
class NamedCorpus:
    """A text that can be loaded by its name.

    Attributes:
        about: What it is, in a line.
        licence: The terms it may be used under.
        source: A URL to download it from once, or a function that builds it
            from what is on the machine.
        sha256: The hash of the file behind a URL, in hexadecimal.
        encoding: The encoding of the file behind a URL.
    """

    about: str
    licence: str
    source: str | Callable[[], str]
    sha256: str | None = None
    encoding: str = "utf-8"

    def load(self, name: str) -> str:
        """Return the text, downloading it as `name` the first time.

        Args:
            name: The name of the file in Keras' cache, without its ending.

        Returns:
            The text.

        Raises:
            OSError: If the download fails or is not what was expected.
        """
        if callable(self.source):
            return self.source()
        try:
            path = get_file(
                f"{name}.txt",
                self.source,
                cache_subdir="keras_charrnn",
                file_hash=self.sha256,
                hash_algorithm="sha256",
            )
        # get_file raises a bare Exception when the network fails, and a
        # ValueError when the hash is wrong.
        except Exception as error:
            raise OSError(
                f"The corpus {name!r} could not be downloaded from {self.source}: "
                f"{error}. 'python-docs' needs no download."
            ) from error
        return read_text(path, self.encoding)


def _python_docs() -> str:
    return "\n".join(topics[name] for name in sorted(topics))


def _python_source() -> str:
    root = Path(sysconfig.get_path("stdlib"))
    apart = {"site-packages", "dist-packages", "test", "tests", "idle_test"}
    files = sorted(
        path
        for path in root.rglob("*.py")
        if apart.isdisjoint(path.relative_to(root).parts)
    )
    return "\n".join(map(_python_file, files))


def _python_file(path: Path) -> str:
    with tokenize.open(path) as file:
        return file.read()


_PYTHON_LICENCE = f"PSF-2.0 (Python {sys.version_info.major}.{sys.version_info.minor})"

CORPORA = {
    "python-docs": NamedCorpus(
        about="the language reference inside every Python, about 465,000 characters",
        licence=_PYTHON_LICENCE,
        source=_python_docs,
    ),
    "python-source": NamedCorpus(
        about="the standard library's .py files without its tests, some 12 MB",
        licence=_PYTHON_LICENCE,
        source=_python_source,
    ),
    "shakespeare": NamedCorpus(
        about="parts of Shakespeare's plays ('tiny-shakespeare'), 1,115,394 characters",
        licence="public domain",
        source="https://raw.githubusercontent.com/karpathy/char-rnn/master/data/tinyshakespeare/input.txt",
        sha256="86c4e6aa9db7c042ec79f339dcb96d42b0075e16b8fc2e86bf0ca57e2dc565ed",
    ),
    "nietzsche": NamedCorpus(
        about="Nietzsche's Beyond Good and Evil in English, 600,893 characters",
        licence="public domain",
        source="https://s3.amazonaws.com/text-datasets/nietzsche.txt",
        sha256="23cf69874ab69d3d256099ab530ea4be24d47d9675b673bcc67cbcd6298ec647",
    ),
}


def load(name: str, fallback: str | None = None) -> str:
    """Load a named corpus.

    `python-docs` and `python-source` are on every machine; `shakespeare` and
    `nietzsche` are downloaded once into Keras' cache and checked by sha256.

    Args:
        name: A key of `CORPORA`.
        fallback: The name of another corpus, which is loaded, with a warning, if a
            download fails.

    Returns:
        The text.

    Raises:
        ValueError: If there is no corpus of that name.
        OSError: If a download fails or is not what was expected, and there is no
            `fallback`.

    Example:

    >>> from keras_charrnn import corpora
    >>> text = corpora.load("python-docs")
    >>> "lambda" in text
    True
    """
    for wanted in (name,) if fallback is None else (name, fallback):
        if wanted not in CORPORA:
            raise ValueError(
                f"There is no corpus {wanted!r}; there are {', '.join(CORPORA)}."
            )
    try:
        return CORPORA[name].load(name)
    except OSError as error:
        if fallback is None:
            raise
        warnings.warn(f"{error} {fallback!r} is read in its place.", stacklevel=2)
        return load(fallback)
