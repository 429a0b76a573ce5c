"""Contract: the interface through which a network reads and writes text.

Shapes: B batch, T time, V vocabulary.
"""

from typing import Any, Protocol

import keras

from keras_charrnn.text import Vocabulary


class LanguageModel(Protocol):
    """The part of a model that reading and writing use."""

    vocabulary: Vocabulary
    weights: list[keras.Variable]

    def initial_state(self, batch_size: int) -> Any:
        """Return the empty state."""

    def read_prompt(self, ids: Any, reset: Any, state: Any) -> tuple[Any, Any]:
        """Read ids (B, T); return the last logits (B, V), and the state."""

    def read_targets(self, ids: Any, targets: Any, state: Any) -> tuple[Any, Any]:
        """Read ids (B, T); return log-probabilities of targets (B, T), and a state."""

    def fold(self) -> tuple:
        """Return the weights in the form that `step` needs."""

    def step(self, ids: Any, state: Any, folded: tuple) -> tuple[Any, Any]:
        """Read one character: (ids (B,), state) -> (logits (B, V), state)."""
