"""Generation: a model's step function, a state and a sampler become text.

Shapes: B batch, T time, V vocabulary.
"""

import secrets
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Protocol

import keras
import numpy as np

from keras_charrnn._backend import compiled, scan
from keras_charrnn.samplers import Sampler
from keras_charrnn.text.vocabulary import Unknown, Vocabulary

# Characters that one compiled call writes.
CHUNK = 64
# Positions of a prompt that one call reads: a power of two between these.
_READ_AT_LEAST, _READ_AT_MOST = 16, 1024


class LanguageModel(Protocol):
    """What a `Writer` needs of a model."""

    vocabulary: Vocabulary
    weights: list[keras.Variable]

    def initial_state(self, batch_size: int) -> Any:
        """Return the empty state."""

    def read_prompt(self, ids: Any, reset: Any, state: Any) -> tuple[Any, Any]:
        """Read ids (B, T): the logits after the last one (B, V), and the state."""

    def step_function(self) -> Callable[[Any, Any], tuple[Any, Any]]:
        """Return `(ids (B,), state) -> (logits (B, V), state)`."""


class Writer:
    """Reads prompts and writes on from them, in compiled loops.

    A loop is compiled once for each number of rows. How long a text gets, its
    temperature and its seed are data.

    Args:
        model: The `LanguageModel`.
        sampler: The `Sampler`.
    """

    def __init__(self, model: LanguageModel, sampler: Sampler) -> None:
        self._model = model
        self._sampler = sampler
        self._read = compiled(model.read_prompt, model.weights)
        self._write = compiled(self._chunk, model.weights)

    def texts(
        self,
        prompts: Sequence[str],
        length: int,
        temperature: float,
        seed: int | None,
        unknown: Unknown,
    ) -> list[str]:
        """Write on from prompts; see `CharRNN.generate`.

        Args:
            prompts: The prompts, one for each row.
            length: How many characters to write.
            temperature: 0 or more.
            seed: 0 or more, or `None` for one that nobody knows.
            unknown: As in `Vocabulary.encode`.

        Returns:
            Prompt and continuation of each row.

        Raises:
            ValueError: If an argument is out of range.
        """
        if not isinstance(length, int | np.integer) or length < 0:
            raise ValueError(
                f"length is a number of characters, 0 or more; it is {length!r}."
            )
        if not temperature >= 0:
            raise ValueError(f"temperature is a number from 0 on; it is {temperature}.")
        if seed is None:
            seed = secrets.randbits(32)
        elif not isinstance(seed, int | np.integer) or seed < 0:
            raise ValueError(f"seed is an integer from 0 on; it is {seed!r}.")
        vocabulary = self._model.vocabulary
        rows = [vocabulary.encode(prompt, unknown) for prompt in prompts]
        if not rows:
            return []
        written = np.zeros((len(rows), 0), np.int32)
        if length:
            logits, state = self.read([r if len(r) else self._start() for r in rows])
            chunks = self.write(logits, state, temperature, int(seed))
            needed = -(-length // CHUNK)
            written = np.concatenate([next(chunks) for _ in range(needed)], axis=1)
        return [
            vocabulary.decode(np.concatenate([row, more[:length]]))
            for row, more in zip(rows, written)
        ]

    def read(self, prompts: Sequence[np.ndarray]) -> tuple[Any, Any]:
        """Read prompts of any lengths, each from the empty state.

        Args:
            prompts: Ids, one or more for each row.

        Returns:
            `(logits, state)` after the last character of each prompt.
        """
        longest = max(map(len, prompts))
        width = 1 << (longest - 1).bit_length()
        width = min(max(width, _READ_AT_LEAST), _READ_AT_MOST)
        # Prompts end together; each starts with a reset, so that whatever
        # fills the places before it leaves no trace.
        columns = -(-longest // width) * width
        ids = np.zeros((len(prompts), columns), np.int32)
        reset = np.zeros((len(prompts), columns), bool)
        for row, prompt in enumerate(prompts):
            ids[row, columns - len(prompt) :] = prompt
            reset[row, columns - len(prompt)] = True
        state = self._model.initial_state(len(prompts))
        for left in range(0, columns, width):
            part = np.s_[:, left : left + width]
            logits, state = self._read(ids[part], reset[part], state)
        return logits, state

    def write(
        self, logits: Any, state: Any, temperature: float, seed: int
    ) -> Iterator[np.ndarray]:
        """Write on and on from a state.

        Args:
            logits: For the next character, (B, V).
            state: The state that belongs to them.
            temperature: 0 or more; 0 is greedy.
            seed: 0 or more. The same seed writes the same ids.

        Yields:
            Ids, (B, `CHUNK`).
        """
        random = np.random.default_rng(seed)
        divisor = np.float32(temperature)
        while True:
            keys = random.integers(0, 2**31, (CHUNK, 2), np.int32)
            ids, logits, state = self._write(logits, state, divisor, keys)
            yield keras.ops.convert_to_numpy(ids).T

    def _start(self) -> np.ndarray:
        vocabulary = self._model.vocabulary
        known = (c for c in "\n " if c in vocabulary)
        return vocabulary.encode(next(known, vocabulary.characters[0]))

    def _chunk(self, logits: Any, state: Any, temperature: Any, keys: Any) -> tuple:
        step = self._model.step_function()

        def write_one(carry: tuple, row: tuple) -> tuple:
            logits, state = carry
            ids = self._sampler(logits, temperature, row[0])
            return step(ids, state), (ids,)

        (logits, state), (ids,) = scan(write_one, (logits, state), (keys,))
        return ids, logits, state
