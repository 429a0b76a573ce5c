"""Models of PyTorch are converted.

Their weights are in NumPy here, so that every backend converts them.
"""

import numpy as np
import pytest

import keras_charrnn as kc
from tests.conversion.test_conversion import CHARS, IDS, ORDER
from tests.helpers import numpy, run_reference


def torch_weights(kind, layers_, embedding):
    rng = np.random.default_rng(3)
    gates = {"lstm": 4, "gru": 3}[kind]
    weights = {"embed.weight": rng.normal(size=(5, 4))} if embedding else {}
    width = 4 if embedding else 5
    for i in range(layers_):
        for side, columns in (("ih", width), ("hh", 6)):
            weights[f"net.weight_{side}_l{i}"] = rng.normal(size=(gates * 6, columns))
        for side in ("ih", "hh"):
            weights[f"net.bias_{side}_l{i}"] = rng.normal(size=gates * 6)
        width = 6
    weights["out.weight"] = rng.normal(size=(5, 6))
    weights["out.bias"] = rng.normal(size=5)
    return {name: w.astype("float32") for name, w in weights.items()}


def torch_logits(kind, weights, ids):
    """What nn.LSTM and nn.GRU say they compute, in NumPy."""
    x = np.eye(5)[ids] @ weights.get("embed.weight", np.eye(5))

    def moved(weight):  # r, z, n to z, r, n
        r, z, n = np.split(weight, 3)
        return np.concatenate([z, r, n])

    i = 0
    while f"net.weight_ih_l{i}" in weights:
        w, u, b, c = (
            weights[f"net.{k}_l{i}"]
            for k in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
        )
        if kind == "gru":
            w, u, b, c = map(moved, (w, u, b, c))
        projected = (x @ w.T + b).transpose(1, 0, 2)
        state = [np.zeros((len(ids), 6))] * (2 if kind == "lstm" else 1)
        x = run_reference(kind, projected, u.T, c, None, state)[0].transpose(1, 0, 2)
        i += 1
    return x @ weights["out.weight"].T + weights["out.bias"]


@pytest.mark.parametrize("embedding", [True, False])
@pytest.mark.parametrize("number", [1, 2])
@pytest.mark.parametrize("kind", ["lstm", "gru"])
def test_pytorchs_weights_give_equal_logits(kind, number, embedding):
    weights = torch_weights(kind, number, embedding)
    new = kc.from_torch(weights, kc.Vocabulary("abcde"))
    expected = torch_logits(kind, weights, IDS)
    np.testing.assert_allclose(numpy(new(IDS)), expected, rtol=1e-4, atol=1e-5)
    turned = kc.from_torch(weights, CHARS)
    expected = torch_logits(kind, weights, np.array(ORDER)[IDS])[..., ORDER]
    np.testing.assert_allclose(numpy(turned(IDS)), expected, rtol=1e-4, atol=1e-5)


def test_pytorch_computes_what_is_expected_of_it():
    torch = pytest.importorskip("torch")
    for kind, cell in (("lstm", torch.nn.LSTM), ("gru", torch.nn.GRU)):
        weights = torch_weights(kind, 2, True)
        net = cell(4, 6, 2, batch_first=True)
        net.load_state_dict(
            {
                n.removeprefix("net."): torch.tensor(w)
                for n, w in weights.items()
                if n.startswith("net.")
            }
        )
        x = torch.tensor(weights["embed.weight"])[torch.tensor(IDS)]
        h = net(x)[0].detach().numpy()
        expected = h @ weights["out.weight"].T + weights["out.bias"]
        found = torch_logits(kind, weights, IDS)
        np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)
        tensors = {n: torch.tensor(w).bfloat16() for n, w in weights.items()}
        assert kc.from_torch(tensors, CHARS).recurrent[0].cell.name == kind


