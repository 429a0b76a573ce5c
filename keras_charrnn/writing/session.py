"""Session: one text that is read and written in turns."""

import os
import threading
from collections.abc import Callable, Generator, Iterator
from functools import wraps
from pathlib import Path
from typing import Any, TypeVar

import keras
import numpy as np

from keras_charrnn._platform import DamagedFile
from keras_charrnn.runs import is_archive, load_arrays, save_arrays
from keras_charrnn.settings import Temperature
from keras_charrnn.text import Decoder, Unknown, Vocabulary
from keras_charrnn.writing.engine import Engine, Passage
from keras_charrnn.writing.repetition import RECENT
from keras_charrnn.writing.rules import CHUNK, Draws, Rules
from keras_charrnn.writing.samplers import BeamSampler
from keras_charrnn.writing.search import search
from keras_charrnn.writing.settings import Settings, streams_of, with_settings

# The maximum number of characters in a piece of a stream.
PIECE = 16

_Method = TypeVar("_Method", bound=Callable)


def _alone(method: _Method) -> _Method:
    """Let one thread at a time run such methods of a session."""

    @wraps(method)
    def run(self: "Session", *args: Any, **kwargs: Any) -> Any:
        with self._lock:
            return method(self, *args, **kwargs)

    return run  # type: ignore[return-value]


def _check_ids(path: Path, ids: np.ndarray, ndim: int, first: int, end: int) -> None:
    """Raise a `DamagedFile` if ids of a session's file are none of its vocabulary."""
    if ids.ndim != ndim or ids.dtype.kind not in "iu":
        raise DamagedFile(path, "its ids", "are no array of integers")
    if ids.size and not first <= ids.min() <= ids.max() < end:
        raise DamagedFile(path, "its ids", "are out of range")


class _Pieces(Iterator[str]):
    """The pieces of a stream, each written while no other thread uses the session."""

    def __init__(self, pieces: Generator[str, None, None], lock: Any) -> None:
        self._pieces, self._lock = pieces, lock

    def __next__(self) -> str:
        with self._lock:
            return next(self._pieces)

    def close(self) -> None:
        with self._lock:
            self._pieces.close()


