"""The door to JAX."""

import math
from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import keras

jit_compile = True
seed_dtype = "uint32"


class TrainStep:
    """`train_step` and `test_step` as Keras calls them on JAX."""

    def train_step(self: Any, state: tuple, data: Any) -> tuple:
        trainable, _, optimizer, _ = state
        gradients, logs, (non_trainable, metrics) = self._gradients(state, data)
        trainable, optimizer = self.optimizer.stateless_apply(
            optimizer, gradients, trainable
        )
        return logs, (trainable, non_trainable, optimizer, metrics)

    def _gradients(self: Any, state: tuple, data: Any) -> tuple[list, dict, tuple]:
        trainable, non_trainable, optimizer, metrics = state

        def objective(trainable: list) -> tuple:
            scope = self._scope(trainable, non_trainable, metrics)
            with scope:
                value, logs = self.run_batch(data, training=True)
            with keras.StatelessScope(zip(self.optimizer.variables, optimizer)):
                value = self.optimizer.scale_loss(value)
            return value, (logs, self._values(scope))

        gradients, (logs, values) = jax.grad(objective, has_aux=True)(trainable)
        return gradients, logs, values

    def gradients_and_logs(self: Any, data: Any) -> tuple[list, dict]:
        if self.gradient_function is None:
            self.gradient_function = jax.jit(self._gradients)
        owned = (
            self.trainable_variables,
            self.non_trainable_variables,
            self.optimizer.variables,
            self.metrics_variables,
        )
        state = tuple([v.value for v in variables] for variables in owned)
        gradients, logs, values = self.gradient_function(state, data)
        for variables, new in zip(owned[1::2], values):
            for variable, value in zip(variables, new):
                variable.assign(value)
        return gradients, logs

    def test_step(self: Any, state: tuple, data: Any) -> tuple:
        trainable, non_trainable, metrics = state
        scope = self._scope(trainable, non_trainable, metrics)
        with scope:
            _, logs = self.run_batch(data, training=False)
        return logs, (trainable, *self._values(scope))

    def _scope(
        self: Any, trainable: list, non_trainable: list, metrics: list
    ) -> keras.StatelessScope:
        mapping = [
            *zip(self.trainable_variables, trainable),
            *zip(self.non_trainable_variables, non_trainable),
            *zip(self.metrics_variables, metrics),
        ]
        return keras.StatelessScope(mapping, collect_losses=True)

    def _values(self: Any, scope: keras.StatelessScope) -> tuple[list, list]:
        return (
            [scope.get_current_value(v) for v in self.non_trainable_variables],
            [scope.get_current_value(v) for v in self.metrics_variables],
        )


def differentiable(forward: Callable, backward: Callable | None) -> Callable:
    """Give a function a hand-written gradient.

    Args:
        forward: `forward(*inputs)` returns `(outputs, residuals)`, two tuples
            of tensors.
        backward: `backward(residuals, gradients)` takes the gradient of each
            output and returns the gradient of each input, `None` for an input
            without one. If `backward` is `None`, the backend differentiates
            `forward`.

    Returns:
        A function of `inputs` that returns `outputs`.
    """

    def function(*inputs: Any) -> tuple:
        return forward(*inputs)[0]

    # Without jit, each call outside a compiled step would compile its loops again.
    if backward is None:
        return jax.jit(function)
    by_hand = jax.custom_vjp(function)
    by_hand.defvjp(forward, backward)
    return jax.jit(by_hand)


def scan(step: Callable, carry: Any, xs: Any, reverse: bool = False) -> tuple:
    """Loop over the leading axis.

    Args:
        step: `step(carry, x)` returns `(carry, y)`, with `y` a tuple of tensors.
        carry: A nest of tensors.
        xs: A nest of tensors with the same leading dimension; a `None` in it
            is passed to each step as it is.
        reverse: Whether to go from the last element to the first.

    Returns:
        `(carry, ys)`; the ys are stacked in the order of the xs.
    """
    return jax.lax.scan(step, carry, xs, reverse=reverse)


def each_row(function: Callable, *xs: Any) -> Any:
    """Apply a function to each row of some tensors separately.

    Args:
        function: A function that takes tensors of one row, (1, ...), and returns
            one such tensor.
        *xs: Tensors, or lists of lists of integers, of the same length.

    Returns:
        The results, concatenated along the first axis.
    """
    if len(xs[0]) == 1:
        return function(*xs)
    return jax.vmap(lambda *row: function(*(x[None] for x in row))[0])(*xs)


def feed(batches: keras.utils.PyDataset) -> Any:
    """Put batches into the form in which `fit` reads them fastest.

    Args:
        batches: A `keras.utils.PyDataset` whose batches have one shape.

    Returns:
        The object to pass to `fit` and `evaluate` instead.
    """
    return batches


