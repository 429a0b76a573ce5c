"""Contract: what a network shows to whoever writes with it.

Shapes: B batch, T time, V vocabulary.
"""

from typing import Any, Protocol

import keras

from keras_charrnn.text import Vocabulary


class LanguageModel(Protocol):
    """What reading and writing need of a model."""

    vocabulary: Vocabulary
    weights: list[keras.Variable]

    def initial_state(self, batch_size: int) -> Any:
        """Return the empty state."""

    def read_prompt(self, ids: Any, reset: Any, state: Any) -> tuple[Any, Any]:
        """Read ids (B, T): the logits after the last one (B, V), and the state."""

    def read_targets(self, ids: Any, targets: Any, state: Any) -> tuple[Any, Any]:
        """Read ids (B, T): the log-probability of each target (B, T), and the state."""

    def fold(self) -> tuple:
        """Return the weights as `step` needs them."""

    def step(self, ids: Any, state: Any, folded: tuple) -> tuple[Any, Any]:
        """Read one character: (ids (B,), state) -> (logits (B, V), state)."""
