"""The gated recurrent unit."""

from typing import Any

from keras_charrnn._backend import concatenate, sigmoid, split, tanh
from keras_charrnn.network.cells.cell import Cell


class GRU(Cell):
    """Gated recurrent unit, with the reset gate applied after the matrix product.

        z = sigmoid(x_z + a_z)            update gate
        r = sigmoid(x_r + a_r)            reset gate
        g = tanh(x_g + r * a_g)           candidate
        h = z * h_before + (1 - z) * g

    The gates are in the order z, r, g, and x and a each have a bias, as in
    `keras.layers.GRU(reset_after=True)`.

    Source: Cho et al., "Learning Phrase Representations using RNN
    Encoder-Decoder for Statistical Machine Translation" (2014), in the form
    that cuDNN computes.
    """

    name = "gru"
    gates = ("update", "reset", "candidate")
    recurrent_bias = True

    def forward(self, x: Any, a: Any, state: Any) -> tuple[tuple, tuple]:
        x_z, x_r, x_g = split(x, 3)
        a_z, a_r, a_g = split(a, 3)
        z = sigmoid(x_z + a_z)
        r = sigmoid(x_r + a_r)
        g = tanh(x_g + r * a_g)
        return self.State(h=g + z * (state.h - g)), (z, r, g, a_g)

    def backward(
        self, saved: tuple, before: Any, after: Any, gradient: Any
    ) -> tuple[Any, Any, tuple]:
        z, r, g, a_g = saved
        dh = gradient.h
        dz = dh * (before.h - g) * z * (1 - z)
        dg = dh * (1 - z) * (1 - g * g)
        dr = dg * a_g * r * (1 - r)
        dx, da = concatenate((dz, dr, dg)), concatenate((dz, dr, dg * r))
        return dx, da, self.State(h=dh * z)
