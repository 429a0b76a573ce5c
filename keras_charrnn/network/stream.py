"""Stream: the owner of a state that goes on from batch to batch."""

from typing import Any

import keras


class Stream:
    """Variables that hold the state of a row of texts between two batches.

    A model has one stream for training and one for evaluation. A stream is no
    layer: its variables take part in a compiled step, but belong neither to the
    model's weights nor to its file, and the batch size is theirs alone.
    """

    def __init__(self) -> None:
        self._state: Any = ()

    @property
    def variables(self) -> list[keras.Variable]:
        """The variables, none before `allocate`."""
        return keras.tree.flatten(self._state)

    def allocate(self, empty: Any) -> bool:
        """Make the variables for a state, unless they are there.

        Args:
            empty: The empty state, a nest of (B, U) tensors.

        Returns:
            Whether the variables are new, so that compiled steps are out of date.
        """
        like = [(tuple(s.shape), s.dtype) for s in keras.tree.flatten(empty)]
        if like == [(tuple(v.shape), v.value.dtype) for v in self.variables]:
            return False
        self._state = keras.tree.map_structure(
            lambda s: keras.Variable(
                s, trainable=False, autocast=False, name="carried_state"
            ),
            empty,
        )
        return True

    def read(self) -> Any:
        """Return the state as a value, which `write` does not change."""
        return keras.tree.map_structure(
            lambda v: keras.ops.copy(keras.ops.convert_to_tensor(v)), self._state
        )

    def write(self, state: Any) -> None:
        """Keep a state; no gradient flows back through it.

        Args:
            state: A nest of tensors like that given to `allocate`.
        """
        for variable, value in zip(self.variables, keras.tree.flatten(state)):
            variable.assign(keras.ops.stop_gradient(value))
