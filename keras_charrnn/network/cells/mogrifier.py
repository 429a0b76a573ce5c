"""The Mogrifier LSTM, with the one gate that costs next to nothing."""

from typing import Any

from keras_charrnn._backend import sigmoid
from keras_charrnn.network.cells.lstm import LSTM


class Mogrifier(LSTM):
    """Long short-term memory whose input gates the previous output.

        e = 2 sigmoid(x_e)            entrance gate
        a = (e * h_before) U          where an LSTM has h_before U

    The other equations are those of `LSTM`. So each character has a recurrent
    kernel of its own: the shared one, with its rows scaled by factors from 0 to 2.

    Source: Melis, Kocisky and Blunsom, "Mogrifier LSTM" (2020), in which the input
    and the previous output gate each other in several rounds. This cell has only the
    round in which the input gates the output, which adds no matrix product to the
    loop.
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
