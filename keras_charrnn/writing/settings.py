"""Settings: how a text is to be written, checked against one vocabulary."""

import inspect
import secrets
import textwrap
from collections.abc import Callable, Sequence
from dataclasses import fields
from numbers import Integral
from typing import Any, TypeVar

import numpy as np

from keras_charrnn.settings import Temperature, Writing
from keras_charrnn.text import Vocabulary
from keras_charrnn.writing import samplers
from keras_charrnn.writing.repetition import Dry
from keras_charrnn.writing.rules import Rules, as_number
from keras_charrnn.writing.stops import Stops

_Method = TypeVar("_Method", bound=Callable)


class Settings(Writing):
    """The settings of one call, in the form that the writing loop needs."""

    @classmethod
    def of(cls, method: Callable, settings: dict[str, Any]) -> "Settings":
        """Return the settings that a method, or a class, was called with.

        Args:
            method: The method, which takes them as `**settings`.
            settings: The settings, by name.

        Returns:
            The `Settings`.

        Raises:
            TypeError: If a name is not that of a setting.
        """
        unknown = settings.keys() - {field.name for field in fields(cls)}
        if unknown:
            own = inspect.signature(method).parameters.values()
            names = [p.name for p in own if p.kind != p.VAR_KEYWORD]
            names += [field.name for field in fields(cls)]
            owner = getattr(method, "__self__", None)
            prefix = "" if owner is None else f"{type(owner).__name__}."
            raise TypeError(
                f"{prefix}{method.__name__} has no setting {min(unknown)!r}; it has "
                f"{', '.join(dict.fromkeys(names))}."
            )
        return cls(**settings)

    def stops(self, vocabulary: Vocabulary) -> Stops:
        """Return what ends a text, as symbols of a vocabulary.

        Args:
            vocabulary: The model's vocabulary.

        Returns:
            The `Stops`.
        """
        texts = tuple(map(vocabulary.symbols, self.stop_texts))
        return Stops(texts, self.keep_stop, self.min_length, vocabulary.end)

    def rules(
        self,
        vocabulary: Vocabulary,
        temperatures: Sequence[Temperature] | None = None,
    ) -> Rules:
        """Return the rules for rows with the given temperatures.

        Args:
            vocabulary: The model's vocabulary.
            temperatures: One temperature for each row; if `None`, there is one row,
                with the temperature of the settings.

        Returns:
            The `Rules`.

        Raises:
            ValueError: If a temperature is out of range, `stop` or `allowed` contains
                characters that the model never writes, or no character is left.
        """
        temperatures = [self.temperature] if temperatures is None else temperatures
        for text in self.stop_texts:
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
            self._dry,
            self._mask(vocabulary),
            self.min_length,
            vocabulary.end_id,
        )

    @property
    def _dry(self) -> Dry | None:
        if not self.dry_multiplier:
            return None
        return Dry(self.dry_multiplier, self.dry_base, self.dry_allowed_length)

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


def with_settings(method: _Method) -> _Method:
    """Show every setting in the signature and the docstring of a method.

    The method takes a setting as a parameter of its own, or in `**settings`. A line of
    its docstring that begins with `**settings` is replaced by the descriptions of the
    settings in `Writing`.

    Args:
        method: The method.

    Returns:
        The method.
    """
    signature = inspect.signature(method)
    own = {n: p for n, p in signature.parameters.items() if p.kind != p.VAR_KEYWORD}
    rest = [
        inspect.Parameter(
            f.name,
            inspect.Parameter.KEYWORD_ONLY,
            default=f.default,
            annotation=f.type,
        )
        for f in fields(Writing)
        if f.name not in own
    ]
    method.__signature__ = signature.replace(parameters=[*own.values(), *rest])  # type: ignore[attr-defined]
    described = "\n".join(
        textwrap.fill(
            f"{f.name}: {f.metadata['help'][0].upper()}{f.metadata['help'][1:]}. "
            f"{f.metadata['more']}",
            width=88,
            initial_indent=" " * 12,
            subsequent_indent=" " * 16,
        )
        for f in fields(Writing)
        if f"\n            {f.name}:" not in (method.__doc__ or "")
    )
    lines = (method.__doc__ or "").split("\n")
    method.__doc__ = "\n".join(
        described if line.startswith("            **settings:") else line
        for line in lines
    )
    return method


def streams_of(seed: Any, prompts: int, samples: int) -> list[tuple[int, int]]:
    """Return the seeds of one stream for all rows, or of one for each row.

    Args:
        seed: An integer or `None`, a random one, for all rows; or a list of one for
            each prompt.
        prompts: The number of prompts.
        samples: The number of samples for each prompt.

    Returns:
        A pair, or for a list the pairs of all samples of the first prompt, and so on:
        a seed and the number of a sample.

    Raises:
        ValueError: If a seed is not a non-negative integer, or their number is wrong.
    """
    each = isinstance(seed, list | tuple) or np.ndim(seed) == 1
    seeds = list(seed) if each else [secrets.randbits(63) if seed is None else seed]
    if each and len(seeds) != prompts:
        raise ValueError(
            f"There are {len(seeds)} seeds for {prompts} prompts. Pass one seed for "
            "all, or one for each."
        )
    for value in seeds:
        if not isinstance(value, Integral) or isinstance(value, bool) or value < 0:
            raise ValueError(f"seed is an integer from 0 on; it is {value!r}.")
    numbers = range(samples if each else 1)
    return [(int(value), number) for value in seeds for number in numbers]


def _refuse_unknown(name: str, text: str, vocabulary: Vocabulary) -> None:
    unknown = [c for c in vocabulary.symbols(text) if c not in vocabulary]
    if unknown:
        raise ValueError(
            f"{name} holds {text!r}, and the model never writes "
            f"{', '.join(map(repr, dict.fromkeys(unknown)))}, which its vocabulary "
            "lacks. Leave it out."
        )
