"""The long short-term memory."""

from typing import Any

import numpy as np

from keras_charrnn._backend import concatenate, sigmoid, split, tanh
from keras_charrnn.network.cells.cell import Cell


class LSTM(Cell):
    """Long short-term memory.

        i = sigmoid(x_i + a_i)        input gate
        f = sigmoid(x_f + a_f)        forget gate
        g = tanh(x_g + a_g)           candidate
        o = sigmoid(x_o + a_o)        output gate
        c = f * c_before + i * g
        h = o * tanh(c)

    The gates are in the order i, f, g, o, as in `keras.layers.LSTM`. There is one
    bias, which belongs to x; its part for the forget gate is initialized to 1.

    Source: Hochreiter and Schmidhuber, "Long Short-Term Memory" (1997), with the
    forget gate of Gers, Schmidhuber and Cummins, "Learning to Forget" (2000).
    """

    name = "lstm"
    gates = ("input", "forget", "candidate", "output")
    states = ("h", "c")

    def forward(self, x: Any, a: Any, state: Any) -> tuple[tuple, tuple]:
        i, f, g, o = split(x + a, 4)
        i, f, g, o = sigmoid(i), sigmoid(f), tanh(g), sigmoid(o)
        c = f * state.c + i * g
        tanh_c = tanh(c)
        return self.State(h=o * tanh_c, c=c), (i, f, g, o, tanh_c)

    def backward(
        self, saved: tuple, before: Any, after: Any, gradient: Any
    ) -> tuple[Any, Any, tuple]:
        i, f, g, o, tanh_c = saved
        dh = gradient.h
        dc = gradient.c + dh * o * (1 - tanh_c * tanh_c)
        dx = concatenate(
            (
                dc * g * i * (1 - i),
                dc * before.c * f * (1 - f),
                dc * i * (1 - g * g),
                dh * tanh_c * o * (1 - o),
            )
        )
        return dx, dx, self.State(h=None, c=dc * f)

    def initial_bias(self, units: int) -> np.ndarray:
        bias = super().initial_bias(units)
        bias[units : 2 * units] = 1
        return bias
