"""Character-level recurrent networks for Keras 3 on JAX, TensorFlow and PyTorch."""

import sys

from keras_charrnn import _platform
from keras_charrnn._platform import DamagedFile

__version__ = "0.1.0"

__all__ = [
    "CELLS",
    "RECIPES",
    "BitsPerCharacter",
    "Cell",
    "CharRNN",
    "CharactersPerSecond",
    "Corpus",
    "DamagedFile",
    "DocumentBatches",
    "Recipe",
    "Recurrent",
    "SampleText",
    "Sampler",
    "SaveModel",
    "Session",
    "StreamBatches",
    "Vocabulary",
    "WindowBatches",
    "corpora",
    "fast_policy",
    "from_keras",
    "from_torch",
    "load_model",
    "read_text",
    "samplers",
]

_platform.keep_freed_memory()

# The command has to read its --backend before Keras is imported; it takes what
# it needs from the modules. Everyone else gets the whole package at once.
if not _platform.is_command():
    if "keras" not in sys.modules:
        _platform.choose()

    from keras_charrnn.batches import DocumentBatches, StreamBatches, WindowBatches
    from keras_charrnn.conversion import from_keras, from_torch
    from keras_charrnn.model import CharRNN
    from keras_charrnn.network import CELLS, Cell, Recurrent, fast_policy
    from keras_charrnn.runs import load_model
    from keras_charrnn.text import Corpus, Vocabulary, corpora, read_text
    from keras_charrnn.training import (
        RECIPES,
        BitsPerCharacter,
        CharactersPerSecond,
        Recipe,
        SampleText,
        SaveModel,
    )
    from keras_charrnn.writing import Sampler, Session, samplers

    # So that `from keras_charrnn.samplers import TopPSampler` works as well.
    for _module in (samplers, corpora):
        sys.modules[f"{__name__}.{_module.__name__.rpartition('.')[2]}"] = _module
