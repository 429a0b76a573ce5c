"""The network: cells, the layer that runs them, and the carried state."""

from keras_charrnn.network.cells import CELLS, Cell
from keras_charrnn.network.contract import LanguageModel
from keras_charrnn.network.dropout import Dropout
from keras_charrnn.network.extension import extended
from keras_charrnn.network.precision import fast_policy, in_policy
from keras_charrnn.network.recurrent import Recurrent
from keras_charrnn.network.stream import Stream

__all__ = [
    "CELLS",
    "Cell",
    "Dropout",
    "LanguageModel",
    "Recurrent",
    "Stream",
    "extended",
    "fast_policy",
    "in_policy",
]
