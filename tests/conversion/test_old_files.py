"""Files that Keras 2 wrote: whole models, weights alone, and layers of cuDNN.

They are made here by hand, with the attributes that Keras 2 gave them.
"""

import json
import zipfile
from pathlib import Path

import h5py
import keras
import numpy as np
import pytest

import keras_charrnn as kc
from tests.conversion.test_conversion import IDS
from tests.helpers import numpy

RNG = np.random.default_rng(5)


def random(*shape):
    return RNG.normal(0, 0.5, shape).astype("float32")


EMBEDDING, HEAD = random(5, 4), (random(6, 5), random(5))
GATES = {"LSTM": 4, "GRU": 3, "SimpleRNN": 1}


def recurrent(kind, columns=4, cudnn=False):
    width = GATES[kind] * 6
    bias = (2 * width,) if cudnn else (2, width) if kind == "GRU" else (width,)
    return random(columns, width), random(6, width), random(*bias)


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def sequence(kind, weights, x, cudnn):
    """The equations in the guide of cuDNN, or those of Keras, for inputs (B, T, I)."""
    kernel, states, bias = (w.astype("float64") for w in weights)
    gates, inputs = GATES[kind], kernel.shape[0]
    split = [np.split(w, gates, 1) for w in (kernel, states)]
    if cudnn:  # each gate is a matrix (units, inputs) in memory
        w, r = ([m.reshape(6, -1) for m in gate] for gate in split)
        b, c = np.split(bias, 2)
    else:
        w, r = ([m.T for m in gate] for gate in split)
        b, c = bias if kind == "GRU" else (bias, np.zeros_like(bias))
    b, c = np.split(b, gates), np.split(c, gates)
    assert w[0].shape == (6, inputs)
    h = memory = np.zeros((len(x), 6))
    outputs = []
    for t in range(x.shape[1]):
        p = [x[:, t] @ m.T + v for m, v in zip(w, b)]
        q = [h @ m.T + v for m, v in zip(r, c)]
        if kind == "LSTM":
            i, f, o = (sigmoid(p[k] + q[k]) for k in (0, 1, 3))
            memory = f * memory + i * np.tanh(p[2] + q[2])
            h = o * np.tanh(memory)
        elif kind == "GRU":
            update, reset = sigmoid(p[0] + q[0]), sigmoid(p[1] + q[1])
            h = (1 - update) * np.tanh(p[2] + reset * q[2]) + update * h
        else:
            h = np.tanh(p[0] + q[0])
        outputs.append(h)
    return np.stack(outputs, 1)


def logits(kind, *stack, cudnn=False):
    x = EMBEDDING[IDS]
    for weights in stack:
        x = sequence(kind, weights, x, cudnn)
    return x @ HEAD[0] + HEAD[1]


def write_weights(group, layers):
    group.attrs["layer_names"] = [name.encode() for name in layers]
    group.attrs["backend"] = b"tensorflow"
    group.attrs["keras_version"] = b"2.9.0"
    for layer, weights in layers.items():
        own = group.create_group(layer)
        own.attrs["weight_names"] = [name.encode() for name in weights]
        for name, value in weights.items():
            own[name] = value


def layers_of(kind, *stack):
    """The weights by layer; the layers of cuDNN have no cell."""
    name = kind.lower()
    inner = "" if kind.startswith("CuDNN") else f"{name}_cell/"
    names = ("kernel:0", "recurrent_kernel:0", "bias:0")
    layers = {"embedding": {"embedding/embeddings:0": EMBEDDING}}
    for i, weights in enumerate(stack):
        layer = name + (f"_{i}" if i else "")
        keys = [f"{layer}/{inner}{n}" for n in names]
        layers[layer] = dict(zip(keys, weights))
        layers[f"dropout_{i}"] = {}
    return layers | {"dense": dict(zip(("dense/kernel:0", "dense/bias:0"), HEAD))}


