"""Recipes: settings of a model and its training that were measured together."""

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Recipe:
    """Arguments for `CharRNN` and `fit`; those that are not named have their defaults.

    Args:
        model: Arguments of `CharRNN`.
        fit: Arguments of `CharRNN.fit`.

    Example:

    >>> import keras_charrnn as kc
    >>> best = kc.RECIPES["best"]
    >>> text = "the quick brown fox jumps over the lazy dog. " * 40
    >>> model = kc.CharRNN(kc.Vocabulary.from_text(text), **{**best.model, "units": 32})
    >>> history = model.fit(text, **{**best.fit, "epochs": 1}, verbose=0)
    """

    model: dict[str, Any] = field(default_factory=dict)
    fit: dict[str, Any] = field(default_factory=dict)


RECIPES = {
    "default": Recipe(fit={"epochs": 5}),
    "best": Recipe(
        model={"units": 512, "dropout": 0.5},
        fit={"epochs": 16, "weight_decay": 0.1},
    ),
}
"""The recipes by name. On a megabyte of text, `"default"` takes two minutes on two
cores of a CPU, and `"best"` takes twenty minutes on one core."""
