"""What several tests need: references in NumPy, and gradients on any backend."""

import keras
import numpy as np

import keras_charrnn as kc


def small(text, **kwargs):
    """A small model of a text's characters."""
    options = {"units": 16, "embedding_dim": 8, "dropout": 0.0, **kwargs}
    return kc.CharRNN(kc.Vocabulary.from_text(text), **options)


def alphabet():
    """A model that writes the alphabet over and over, with certainty."""
    letters = "abcdefghijklmnopqrstuvwxyz"
    model = kc.CharRNN(kc.Vocabulary(letters), 26, "rnn", embedding_dim=None)
    kernel = np.eye(26) * 20
    weights = [kernel, np.zeros((26, 26)), np.zeros(26)]
    weights += [np.roll(np.eye(26), 1, axis=1) * 50, np.zeros(26)]
    model.set_weights(weights)
    return model


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def lstm(x, a, state):
    i, f, g, o = np.split(x + a, 4, axis=-1)
    c = sigmoid(f) * state[1] + sigmoid(i) * np.tanh(g)
    return sigmoid(o) * np.tanh(c), c


def gru(x, a, state):
    (x_z, x_r, x_g), (a_z, a_r, a_g) = np.split(x, 3, -1), np.split(a, 3, -1)
    z, r = sigmoid(x_z + a_z), sigmoid(x_r + a_r)
    return (z * state[0] + (1 - z) * np.tanh(x_g + r * a_g),)


def rnn(x, a, state):
    return (np.tanh(x + a),)


def mogrified(x, h):
    x, e = np.split(x, [-h.shape[-1]], -1)
    return x, 2 * sigmoid(e) * h


REFERENCES = {"lstm": lstm, "gru": gru, "rnn": rnn, "mogrifier": lstm}
ENTRANCES = {"mogrifier": mogrified}


def run_reference(cell, x, kernel, bias, keep, state):
    """The loop over time, as plain as it gets: x (T, B, GU)."""
    outputs = []
    for t in range(len(x)):
        if keep is not None:
            state = [s * keep[t] for s in state]
        x_t, entering = x[t], state[0]
        if cell in ENTRANCES:
            x_t, entering = ENTRANCES[cell](x_t, entering)
        a = entering @ kernel + (0 if bias is None else bias)
        state = REFERENCES[cell](x_t, a, state)
        outputs.append(state[0])
    return (np.stack(outputs), *state)


def reference_logits(model, ids, state=None):
    """A CharRNN with a Dense head in NumPy: ids (B, T) -> logits and state."""
    weights = [keras.ops.convert_to_numpy(w).astype("float64") for w in model.weights]
    x = np.eye(len(model.vocabulary))[ids]
    if model.embedding is not None:
        x = x @ weights.pop(0)
    after = []
    for i, layer in enumerate(model.recurrent):
        kernel, recurrent, bias = weights.pop(0), weights.pop(0), weights.pop(0)
        two = layer.cell.recurrent_bias
        x = (x @ kernel + (bias[0] if two else bias)).transpose(1, 0, 2)
        empty = [np.zeros((len(ids), layer.units)) for _ in layer.cell.states]
        before = empty if state is None else state[i]
        x, *last = run_reference(
            layer.cell.name, x, recurrent, bias[1] if two else None, None, before
        )
        x = x.transpose(1, 0, 2)
        after.append(tuple(last))
    kernel, bias = weights
    return x @ kernel + bias, tuple(after)


def crossentropy(logits, targets):
    """Nats for each place."""
    logits = logits - logits.max(-1, keepdims=True)
    logp = logits - np.log(np.exp(logits).sum(-1, keepdims=True))
    return -np.take_along_axis(logp, np.asarray(targets)[..., None], -1)[..., 0]


def gradients(function, *arrays):
    """The gradients of a scalar function of tensors."""
    name = keras.backend.backend()
    if name == "jax":
        import jax

        tensors = [jax.numpy.asarray(a) for a in arrays]
        result = jax.grad(function, argnums=tuple(range(len(arrays))))(*tensors)
    elif name == "tensorflow":
        import tensorflow as tf

        tensors = [tf.constant(a) for a in arrays]
        with tf.GradientTape() as tape:
            tape.watch(tensors)
            value = function(*tensors)
        result = tape.gradient(value, tensors)
    else:
        import torch

        tensors = [torch.tensor(a, requires_grad=True) for a in arrays]
        function(*tensors).backward()
        result = [t.grad for t in tensors]
    return [keras.ops.convert_to_numpy(g) for g in result]


def numpy(x):
    return keras.ops.convert_to_numpy(x)