def test_what_is_no_state_dict():
    weights = torch_weights("lstm", 1, True)

    class Net:
        def state_dict(self):
            return weights

    assert kc.from_torch(Net(), CHARS).recurrent[0].units == 6
    with pytest.raises(TypeError, match=r"this is str\. torch\.load"):
        kc.from_torch("model.pt", CHARS)
    with pytest.raises(ValueError, match="'model_state_dict'] is a dict, and no"):
        kc.from_torch({"model_state_dict": weights, "epoch": 3}, CHARS)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda w: w.pop("embed.weight"), r"reads 4 .* \(5, 6\)"),
        (lambda w: w.pop("out.weight"), "of one Linear"),
        (lambda w: w.pop("net.weight_ih_l0"), "0 recurrent networks"),
        (lambda w: w.pop("net.weight_hh_l0"), "not complete"),
        (lambda w: w.update({"more.weight": np.zeros((3, 3))}), "of an Embedding"),
        (lambda w: w.update({"out.weight": np.zeros((5, 3))}), r"out.weight \(5, 3\)"),
        (lambda w: w.update({"net.weight_hh_l0": np.zeros((24, 7))}), "no recurrent"),
        (
            lambda w: w.update({"net.weight_ih_l0_reverse": np.eye(2)}),
            "reads backwards",
        ),
        (
            lambda w: w.update(
                {"net.weight_ih_l0": np.zeros((6, 4)), "net.weight_hh_l0": np.eye(6)}
            ),
            "has 1 gates",
        ),
    ],
)
def test_other_weights_are_refused(change, message):
    weights = torch_weights("lstm", 1, True)
    change(weights)
    with pytest.raises(ValueError, match=message):
        kc.from_torch(weights, CHARS)


def without_bias(embedding, linear, linear_first, width=4):
    """The weights of a model whose Linear has no bias, under other names."""
    weights = torch_weights("gru", 1, True)
    del weights["out.bias"]
    weights["embed.weight"] = weights["embed.weight"].repeat(2, 1)[:, :width]
    weights["net.weight_ih_l0"] = weights["net.weight_ih_l0"].repeat(2, 1)[:, :width]
    old = {embedding: weights.pop("embed.weight"), linear: weights.pop("out.weight")}
    return dict(sorted(old.items(), reverse=linear_first)) | weights, old


def logits_without_bias(weights, old, embedding, linear):
    named = {"embed.weight": old[embedding], "out.weight": old[linear]}
    return torch_logits("gru", {**weights, **named, "out.bias": 0}, IDS)


@pytest.mark.parametrize("linear_first", [True, False])
@pytest.mark.parametrize(
    ("embedding", "linear", "width"),
    [
        ("embed.weight", "head.weight", 6),
        ("encoder.weight", "decoder.weight", 6),
        ("decoder.emb.weight", "decoder.weight", 6),
        ("transformer.wte.weight", "lm_head.weight", 6),
        ("x.weight", "fc1.weight", 6),
        ("word_embeddings.weight", "y.weight", 6),
        ("x.weight", "y.weight", 4),  # the shapes tell
    ],
)
def test_a_linear_without_bias_may_come_first(embedding, linear, width, linear_first):
    weights, old = without_bias(embedding, linear, linear_first, width)
    expected = logits_without_bias(weights, old, embedding, linear)
    new = kc.from_torch(weights, kc.Vocabulary("abcde"))
    np.testing.assert_allclose(numpy(new(IDS)), expected, rtol=1e-4, atol=1e-5)


def test_names_that_tell_nothing_are_refused():
    for embedding, linear in (("a.weight", "b.weight"), ("emb", "embed.weight")):
        weights, old = without_bias(embedding, linear, False, 6)
        with pytest.raises(ValueError, match=f"which of '{embedding}' and '{linear}'"):
            kc.from_torch(weights, CHARS)
    weights["embedding.weight"] = weights.pop("emb")
    weights["linear.weight"] = weights.pop("embed.weight")
    expected = logits_without_bias(weights, old, "emb", "embed.weight")
    new = kc.from_torch(weights, kc.Vocabulary("abcde"))
    np.testing.assert_allclose(numpy(new(IDS)), expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("names", [("a.weight", "b.weight"), ("a.weight",)])
def test_tied_weights_need_no_names(names):
    weights, old = without_bias("x", "y", False, 6)
    weights = {n: w for n, w in weights.items() if n not in old}
    weights |= dict.fromkeys(names, old["x"])
    expected = logits_without_bias(weights, old, "x", "x")
    new = kc.from_torch(weights, kc.Vocabulary("abcde"))
    np.testing.assert_allclose(numpy(new(IDS)), expected, rtol=1e-4, atol=1e-5)
