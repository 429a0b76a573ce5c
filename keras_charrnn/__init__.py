"""Character-level recurrent networks for Keras 3 on JAX, TensorFlow and PyTorch."""

import sys

from keras_charrnn import _choice, _memory

__version__ = "0.1.0"

__all__ = [
    "CELLS",
    "RECIPES",
    "BitsPerCharacter",
    "Cell",
    "CharRNN",
    "CharactersPerSecond",
    "Corpus",
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
    "from_keras",
    "from_torch",
    "read_text",
    "samplers",
]

_memory.keep_freed_memory()

# The command has to read its --backend before Keras is imported; it takes what
# it needs from the modules. Everyone else gets the whole package at once.
if not _choice.is_command():
    if "keras" not in sys.modules:
        _choice.require(_choice.configured() or "tensorflow")

    from keras_charrnn import samplers
    from keras_charrnn.batches import (
        DocumentBatches,
        StreamBatches,
        WindowBatches,
    )
    from keras_charrnn.callbacks import CharactersPerSecond, SampleText, SaveModel
    from keras_charrnn.cells import CELLS, Cell
    from keras_charrnn.conversion import from_keras, from_torch
    from keras_charrnn.metrics import BitsPerCharacter
    from keras_charrnn.model import CharRNN
    from keras_charrnn.recipes import RECIPES, Recipe
    from keras_charrnn.recurrent import Recurrent
    from keras_charrnn.samplers import Sampler
    from keras_charrnn.session import Session
    from keras_charrnn.text import corpora
    from keras_charrnn.text.corpus import Corpus
    from keras_charrnn.text.sources import read_text
    from keras_charrnn.text.vocabulary import Vocabulary
