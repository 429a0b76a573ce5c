"""Precision: what a model computes in, while its weights are float32."""

from typing import Any

from keras_charrnn import _backend
from keras_charrnn._platform import unlimited


def fast_policy() -> str:
    """Return the dtype policy in which this device trains fastest.

    With `"mixed_bfloat16"`, layers compute in bfloat16, a format of 16 bits, and their
    weights are float32. It is the faster one with PyTorch on a CPU that multiplies
    bfloat16 (AVX-512 BF16 or AMX), on GPUs of compute capability 8.0 on, and on TPUs.

    Returns:
        `"mixed_bfloat16"` or `"float32"`, for `keras.config.set_dtype_policy`.

    Example:

    >>> import keras_charrnn as kc
    >>> kc.fast_policy() in ("float32", "mixed_bfloat16")
    True
    """
    return _backend.fast_policy()


def in_policy(model: Any, policy: str) -> Any:
    """Return a model that computes in another dtype policy, with the same weights.

    Args:
        model: A `CharRNN`.
        policy: The name of a policy of Keras whose variables have the dtype of the
            model's.

    Returns:
        The model itself if it has that policy, or else a new one, which is compiled in
        the same way, if it was, with an optimizer that has made no step.
    """
    if model.dtype_policy.name == policy:
        return model
    with unlimited():
        new = type(model).from_config(model.get_config() | {"dtype": policy})
    new.set_weights(model.get_weights())
    if model.compiled:
        new.compile_from_config(model.get_compile_config())
    return new
