"""Generation: compiled loops that read ids, write them and score them.

Shapes: B batch, T time, V vocabulary.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
from keras import ops

from keras_charrnn._backend import compiled, jit_compile, loop, seed_dtype, where
from keras_charrnn.network import LanguageModel
from keras_charrnn.writing.repetition import RECENT, Past, extended, lowered, past_of
from keras_charrnn.writing.rules import CHUNK, Draws, Rules
from keras_charrnn.writing.samplers import Sampler

# One call reads up to so many positions; where XLA compiles, a power of two of them.
_READ_AT_LEAST, _READ_AT_MOST = 16, 1024


@dataclass(frozen=True)
class Passage:
    """Rows of text up to some position: what was read, and what may come next.

    Attributes:
        logits: The logits of the next character, (B, V).
        state: The model's state, a nest of (B, U) tensors.
        recent: The last ids of each row, (B, up to `RECENT`), with -1 before the start
            of a shorter text.
    """

    logits: Any
    state: Any
    recent: np.ndarray

    def rows(self, index: Sequence[int]) -> "Passage":
        """Return a passage of the given rows, each as often as `index` lists it."""
        if list(index) == list(range(len(self.recent))):
            return self
        logits, state = keras.tree.map_structure(
            lambda x: ops.take(x, np.asarray(index), axis=0), (self.logits, self.state)
        )
        return Passage(logits, state, self.recent[list(index)])


class Engine:
    """Reads and writes with a model, in compiled loops.

    A writing loop is compiled once for each number of rows and class of sampler, with
    and without a cost of repetition and a mask of the allowed characters. The length of
    a text, its temperature, its seed and the sampler's numbers are data.

    Args:
        model: The `LanguageModel`.
    """

    def __init__(self, model: LanguageModel) -> None:
        self._model = model
        self._read = compiled(model.read_prompt, model.weights)
        self._targets = compiled(model.read_targets, model.weights)
        self._fold = compiled(model.fold, model.weights)
        self._follow = compiled(self._follow_chunk, model.weights)
        self._search = compiled(self._search_chunk, model.weights)
        self._write: dict[type[Sampler], Callable] = {}

    def fold(self) -> tuple:
        """Return the current weights in the form that the loops need."""
        return self._fold()

    def read(self, prompts: Sequence[np.ndarray]) -> Passage:
        """Read prompts of any lengths, each from the empty state.

        The sequence kernel reads them, in memory that does not grow with their
        length.

        Args:
            prompts: The ids of each row, one or more.

        Returns:
            The passage after the last character of each prompt.
        """
        longest = max(map(len, prompts))
        width = _width(longest)
        # The prompts are aligned at their ends. Each starts with a reset, so that
        # the padding before it has no effect.
        columns = -(-longest // width) * width
        ids = np.zeros((len(prompts), columns), np.int32)
        reset = np.zeros((len(prompts), columns), bool)
        recent = np.full((len(prompts), min(longest, RECENT)), -1, np.int32)
        for row, prompt in enumerate(prompts):
            ids[row, columns - len(prompt) :] = prompt
            reset[row, columns - len(prompt)] = True
            last = prompt[-RECENT:]
            recent[row, recent.shape[1] - len(last) :] = last
        state = self._model.initial_state(len(prompts))
        for left in range(0, columns, width):
            part = np.s_[:, left : left + width]
            # The backend's own kernel can run only where there is no reset.
            starts = reset[part] if reset[part].any() else None
            logits, state = self._read(ids[part], starts, state)
        return _passage(logits, state, recent)

    def follow(self, passage: Passage, ids: np.ndarray, folded: tuple) -> Passage:
        """Continue reading from a passage of one row.

        Args:
            passage: The `Passage`.
            ids: The ids that follow, (T,).
            folded: The weights that `fold` returned.

        Returns:
            The passage after the last of the ids.
        """
        logits, state = passage.logits, passage.state
        whole = len(ids) // _READ_AT_MOST * _READ_AT_MOST
        for left in range(0, whole, _READ_AT_MOST):
            part = ids[None, left : left + _READ_AT_MOST].astype(np.int32)
            logits, state = self._read(part, None, state)
        for left in range(whole, len(ids), CHUNK):
            part = ids[left : left + CHUNK]
            row = np.zeros((CHUNK, 1), np.int32)
            row[: len(part), 0] = part
            logits, state = self._follow(
                folded, logits, state, row, np.int32(len(part))
            )
        return _passage(logits, state, _appended(passage.recent, ids[None]))

    def write(
        self, passage: Passage, rules: Rules, draws: Draws, count: int, folded: tuple
    ) -> tuple[np.ndarray, Passage]:
        """Continue writing from a passage.

        Args:
            passage: The `Passage`.
            rules: The `Rules`.
            draws: The `Draws`, which advance by the number of characters written.
            count: The maximum number of characters to write, 1 to `CHUNK`.
            folded: The weights that `fold` returned.

        Returns:
            The ids, (B, count), and the passage after them. Fewer ids are written if
            the mask of the rules changes before.
        """
        count = rules.room(draws.position, count)
        kind = type(rules.sampler)
        if kind not in self._write:
            self._write[kind] = compiled(
                self._write_chunk(rules.sampler), self._model.weights
            )
        width = len(self._model.vocabulary)
        adjustments = _adjustments(passage, rules, draws.position, width)
        inverse = rules.coldness(draws.position, count)
        numbers = {k: np.float32(v) for k, v in rules.sampler.numbers.items()}
        ids, logits, state = self._write[kind](
            folded,
            passage.logits,
            passage.state,
            *adjustments,
            numbers,
            (inverse, draws.next(count)),
            np.int32(count),
        )
        written = keras.ops.convert_to_numpy(ids).T[:, :count]
        if not rules.sampler.keeps_likeliest and (written < 0).any():
            place = draws.position - count + int((written < 0).any(axis=0).argmax())
            raise ValueError(
                f"{rules.sampler!r} left no character to draw at position {place} of "
                "what is written; its restrict has to keep one of every row."
            )
        recent = _appended(passage.recent, written)
        return written, _passage(logits, state, recent)

    def score(self, ids: np.ndarray) -> np.ndarray:
        """Return the log-probability of every id but the first, (T - 1,).

        Args:
            ids: The ids, (T,), at least 2.

        Returns:
            The log-probability of each id given all ids before it, in nats.
        """
        width = _width(len(ids) - 1)
        state = self._model.initial_state(1)
        scores = []
        for left in range(0, len(ids) - 1, width):
            part = ids[left : left + width + 1]
            row = np.zeros((2, 1, width), np.int32)
            row[0, 0, : len(part) - 1], row[1, 0, : len(part) - 1] = part[:-1], part[1:]
            logp, state = self._targets(row[0], row[1], state)
            scores.append(keras.ops.convert_to_numpy(logp)[0, : len(part) - 1])
        return np.concatenate(scores).astype(np.float64)

    def search(
        self,
        passage: Passage,
        scores: np.ndarray,
        rules: Rules,
        position: int,
        count: int,
        folded: tuple,
    ) -> tuple[np.ndarray, np.ndarray, Passage, np.ndarray]:
        """Continue a beam search, in which each row of the passage is a beam.

        Args:
            passage: The `Passage` of K beams.
            scores: The log-probability of each beam, (K,); -inf for an unused beam.
            rules: The `Rules`; the sampler and the temperatures are not used.
            position: The position of the next character.
            count: The number of characters to write, 1 to `CHUNK`.
            folded: The weights that `fold` returned.

        Returns:
            The ids (count, K), the beam that each of them extends (count, K),
            the passage after them, and the new scores (K,).
        """
        steps, logits, state, scores = self._search(
            folded,
            passage.logits,
            passage.state,
            scores.astype(np.float32),
            *_adjustments(passage, rules, position, len(self._model.vocabulary)),
            np.zeros(CHUNK, np.float32),
            np.int32(count),
        )
        steps = keras.ops.convert_to_numpy(steps)[:count]
        ids, parents = steps[:, 0], steps[:, 1]
        recent = passage.recent
        for i, parent in zip(ids, parents):
            recent = _appended(recent[parent], i[:, None])
        after = _passage(logits, state, recent)
        return ids, parents, after, keras.ops.convert_to_numpy(scores)

    def _write_chunk(self, sampler: Sampler) -> Callable:
        def run(
            folded: tuple,
            logits: Any,
            state: Any,
            past: Any,
            dry: Any,
            allowed: Any,
            numbers: dict,
            rows: tuple,
            count: Any,
        ) -> tuple:
            def write_one(carry: tuple, row: tuple) -> tuple:
                logits, state, *past = carry
                inverse, keys = row
                logits = _adjusted(logits, past, dry, allowed)
                ids = sampler(logits, inverse, keys, numbers)
                read = ids if sampler.keeps_likeliest else ops.maximum(ids, 0)
                past = [extended(p, read) for p in past]
                return (*self._model.step(read, state, folded), *past), ids

            carry = (logits, state) if past is None else (logits, state, past)
            like = ops.zeros((logits.shape[0],), "int32")
            inverse, keys = rows
            rows = inverse, ops.cast(keys, seed_dtype)
            (logits, state, *_), ids = loop(write_one, carry, rows, count, like)
            return ids, logits, state

        return run

    def _search_chunk(
        self,
        folded: tuple,
        logits: Any,
        state: Any,
        scores: Any,
        past: Any,
        dry: Any,
        allowed: Any,
        places: Any,
        count: Any,
    ) -> tuple:
        beams, width = logits.shape

        def search_one(carry: tuple, _: Any) -> tuple:
            logits, state, scores, *past = carry
            logits = _adjusted(logits, past, dry, allowed)
            logp = ops.log_softmax(logits, axis=-1) + scores[:, None]  # (K, V)
            scores, best = ops.top_k(ops.reshape(logp, (-1,)), beams)
            best = ops.cast(best, "int32")
            parents, ids = best // width, best % width
            state, past = keras.tree.map_structure(
                lambda x: ops.take(x, parents, axis=0), (state, past)
            )
            past = [extended(p, ids) for p in past]
            logits, state = self._model.step(ids, state, folded)
            return (logits, state, scores, *past), ops.stack([ids, parents])

        carry = (logits, state, scores, *(() if past is None else (past,)))
        like = ops.zeros((2, beams), "int32")
        (logits, state, scores, *_), steps = loop(
            search_one, carry, places, count, like
        )
        return steps, logits, state, scores

    def _follow_chunk(
        self, folded: tuple, logits: Any, state: Any, ids: Any, count: Any
    ) -> tuple:
        def read_one(carry: tuple, ids: Any) -> tuple:
            ids = ops.convert_to_tensor(ids)
            return self._model.step(ids, carry[1], folded), ids

        return loop(read_one, (logits, state), ids, count, ids[0])[0]


def _passage(logits: Any, state: Any, recent: np.ndarray) -> Passage:
    if not np.isfinite(keras.ops.convert_to_numpy(logits)).all():
        raise ValueError(
            "The model's logits are not finite (nan or inf), so there is nothing to "
            "choose from. Its training has diverged: train it anew with a lower "
            "learning rate, or clip the gradients."
        )
    return Passage(logits, state, recent)


def _appended(recent: np.ndarray, ids: np.ndarray) -> np.ndarray:
    return np.concatenate([recent, ids.astype(np.int32)], axis=1)[:, -RECENT:]


def _adjustments(passage: Passage, rules: Rules, position: int, width: int) -> tuple:
    """Return past, dry and allowed for a loop, each `None` if it is not used."""
    allowed = rules.mask(position, width)
    if rules.dry is None:
        return None, None, allowed
    return past_of(passage.recent), rules.dry.numbers, allowed


def _adjusted(logits: Any, past: Sequence[Past], dry: Any, allowed: Any) -> Any:
    logits = lowered(logits, past[0], dry) if past else logits
    return logits if allowed is None else where(allowed, logits, -float("inf"))


def _width(length: int) -> int:
    if jit_compile:
        length = max(1 << (length - 1).bit_length(), _READ_AT_LEAST)
    return min(length, _READ_AT_MOST)