def config_of(kind, number, **settings):
    """What Keras 2.9 wrote of a Sequential, with the settings that it had."""
    common = {"name": "", "trainable": True, "dtype": "float32"}
    rnn = {
        "return_sequences": True,
        "return_state": False,
        "go_backwards": False,
        "stateful": True,
        "units": 6,
        "kernel_initializer": {"class_name": "GlorotUniform", "config": {"seed": None}},
    }
    if not kind.startswith("CuDNN"):
        rnn |= {"unroll": False, "activation": "tanh", "use_bias": True}
        rnn |= {"dropout": 0.0, "recurrent_dropout": 0.0}
    if kind in ("LSTM", "GRU"):
        rnn |= {"recurrent_activation": "sigmoid", "implementation": 2}
    if kind == "GRU":
        rnn["reset_after"] = True
    rnn |= {"time_major": False} | settings
    embedding = {"input_dim": 5, "output_dim": 4, "mask_zero": False}
    embedding |= {"input_length": None, "batch_input_shape": [2, None]}
    inputs = {"batch_input_shape": [2, None], "sparse": False, "ragged": False}
    layers = [("InputLayer", inputs), ("Embedding", embedding)]
    for _ in range(number):
        layers += [(kind, rnn), ("Dropout", {"rate": 0.25, "noise_shape": None})]
    layers.append(("Dense", {"units": 5, "activation": "linear", "use_bias": True}))
    return {
        "name": "sequential",
        "layers": [
            {"class_name": k, "config": common | {"name": f"{k.lower()}_{i}"} | c}
            for i, (k, c) in enumerate(layers)
        ],
    }


def write_model(path, config, layers, kind="Sequential"):
    with h5py.File(path, "w") as file:
        whole = {"class_name": kind, "config": config}
        file.attrs["model_config"] = json.dumps(whole).encode()
        file.attrs["keras_version"] = b"2.9.0"
        write_weights(file.create_group("model_weights"), layers)


def check(path, expected, **how):
    new = kc.from_keras(path, kc.Vocabulary("abcde"))
    np.testing.assert_allclose(numpy(new(IDS)), expected, rtol=1e-4, atol=1e-5)
    return new


@pytest.mark.parametrize("kind", ["LSTM", "GRU", "SimpleRNN"])
def test_a_model_of_keras_2(kind):
    stack = recurrent(kind), recurrent(kind, 6)
    # Keras 2 wrote HDF5 under the other name, too.
    for path in ("old.h5", "old.keras"):
        write_model(path, config_of(kind, 2), layers_of(kind, *stack))
        before = Path(path).read_bytes()
        new = check(path, logits(kind, *stack))
        assert new.dropouts[0].rate == 0.25
        assert Path(path).read_bytes() == before


@pytest.mark.parametrize("kind", ["LSTM", "GRU"])
def test_layers_of_cudnn(kind):
    stack = recurrent(kind, cudnn=True), recurrent(kind, 6, cudnn=True)
    expected = logits(kind, *stack, cudnn=True)
    layers = layers_of("CuDNN" + kind, *stack)
    write_model("old.h5", config_of("CuDNN" + kind, 2), layers)
    assert check("old.h5", expected).recurrent[0].cell.name == kind.lower()
    with h5py.File("weights.h5", "w") as file:
        write_weights(file, layers)
    check("weights.h5", expected)


def test_the_first_files_of_keras_2_have_no_input_layer():
    weights = recurrent("LSTM")
    config = config_of("LSTM", 1)["layers"][1:]
    for layer in config:
        layer["config"].pop("time_major", None)
    write_model("old.h5", config, layers_of("LSTM", weights))
    check("old.h5", logits("LSTM", weights))


def functional():
    config = config_of("LSTM", 1, stateful=False)
    for before, layer in zip([None, *config["layers"]], config["layers"]):
        layer["name"] = layer["config"]["name"]
        layer["inbound_nodes"] = [[[before["name"], 0, 0, {}]]] if before else []
    ends = [[config["layers"][i]["name"], 0, 0] for i in (0, -1)]
    return config | {"input_layers": [ends[0]], "output_layers": [ends[1]]}


@pytest.mark.parametrize("kind", ["Functional", "Model"])
def test_a_functional_model_of_keras_2(kind):
    weights = recurrent("LSTM")
    write_model("old.h5", functional(), layers_of("LSTM", weights), kind)
    check("old.h5", logits("LSTM", weights))


@pytest.mark.parametrize("functional_model", [True, False])
def test_an_archive_of_keras_2(functional_model):
    """It differs from one of Keras 3 in the settings of its layers alone."""
    model = keras.Sequential(
        [
            keras.Input(batch_shape=(2, None)),
            keras.layers.Embedding(5, 4),
            keras.layers.LSTM(6, return_sequences=True),
            keras.layers.Dropout(0.25),
            keras.layers.Dense(5),
        ]
    )
    weights = recurrent("LSTM")
    model.set_weights([EMBEDDING, *weights, *HEAD])
    model.save("new.keras")
    config = functional() if functional_model else config_of("LSTM", 1, stateful=False)
    for layer in config["layers"]:
        layer |= {"module": "keras.layers", "registered_name": None}
    names = ("keras.src.engine.functional", "Functional")
    names = names if functional_model else ("keras", "Sequential")
    whole = {"module": names[0], "class_name": names[1], "config": config}
    whole["registered_name"] = "Functional" if functional_model else None
    with zipfile.ZipFile("new.keras") as new, zipfile.ZipFile("old.keras", "w") as old:
        old.writestr("config.json", json.dumps(whole))
        for name in ("metadata.json", "model.weights.h5"):
            old.writestr(name, new.read(name))
    check("old.keras", logits("LSTM", weights))