class Session:
    """One text that is read and written in turns, and the model's state after it.

    `CharRNN.session` creates a session. Threads may share it: what one of them reads
    or writes is whole before the next one has its turn.

    Args:
        engine: The model's `Engine`.
        vocabulary: The model's `Vocabulary`.
        ids: The text so far.
        passage: The `Passage` after the text, of one row.
        ended: Whether the model has ended the document.

    Example:

    >>> import keras_charrnn as kc
    >>> model = kc.CharRNN(kc.Vocabulary("abc "), units=8)
    >>> session = model.session("a")
    >>> session.feed("bc").text
    'abc'
    >>> len(session.generate(5, seed=1)), len(session.text)
    (5, 8)
    """

    def __init__(
        self,
        engine: Engine,
        vocabulary: Vocabulary,
        ids: np.ndarray,
        passage: Passage,
        ended: bool = False,
    ) -> None:
        self._engine, self._vocabulary = engine, vocabulary
        self._ids, self._passage = ids, passage
        self._ended = ended
        # A stream that has not ended yet.
        self._open: _Pieces | None = None
        self._lock = threading.RLock()

    @property
    def text(self) -> str:
        """The whole text, as read and written so far."""
        return self._vocabulary.decode(self._ids)

    @property
    def ended(self) -> bool:
        """Whether the model has ended the document; it writes again after `feed`."""
        return self._ended

    @property
    def rest(self) -> str:
        """U+FFFD if the last character is incomplete (in bytes); else ""."""
        return self._decoder()("", final=True)

    def __repr__(self) -> str:
        return f"<Session after {len(self._ids):,} characters>"

    @_alone
    def feed(self, text: str, unknown: Unknown = "error") -> "Session":
        """Read a text that follows what was read and written so far.

        Args:
            text: The text to read.
            unknown: As in `Vocabulary.encode`.

        Returns:
            The session itself.
        """
        ids = self._vocabulary.encode(text, unknown)
        self._close()
        self._follow(ids)
        return self

    @_alone
    def next_probabilities(self) -> dict[str, float]:
        """Return the probability of each character to come next.

        Returns:
            The probabilities by character, the likeliest first; they sum to 1.
        """
        self._close()
        logits = keras.ops.convert_to_numpy(self._passage.logits)[0].astype("float64")
        p = np.exp(logits - logits.max())
        p /= p.sum()
        characters = self._vocabulary.characters
        return {characters[i]: float(p[i]) for i in np.argsort(-p, kind="stable")}

    @with_settings
    @_alone
    def generate(
        self,
        length: int = Settings.length,
        temperature: Temperature = Settings.temperature,
        seed: int | None = None,
        **settings: Any,
    ) -> str:
        """Continue the text.

        Args:
            seed: As in `CharRNN.generate`.
            **settings: `length`, `temperature` and all others of `Writing`.

        Returns:
            The continuation; the session's text now ends with it.
        """
        given = {"length": length, "temperature": temperature, **settings}
        asked = Settings.of(self.generate, given)
        rules = asked.rules(self._vocabulary)
        self._close()
        if asked.length and isinstance(rules.sampler, BeamSampler):
            return self._searched(rules, asked)
        return "".join(self._pieces(asked, rules, seed, CHUNK))

    @with_settings
    @_alone
    def stream(
        self,
        length: int = Settings.length,
        temperature: Temperature = Settings.temperature,
        seed: int | None = None,
        **settings: Any,
    ) -> Iterator[str]:
        """Continue the text, and stream the continuation as it is written.

        Args:
            seed: As in `generate`.
            **settings: `length`, `temperature` and all others of `Writing`.

        Returns:
            An iterator over pieces of the text. The session's text ends with the
            last piece returned. A call of any method of the session closes the
            iterator.
        """
        given = {"length": length, "temperature": temperature, **settings}
        asked = Settings.of(self.stream, given)
        rules = asked.rules(self._vocabulary)
        if isinstance(rules.sampler, BeamSampler):
            raise ValueError(
                "Beam search knows how its text begins only when it is finished, so "
                "there is nothing to stream. Call generate, or take another sampler."
            )
        self._close()
        pieces = self._pieces(asked, rules, seed, PIECE)
        self._open = _Pieces(pieces, self._lock)
        return self._open

    @_alone
    def fork(self) -> "Session":
        """Return an independent session with the same text and state."""
        self._close()
        return Session(
            self._engine, self._vocabulary, self._ids, self._passage, self._ended
        )

    @_alone
    def save(self, path: str | os.PathLike) -> Path:
        """Save the text and the state, but not the model, whole or not at all.

        Args:
            path: The file, whose name ends in `.npz`.

        Returns:
            The path.

        Raises:
            ValueError: If `path` does not end in `.npz`.
        """
        path = Path(path)
        if path.suffix != ".npz":
            raise ValueError(f"A session's file ends in .npz; this is {str(path)!r}.")
        self._close()
        leaves = keras.tree.flatten((self._passage.logits, self._passage.state))
        arrays = {
            f"tensor_{i}": keras.ops.convert_to_numpy(x).astype("float32")
            for i, x in enumerate(leaves)
        }
        arrays |= {
            "vocabulary": np.array(self._vocabulary.to_json()),
            "ids": self._ids,
            "recent": np.asarray(self._passage.recent),
            "ended": np.array(self._ended),
        }
        save_arrays(path, arrays)
        return path

    @_alone
    def load(self, path: str | os.PathLike) -> "Session":
        """Load the text and the state of a saved session of the same model.

        Args:
            path: The file.

        Returns:
            The session itself, with the text and the state of the file.

        Raises:
            FileNotFoundError: If there is no such file.
            DamagedFile: If the file is not what it was when it was written.
            ValueError: If the file is not a session, or not one of this model.
        """
        self._close()
        path = Path(path)
        if not path.exists():
            raise FileNotFoundError(f"There is no file {str(path)!r}.")
        current = (self._passage.logits, self._passage.state)
        like = keras.tree.flatten(current)
        names = [f"tensor_{i}" for i in range(len(like))]
        wanted = {"vocabulary", "ids", "recent", "ended", *names}
        # Files of before have "seen" in place of "recent".
        before = wanted - {"recent"} | {"seen"}
        path.open("rb").close()  # a folder is told as such
        if not is_archive(path):
            raise DamagedFile(path, "its archive", "is none: it is no session's file")
        arrays = load_arrays(path)
        if set(arrays) not in (wanted, before):
            raise ValueError(
                f"{str(path)!r} is no session of such a model: it holds "
                f"{sorted(arrays)}, and not {sorted(wanted)}."
            )
        vocabulary = Vocabulary.from_json(str(arrays["vocabulary"]))
        ids, ended = arrays["ids"], arrays["ended"]
        recent = arrays.get("recent", ids[None, -RECENT:] if ids.ndim == 1 else ids)
        leaves = [arrays[name] for name in names]
        if vocabulary != self._vocabulary:
            raise ValueError(
                f"{str(path)!r} is a session of another model: its vocabulary is "
                f"{vocabulary!r}, here it is {self._vocabulary!r}."
            )
        shapes, wanted_shapes = (
            [x.shape for x in leaves],
            [tuple(x.shape) for x in like],
        )
        if shapes != wanted_shapes:
            raise ValueError(
                f"{str(path)!r} is a session of another model: its logits and state "
                f"have the shapes {shapes}, here they have {wanted_shapes}."
            )
        _check_ids(path, ids, 1, 0, len(vocabulary))
        _check_ids(path, recent, 2, -1, len(vocabulary))
        if recent.shape[0] != 1 or recent.shape[1] > RECENT:
            raise DamagedFile(path, "recent", f"is of the shape {recent.shape}")
        if ended.shape or ended.dtype != bool:
            raise DamagedFile(path, "ended", "is neither true nor false")
        for name, leaf in zip(names, leaves):
            if leaf.dtype != np.float32 or not np.isfinite(leaf).all():
                raise DamagedFile(path, name, "holds what are no finite numbers")
        tensors = [
            keras.ops.cast(keras.ops.convert_to_tensor(leaf), tensor.dtype)
            for leaf, tensor in zip(leaves, like)
        ]
        logits, state = keras.tree.pack_sequence_as(current, tensors)
        self._ids = ids.astype(vocabulary.id_dtype)
        self._passage = Passage(logits, state, recent.astype(np.int32))
        self._ended = bool(ended)
        return self

    def _follow(self, ids: np.ndarray) -> None:
        if len(ids):
            self._passage = self._engine.follow(self._passage, ids, self._engine.fold())
            self._ids = np.concatenate([self._ids, ids])
            self._ended = False

    def _decoder(self) -> Decoder:
        # The text may end within a character, which its continuation then completes.
        decoder = self._vocabulary.decoder()
        decoder(self._vocabulary.decode_symbols(self._ids[-3:]))
        return decoder

    def _searched(self, rules: Rules, settings: Settings) -> str:
        if self._ended:
            return ""
        found = search(self._engine, self._vocabulary, self._passage, rules, settings)
        symbols, decoded = found[0][1], self._decoder()
        end = self._vocabulary.end
        ended = end is not None and symbols.endswith(end)
        symbols = symbols[: len(symbols) - ended]
        self._follow(self._vocabulary.encode_symbols(symbols))
        self._ended = ended
        return decoded(symbols)

    def _close(self) -> None:
        if self._open is not None:
            self._open.close()
            self._open = None

    def _pieces(
        self, settings: Settings, rules: Rules, seed: Any, piece: int
    ) -> Generator[str, None, None]:
        draws = Draws(streams_of(None if seed is None else [seed], 1, 1))
        return self._written(settings, rules, draws, piece)

    def _written(
        self, settings: Settings, rules: Rules, draws: Draws, piece: int
    ) -> Generator[str, None, None]:
        if self._ended:
            return
        folded = self._engine.fold()
        stops, decoded = settings.stops(self._vocabulary), self._decoder()
        start, begun = self._passage, self._ids
        passage, text, out, end = start, "", 0, None
        ids = np.zeros(0, begun.dtype)
        try:
            while draws.position < settings.length and end is None:
                count = min(piece, settings.length - draws.position)
                more, passage = self._engine.write(passage, rules, draws, count, folded)
                known = len(text)
                ids = np.concatenate([ids, more[0].astype(begun.dtype)])
                text += self._vocabulary.decode_symbols(more[0])
                end = stops.find(text, known)
                last = draws.position >= settings.length
                upto = stops.certain(text) if end is None and not last else end
                given, out = out, len(text) if upto is None else max(upto, out)
                self._ids = np.concatenate([begun, ids[:out]])
                self._ended = end is not None and stops.kept(text, end) != text[:end]
                if shown := decoded(text[given:out]):
                    yield shown
        finally:
            # The text ends with the last piece returned, even if more was written.
            kept = ids[:out]
            self._ids = np.concatenate([begun, kept])
            if out == len(ids):
                self._passage = passage
            elif out:
                self._passage = self._engine.follow(start, kept, folded)
