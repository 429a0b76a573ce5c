"""Batches: three ways to cut a corpus for training, and one for evaluation."""

from keras_charrnn.batches.cold import ColdBatches
from keras_charrnn.batches.cutting import as_corpus, cut, is_text
from keras_charrnn.batches.documents import DocumentBatches
from keras_charrnn.batches.sizes import Batch, TextBatches
from keras_charrnn.batches.streams import StreamBatches
from keras_charrnn.batches.windows import Target, WindowBatches

__all__ = [
    "Batch",
    "ColdBatches",
    "DocumentBatches",
    "StreamBatches",
    "Target",
    "TextBatches",
    "WindowBatches",
    "as_corpus",
    "cut",
    "is_text",
]
