"""Samplers: logits -> the next id.

Shapes: B batch, V vocabulary.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from numbers import Integral
from typing import Any, ClassVar

import keras
import numpy as np
from keras import ops

from keras_charrnn._backend import each_row, jit_compile, largest, where
from keras_charrnn._platform import register

# float32 rounds probabilities and their sums. Those that differ by less than this part
# of them are taken for equal, so that .5 + .3 reaches .8.
_TIE = 1e-6

# Up to so many characters, XLA compares all pairs faster than it sorts.
_FEW = 256


class _Key(keras.random.SeedGenerator):
    """Passes a seed that is data to `keras.random`.

    `keras.random` takes an integer or a `SeedGenerator`. Neither fits a compiled
    loop that gets the seed of each draw as data. This generator has no state, and so
    no variable: it returns the seed that it was given.
    """

    def __init__(self, key: Any) -> None:
        self._key = key

    def next(self, ordered: bool = True) -> Any:
        return self._key


class Sampler(ABC):
    """Chooses the next id from logits.

    A sampler decides which characters may be drawn; this base class applies the
    temperature and draws. The parameters of a sampler that may change from text to
    text are its `numbers`. They are data of the compiled loop, so that changing one
    compiles nothing.

    A subclass defines `restrict`, and passes its numbers to `super().__init__`. A
    subclass that sets `name` can be chosen by that name everywhere.

    Args:
        **numbers: The numbers, by name.

    Attributes:
        name: The name to choose the sampler by.
        keeps_likeliest: Whether `restrict` always keeps the likeliest character of
            every row. If not, the loop checks that a character is left, and writing
            ends with an error if there is none.
        numbers: The numbers, by name.
    """

    name: ClassVar[str]
    keeps_likeliest: ClassVar[bool] = False
    registered: ClassVar[dict[str, type["Sampler"]]] = {}

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if "restrict" in vars(cls):
            cls.keeps_likeliest = vars(cls).get("keeps_likeliest", False)
        register(Sampler.registered, cls)

    def __init__(self, **numbers: float) -> None:
        for name, value in numbers.items():
            if not isinstance(value, float | int | np.number) or value != value:
                raise ValueError(f"{name} is a number; it is {value!r}.")
        self.numbers = numbers

    def __repr__(self) -> str:
        numbers = ", ".join(f"{name}={value}" for name, value in self.numbers.items())
        return f"{type(self).__name__}({numbers})"

    @abstractmethod
    def restrict(self, logits: Any, numbers: Mapping[str, Any]) -> Any:
        """Set the logits of characters that must not be drawn to -inf.

        Args:
            logits: The logits, (B, V), divided by the temperature; the largest of
                each row is 0.
            numbers: Scalar tensors, by the names of `self.numbers`. The result must
                not depend on any other attribute of the sampler.

        Returns:
            Logits, (B, V).
        """

    def __call__(
        self,
        logits: Any,
        coldness: Any,
        keys: Any,
        numbers: Mapping[str, Any],
    ) -> Any:
        """Choose an id for each row.

        Args:
            logits: The logits, (B, V), float; each row has at least one finite value.
            coldness: The inverse temperatures, (B, 1), from 1e-30 to 1e30, as the
                function `coldness` returns them. The logits are multiplied by them.
            keys: The seeds of the draws, two integers from 0 to 2**31 - 1 of the
                dtype `seed_dtype`, a tensor or a list: (1, 2) to draw for all rows
                at once, or (B, 2) to draw for each by itself.
            numbers: The sampler's numbers, as scalar tensors.

        Returns:
            The ids, (B,), int32; -1 for a row in which `restrict` left no character.
        """
        # The largest logit is 0, so that no product can overflow. No factor is 0 or
        # infinite, so that a logit of -inf stays -inf.
        logits = logits - largest(logits)
        kept = self.restrict(logits * coldness, numbers)
        if getattr(kept, "shape", None) != logits.shape:
            raise ValueError(
                f"{type(self).__name__}.restrict returns logits of the shape it gets, "
                f"{tuple(logits.shape)}; it returned {kept!r}."
            )
        if self.keeps_likeliest:
            return _drawn(kept, keys)
        left = ops.isfinite(ops.max(kept, axis=-1))
        kept = where(left[:, None], kept, logits)
        return where(left, _drawn(kept, keys), -1)


def _drawn(logits: Any, keys: Any) -> Any:
    return _draw(logits, keys) if len(keys) == 1 else each_row(_draw, logits, keys)


def _draw(logits: Any, key: Any) -> Any:
    """Draw an id for each row: logits (B, V), key (1, 2), a tensor or a list."""
    return keras.random.categorical(logits, 1, seed=_Key(key[0]))[:, 0]  # int32


class RandomSampler(Sampler):
    """Draws from the whole distribution.

    Example:

    >>> from keras_charrnn import samplers
    >>> samplers.get("random")
    RandomSampler()
    """

    name = "random"
    keeps_likeliest = True

    def __call__(
        self, logits: Any, coldness: Any, keys: Any, numbers: Mapping[str, Any]
    ) -> Any:
        # To find the largest logit first would keep XLA from fusing the rest.
        return _drawn(logits * coldness, keys)

    def restrict(self, logits: Any, numbers: Mapping[str, Any]) -> Any:
        return logits


class GreedySampler(Sampler):
    """Takes the likeliest character, whatever the temperature."""

    name = "greedy"
    keeps_likeliest = True

    def __call__(
        self, logits: Any, coldness: Any, keys: Any, numbers: Mapping[str, Any]
    ) -> Any:
        return ops.argmax(logits, axis=-1)  # int32

    def restrict(self, logits: Any, numbers: Mapping[str, Any]) -> Any:
        return where(logits == 0, logits, -float("inf"))


class TopKSampler(Sampler):
    """Draws from the `k` likeliest characters, and any as likely as the last of them.

    Args:
        k: The number of characters, 1 or more; a number above V means V.

    Raises:
        ValueError: If `k` is not a positive integer.

    Source: Fan, Lewis and Dauphin, "Hierarchical Neural Story Generation" (2018).
    """

    name = "top_k"
    keeps_likeliest = True

    def __init__(self, k: int = 5) -> None:
        super().__init__(k=_count("k", k))

    def restrict(self, logits: Any, numbers: Mapping[str, Any]) -> Any:
        kept = _likeliest(logits, ops.ones_like, numbers["k"])
        return where(kept, logits, -float("inf"))


class TopPSampler(Sampler):
    """Draws from the likeliest characters that together reach a probability.

    Args:
        p: A probability, above 0 and at most 1. Characters are kept in descending
            order of probability until their probabilities sum to `p`, together with
            any as likely as the last of them.

    Raises:
        ValueError: If `p` is out of range.

    Source: Holtzman et al., "The Curious Case of Neural Text Degeneration" (2020).
    """

    name = "top_p"
    keeps_likeliest = True

    def __init__(self, p: float = 0.9) -> None:
        super().__init__(p=_probability(p))

    def restrict(self, logits: Any, numbers: Mapping[str, Any]) -> Any:
        p = numbers["p"]
        kept = _likeliest(ops.softmax(logits, axis=-1), lambda x: x, p * (1 - _TIE))
        return where(kept | (p >= 1), logits, -float("inf"))


def _likeliest(x: Any, weigh: Callable, enough: Any) -> Any:
    """Return where the weights of all larger values sum to less than enough, (B, V)."""
    if jit_compile and x.shape[-1] <= _FEW:
        larger = x[:, None, :] > x[:, :, None]
        return ops.sum(where(larger, weigh(x)[:, None, :], 0.0), axis=-1) < enough
    ordered, _ = ops.top_k(x, x.shape[-1])
    weights = weigh(ordered)
    inside = ops.cumsum(weights, axis=-1) - weights < enough
    return x >= -largest(-where(inside, ordered, float("inf")))


class MinPSampler(Sampler):
    """Draws from the characters that are not much less likely than the likeliest.

    Args:
        p: A factor, above 0 and at most 1. A character is kept if its probability
            is at least `p` times that of the likeliest.

    Raises:
        ValueError: If `p` is out of range.

    Source: Nguyen et al., "Turning Up the Heat: Min-p Sampling for Creative and
    Coherent LLM Outputs" (2024).
    """

    name = "min_p"
    keeps_likeliest = True

    def __init__(self, p: float = 0.1) -> None:
        super().__init__(p=_probability(p))

    def restrict(self, logits: Any, numbers: Mapping[str, Any]) -> Any:
        least = ops.log(numbers["p"] * (1 - _TIE))  # the likeliest is at 0
        return where(logits >= least, logits, -float("inf"))


class BeamSampler(Sampler):
    """Searches for the likeliest text by extending several texts, the beams, at once.

    Nothing is drawn, so temperature and seed have no effect. Of all texts found, the
    one with the largest mean log-probability per character is returned;
    `num_samples` of `CharRNN.generate` asks for further ones.

    Args:
        num_beams: The number of beams, 1 or more; with 1 the search is greedy.

    Raises:
        ValueError: If `num_beams` is not a positive integer.

    Source: Graves, "Sequence Transduction with Recurrent Neural Networks" (2012).
    """

    name = "beam"
    keeps_likeliest = True

    def __init__(self, num_beams: int = 5) -> None:
        super().__init__()
        self.num_beams = _count("num_beams", num_beams)

    def __repr__(self) -> str:
        return f"BeamSampler(num_beams={self.num_beams})"

    def restrict(self, logits: Any, numbers: Mapping[str, Any]) -> Any:
        return logits


def coldness(temperature: Any) -> np.ndarray:
    """Return the inverse of a temperature, by which logits are multiplied.

    Args:
        temperature: A number of 0 or more, or an array of such numbers.

    Returns:
        The inverse, float32, limited to 1e-30 to 1e30. So a temperature of 0 leaves
        only the largest logit, infinity makes all logits alike, and no nan occurs
        for logits up to 1e8.
    """
    with np.errstate(divide="ignore", over="ignore"):
        inverse = 1 / np.asarray(temperature, np.float64)
    return np.clip(inverse, 1e-30, 1e30).astype(np.float32)


SAMPLERS = Sampler.registered
"""Every sampler by its name, including those that a user defines."""


def get(sampler: str | Sampler) -> Sampler:
    """Return a sampler.

    Args:
        sampler: A `Sampler`, or the name of one, which gives a sampler with its
            default numbers.

    Returns:
        The `Sampler`.

    Raises:
        ValueError: If there is no sampler of that name.
        TypeError: If `sampler` is neither, if its `__init__` does not call that of
            `Sampler`, or if a sampler chosen by name has numbers without defaults.
    """
    sampler = _named(sampler) if isinstance(sampler, str) else sampler
    if not isinstance(sampler, Sampler):
        raise TypeError(
            f"sampler is a name or a Sampler; it is {sampler!r}. "
            "Pass an object such as samplers.TopKSampler(k=5)."
        )
    if not hasattr(sampler, "numbers"):
        raise TypeError(
            f"{type(sampler).__name__} has no numbers: its __init__ has to call "
            "super().__init__(**numbers)."
        )
    return sampler


def _named(name: str) -> Sampler:
    if name not in SAMPLERS:
        raise ValueError(
            f"There is no sampler {name!r}; there are {', '.join(sorted(SAMPLERS))}."
        )
    try:
        return SAMPLERS[name]()
    except TypeError as error:
        raise TypeError(
            f"The sampler {name!r} has numbers to be set ({error}). Pass an object "
            "of it in place of its name."
        ) from error


def _count(name: str, value: Any) -> int:
    if not isinstance(value, Integral) or isinstance(value, bool) or value < 1:
        raise ValueError(f"{name} is an integer from 1 on; it is {value!r}.")
    return int(value)


def _probability(p: Any) -> float:
    if not isinstance(p, float | int | np.number) or not 0 < p <= 1:
        raise ValueError(f"p is a number above 0, to 1; it is {p!r}.")
    return float(p)
