"""The simple recurrent network."""

from typing import Any

from keras_charrnn._backend import tanh
from keras_charrnn.network.cells.cell import Cell


class RNN(Cell):
    """Simple recurrent network.

        h = tanh(x + a)

    There is one bias, which belongs to x, as in `keras.layers.SimpleRNN`.

    Source: Elman, "Finding Structure in Time" (1990).
    """

    name = "rnn"
    gates = ("candidate",)

    def forward(self, x: Any, a: Any, state: Any) -> tuple[tuple, tuple]:
        return self.State(h=tanh(x + a)), ()

    def backward(
        self, saved: tuple, before: Any, after: Any, gradient: Any
    ) -> tuple[Any, Any, tuple]:
        dx = gradient.h * (1 - after.h * after.h)
        return dx, dx, self.State(h=None)
