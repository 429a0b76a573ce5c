"""What a model computes in."""

import keras
import numpy as np
import pytest

import keras_charrnn as kc
from keras_charrnn.network import in_policy


def test_the_fast_policy_is_one_of_keras():
    policy = keras.dtype_policies.get(kc.fast_policy())
    assert policy.variable_dtype == "float32"


@pytest.mark.skipif(keras.backend.backend() != "torch", reason="of PyTorch's CPUs")
def test_pytorch_computes_in_bfloat16_where_the_processor_multiplies_it(monkeypatch):
    import torch

    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    for known, policy in (
        ({"avx512_bf16": True, "amx_bf16": False}, "mixed_bfloat16"),
        ({"avx512_bf16": False, "amx_bf16": True}, "mixed_bfloat16"),
        ({"avx512_bf16": False, "amx_bf16": False}, "float32"),
        ({}, "float32"),  # of other architectures
    ):
        monkeypatch.setattr(torch.cpu, "get_capabilities", lambda known=known: known)
        assert kc.fast_policy() == policy


def test_a_model_goes_to_another_policy_with_its_weights():
    vocabulary = kc.Vocabulary("abcdef")
    half = kc.CharRNN(vocabulary, [8, 6], "gru", dtype="mixed_bfloat16")
    model = in_policy(half, "float32")
    parts = [model, *model.recurrent, *model.dropouts, model.embedding, model.head]
    assert {part.dtype_policy.name for part in parts} == {"float32"}
    assert half.dtype_policy.name == "mixed_bfloat16"
    for weight, other in zip(model.get_weights(), half.get_weights(), strict=True):
        np.testing.assert_array_equal(weight, other)
    assert in_policy(model, "float32") is model
    ids = np.arange(12).reshape(2, 6) % 6
    whole, coarse = (keras.ops.convert_to_numpy(m(ids)) for m in (model, half))
    np.testing.assert_allclose(whole, coarse, atol=0.02)
