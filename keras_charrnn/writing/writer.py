"""Writing: a language model generates texts and scores them."""

from collections.abc import Iterator, Sequence
from functools import cached_property
from numbers import Integral
from typing import Any

import numpy as np

from keras_charrnn._platform import check_flag
from keras_charrnn.settings import Temperature
from keras_charrnn.text import Unknown, Vocabulary
from keras_charrnn.writing.engine import Engine, Passage
from keras_charrnn.writing.rules import CHUNK, SHORT_CHUNK, Draws, Rules
from keras_charrnn.writing.samplers import BeamSampler
from keras_charrnn.writing.search import search
from keras_charrnn.writing.session import Session
from keras_charrnn.writing.settings import Settings, streams_of, with_settings


class TextWriter:
    """A mixin for a `LanguageModel`: writing, streaming, sessions and scores."""

    vocabulary: Vocabulary

    @cached_property
    def engine(self) -> Engine:
        """The loops that read and write, each of which is compiled at its first use."""
        return Engine(self)  # type: ignore[arg-type]

    @with_settings
    def generate(
        self,
        prompt: str | Sequence[str] = "",
        length: int = Settings.length,
        temperature: Temperature | Sequence[Temperature] = Settings.temperature,
        seed: int | Sequence[int] | None = None,
        unknown: Unknown = "error",
        *,
        num_samples: int | None = None,
        strip_prompt: bool = False,
        return_scores: bool = False,
        **settings: Any,
    ) -> Any:
        """Generate a continuation of a prompt.

        On one backend, the same call of the same model gives the same texts. All texts
        of a call are written together, and draw different characters from one stream of
        random numbers; a prompt that is passed alone may get another text. With a seed
        for each prompt, it gets the same.

        Args:
            prompt: A text, or a list of texts. An empty text stands for the start of
                a line. If the vocabulary has an end of documents, each prompt starts
                a document, and writing stops at its end.
            seed: A non-negative integer that makes the result repeatable, or a list
                of one for each prompt. With a list, each text is the one that its
                prompt gets alone with its seed, and many texts take longer.
            unknown: How to treat characters of the prompt that are not in the
                vocabulary, as in `Vocabulary.encode`.
            num_samples: The number of texts to write for each prompt, returned as a
                list; if `None`, a single text, which is not put into a list.
            strip_prompt: Whether to return the continuation without the prompt.
            return_scores: Whether to return pairs `(text, score)` instead of texts.
                The score is the mean log-probability, in nats, that the model gives
                to the characters written, and to the end of a document if it was
                written; nan if nothing was written. With beam search, it is the score
                of the search, in which the stop text, the cost of repetition and the
                allowed characters count.
            **settings: `length`, `temperature` and all others of `Writing`.

        Returns:
            The prompt and its continuation, a `str`. A list of prompts, a list of
            temperatures and `num_samples` each nest the results in a list: that of
            the prompts is the outermost, that of the samples the innermost.

        Raises:
            ValueError: If a setting is out of range, the prompt contains unknown
                characters, or no character is left to write.
            TypeError: If a setting has the wrong type.
        """
        check_flag("strip_prompt", strip_prompt)
        check_flag("return_scores", return_scores)
        given = {"length": length, "temperature": temperature, **settings}
        asked = Settings.of(self.generate, given)
        prompts = [prompt] if isinstance(prompt, str) else prompt
        if not isinstance(prompts, list | tuple | np.ndarray) or any(
            not isinstance(text, str) for text in prompts
        ):
            raise TypeError(f"prompt is a str or a list of str; it is {prompt!r}.")
        several = isinstance(temperature, list | tuple) or (
            isinstance(temperature, np.ndarray) and temperature.ndim > 0
        )
        temperatures: list[Any] = list(temperature) if several else [temperature]  # type: ignore[arg-type]
        if not temperatures:
            raise ValueError("temperature is an empty list; it gives a text for each.")
        samples = 1 if num_samples is None else num_samples
        if not isinstance(samples, Integral) or samples is True or samples < 1:
            raise ValueError(f"num_samples is 1 or more; it is {num_samples!r}.")
        encoded = [self.vocabulary.encode(text, unknown) for text in prompts]
        seeds = streams_of(seed, len(prompts), samples)
        # Rows: for each prompt, for each temperature, for each sample.
        places = [
            (p, t, s)
            for p in range(len(prompts))
            for t in range(len(temperatures))
            for s in range(samples)
        ]
        rules = asked.rules(self.vocabulary, [temperatures[t] for _, t, _ in places])
        if not places:
            return []
        written = [""] * len(places)
        best: dict[tuple[int, int], float] = {}
        if asked.length:
            passage = self.engine.read([self._context(ids) for ids in encoded])
            if isinstance(rules.sampler, BeamSampler):
                found = self._search(passage, rules, asked, samples)
                written = [found[p][s][1] for p, _, s in places]
                best = {(p, s): found[p][s][0] for p, _, s in places}
            else:
                if np.ndim(seed) == 1:
                    seeds = [seeds[p * samples + s] for p, _, s in places]
                draws = Draws(seeds)
                passage = passage.rows([p for p, _, _ in places])
                written = self._write(passage, rules, draws, asked)
        texts: list[Any] = []
        for (p, _, s), symbols in zip(places, written):
            more = self.vocabulary.encode_symbols(symbols)
            shown = more[:-1] if _ended(symbols, self.vocabulary) else more
            shown = shown if strip_prompt else np.concatenate([encoded[p], shown])
            text: Any = self.vocabulary.decode(shown)
            if return_scores and (p, s) in best:
                text = (text, best[p, s])
            elif return_scores:
                scores = self._score(encoded[p], more)
                text = (text, float(scores.mean()) if len(more) else float("nan"))
            texts.append(text)
        levels = ((num_samples is not None, samples), (several, len(temperatures)))
        for wanted, size in levels:
            if wanted:
                texts = [texts[i : i + size] for i in range(0, len(texts), size)]
        return texts[0] if isinstance(prompt, str) else texts

    @with_settings
    def stream(
        self,
        prompt: str = "",
        length: int = Settings.length,
        temperature: Temperature = Settings.temperature,
        seed: int | None = None,
        unknown: Unknown = "error",
        **settings: Any,
    ) -> Iterator[str]:
        """Generate a continuation of a prompt, and stream it as it is written.

        Joined, the pieces are the text that `generate(..., strip_prompt=True)`
        returns. Closing the iterator stops the generation.

        Args:
            prompt: A text.
            seed: As in `generate`.
            unknown: As in `generate`.
            **settings: `length`, `temperature` and all others of `Writing`.

        Yields:
            Pieces of the text, of one character or more.
        """
        session = self.session(prompt, unknown)
        return _whole(session, session.stream(length, temperature, seed, **settings))

    def session(self, prompt: str = "", unknown: Unknown = "error") -> Session:
        """Start a session, in which one text is read and written in turns.

        Args:
            prompt: The beginning of the text. If it is empty, the model reads the
                start of a line or of a document, which is not part of the text.
            unknown: As in `generate`.

        Returns:
            A `Session`.
        """
        if not isinstance(prompt, str):
            raise TypeError(f"prompt is a str; it is {prompt!r}.")
        ids = self.vocabulary.encode(prompt, unknown)
        passage = self.engine.read([self._context(ids)])
        return Session(self.engine, self.vocabulary, ids, passage)

    def next_probabilities(
        self, prompt: str = "", unknown: Unknown = "error"
    ) -> dict[str, float]:
        """Return the probability of each character to follow a prompt.

        Args:
            prompt: As in `generate`.
            unknown: As in `generate`.

        Returns:
            The probabilities by character, the likeliest first; they sum to 1.
        """
        return self.session(prompt, unknown).next_probabilities()

    def score(
        self, text: str, prompt: str = "", unknown: Unknown = "error"
    ) -> np.ndarray:
        """Return the log-probability of each character of a text.

        Args:
            text: The text.
            prompt: The text that precedes it, as in `generate`. If it is empty, the
                text is scored as the start of a line or of a document.
            unknown: As in `generate`.

        Returns:
            The log-probabilities, (characters,), in nats, each given the prompt and
            the text before the character.
        """
        ids = self.vocabulary.encode(text, unknown)
        return self._score(self.vocabulary.encode(prompt, unknown), ids)

    def bits_per_character(
        self, text: str, prompt: str = "", unknown: Unknown = "error"
    ) -> float:
        """Return the cross-entropy of a text, in bits per character.

        Args:
            text: A text of one character or more.
            prompt: As in `score`.
            unknown: As in `generate`.

        Returns:
            The mean over the characters of minus log2 of their probabilities.
        """
        scores = self.score(text, prompt, unknown)
        if not len(scores):
            raise ValueError("A text without a known character has no mean.")
        return float(-scores.mean() / np.log(2))

    def perplexity(
        self, text: str, prompt: str = "", unknown: Unknown = "error"
    ) -> float:
        """Return the perplexity of a text, per character.

        Args:
            text: A text of one character or more.
            prompt: As in `score`.
            unknown: As in `generate`.

        Returns:
            2 to the power of the bits per character, 1 or more.
        """
        return float(2 ** self.bits_per_character(text, prompt, unknown))

    def _score(self, before: np.ndarray, ids: np.ndarray) -> np.ndarray:
        if not len(ids):
            return np.zeros(0)
        whole = np.concatenate([self._context(before), ids])
        return self.engine.score(whole)[-len(ids) :]

    def _context(self, ids: np.ndarray) -> np.ndarray:
        """Return the ids that are read before the first character is written."""
        vocabulary = self.vocabulary
        if vocabulary.end_id is not None:
            # The end of a document also marks the start of each document.
            return np.concatenate([[vocabulary.end_id], ids]).astype(np.int32)
        if len(ids):
            return ids
        known = (c for c in "\n " if c in vocabulary)
        return vocabulary.encode_symbols(next(known, vocabulary.characters[0]))

    def _search(
        self, passage: Passage, rules: Rules, settings: Settings, samples: int
    ) -> list[list[tuple[float, str]]]:
        """Return scores and texts of each row, the best first, at least `samples`."""
        found = [
            search(self.engine, self.vocabulary, passage.rows([row]), rules, settings)
            for row in range(len(passage.recent))
        ]
        fewest = min(map(len, found))
        if fewest < samples:
            raise ValueError(
                f"num_samples is {samples}, but {rules.sampler!r} found no more than "
                f"{fewest} texts. Ask for fewer, or search with more beams: "
                f"sampler=samplers.BeamSampler({2 * samples})."
            )
        return found

    def _write(
        self, passage: Passage, rules: Rules, draws: Draws, settings: Settings
    ) -> list[str]:
        folded = self.engine.fold()
        stops = settings.stops(self.vocabulary)
        texts = [""] * len(passage.recent)
        ends: list[int | None] = [None] * len(texts)
        # The text that each row of the passage writes.
        rows = list(range(len(texts)))
        chunk = SHORT_CHUNK if stops else CHUNK
        while draws.position < settings.length and rows:
            count = min(chunk, settings.length - draws.position)
            ids, passage = self.engine.write(passage, rules, draws, count, folded)
            for row, more in zip(rows, ids):
                if ends[row] is None:
                    known = len(texts[row])
                    texts[row] += self.vocabulary.decode_symbols(more)
                    ends[row] = stops.find(texts[row], known)
            left = _left([ends[row] is None for row in rows])
            rows = [rows[i] for i in left]
            if 0 < len(left) < len(passage.recent):
                passage, rules = passage.rows(left), rules.rows(left)
                draws.keep(left)
        return [stops.kept(text, end) for text, end in zip(texts, ends)]


def _left(going: list[bool]) -> list[int]:
    """Return the rows that stay in a batch.

    A batch shrinks to a power of two, so that few sizes are compiled. Rows that have
    ended may stay to fill it.

    Args:
        going: Whether each row has not ended yet.
    """
    if not any(going):
        return []
    size = 1 << (sum(going) - 1).bit_length()
    order = sorted(range(len(going)), key=lambda row: not going[row])
    return sorted(order[:size])


def _whole(session: Session, pieces: Iterator[str]) -> Iterator[str]:
    yield from pieces
    if rest := session.rest:
        yield rest


def _ended(symbols: str, vocabulary: Vocabulary) -> bool:
    return vocabulary.end is not None and symbols.endswith(vocabulary.end)
