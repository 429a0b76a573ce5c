"""The one door to JAX, TensorFlow and PyTorch.

What cannot be said in `keras.ops` is said here, once for each backend, in three
modules with the same names and the same signatures. No other module of the
package imports a backend or asks which one is at work.

`TrainStep`
    Mixin for `keras.Model`: `train_step` and `test_step` around the model's
    `run_batch(data, training)`, which returns an objective and logs.
`differentiable(forward, backward)`
    A function with a hand-written gradient, of several inputs and outputs.
`scan(step, carry, xs, reverse=False)`
    A loop over the leading axis of `xs`.
`feed(batches)`
    Batches in the form in which `fit` reads them fastest.
`native(cell, state)`
    The backend's own kernel for a whole sequence, and its name, where it wins.
`compiled(function, variables)`
    A function made fast for inference; it may read `variables`.
`sigmoid`, `tanh`, `split`, `concatenate`
    What a cell's equation needs besides `+`, `*` and `@`, without the cost
    that `keras.ops` adds to each call on an eager backend. The last two work
    on the last axis.
`jit_compile`
    Whether a training step is compiled by XLA unless the user says otherwise.
"""

import keras

from keras_charrnn._choice import require

_name = keras.backend.backend()
require(_name)

if _name == "jax":
    from keras_charrnn._backend.jax import (
        TrainStep,
        compiled,
        concatenate,
        differentiable,
        feed,
        jit_compile,
        native,
        scan,
        sigmoid,
        split,
        tanh,
    )
elif _name == "tensorflow":
    from keras_charrnn._backend.tensorflow import (  # type: ignore[assignment]
        TrainStep,
        compiled,
        concatenate,
        differentiable,
        feed,
        jit_compile,
        native,
        scan,
        sigmoid,
        split,
        tanh,
    )
else:
    from keras_charrnn._backend.torch import (  # type: ignore[assignment]
        TrainStep,
        compiled,
        concatenate,
        differentiable,
        feed,
        jit_compile,
        native,
        scan,
        sigmoid,
        split,
        tanh,
    )

__all__ = [
    "TrainStep",
    "compiled",
    "concatenate",
    "differentiable",
    "feed",
    "jit_compile",
    "native",
    "scan",
    "sigmoid",
    "split",
    "tanh",
]
