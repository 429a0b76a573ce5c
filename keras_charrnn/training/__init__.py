"""Training: how a model is fitted to text, and how well it then predicts."""

from keras_charrnn.training.callbacks import (
    CharactersPerSecond,
    SampleText,
    SaveModel,
)
from keras_charrnn.training.metrics import BitsPerCharacter
from keras_charrnn.training.recipes import RECIPES, Recipe
from keras_charrnn.training.trainer import TextTrainer

__all__ = [
    "RECIPES",
    "BitsPerCharacter",
    "CharactersPerSecond",
    "Recipe",
    "SampleText",
    "SaveModel",
    "TextTrainer",
]
