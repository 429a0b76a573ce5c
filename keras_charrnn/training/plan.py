"""Plan: how a model is trained that was not compiled."""

import math
from numbers import Real
from typing import Any

import keras
import numpy as np
from keras import ops

from keras_charrnn.settings import Training

_WARMUP = 50
_LEAST = 0.01


@keras.saving.register_keras_serializable("keras_charrnn")
class Plan(keras.optimizers.schedules.LearningRateSchedule):
    """A learning rate that rises, falls along a cosine, and can start over.

    It rises over the first 50 steps, or the first tenth of fewer than 500, and reaches
    a hundredth of its peak at the last. Its numbers are variables of the optimizer, so
    that the compiled step of one `fit` serves the next.

    Args:
        steps: How many steps will be made.
        peak: What the learning rate rises to.
    """

    def __init__(self, steps: int, peak: float) -> None:
        self.steps, self.peak = steps, peak
        self._variables: list[keras.Variable] = []

    def attach(self, optimizer: keras.optimizers.Optimizer) -> None:
        """Give the numbers to the optimizer that is built, as its last variables."""
        self._variables = [
            optimizer.add_variable((), keras.initializers.Constant(number), name=name)
            for name, number in zip(("warmup", "decay", "peak"), self._numbers())
        ]

    def restart(self, optimizer: keras.optimizers.Optimizer, plan: "Plan") -> None:
        """Start over as another plan, with an optimizer as if it were new."""
        for variable in optimizer.variables:
            variable.assign(ops.zeros(variable.shape, variable.dtype))
        self.steps, self.peak = plan.steps, plan.peak
        self.spread()

    def spread(self) -> None:
        """Spread the plan over its steps, wherever the optimizer stands."""
        for variable, number in zip(self._variables, self._numbers()):
            variable.assign(number)

    def _numbers(self) -> tuple[float, float, float]:
        warmup = min(_WARMUP, self.steps // 10)
        return float(warmup), float(max(1, self.steps - warmup)), float(self.peak)

    def __call__(self, step: Any) -> Any:
        warmup, decay, peak = self._variables or self._numbers()
        step = ops.cast(step, "float32")
        rising = peak * step / ops.maximum(warmup, 1.0)
        done = ops.clip((step - warmup) / decay, 0.0, 1.0)
        cosine = 0.5 * (1.0 + ops.cos(math.pi * done))
        falling = peak * (_LEAST + (1 - _LEAST) * cosine)
        return ops.where(step < warmup, rising, falling)

    def get_config(self) -> dict:
        return {"steps": self.steps, "peak": self.peak}


def plan_of(optimizer: Any) -> Plan | None:
    """Return the plan that an optimizer follows, if it follows one."""
    schedule = getattr(optimizer, "_learning_rate", None)
    return schedule if isinstance(schedule, Plan) else None


def plan_for(
    steps: int, learning_rate: float | None = None, weight_decay: float | None = None
) -> tuple[Plan, float]:
    """Return the plan for a number of steps, and the weight decay.

    Args:
        steps: How many steps will be made.
        learning_rate: What the learning rate rises to, 0.007 if `None`.
        weight_decay: The part of each weight that a step takes away, times the
            learning rate; 0.05 if `None`.

    Returns:
        The `Plan` and the weight decay.

    Raises:
        ValueError: If a number is out of range.
    """
    peak = Training.learning_rate if learning_rate is None else learning_rate
    if not isinstance(peak, Real) or not 0 < peak < math.inf:
        raise ValueError(
            f"learning_rate is a number above 0; it is {peak!r}. A schedule goes to "
            "model.compile(keras.optimizers.AdamW(schedule))."
        )
    decay = Training.weight_decay if weight_decay is None else weight_decay
    if not isinstance(decay, Real) or not 0 <= decay < math.inf:
        raise ValueError(f"weight_decay is a number from 0 on; it is {decay!r}.")
    return Plan(steps, float(peak)), float(decay)


def optimizer_for(plan: Plan, weight_decay: float) -> keras.optimizers.Optimizer:
    """Return AdamW that follows a plan, with gradients clipped to global norm 1."""
    return keras.optimizers.AdamW(
        plan, weight_decay=weight_decay, beta_2=0.99, global_clipnorm=1.0
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
