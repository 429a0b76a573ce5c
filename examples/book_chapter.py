"""The book chapter: lower-cased Nietzsche in one-hot windows of 60.

The old program made an array of booleans, (200278, 60, 57), 685 MB, before its first
step. Here the text stays ids, one byte each: 0.6 MB, and 0.8 MB for the order of the
windows. It also asked a whole model call for each character that it wrote.

    python examples/book_chapter.py --quick
    python examples/book_chapter.py
"""

import argparse

import keras_charrnn as kc
import keras

parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
parser.add_argument("--quick", action="store_true", help="less of everything")
parser.add_argument("--epochs", type=int, help="59; with --quick 1")
parser.add_argument("--corpus", help="a text file in place of Nietzsche")
options = parser.parse_args()

epochs, length = 59, 400
if options.corpus:
    text = kc.read_text(options.corpus)
else:
    text = kc.corpora.load("nietzsche", fallback="python-docs")
if options.quick:
    text, epochs, length = text[:60_000], 1, 80
if options.epochs is not None:
    epochs = options.epochs

corpus = kc.Corpus.from_text(text, lowercase=True)
windows = kc.WindowBatches(corpus, 128, 60, stride=3, target="next", seed=1)
one_hot = windows.windows * 60 * len(corpus.vocabulary) / 1e6
print(
    f"{windows.windows:,} windows, {len(corpus.vocabulary)} different characters: "
    f"{corpus.ids.nbytes / 1e6:.1f} MB of ids in place of {one_hot:,.0f} MB"
)

# The head returns logits; the softmax of the old program is part of the loss.
model = kc.CharRNN(corpus.vocabulary, units=128, embedding_dim=None, dropout=0)
model.compile(keras.optimizers.RMSprop(0.01))
samples = kc.SampleText([0.2, 0.5, 1.0, 1.2], length, prompt_length=60, seed=1)
model.fit(windows, epochs=epochs, callbacks=[samples])
