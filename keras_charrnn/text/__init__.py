"""Text: characters become ids, and ids characters, before any network sees them."""

from keras_charrnn.text import corpora
from keras_charrnn.text.additions import with_characters_of
from keras_charrnn.text.corpus import Corpus
from keras_charrnn.text.decoder import Decoder
from keras_charrnn.text.escapes import unescaped
from keras_charrnn.text.sources import read_text
from keras_charrnn.text.unknown import UNK, Unknown
from keras_charrnn.text.vocabulary import Vocabulary

__all__ = [
    "UNK",
    "Corpus",
    "Decoder",
    "Unknown",
    "Vocabulary",
    "corpora",
    "read_text",
    "unescaped",
    "with_characters_of",
]
