"""The door to PyTorch."""

from collections.abc import Callable, Sequence
from itertools import islice
from typing import Any

import keras
import numpy as np
import torch
from torch.utils import _pytree as pytree

jit_compile = False
seed_dtype = "int32"


class TrainStep:
    """`train_step` and `test_step` as Keras calls them on PyTorch."""

    def train_step(self: Any, data: Any) -> dict:
        gradients, logs = self.gradients_and_logs(data)
        if gradients:
            with torch.no_grad():
                self.optimizer.apply(gradients, self.trainable_weights)
        return logs

    def gradients_and_logs(self: Any, data: Any) -> tuple[list, dict]:
        self.zero_grad()
        objective, logs = self.run_batch(data, training=True)
        weights = self.trainable_weights
        if weights:
            self.optimizer.scale_loss(objective).backward()
        return [w.value.grad for w in weights], logs

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
    derivative = backward

    class Function(torch.autograd.Function):
        @staticmethod
        def forward(ctx: Any, *inputs: Any) -> tuple:
            outputs, residuals = forward(*inputs)
            ctx.save_for_backward(*residuals)
            return outputs

        @staticmethod
        @torch.autograd.function.once_differentiable
        def backward(ctx: Any, *gradients: Any) -> tuple:
            return derivative(ctx.saved_tensors, gradients)

    return Function.apply


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
    leaves, structure = pytree.tree_flatten(xs)
    steps = zip(*(_rows(leaf) for leaf in leaves))
    ys = []
    for row in reversed(list(steps)) if reverse else steps:
        carry, y = step(carry, structure.unflatten(row))
        ys.append(y)
    if reverse:
        ys.reverse()
    return carry, tuple(torch.stack(column) for column in zip(*ys))


def _rows(x: Any) -> Any:
    # None repeats without end, so one leaf of a scan has to be a tensor.
    return iter(lambda: None, ...) if x is None else x.unbind(0)


def each_row(function: Callable, *xs: Any) -> Any:
    """Apply a function to each row of some tensors separately.

    Args:
        function: A function that takes tensors of one row, (1, ...), and returns
            one such tensor.
        *xs: Tensors, or lists of lists of integers, of the same length.

    Returns:
        The results, concatenated along the first axis.
    """
    rows = [[[row] for row in x] if isinstance(x, list) else x.split(1) for x in xs]
    return torch.cat([function(*row) for row in zip(*rows)])


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
    steps = zip(*map(_elements, xs)) if isinstance(xs, tuple) else _elements(xs)
    ys = []
    for row in islice(steps, int(count)):
        carry, y = step(carry, row)
        ys.append(y)
    return carry, torch.stack(ys)


def _elements(x: Any) -> Sequence:
    # Reading integers from tensors one by one is slow.
    return x.unbind(0) if x.is_floating_point() else x.tolist()


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
    if state.device.type == "cuda" and cell in _KERNELS:
        return "cuDNN", _KERNELS[cell]
    # oneDNN runs an LSTM on a CPU twice as fast as the loop. GRU and RNN have no
    # such kernel: PyTorch runs them there in a loop, which is no faster than ours.
    known = state.dtype in (torch.float32, torch.bfloat16)
    if state.device.type == "cpu" and cell == "lstm" and known:
        return "oneDNN", _lstm
    return None


def _lstm(
    x: Any, kernel: Any, recurrent: Any, bias: Any, *state: Any
) -> tuple[Any, ...]:
    # The kernel needs them so, and would copy them in both directions.
    kernels = kernel.t().contiguous(), recurrent.t().contiguous()
    weights = (*kernels, bias, torch.zeros_like(bias))
    return _whole_sequence(torch._VF.lstm, x, weights, state)


def _gru(
    x: Any, kernel: Any, recurrent: Any, bias: Any, *state: Any
) -> tuple[Any, ...]:
    # PyTorch has the reset gate before the update gate.
    def ordered(weight: Any) -> Any:
        update, reset, candidate = weight.chunk(3, dim=-1)
        return torch.cat((reset, update, candidate), dim=-1)

    weights = (ordered(kernel).t(), ordered(recurrent).t(), *ordered(bias))
    return _whole_sequence(torch._VF.gru, x, weights, state)


