"""Corpus: a text as ids, together with the vocabulary they belong to."""

import os
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from keras_charrnn.text.vocabulary import Unknown, Vocabulary


def read_text(
    paths: str | os.PathLike | Iterable[str | os.PathLike],
    encoding: str = "utf-8",
) -> str:
    """Read text files and join them in the given order.

    Line ends stay as they are in the file; a byte order mark at the start of a
    file is dropped.

    Args:
        paths: A path or several paths.
        encoding: The encoding of the files, by Python's name for it.

    Returns:
        The text.

    Raises:
        FileNotFoundError: If a file is missing.
        ValueError: If a file does not decode, with its name and the offset of
            the first wrong byte, or if Python knows no such encoding.

    Example:

    >>> from pathlib import Path
    >>> from keras_charrnn import read_text
    >>> _ = Path("poem.txt").write_text("Tyger", encoding="utf-8")
    >>> read_text(["poem.txt", "poem.txt"])
    'TygerTyger'
    """
    if isinstance(paths, str | os.PathLike):
        paths = [paths]
    return "".join(_read(Path(path), encoding) for path in paths)


def _read(path: Path, encoding: str) -> str:
    if not path.exists():
        raise FileNotFoundError(f"There is no file {str(path)!r}.")
    if path.is_dir():
        raise IsADirectoryError(f"{str(path)!r} is a folder; name the files in it.")
    data = path.read_bytes()
    try:
        text = data.decode(encoding)
    except LookupError as error:
        raise ValueError(
            f"Python knows no encoding {encoding!r}; "
            "try 'utf-8', 'latin-1' or 'cp1252'."
        ) from error
    except UnicodeDecodeError as error:
        raise ValueError(
            f"{str(path)!r} is not {encoding} text: byte {data[error.start]:#04x} "
            f"at offset {error.start} does not decode ({error.reason}). Pass the "
            "encoding of the file: encoding='latin-1', say, or --encoding latin-1 "
            "to the command."
        ) from error
    return text.removeprefix("\ufeff")


class Corpus:
    """A text as ids: what a model trains on.

    Args:
        ids: Integers from 0 to `len(vocabulary) - 1`, shape (characters,).
            They are kept, not copied.
        vocabulary: The `Vocabulary` that the ids belong to.

    Raises:
        ValueError: If the ids are not a flat array of integers in range.

    Example:

    >>> from keras_charrnn import Corpus
    >>> corpus = Corpus.from_text("to be or not to be")
    >>> len(corpus), len(corpus.vocabulary)
    (18, 7)
    >>> train, validation = corpus.split(0.3)
    >>> validation.text
    'to be'
    """

    def __init__(self, ids: np.ndarray, vocabulary: Vocabulary) -> None:
        ids = np.asarray(ids)
        if ids.ndim != 1 or not np.issubdtype(ids.dtype, np.integer):
            raise ValueError(
                "A corpus is a flat array of integer ids; this one has shape "
                f"{ids.shape} and dtype {ids.dtype}."
            )
        if ids.size and not 0 <= ids.min() <= ids.max() < len(vocabulary):
            raise ValueError(
                f"The ids go from {ids.min()} to {ids.max()}, but the vocabulary's "
                f"go from 0 to {len(vocabulary) - 1}."
            )
        self.ids = ids
        self.vocabulary = vocabulary

    @classmethod
    def from_text(
        cls,
        text: str,
        vocabulary: Vocabulary | None = None,
        unknown: Unknown = "error",
    ) -> "Corpus":
        """Encode a string.

        Args:
            text: The string.
            vocabulary: The `Vocabulary` to use; that of `text` if `None`.
            unknown: What to do with characters outside the vocabulary, as in
                `Vocabulary.encode`.

        Returns:
            The `Corpus`.
        """
        vocabulary = vocabulary or Vocabulary.from_text(text)
        return cls(vocabulary.encode(text, unknown), vocabulary)

    @classmethod
    def from_files(
        cls,
        paths: str | os.PathLike | Iterable[str | os.PathLike],
        vocabulary: Vocabulary | None = None,
        unknown: Unknown = "error",
        encoding: str = "utf-8",
    ) -> "Corpus":
        """Read and encode one or more files, joined in the given order.

        Args:
            paths: A path or several paths.
            vocabulary: As in `from_text`.
            unknown: As in `from_text`.
            encoding: As in `read_text`.

        Returns:
            The `Corpus`.
        """
        return cls.from_text(read_text(paths, encoding), vocabulary, unknown)

    @property
    def text(self) -> str:
        """The characters of the corpus as one string."""
        return self.vocabulary.decode(self.ids)

    def split(self, validation_split: float) -> tuple["Corpus", "Corpus"]:
        """Cut off the end of the text for validation.

        Args:
            validation_split: The part to cut off, above 0 and below 1.

        Returns:
            Two corpora, (train, validation), that share the ids.

        Raises:
            ValueError: If `validation_split` is out of range, or a part has
                fewer than 2 characters: there would be nothing to predict.
        """
        if not 0 < validation_split < 1:
            raise ValueError(
                "validation_split is a part of the text, above 0 and below 1; "
                f"it is {validation_split}."
            )
        cut = len(self) - round(len(self) * validation_split)
        if min(cut, len(self) - cut) < 2:
            raise ValueError(
                f"validation_split={validation_split} cuts {len(self)} characters "
                f"into {cut} and {len(self) - cut}; each part needs at least 2."
            )
        return (
            Corpus(self.ids[:cut], self.vocabulary),
            Corpus(self.ids[cut:], self.vocabulary),
        )

    def __len__(self) -> int:
        return len(self.ids)

    def __repr__(self) -> str:
        return f"<Corpus of {len(self):,} characters, {len(self.vocabulary)} different>"
