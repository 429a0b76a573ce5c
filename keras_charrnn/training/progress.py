"""Progress: everything that a training needs to go on exactly, as arrays."""

from collections.abc import Iterable, Mapping
from typing import Any

import keras
import numpy as np

# What Keras' callbacks count from epoch to epoch.
_COUNTING = (keras.callbacks.EarlyStopping, keras.callbacks.ReduceLROnPlateau)
_COUNTED = ("wait", "best", "best_epoch", "stopped_epoch", "cooldown_counter")


def arrays_of(model: Any) -> dict[str, np.ndarray]:
    """Return the whole state of a training as arrays, by name.

    It holds the weights, the random state of dropout, the optimizer with its plan, the
    state that the training stream carries, and what the metrics have counted.

    Args:
        model: A `TextTrainer`.
    """
    named = {**_lasting(model), **_counted(model)}
    return {name: _array(variable) for name, variable in named.items()}


def restore(model: Any, arrays: Mapping[str, np.ndarray]) -> None:
    """Put a model into the state that `arrays_of` returned, but for its metrics.

    Args:
        model: A `TextTrainer` of the same network, compiled in the same way.
        arrays: The arrays, by name.

    Raises:
        ValueError: If they are not those of such a model.
    """
    if not model.optimizer.built:
        model.optimizer.build(model.trainable_variables)
    lasting = _lasting(model)
    given = {name: a for name, a in arrays.items() if not name.startswith("metric")}
    _check_same(lasting, given)
    for name, variable in lasting.items():
        variable.assign(given[name])


def restore_metrics(model: Any, arrays: Mapping[str, np.ndarray]) -> None:
    """Let the metrics of a model go on counting, which exist once it is built."""
    counted = _counted(model)
    given = {name: a for name, a in arrays.items() if name.startswith("metric")}
    _check_same(counted, given)
    for name, variable in counted.items():
        variable.assign(given[name])


def callback_states(
    callbacks: Iterable[keras.callbacks.Callback],
) -> list[dict[str, Any]]:
    """Return what callbacks such as `EarlyStopping` have counted, for JSON."""
    states = []
    for callback in callbacks:
        if isinstance(callback, _COUNTING):
            counted = {n: getattr(callback, n, None) for n in _COUNTED}
            plain = {n: float(v) for n, v in counted.items() if v is not None}
            states.append({"callback": type(callback).__name__, **plain})
    return states


def restore_callbacks(
    callbacks: Iterable[keras.callbacks.Callback], states: list[dict[str, Any]]
) -> None:
    """Let callbacks go on counting; those that were not there before start anew."""
    left = list(states)
    for callback in callbacks:
        kind = type(callback).__name__
        known = next((s for s in left if s["callback"] == kind), None)
        if known is not None:
            left.remove(known)
            for name, value in known.items():
                if name != "callback":
                    whole = name != "best" and float(value).is_integer()
                    setattr(callback, name, int(value) if whole else value)


def _lasting(model: Any) -> dict[str, keras.Variable]:
    groups = {
        "weight": model.network_variables,
        "optimizer": model.optimizer.variables,
        "carried": model.carried_variables,
    }
    return {
        f"{group} {number:03d}": variable
        for group, variables in groups.items()
        for number, variable in enumerate(variables)
    }


def _counted(model: Any) -> dict[str, keras.Variable]:
    return {
        f"metric {number:03d}": variable
        for number, variable in enumerate(model.metrics_variables)
    }


def _array(variable: keras.Variable) -> np.ndarray:
    array = np.asarray(keras.ops.convert_to_numpy(variable.value))
    # Each bfloat16 is a float32, too, and few programs read the former.
    return array.astype("float32") if array.dtype.name == "bfloat16" else array


def _check_same(
    variables: Mapping[str, keras.Variable], arrays: Mapping[str, np.ndarray]
) -> None:
    strange = variables.keys() ^ arrays.keys()
    different = [
        name
        for name in variables.keys() & arrays.keys()
        if tuple(variables[name].shape) != arrays[name].shape
    ]
    if strange or different:
        raise ValueError(
            "The checkpoint is one of another network or another optimizer: they "
            f"differ in {min([*strange, *different])!r}."
        )
