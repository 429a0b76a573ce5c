"""Plan: how a model is trained that was not compiled."""

import math
from numbers import Real
from typing import Any

import keras
import numpy as np

# What the learning rate rises to.
LEARNING_RATE = 4e-3
_WARMUP = 50


def optimizer_for(
    steps: int, learning_rate: float | None = None
) -> keras.optimizers.Optimizer:
    """Return the optimizer for a number of steps.

    AdamW, whose learning rate rises over the first 50 steps, or a tenth of fewer,
    and falls with a cosine to a hundredth until the last; gradients are clipped to
    global norm 1.

    Args:
        steps: How many steps will be made.
        learning_rate: What the learning rate rises to, 0.004 if `None`.

    Returns:
        The optimizer.

    Raises:
        ValueError: If the learning rate is not a positive number.
    """
    peak = LEARNING_RATE if learning_rate is None else learning_rate
    if not isinstance(peak, Real) or not 0 < peak < math.inf:
        raise ValueError(f"learning_rate is a number above 0; it is {peak!r}.")
    warmup = min(_WARMUP, steps // 10)
    schedule = keras.optimizers.schedules.CosineDecay(
        initial_learning_rate=0.0 if warmup else peak,
        decay_steps=max(1, steps - warmup),
        alpha=0.01,
        warmup_target=peak if warmup else None,
        warmup_steps=warmup,
    )
    return keras.optimizers.AdamW(schedule, beta_2=0.99, global_clipnorm=1.0)


def steps_of(x: Any, batch_size: int | None, steps_per_epoch: int | None) -> int:
    """Return how many steps an epoch has.

    Args:
        x: Batches, or an array of ids.
        batch_size: The batch size for arrays, 32 if `None`.
        steps_per_epoch: As in Keras.

    Returns:
        The number.

    Raises:
        ValueError: If it is not known.
    """
    if steps_per_epoch:
        return steps_per_epoch
    if isinstance(x, np.ndarray) or hasattr(x, "shape"):
        return math.ceil(len(x) / (batch_size or 32))
    try:
        return len(x)
    except TypeError:
        raise ValueError(
            f"The number of batches in {type(x).__name__} is not known, so the "
            "learning rate cannot be planned. Pass steps_per_epoch, or compile "
            "the model with an optimizer of your own."
        ) from None