def _rnn(
    x: Any, kernel: Any, recurrent: Any, bias: Any, *state: Any
) -> tuple[Any, ...]:
    weights = (kernel.t(), recurrent.t(), bias, torch.zeros_like(bias))
    return _whole_sequence(torch._VF.rnn_tanh, x, weights, state)


_KERNELS = {"lstm": _lstm, "gru": _gru, "rnn": _rnn}


def _whole_sequence(
    kernel: Callable, x: Any, weights: Sequence, state: Sequence
) -> tuple[Any, ...]:
    before = [s.unsqueeze(0) for s in state]  # one layer
    outputs, *after = kernel(
        x,
        before if len(before) > 1 else before[0],
        list(weights),
        True,  # has_biases
        1,  # num_layers
        0.0,  # dropout
        torch.is_grad_enabled(),  # train
        False,  # bidirectional
        False,  # batch_first
    )
    return outputs, *(s.squeeze(0) for s in after)


def native_step(cell: str) -> Callable | None:
    """Return a way to make one step of a cell that is faster than its equation.

    Args:
        cell: The cell's name.

    Returns:
        `None`, or a function without a gradient. It takes the projected input
        (B, G * U), the recurrent kernel (U, G * U) and the tensors of the state, and
        returns the tensors of the state after the step.
    """
    return _lstm_step if cell == "lstm" else None


def _lstm_step(x: Any, kernel: Any, h: Any, c: Any) -> tuple[Any, Any]:
    # Each operation costs a microsecond, so they are as few as can be. The gates leave
    # the block that they share: where rows lie apart, all that follows is slower.
    i, f, g, o = torch.addmm(x, h, kernel).chunk(4, dim=-1)
    c = f.sigmoid().mul_(c).addcmul_(i.sigmoid(), g.tanh())
    return o.sigmoid().mul_(c.tanh()), c


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

    def tensor(x: Any) -> Any:
        return None if x is None else keras.ops.convert_to_tensor(x)

    @torch.inference_mode()
    def run(*args: Any) -> Any:
        return function(*pytree.tree_map(tensor, args))

    return run


def fast_policy() -> str:
    """Return the dtype policy in which this device trains fastest: a name of Keras."""
    if torch.cuda.is_available():
        # Tensor cores of that generation on multiply bfloat16.
        fast = torch.cuda.get_device_capability() >= (8, 0)
    else:
        known = torch.cpu.get_capabilities()
        fast = known.get("avx512_bf16", False) or known.get("amx_bf16", False)
    return "mixed_bfloat16" if fast else "float32"


def lookup(table: Any, ids: Any) -> Any:
    """Take rows of a table, in training.

    Args:
        table: The table, (V, N).
        ids: Integers from 0 to V - 1, of any shape.

    Returns:
        The rows, of shape (*ids.shape, N).
    """
    # Its own gradient takes a quarter of the time of a product with one-hot vectors.
    return torch.embedding(table, ids)


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
    if x.is_meta:  # Keras only asks for the shape
        return torch.empty_like(x, dtype=torch.bool)
    # PyTorch's generator on the CPU takes 32 bits of a seed, to which both parts go.
    mixed = np.random.SeedSequence(seed.tolist()).generate_state(1)
    generator = torch.Generator(x.device).manual_seed(int(mixed[0]))
    words = torch.empty(-(-x.numel() // 4), dtype=torch.int64, device=x.device)
    words.random_(-(2**63), None, generator=generator)
    # PyTorch compares signed numbers alone.
    halves = words.view(torch.int16)[: x.numel()].view(x.shape)
    return halves >= threshold - 2**15


def split(x: Any, parts: int) -> Sequence:
    return x.chunk(parts, dim=-1)


def concatenate(xs: Sequence) -> Any:
    return torch.cat(tuple(xs), dim=-1)


def take(table: Any, ids: Any) -> Any:
    return torch.embedding(table, ids)


def largest(x: Any) -> Any:
    return x.amax(-1, keepdim=True)


def affine(x: Any, kernel: Any, bias: Any) -> Any:
    return torch.addmm(bias, x, kernel)


sigmoid = torch.sigmoid
tanh = torch.tanh
where = torch.where
