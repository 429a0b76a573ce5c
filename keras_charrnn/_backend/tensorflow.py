"""The door to TensorFlow."""

import functools
from collections.abc import Callable, Sequence
from itertools import compress
from typing import Any

import keras
import tensorflow as tf

jit_compile = True
seed_dtype = "int32"


class TrainStep:
    """`train_step` and `test_step` as Keras calls them on TensorFlow."""

    def train_step(self: Any, data: Any) -> dict:
        gradients, logs = self._gradients(data)
        self.optimizer.apply(gradients, self.trainable_weights)
        return logs

    def _gradients(self: Any, data: Any) -> tuple[list, dict]:
        with tf.GradientTape() as tape:
            objective, logs = self.run_batch(data, training=True)
            objective = self.optimizer.scale_loss(objective)
        return tape.gradient(objective, self.trainable_weights), logs

    def gradients_and_logs(self: Any, data: Any) -> tuple[list, dict]:
        if self.gradient_function is None:
            self.gradient_function = tf.function(
                self._gradients, jit_compile=self.jit_compile, reduce_retracing=True
            )
        return self.gradient_function(tf.nest.map_structure(tf.convert_to_tensor, data))

    def test_step(self: Any, data: Any) -> dict:
        return self.run_batch(data, training=False)[1]


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
    if backward is None:
        return lambda *inputs: forward(*inputs)[0]

    def function(*inputs: Any) -> tuple:
        # TensorFlow accepts only tensors, so an absent input is left out.
        present = [x is not None for x in inputs]

        @tf.custom_gradient
        def of_tensors(*tensors: Any) -> tuple:
            rest = iter(tensors)
            outputs, residuals = forward(*(next(rest) if p else None for p in present))

            def gradient(*gradients: Any) -> list:
                return list(compress(backward(residuals, gradients), present))

            return outputs, gradient

        return of_tensors(*compress(inputs, present))

    return function


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
    first = next(x for x in tf.nest.flatten(xs) if x is not None)
    length = first.shape[0] or tf.shape(first)[0]

    def at(i: Any) -> Any:
        return tf.nest.map_structure(lambda x: None if x is None else x[i], xs)

    # The first step runs outside the loop: it shows the dtypes and shapes of the ys.
    start, stride = (length - 1, -1) if reverse else (0, 1)
    carry, ys = step(carry, at(start))
    arrays = tf.nest.map_structure(
        lambda y: tf.TensorArray(y.dtype, length, element_shape=y.shape).write(
            start, y
        ),
        ys,
    )

    def body(count: Any, carry: Any, arrays: Any) -> tuple:
        i = start + stride * count
        carry, ys = step(carry, at(i))
        arrays = tf.nest.map_structure(lambda a, y: a.write(i, y), arrays, ys)
        return count + 1, carry, arrays

    _, carry, arrays = tf.while_loop(
        lambda count, *_: count < length,
        body,
        (tf.constant(1), carry, arrays),
        maximum_iterations=length - 1,
    )
    return carry, tf.nest.map_structure(lambda array: array.stack(), arrays)


def each_row(function: Callable, *xs: Any) -> Any:
    """Apply a function to each row of some tensors separately.

    Args:
        function: A function that takes tensors of one row, (1, ...), and returns
            one such tensor.
        *xs: Tensors, or lists of lists of integers, of the same length.

    Returns:
        The results, concatenated along the first axis.
    """
    if xs[0].shape[0] == 1:
        return function(*xs)
    rows = zip(*(tf.split(x, x.shape[0]) for x in xs))
    return tf.concat([function(*row) for row in rows], axis=0)


