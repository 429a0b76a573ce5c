"""The one door to JAX, TensorFlow and PyTorch.

Whatever `keras.ops` cannot express is written here, once for each backend, in
three modules with the same names and the same signatures. No other module of the
package imports a backend or asks which one is in use.

`TrainStep`
    Mixin for `keras.Model`: `train_step` and `test_step` around the model's
    `run_batch(data, training)`, which returns an objective and logs.
`differentiable(forward, backward)`
    A function with a hand-written gradient, of several inputs and outputs.
`scan(step, carry, xs, reverse=False)`
    A loop over the leading axis of `xs`.
`loop(step, carry, xs, count, like)`
    The same for inference, where the number of steps may be a tensor.
`feed(batches)`
    Batches in the form in which `fit` reads them fastest.
`each_row(function, *xs)`
    A function of one row, applied to each row.
`native(cell, state)`
    The backend's own kernel for a whole sequence, and its name, if it is faster.
`native_step(cell)`
    A faster way to make one step of a cell without a gradient, if there is one.
`compiled(function, variables)`
    A function prepared for fast inference; it may read `variables`.
`fast_policy()`
    The dtype policy in which the device trains fastest.
`keep_mask(x, seed, threshold)`
    Random booleans for dropout.
`lookup(table, ids)`
    Rows of a table, with a gradient that is fast.
`sigmoid`, `tanh`, `where`, `split`, `concatenate`, `largest`, `take`, `affine`
    The operations that a step needs besides `+`, `*` and `@`, without the cost that
    `keras.ops` adds to each call on an eager backend. `split` and `concatenate`
    work on the last axis, and `largest` returns the maximum over it, (..., 1). `take`
    returns rows of a table, and `affine(x, kernel, bias)` is `x @ kernel + bias`.
`backend_name`
    Which of the three it is, to be told.
`jit_compile`
    Whether XLA compiles: what is written, and a training step unless the user says
    otherwise.
`seed_dtype`
    The dtype that `keras.random` takes for a seed that is a tensor.
"""

import keras

from keras_charrnn._platform import require

backend_name = keras.backend.backend()
require(backend_name)

if backend_name == "jax":
    from keras_charrnn._backend.jax import (
        TrainStep,
        affine,
        compiled,
        concatenate,
        differentiable,
        each_row,
        fast_policy,
        feed,
        jit_compile,
        keep_mask,
        largest,
        lookup,
        loop,
        native,
        native_step,
        scan,
        seed_dtype,
        sigmoid,
        split,
        take,
        tanh,
        where,
    )
elif backend_name == "tensorflow":
    from keras_charrnn._backend.tensorflow import (  # type: ignore[assignment]
        TrainStep,
        affine,
        compiled,
        concatenate,
        differentiable,
        each_row,
        fast_policy,
        feed,
        jit_compile,
        keep_mask,
        largest,
        lookup,
        loop,
        native,
        native_step,
        scan,
        seed_dtype,
        sigmoid,
        split,
        take,
        tanh,
        where,
    )
else:
    from keras_charrnn._backend.torch import (  # type: ignore[assignment]
        TrainStep,
        affine,
        compiled,
        concatenate,
        differentiable,
        each_row,
        fast_policy,
        feed,
        jit_compile,
        keep_mask,
        largest,
        lookup,
        loop,
        native,
        native_step,
        scan,
        seed_dtype,
        sigmoid,
        split,
        take,
        tanh,
        where,
    )

__all__ = [
    "TrainStep",
    "affine",
    "backend_name",
    "compiled",
    "concatenate",
    "differentiable",
    "each_row",
    "fast_policy",
    "feed",
    "jit_compile",
    "keep_mask",
    "largest",
    "lookup",
    "loop",
    "native",
    "native_step",
    "scan",
    "seed_dtype",
    "sigmoid",
    "split",
    "take",
    "tanh",
    "where",
]
