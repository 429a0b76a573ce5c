"""One Keras layer that runs any cell over a sequence.

Shapes: B batch, T time, D features, V vocabulary, U units, G gates. In the shape of
the projected input, G also counts the blocks of the cell's entrance.
"""

from collections.abc import Callable
from functools import cache
from typing import Any

import keras
from keras import ops

from keras_charrnn._backend import (
    concatenate,
    differentiable,
    lookup,
    native,
    native_step,
    scan,
)
from keras_charrnn._platform import check_positive
from keras_charrnn.network.cells import CELLS, Cell

State = tuple[Any, ...]


@keras.saving.register_keras_serializable("keras_charrnn")
class Recurrent(keras.layers.Layer):
    """Runs a cell over a sequence: `(inputs, state) -> (outputs, state)`.

    The state is an argument and a result of each call; the layer itself stores none.
    The weights of `lstm`, `gru` and `rnn` have the shapes, the order of gates and the
    biases of `keras.layers.LSTM`, `GRU(reset_after=True)` and `SimpleRNN`, so that
    `set_weights(other.get_weights())` copies them in either direction.

    Args:
        units: U, the width of the output, 1 or more.
        cell: The name of a cell, a key of `CELLS`.
        kernel_initializer: The initializer of the input kernel, (D, G * U).
        recurrent_initializer: The initializer of the recurrent kernel, (U, G * U).
        **kwargs: As for every `keras.layers.Layer`.

    Call arguments:
        inputs: Features, (B, T, D), or integer ids, (B, T). An id stands for
            its row of `embeddings`, or for its one-hot vector of width D.
        state: (B, U) tensors, one for each of the cell's `states`, as returned by
            an earlier call; the empty state if `None`.
        reset: Booleans, (B, T), or `None`. Where true, the row's state is
            emptied before that position is read.
        embeddings: The rows that ids stand for, (V, D); one-hot vectors if `None`.

    Returns:
        `(outputs, state)`: the outputs, (B, T, U), and the state after the last
        position, a named tuple. That of an LSTM has `state.h` and `state.c`.

    Attributes:
        ran: The implementation that ran the last sequence: `"loop"`, or a kernel
            of the backend, `"oneDNN"` or `"cuDNN"`; `None` before the first call.
            In a compiled step it is set when the step is traced.

    Raises:
        ValueError: If `units` is not a positive integer, or `cell` is unknown.

    Example:

    >>> import numpy as np
    >>> from keras_charrnn import Recurrent
    >>> layer = Recurrent(32, "gru")
    >>> outputs, state = layer(np.zeros((4, 10, 8), "float32"))
    >>> tuple(outputs.shape), tuple(state.h.shape)
    ((4, 10, 32), (4, 32))
    """

    def __init__(
        self,
        units: int,
        cell: str = "lstm",
        kernel_initializer: Any = "glorot_uniform",
        recurrent_initializer: Any = "orthogonal",
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        if cell not in CELLS:
            raise ValueError(
                f"There is no cell {cell!r}; there are {', '.join(sorted(CELLS))}."
            )
        self.units = check_positive("units", units)
        self.cell = CELLS[cell]()
        self._run = _sequence(CELLS[cell])
        self._native_step = native_step(cell)
        self.kernel_initializer = keras.initializers.get(kernel_initializer)
        self.recurrent_initializer = keras.initializers.get(recurrent_initializer)
        self.ran: str | None = None

    def __repr__(self) -> str:
        ran = f", ran={self.ran!r}" if self.ran else ""
        return (
            f"<Recurrent name={self.name}, cell={self.cell.name!r}, "
            f"units={self.units}{ran}>"
        )

    def build(self, input_shape: tuple) -> None:
        columns = len(self.cell.gates) * self.units
        entrance = len(self.cell.entrance) * self.units
        self.kernel = self.add_weight(
            (input_shape[-1], columns + entrance),
            self.kernel_initializer,
            name="kernel",
        )
        self.recurrent_kernel = self.add_weight(
            (self.units, columns), self.recurrent_initializer, name="recurrent_kernel"
        )
        bias = self.cell.initial_bias(self.units)
        self.bias = self.add_weight(
            bias.shape, lambda _, dtype: ops.convert_to_tensor(bias, dtype), name="bias"
        )

    def initial_state(self, batch_size: int) -> State:
        """Return the empty state.

        Args:
            batch_size: B.

        Returns:
            The cell's `State`, whose tensors are zeros, (B, U) each.
        """
        shape = (batch_size, self.units)
        return self.cell.State(
            *(ops.zeros(shape, self.compute_dtype) for _ in self.cell.states)
        )

    def table(self, embeddings: Any = None) -> Any:
        """Fold embeddings and bias into the input kernel.

        Args:
            embeddings: The embeddings, (V, D), or `None` for one-hot vectors.

        Returns:
            The projection of every id, (V, G * U).
        """
        kernel, bias = self.input_weights()
        if embeddings is not None:
            kernel = ops.cast(embeddings, self.compute_dtype) @ kernel
        return kernel + bias

    def project(self, features: Any) -> Any:
        """Project features with kernel and bias: (..., D) -> (..., G * U)."""
        kernel, bias = self.input_weights()
        return features @ kernel + bias

    def input_weights(self) -> tuple[Any, Any]:
        """Return the kernel (D, G * U) and the bias (G * U,) of the input."""
        return self._weight(self.kernel), self._input_bias()

    def step_weights(self) -> tuple[Any, ...]:
        """Return the weights for `step`: the recurrent kernel, and its bias if any."""
        kernel, bias = self._recurrent_weights()
        return (kernel,) if bias is None else (kernel, bias)

    def step(self, x: Any, state: State, weights: tuple[Any, ...]) -> State:
        """Make one step of the cell, without a gradient.

        Args:
            x: The projected input, (B, G * U).
            state: The state before the step, (B, U) each.
            weights: The weights that `step_weights` returned.

        Returns:
            The state after the step; its first tensor is the output.
        """
        if self._native_step is not None:
            return self.cell.State(*self._native_step(x, *weights, *state))
        return _step(self.cell, x, state, *weights)[0]

    def call(
        self,
        inputs: Any,
        state: State | None = None,
        reset: Any = None,
        embeddings: Any = None,
    ) -> tuple[Any, State]:
        if state is None:
            state = self.initial_state(ops.shape(inputs)[0])
        self._check(state, inputs.shape[0])
        before = [ops.cast(s, self.compute_dtype) for s in state]
        # Time is the first axis here, so that a step of the loop reads one slice.
        reads_ids = keras.backend.is_int_dtype(inputs.dtype)
        x = ops.transpose(inputs) if reads_ids else ops.transpose(inputs, (1, 0, 2))
        chosen = native(self.cell.name, before[0]) if reset is None else None
        self.ran = "loop" if chosen is None else chosen[0]
        if chosen is not None:
            _, run = chosen
            x = self._features(x, embeddings) if reads_ids else x  # (T, B, D)
            weights = map(self._weight, (self.kernel, self.recurrent_kernel, self.bias))
            outputs, *after = run(x, *weights, *before)
            return ops.transpose(outputs, (1, 0, 2)), self.cell.State(*after)
        x = lookup(self.table(embeddings), x) if reads_ids else self.project(x)
        keep = None
        if reset is not None:
            keep = ops.cast(ops.logical_not(ops.transpose(reset)), x.dtype)
            keep = ops.expand_dims(keep, -1)  # (T, B, 1)
        outputs, *after = self._run(x, *self._recurrent_weights(), keep, *before)
        return ops.transpose(outputs, (1, 0, 2)), self.cell.State(*after)

    def _check(self, state: Any, rows: int | None) -> None:
        # A kernel of the backend would read beyond the end of a state that is smaller.
        names = self.cell.states
        if len(state) != len(names):
            raise ValueError(
                f"The state of {self.name} has {len(names)} tensors, "
                f"{', '.join(names)}; there are {len(state)}."
            )
        for name, tensor in zip(names, state):
            given = tuple(tensor.shape)
            fits = len(given) == 2 and given[1] == self.units
            if not fits or (None not in (rows, given[0]) and given[0] != rows):
                raise ValueError(
                    f"The state of {self.name} is ({rows}, {self.units}) for these "
                    f"inputs, a row for each of theirs; {name} has the shape {given}."
                )

    def get_config(self) -> dict:
        return {
            **super().get_config(),
            "units": self.units,
            "cell": self.cell.name,
            "kernel_initializer": keras.initializers.serialize(self.kernel_initializer),
            "recurrent_initializer": keras.initializers.serialize(
                self.recurrent_initializer
            ),
        }

    def _features(self, ids: Any, embeddings: Any) -> Any:
        if embeddings is None:
            return ops.one_hot(ids, self.kernel.shape[0], dtype=self.compute_dtype)
        return lookup(ops.cast(embeddings, self.compute_dtype), ids)

    def _weight(self, variable: keras.Variable) -> Any:
        return ops.cast(variable, self.compute_dtype)

    def _input_bias(self) -> Any:
        bias = self._weight(self.bias)
        return bias[0] if self.cell.recurrent_bias else bias

    def _recurrent_weights(self) -> tuple[Any, Any]:
        bias = self._weight(self.bias)[1] if self.cell.recurrent_bias else None
        return self._weight(self.recurrent_kernel), bias


def _step(
    cell: Cell, x: Any, state: State, kernel: Any, bias: Any = None
) -> tuple[State, tuple]:
    x, entering, gate = cell.enter(x, state[0])
    a = entering @ kernel
    after, saved = cell.forward(x, a if bias is None else a + bias, state)
    saved = saved if gate is None else (entering, gate, *saved)
    return cell.State(*after), saved


@cache
def _sequence(kind: type[Cell]) -> Callable:
    """Return the function that runs a cell over time, the same for all layers.

    The backward loop computes only what depends on the gradient of the step after
    it: the cell's own gradient and one matrix product. The gradient of the weights
    is one large matrix product after the loop.

    Args:
        kind: The cell's class.

    Returns:
        A function of the projected input (T, B, GU), the recurrent kernel
        (U, GU), its bias (GU,) or `None`, `keep` (T, B, 1) or `None`, and the
        tensors of the state. It returns the outputs (T, B, U) and the tensors
        of the state after the last position.
    """
    cell = kind()
    states, entered = len(cell.states), 2 if cell.entrance else 0

    def forward(x: Any, kernel: Any, bias: Any, keep: Any, *state: Any) -> tuple:
        def step(before: State, row: tuple) -> tuple:
            x, keep = row
            after, saved = _step(cell, x, _kept(before, keep), kernel, bias)
            return after, (*after, *saved)

        last, stacked = scan(step, cell.State(*state), (x, keep))
        return (stacked[0], *last), (kernel, bias, keep, *state, *stacked)

    def backward(residuals: tuple, gradients: tuple) -> tuple:
        kernel, bias, keep, *rest = residuals
        first, after, saved = rest[:states], rest[states:][:states], rest[2 * states :]
        d_outputs, *d_last = gradients
        before = _kept(cell.State(*map(_shifted, first, after)), keep)
        entrance, saved = saved[:entered], saved[entered:]
        transposed = ops.transpose(kernel)

        def step(d_after: State, row: tuple) -> tuple:
            d_output, keep, before, after, entrance, saved = row
            d_after = cell.State(d_after[0] + d_output, *d_after[1:])
            dx, da, d_before = cell.backward(saved, before, after, d_after)
            through = da @ transposed
            if entrance:
                _, gate = entrance
                d_entrance, through = cell.enter_backward(gate, before[0], through)
                dx = concatenate((dx, d_entrance))
            direct = d_before[0]
            through = through if direct is None else direct + through
            d_before = cell.State(through, *d_before[1:])
            return _kept(d_before, keep), (dx,) if da is dx else (dx, da)

        outputs = d_outputs, keep, before, cell.State(*after)
        rows = (*outputs, tuple(entrance), tuple(saved))
        d_first, projections = scan(step, cell.State(*d_last), rows, reverse=True)
        dx, da = projections[0], projections[-1]
        columns = ops.reshape(da, (-1, kernel.shape[1]))
        read = entrance[0] if entrance else before[0]
        read = ops.reshape(read, (-1, kernel.shape[0]))
        d_kernel = ops.transpose(read) @ columns
        d_bias = None if bias is None else ops.sum(columns, axis=0)
        return dx, d_kernel, d_bias, None, *d_first

    by_hand = [cell.backward, *([cell.enter_backward] if cell.entrance else [])]
    return differentiable(forward, None if None in by_hand else backward)


def _kept(state: Any, keep: Any) -> Any:
    return state if keep is None else state._make(s * keep for s in state)


def _shifted(first: Any, after: Any) -> Any:
    return ops.concatenate([ops.expand_dims(first, 0), after[:-1]])