def test_weights_alone_come_in_the_order_of_the_file():
    stack = recurrent("GRU"), recurrent("GRU", 6)
    layers = layers_of("GRU", *stack)
    named = {
        {"gru": "b", "gru_1": "a"}.get(name, name): w for name, w in layers.items()
    }
    for path in ("old.h5", "old.weights.h5", "old.hdf5"):
        with h5py.File(path, "w") as file:
            write_weights(file, named)
        check(path, logits("GRU", *stack))
    with h5py.File("long.h5", "w") as file:  # a long list of names is cut
        write_weights(file, named)
        names = file.attrs["layer_names"]
        del file.attrs["layer_names"]
        file.attrs["layer_names0"], file.attrs["layer_names1"] = names[:2], names[2:]
    check("long.h5", logits("GRU", *stack))


@pytest.mark.parametrize("kind", ["LSTM", "SimpleRNN"])
def test_weights_without_biases(kind):
    kernel, states, bias = recurrent(kind)
    layers = layers_of(kind, (kernel, states))
    del layers["dense"]["dense/bias:0"]
    # The Dense layer comes first, as where a class makes it first.
    layers = {"dense": layers.pop("dense"), **layers}
    with h5py.File("old.h5", "w") as file:
        write_weights(file, layers)
    check("old.h5", logits(kind, (kernel, states, 0 * bias)) - HEAD[1])


def weights_alone(change):
    layers = layers_of("LSTM", recurrent("LSTM"))
    change(layers)
    with h5py.File("old.h5", "w") as file:
        write_weights(file, layers)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda w: w["lstm"].popitem() and w.pop("dense"), "1 recurrent and 0 Dense"),
        (
            lambda w: w.update(x={"x": random(3, 3)}),
            "which of embedding/embedding, x is",
        ),
        (lambda w: w["embedding"].update(zip(w["embedding"], [random(5, 3)])), "3 col"),
        (lambda w: w.update(x={"x": random(3)}), r"'x' holds the shapes \[\(3,\)\]"),
        (lambda w: w.update(lstm={"k": random(4, 18), "r": random(6, 18)}), "no LSTM"),
        (lambda w: w.update(lstm={"k": random(4, 0), "r": random(0, 0)}), "no LSTM"),
        (lambda w: w.update(lstm={"k": random(4, 20), "r": random(6, 20)}), "no LSTM"),
    ],
)
def test_weights_that_tell_too_little(change, message):
    weights_alone(change)
    with pytest.raises(ValueError, match=message):
        kc.from_keras("old.h5", "abcde")


@pytest.mark.parametrize(
    ("kind", "settings", "message"),
    [
        ("LSTM", {"time_major": True}, "'old.h5': the layer 'lstm_2' has time_major=T"),
        ("GRU", {"reset_after": False}, "has reset_after=False"),
        ("LSTM", {"recurrent_activation": "hard_sigmoid"}, "hard_sigmoid"),
        ("Unheard", {}, "'old.h5' holds the class Unheard, .*save_weights"),
    ],
)
def test_what_is_not_converted(kind, settings, message):
    cell = kind if kind in GATES else "LSTM"
    weights = recurrent(cell)
    if settings.get("reset_after") is False:
        weights = (*weights[:2], weights[2][0])
    write_model("old.h5", config_of(kind, 1, **settings), layers_of(cell, weights))
    with pytest.raises(ValueError, match=message):
        kc.from_keras("old.h5", "abcde")


def test_a_gru_that_does_not_say_what_it_computes():
    """The first of Keras 2 had no reset_after, and did not compute it."""
    config = config_of("GRU", 1, use_bias=False)
    del config["layers"][2]["config"]["reset_after"]
    write_model("old.h5", config, layers_of("GRU", recurrent("GRU")[:2]))
    with pytest.raises(ValueError, match="has reset_after=False"):
        kc.from_keras("old.h5", "abcde")
