"""Settings: what a user asks of a text that is to be written, checked."""

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from numbers import Integral, Real
from typing import Any

import numpy as np

from keras_charrnn import samplers
from keras_charrnn._checks import check_flag
from keras_charrnn.rules import Rules, as_number
from keras_charrnn.stops import Stops
from keras_charrnn.text.vocabulary import Vocabulary

Temperature = float | Callable[[int], float]


@dataclass(frozen=True)
class Settings:
    """How a text is written on; `CharRNN.generate` says what each means.

    Raises:
        ValueError: If a setting is out of range.
        TypeError: If a setting is of a wrong type.
    """

    length: int = 400
    sampler: str | samplers.Sampler = "random"
    repetition_penalty: float = 1.0
    banned: str = ""
    allowed: str | None = None
    stop: str | Sequence[str] | None = ()
    keep_stop: bool = False
    min_length: int = 0

    @classmethod
    def of(cls, method: str, length: int, settings: dict[str, Any]) -> "Settings":
        """Return the settings that a method was called with.

        Args:
            method: The method's name, for the error.
            length: The first of them.
            settings: The others, by name.

        Returns:
            The `Settings`.

        Raises:
            TypeError: If there is no setting of some name.
        """
        known = [field.name for field in fields(cls)]
        for name in settings:
            if name not in known:
                raise TypeError(
                    f"{method} has no setting {name!r}; it has {', '.join(known)}, "
                    "temperature and seed."
                )
        return cls(length, **settings)

    def __post_init__(self) -> None:
        for name in ("length", "min_length"):
            value = getattr(self, name)
            if not isinstance(value, Integral) or isinstance(value, bool) or value < 0:
                raise ValueError(
                    f"{name} is a number of characters, 0 or more; it is {value!r}."
                )
        if 0 < self.length < self.min_length:
            raise ValueError(
                f"min_length is {self.min_length}, and length, the most there may be, "
                f"is {self.length}. Make length larger."
            )
        check_flag("keep_stop", self.keep_stop)
        penalty = self.repetition_penalty
        if not isinstance(penalty, Real) or not 0 < penalty <= 1e30:
            raise ValueError(
                "repetition_penalty is a number above 0, to 1e30, and 1 changes "
                f"nothing; it is {penalty!r}."
            )
        for name in ("banned", "allowed"):
            value = getattr(self, name)
            if value is not None and not isinstance(value, str):
                raise TypeError(f"{name} is a str of characters; it is {value!r}.")
        if not isinstance(self.stop, str | list | tuple | None):
            raise TypeError(f"stop is a text or a list of texts; it is {self.stop!r}.")
        for text in self._stop_texts():
            if not isinstance(text, str) or not text:
                raise ValueError(
                    "stop is a text, or a list of texts, of one character or more; "
                    f"there is {text!r}."
                )

    def stops(self, vocabulary: Vocabulary) -> Stops:
        """Return what ends the text, as the writing loop sees it.

        Args:
            vocabulary: The model's.

        Returns:
            The `Stops`.
        """
        texts = tuple(map(vocabulary.symbols, self._stop_texts()))
        return Stops(texts, self.keep_stop, self.min_length, vocabulary.end)

    def _stop_texts(self) -> tuple[str, ...]:
        return (self.stop,) if isinstance(self.stop, str) else tuple(self.stop or ())

    def rules(
        self, vocabulary: Vocabulary, temperatures: Sequence[Temperature]
    ) -> Rules:
        """Return the rules by which rows of these temperatures are written.

        Args:
            vocabulary: The model's.
            temperatures: One for each row.

        Returns:
            The `Rules`.

        Raises:
            ValueError: If a temperature is out of range, a stop text or what is allowed
                holds characters that are never written, or no character is left.
        """
        for text in self._stop_texts():
            _refuse_unknown("stop", text, vocabulary)
        for value in temperatures:
            if not callable(value) and not as_number(value) >= 0:
                raise ValueError(f"temperature is a number from 0 on; it is {value!r}.")
        sampler = samplers.get(self.sampler)
        cold = all(not callable(value) and value == 0 for value in temperatures)
        searching = isinstance(sampler, samplers.BeamSampler)
        if cold and sampler.keeps_likeliest and not searching:
            sampler = samplers.GreedySampler()
        return Rules(
            sampler,
            temperatures,
            self.repetition_penalty,
            self._mask(vocabulary),
            self.min_length,
            vocabulary.end_id,
        )

    def _mask(self, vocabulary: Vocabulary) -> np.ndarray | None:
        if not self.banned and self.allowed is None:
            return None
        for name, given in (("banned", self.banned), ("allowed", self.allowed)):
            for character in given or "":
                if len(parts := vocabulary.symbols(character)) > 1:
                    raise ValueError(
                        f"{name} holds {character!r}, which is several characters of "
                        f"this model: {', '.join(map(repr, parts))}. Others share "
                        "them, so leave it out."
                    )
        if self.allowed is not None:
            _refuse_unknown("allowed", self.allowed, vocabulary)
        banned = vocabulary.symbols(self.banned)
        allowed = None if self.allowed is None else vocabulary.symbols(self.allowed)
        if vocabulary.end is not None and vocabulary.end in self.banned:
            raise ValueError(
                "banned holds the end of a document. Documents of some length come by "
                "min_length."
            )
        mask = np.array(
            [
                (allowed is None or c in allowed) and c not in banned
                for c in vocabulary.characters
            ]
        )
        if vocabulary.end_id is not None:
            mask[vocabulary.end_id] = False
        if not mask.any():
            raise ValueError(
                f"allowed={self.allowed!r} and banned={self.banned!r} leave no "
                f"character of {vocabulary!r}."
            )
        if vocabulary.end_id is not None:
            mask[vocabulary.end_id] = True
        return mask


def row_seeds(seed: Any, prompts: int, samples: int) -> list[tuple[int, int]]:
    """Return the seed of each row: the samples of the first prompt, and so on.

    Args:
        seed: An integer, one for each prompt, or `None` for seeds nobody knows.
        prompts: The number of prompts.
        samples: The number of samples of each.

    Returns:
        Pairs of a prompt's seed and a sample's number.

    Raises:
        ValueError: If a seed is no integer of 0 or more, or their number is wrong.
    """
    if seed is None:
        seeds = [secrets.randbits(63) for _ in range(prompts)]
    elif isinstance(seed, list | tuple) or np.ndim(seed) == 1:
        seeds = list(seed)
        if len(seeds) != prompts:
            raise ValueError(
                f"There are {len(seeds)} seeds for {prompts} prompts. Pass one "
                "seed for all, or one for each."
            )
    else:
        seeds = [seed] * prompts
    for value in seeds:
        if not isinstance(value, Integral) or isinstance(value, bool) or value < 0:
            raise ValueError(f"seed is an integer from 0 on; it is {value!r}.")
    return [(int(value), sample) for value in seeds for sample in range(samples)]


def _refuse_unknown(name: str, text: str, vocabulary: Vocabulary) -> None:
    unknown = [c for c in vocabulary.symbols(text) if c not in vocabulary]
    if unknown:
        raise ValueError(
            f"{name} holds {text!r}, and the model never writes "
            f"{', '.join(map(repr, dict.fromkeys(unknown)))}, which its vocabulary "
            "lacks. Leave it out."
        )
