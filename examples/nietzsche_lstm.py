"""Nietzsche with an LSTM: the one-hot windows of the old tutorial, then streams.

The old program read shuffled windows, each from an empty state, and wrote with a state
that was never reset between two temperatures: from the second text on it began in the
middle of nowhere. Here each text starts from the same prompt and an empty state.

    python examples/nietzsche_lstm.py --quick          # a minute on a laptop
    python examples/nietzsche_lstm.py                  # LSTM 1024, as in the tutorial
    python examples/nietzsche_lstm.py --units 2048 --epochs 50
"""

import argparse

import keras_charrnn as kc
import keras

parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
parser.add_argument("--quick", action="store_true", help="less of everything")
parser.add_argument("--epochs", type=int, help="10; with --quick 3")
parser.add_argument("--units", type=int, help="1024; with --quick 128")
parser.add_argument("--corpus", help="a text file in place of Nietzsche")
options = parser.parse_args()

epochs, units, batch_size, length = 10, 1024, 64, 400
if options.corpus:
    text = kc.read_text(options.corpus)
else:
    text = kc.corpora.load("nietzsche", fallback="python-docs")
if options.quick:
    text, epochs, units, batch_size, length = text[:60_000], 3, 128, 16, 120
if options.epochs is not None:
    epochs = options.epochs
if options.units is not None:
    units = options.units

# 1. Windows: 40 characters predict the next one. They are cut from the text as they
# are needed; the old program made a one-hot array of them, (200285, 40, 57) booleans.
vocabulary = kc.Vocabulary.from_text(text, lowercase=True)
head = keras.Sequential(
    [
        keras.layers.Dense(24, activation="relu"),
        keras.layers.Dropout(0.2),
        keras.layers.Dense(32, activation="relu"),
        keras.layers.Dropout(0.3),
        keras.layers.Dense(len(vocabulary)),
    ]
)
model = kc.CharRNN(vocabulary, units=128, embedding_dim=None, dropout=0, head=head)
model.compile("rmsprop")
model.fit(
    text,
    sequence_length=40,
    stride=3,
    target="next",
    batch_size=96,
    epochs=epochs,
    callbacks=[kc.SampleText([0.2, 0.5, 1.0, 1.2], length, seed=1)],
)

# 2. Streams: 64 of them, read from left to right, with the state carried.
corpus = kc.Corpus.from_text(text)
model = kc.CharRNN(corpus.vocabulary, units=units, embedding_dim=256)
path = "runs/nietzsche/model.keras"
model.fit(
    corpus,
    batch_size=batch_size,
    sequence_length=100,
    epochs=epochs,
    callbacks=[kc.SaveModel(path)],
)

model = keras.saving.load_model(path)
prompt = corpus.phrase(64, seed=1)
temperatures = [0.5, 1.0, 1.5, 2.0]
written = model.generate(prompt, length, temperatures, seed=1, strip_prompt=True)
for temperature, text in zip(temperatures, written):
    print(f"\n--- temperature {temperature}, after {prompt!r} ---\n{text}")
