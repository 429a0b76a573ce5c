"""The gated recurrent unit."""

from typing import Any

from keras_charrnn._backend import concatenate, sigmoid, split, tanh
from keras_charrnn.cells.cell import Cell


class GRU(Cell):
    """Gated recurrent unit, with the reset after the product.

        z = sigmoid(x_z + a_z)            update gate
        r = sigmoid(x_r + a_r)            reset gate
        g = tanh(x_g + r * a_g)           candidate
        h = z * h_before + (1 - z) * g

    Gates stand in the order z, r, g, and x and a have a bias each, as in
    `keras.layers.GRU(reset_after=True)`.

    Source: Cho et al., "Learning Phrase Representations using RNN
    Encoder-Decoder for Statistical Machine Translation" (2014), in the form
    that cuDNN computes.
    """

    name = "gru"
    gates = ("update", "reset", "candidate")
    recurrent_bias = True

    def forward(self, x: Any, a: Any, state: tuple) -> tuple[tuple, tuple]:
        (h_before,) = state
        x_z, x_r, x_g = split(x, 3)
        a_z, a_r, a_g = split(a, 3)
        z = sigmoid(x_z + a_z)
        r = sigmoid(x_r + a_r)
        g = tanh(x_g + r * a_g)
        return (g + z * (h_before - g),), (z, r, g, a_g)

    def backward(
        self, saved: tuple, before: tuple, after: tuple, gradient: tuple
    ) -> tuple[Any, Any, tuple]:
        z, r, g, a_g = saved
        (h_before,) = before
        (dh,) = gradient
        dz = dh * (h_before - g) * z * (1 - z)
        dg = dh * (1 - z) * (1 - g * g)
        dr = dg * a_g * r * (1 - r)
        return concatenate((dz, dr, dg)), concatenate((dz, dr, dg * r)), (dh * z,)
