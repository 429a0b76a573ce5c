"""Samplers: logits -> the next id."""

from abc import ABC, abstractmethod
from typing import Any

import keras
from keras import ops


class Draw(keras.random.SeedGenerator):
    """Hands a seed that is a value to `keras.random`.

    `keras.random` takes an integer or a `SeedGenerator`, and neither fits into
    a compiled loop whose draws are told apart by data. This generator returns
    the seed it was given last.
    """

    def __init__(self) -> None:
        super().__init__(seed=0)
        self._key: Any = None

    def of(self, key: Any) -> "Draw":
        """Set the seed of the next draw: two integers from 0 to 2**31 - 1, (2,)."""
        self._key = ops.cast(key, self.state.dtype)
        return self

    def next(self, ordered: bool = True) -> Any:
        return self._key


class Sampler(ABC):
    """Chooses the next id from logits.

    The base has the temperature; a subclass says how to draw.

    Shapes: B batch, V vocabulary.
    """

    def __init__(self) -> None:
        self._draw = Draw()

    def __call__(self, logits: Any, temperature: Any, key: Any) -> Any:
        """Choose an id for each row.

        Args:
            logits: (B, V), float.
            temperature: A number, 0 or more, by which the logits are divided;
                0 takes the largest one.
            key: The seed of the draw: two integers from 0 to 2**31 - 1, (2,).

        Returns:
            Ids, (B,), int32.
        """
        positive = temperature > 0
        # Nothing above 0 is divided, so that no temperature can overflow.
        logits = logits - ops.max(logits, axis=-1, keepdims=True)
        drawn = self.draw(
            logits / ops.where(positive, temperature, 1.0), self._draw.of(key)
        )
        greedy = ops.argmax(logits, axis=-1)
        return ops.where(positive, ops.cast(drawn, "int32"), ops.cast(greedy, "int32"))

    @abstractmethod
    def draw(self, logits: Any, seed: keras.random.SeedGenerator) -> Any:
        """Draw an id for each row.

        Args:
            logits: (B, V), divided by the temperature.
            seed: For one call of a function of `keras.random`.

        Returns:
            Ids, (B,), of any integer dtype.
        """


class RandomSampler(Sampler):
    """Draws from the whole distribution."""

    def draw(self, logits: Any, seed: keras.random.SeedGenerator) -> Any:
        return keras.random.categorical(logits, 1, seed=seed)[:, 0]
