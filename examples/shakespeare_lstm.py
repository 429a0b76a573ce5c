"""Shakespeare with an LSTM of 1,024 units: the simplest full program.

The old program needed a second model with a batch size of 1 to write with, and asked
it for one character a call. Here one model trains and writes.

    python examples/shakespeare_lstm.py --quick
    python examples/shakespeare_lstm.py
"""

import argparse

import keras_charrnn as kc
import keras

parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
parser.add_argument("--quick", action="store_true", help="less of everything")
parser.add_argument("--epochs", type=int, help="10; with --quick 5")
parser.add_argument("--corpus", help="a text file in place of Shakespeare")
options = parser.parse_args()

epochs, units, batch_size = 10, 1024, 64
if options.corpus:
    text = kc.read_text(options.corpus)
else:
    text = kc.corpora.load("shakespeare", fallback="python-docs")
if options.quick:
    text, epochs, units, batch_size = text[:100_000], 5, 128, 16
if options.epochs is not None:
    epochs = options.epochs

model = kc.CharRNN(kc.Vocabulary.from_text(text), units=units, embedding_dim=256)
path = "runs/shakespeare/model.keras"
model.fit(
    text,
    batch_size=batch_size,
    sequence_length=100,
    epochs=epochs,
    validation_split=0.1,
    callbacks=[kc.SaveModel(path)],  # after each epoch, never half-written
)

model = keras.saving.load_model(path)
print(model.generate("The ", length=500, temperature=0.5, seed=1))
