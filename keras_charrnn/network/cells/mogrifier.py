"""The Mogrifier LSTM, with the one gate that costs nearly nothing."""

from typing import Any

from keras_charrnn._backend import sigmoid
from keras_charrnn.network.cells.lstm import LSTM


class Mogrifier(LSTM):
    """A long short-term memory whose input gates the output before.

        e = 2 sigmoid(x_e)            entrance gate
        a = (e * h_before) U          where an LSTM has h_before U

    and the rest is that of the `LSTM`. So each character has a recurrent kernel
    of its own, the common one with its rows scaled from 0 to 2.

    Source: Melis, Kocisky and Blunsom, "Mogrifier LSTM" (2020), in which input and
    output before gate each other in several rounds. This is the round in which the
    input gates the output: it needs no product of matrices inside the loop.
    """

    name = "mogrifier"
    entrance = ("entrance",)

    def enter(self, x: Any, h: Any) -> tuple[Any, Any, Any]:
        units = h.shape[-1]
        gate = 2 * sigmoid(x[..., -units:])
        return x[..., :-units], gate * h, gate

    def enter_backward(self, gate: Any, h: Any, gradient: Any) -> tuple[Any, Any]:
        through = gradient * gate
        return through * h * (1 - gate / 2), through
