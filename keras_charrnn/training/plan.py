"""Plan: how a model is trained that was not compiled."""

import math
from numbers import Real
from typing import Any

import keras
import numpy as np

from keras_charrnn.settings import Training

_WARMUP = 50


def optimizer_for(
    steps: int, learning_rate: float | None = None, weight_decay: float | None = None
) -> keras.optimizers.Optimizer:
    """Return the optimizer for a number of steps.

    AdamW, whose learning rate rises over the first 50 steps, or a tenth of fewer,
    and falls with a cosine to a hundredth until the last; gradients are clipped to
    global norm 1.

    Args:
        steps: How many steps will be made.
        learning_rate: What the learning rate rises to, 0.007 if `None`.
        weight_decay: The part of each weight that a step takes away, times the
            learning rate; 0.05 if `None`.

    Returns:
        The optimizer.

    Raises:
        ValueError: If a number is out of range.
    """
    peak = Training.learning_rate if learning_rate is None else learning_rate
    if not isinstance(peak, Real) or not 0 < peak < math.inf:
        raise ValueError(f"learning_rate is a number above 0; it is {peak!r}.")
    decay = Training.weight_decay if weight_decay is None else weight_decay
    if not isinstance(decay, Real) or not 0 <= decay < math.inf:
        raise ValueError(f"weight_decay is a number from 0 on; it is {decay!r}.")
    warmup = min(_WARMUP, steps // 10)
    schedule = keras.optimizers.schedules.CosineDecay(
        initial_learning_rate=0.0 if warmup else peak,
        decay_steps=max(1, steps - warmup),
        alpha=0.01,
        warmup_target=peak if warmup else None,
        warmup_steps=warmup,
    )
    return keras.optimizers.AdamW(
        schedule, weight_decay=decay, beta_2=0.99, global_clipnorm=1.0
    )


def refuse_plan(**settings: float | None) -> None:
    """Raise an error if settings of the plan meet an optimizer of the user's own.

    Args:
        **settings: Arguments of `fit`, `None` where they were left out.

    Raises:
        ValueError: If one was given.
    """
    for name, value in settings.items():
        if value is not None:
            raise ValueError(
                f"{name}={value} is for a model that was not compiled; this one has "
                "an optimizer of its own. Give it to that one and compile again, or "
                "leave out compile."
            )


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