def feed(batches: keras.utils.PyDataset) -> Any:
    """Put batches into the form in which `fit` reads them fastest.

    Args:
        batches: A `keras.utils.PyDataset` whose batches have one shape.

    Returns:
        The object to pass to `fit` and `evaluate` instead.
    """
    # The dataset that Keras would make is worse in two ways. It prefetches, and
    # tf.data tunes the prefetching in the background: on two cores, a whole epoch
    # then often ran at the speed of one. And a dataset from a generator makes malloc
    # return every freed page to the system (see `_platform.memory`).
    first = tf.nest.flatten(batches[0])
    dtypes = [array.dtype for array in first]

    def batch(index: Any) -> Any:
        arrays = tf.numpy_function(
            lambda i: tf.nest.flatten(batches[int(i)]), [index], dtypes
        )
        for array, like in zip(arrays, first):
            array.set_shape(like.shape)
        return tf.nest.pack_sequence_as(batches[0], arrays)

    options = tf.data.Options()
    options.autotune.enabled = False
    return tf.data.Dataset.range(len(batches)).map(batch).with_options(options)


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
    length = tf.nest.flatten(xs)[0].shape[0]

    def body(i: Any, carry: Any, ys: Any) -> tuple:
        carry, y = step(carry, tf.nest.map_structure(lambda x: x[i], xs))
        return i + 1, carry, ys.write(i, y)

    array = tf.TensorArray(like.dtype, length, element_shape=like.shape)
    _, carry, array = tf.while_loop(
        lambda i, *_: i < count, body, (tf.constant(0), carry, array)
    )
    return carry, array.stack()


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
    graphs: dict[Any, Callable] = {}

    # TensorFlow warns about a function that is traced for one shape after another,
    # which is intended here. It does not warn if each shape has a function of its
    # own, provided that it is a partial: it counts other functions by their code.
    # To call the function of one shape with a flat list takes half the time.
    def run(*args: Any) -> Any:
        # A Python or NumPy number would become a constant; a tensor is an argument.
        flat = [
            x if x is None else tf.convert_to_tensor(x) for x in tf.nest.flatten(args)
        ]
        tensors = [x for x in flat if x is not None]
        shapes = tuple(x if x is None else x.shape for x in flat)
        if shapes not in graphs:
            present = tf.nest.map_structure(lambda x: x is not None, args)
            graphs[shapes] = tf.function(
                functools.partial(_of_flat, function, present), jit_compile=True
            ).get_concrete_function(*tensors)
        return graphs[shapes](*tensors)

    return run


def _of_flat(function: Callable, present: tuple, *tensors: Any) -> Any:
    """Call a function with tensors where the nest `present` is true, else `None`."""
    rest = iter(tensors)
    return function(
        *tf.nest.map_structure(lambda there: next(rest) if there else None, present)
    )


def fast_policy() -> str:
    """Return the dtype policy in which this device trains fastest: a name of Keras."""
    # On a CPU, XLA multiplies float32 faster. Tensor cores of that generation on
    # multiply bfloat16.
    gpus = tf.config.list_physical_devices("GPU")
    details = [tf.config.experimental.get_device_details(gpu) for gpu in gpus]
    fast = [d.get("compute_capability", (0, 0)) >= (8, 0) for d in details]
    return "mixed_bfloat16" if fast and all(fast) else "float32"


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
    rows = tf.one_hot(tf.reshape(ids, (-1,)), table.shape[0], dtype=gradient.dtype)
    columns = tf.reshape(gradient, (-1, table.shape[1]))
    return tf.matmul(rows, columns, transpose_a=True), None


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
    shape = tf.shape(x)
    size = tf.reduce_prod(shape)
    # The algorithm that TensorFlow chooses by itself takes XLA ten times as long.
    words = tf.random.stateless_uniform(
        (-(-size // 2),), tf.cast(seed, tf.int32), None, None, tf.uint32, alg="philox"
    )
    halves = tf.reshape(tf.bitcast(words, tf.uint16), (-1,))[:size]
    return tf.reshape(halves >= tf.constant(threshold, tf.uint16), shape)


def split(x: Any, parts: int) -> Sequence:
    return tf.split(x, parts, axis=-1)


def concatenate(xs: Sequence) -> Any:
    return tf.concat(xs, axis=-1)


def take(table: Any, ids: Any) -> Any:
    return tf.gather(table, ids)


def largest(x: Any) -> Any:
    return tf.reduce_max(x, axis=-1, keepdims=True)


def affine(x: Any, kernel: Any, bias: Any) -> Any:
    return x @ kernel + bias


sigmoid = tf.sigmoid
tanh = tf.tanh
where = tf.where
