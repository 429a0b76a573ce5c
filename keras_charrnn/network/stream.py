"""Stream: the owner of a state that is carried from batch to batch."""

import itertools
from typing import Any

import keras


class Stream:
    """Variables that hold the state of the network between two batches.

    A model has one stream for training and one for evaluation. A stream is not a
    layer: its variables take part in a compiled step, but they belong neither to
    the model's weights nor to its file. Only they depend on the batch size.

    Args:
        name: What the names of its variables begin with.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        # One state for each batch size, so that the steps compiled for a batch size
        # can be used again when that size returns.
        self._states: dict[int, Any] = {}
        self.rows = 0
        self.steps: dict[tuple[str, int], Any] = {}

    @property
    def variables(self) -> list[keras.Variable]:
        """The variables of all states; an empty list before `allocate`."""
        return keras.tree.flatten(list(self._states.values()))

    @property
    def current(self) -> list[keras.Variable]:
        """The variables of the selected state."""
        return keras.tree.flatten(self._state())

    def allocate(self, empty: Any) -> None:
        """Select the state for a batch size; create its variables if there are none.

        Args:
            empty: The empty state, a nest of (B, U) tensors.
        """
        self.rows = len(keras.tree.flatten(empty)[0])
        if self.rows not in self._states:
            number = itertools.count()
            self._states[self.rows] = keras.tree.map_structure(
                lambda s: keras.Variable(
                    s,
                    trainable=False,
                    autocast=False,
                    name=f"{self._name}_state_{self.rows}_{next(number)}",
                ),
                empty,
            )

    def read(self) -> Any:
        """Return a copy of the state, which `write` does not change."""
        return keras.tree.map_structure(
            lambda v: keras.ops.copy(keras.ops.convert_to_tensor(v)), self._state()
        )

    def write(self, state: Any) -> None:
        """Store a state; no gradient flows back through it.

        Args:
            state: A nest of tensors like the last one given to `allocate`.
        """
        for variable, value in zip(self.current, keras.tree.flatten(state)):
            variable.assign(keras.ops.stop_gradient(value))

    def _state(self) -> Any:
        return self._states.get(self.rows, ())