def loop(step: Callable, carry: Any, xs: Any, count: Any, like: Any) -> tuple:
    """Loop over the first elements of the leading axis, for inference.

    Args:
        step: `step(carry, x)` returns `(carry, y)`.
        carry: A nest of tensors.
        xs: A tensor, or a tuple of tensors with the same leading dimension, N. A
            step gets integers as a tensor or as a list.
        count: The number of steps, 1 to N; it may be a tensor.
        like: A tensor with the shape and the dtype of a y.

    Returns:
        `(carry, ys)`; only the first `count` of the ys are defined.
    """
    length = jax.tree.leaves(xs)[0].shape[0]

    def body(i: Any, both: tuple) -> tuple:
        carry, ys = both
        carry, y = step(carry, jax.tree.map(lambda x: x[i], xs))
        return carry, ys.at[i].set(y)

    ys = jnp.zeros((length, *like.shape), like.dtype)
    return jax.lax.fori_loop(0, count, body, (carry, ys))


def native(cell: str, state: Any) -> tuple[str, Callable] | None:
    """Return the backend's own kernel for a cell, if it is faster than the loop.

    Args:
        cell: The cell's name.
        state: A tensor of the cell's state, with its device and dtype.

    Returns:
        The kernel's name and a function, or `None` if there is no such kernel. The
        function takes features (T, B, D), kernel (D, G * U), recurrent kernel
        (U, G * U), bias and the tensors of the state. It returns the outputs
        (T, B, U) and the tensors of the state after the last position.
    """
    return None


def native_step(cell: str) -> Callable | None:
    """Return a way to make one step of a cell that is faster than its equation.

    Args:
        cell: The cell's name.

    Returns:
        `None`, or a function without a gradient. It takes the projected input
        (B, G * U), the recurrent kernel (U, G * U) and the tensors of the state, and
        returns the tensors of the state after the step.
    """
    return None


def compiled(function: Callable, variables: Sequence) -> Callable:
    """Prepare a function for fast inference.

    Args:
        function: A function of nests of tensors. It may read `variables`.
        variables: The `keras.Variable`s that the function may read. Each call
            sees their current values.

    Returns:
        A function of the same arguments. JAX and TensorFlow compile it once for
        each combination of their shapes; PyTorch runs it without compiling it.
    """

    @jax.jit
    def pure(values: list, *args: Any) -> Any:
        with keras.StatelessScope(list(zip(variables, values))):
            return function(*args)

    def run(*args: Any) -> Any:
        try:
            return pure([v.value for v in variables], *args)
        except (TypeError, RuntimeError) as error:
            # Keras takes the values out of a model's variables while it trains.
            if any(v._value is None for v in variables):
                raise RuntimeError(_TRAINING) from error
            raise

    return run


_TRAINING = (
    "The model is being trained in another thread, and on JAX nothing else can read "
    "its weights before an epoch has ended. Use it after fit, in a callback such as "
    "SampleText, or load a model of its own from the file that SaveModel writes."
)


def fast_policy() -> str:
    """Return the dtype policy in which this device trains fastest: a name of Keras."""
    # On a CPU, XLA multiplies float32 faster. Tensor cores of generation 8 on, and
    # TPUs, multiply bfloat16.
    device = jax.devices()[0]
    capability = getattr(device, "compute_capability", "0")
    fast = device.platform == "tpu" or float(capability) >= 8
    return "mixed_bfloat16" if fast else "float32"


def lookup(table: Any, ids: Any) -> Any:
    """Take rows of a table, in training.

    Args:
        table: The table, (V, N).
        ids: Integers from 0 to V - 1, of any shape.

    Returns:
        The rows, of shape (*ids.shape, N).
    """
    return _lookup(table, ids)[0]


def _lookup_forward(table: Any, ids: Any) -> tuple:
    return (take(table, ids),), (table, ids)


def _lookup_backward(residuals: tuple, gradients: tuple) -> tuple:
    # One matrix product is faster than adding row after row.
    table, ids = residuals
    (gradient,) = gradients
    rows = jax.nn.one_hot(jnp.ravel(ids), table.shape[0], dtype=gradient.dtype)
    return rows.T @ jnp.reshape(gradient, (-1, table.shape[1])), None


_lookup = differentiable(_lookup_forward, _lookup_backward)


def keep_mask(x: Any, seed: Any, threshold: int) -> Any:
    """Draw where values are kept, for dropout.

    Args:
        x: The values.
        seed: The seed, (2,), which a `keras.random.SeedGenerator` returned.
        threshold: How many of 65,536 values are dropped.

    Returns:
        The mask, booleans of the shape of x. It takes 16 random bits for each value,
        where `keras.random.dropout` takes 32 or more.
    """
    size = math.prod(x.shape)
    # JAX makes a word for each number, of whatever width, so that a word is split.
    words = jax.random.bits(seed, (-(-size // 2),), "uint32")
    halves = jnp.concatenate([words & 0xFFFF, words >> 16])[:size]
    return jnp.reshape(halves >= threshold, x.shape)


def split(x: Any, parts: int) -> Sequence:
    return jnp.split(x, parts, axis=-1)


def concatenate(xs: Sequence) -> Any:
    return jnp.concatenate(xs, axis=-1)


def take(table: Any, ids: Any) -> Any:
    return jnp.take(table, ids, axis=0)


def largest(x: Any) -> Any:
    return jnp.max(x, axis=-1, keepdims=True)


def affine(x: Any, kernel: Any, bias: Any) -> Any:
    return x @ kernel + bias


sigmoid = jax.nn.sigmoid
tanh = jnp.tanh
where = jnp.where
