"""Spanish books with a GRU: several files, then a training loop of your own.

The old program read one of its files seven times, and took 750 to 840 s for an epoch.
Its second half, a loop with `GradientTape`, ran on TensorFlow alone; this one is the
same on JAX, TensorFlow and PyTorch.

    python examples/spanish_gru.py --quick
    python examples/spanish_gru.py --files quijote-1.txt quijote-2.txt
"""

import argparse
import time
from pathlib import Path

import keras_charrnn as kc

parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
parser.add_argument("--quick", action="store_true", help="less of everything")
parser.add_argument("--epochs", type=int, help="10; with --quick 4")
parser.add_argument(
    "--files", "--corpus", nargs="+", help="two or more texts; python-docs without any"
)
options = parser.parse_args()

# Each file is read once; line ends become LF, and é is one character.
if options.files:
    corpus = kc.Corpus.from_files(options.files, newline="\n", normalize="NFC")
else:
    print("No --files were given, so the model reads the documentation of Python.")
    corpus = kc.Corpus.from_text(kc.corpora.load("python-docs"), newline="\n")
print(corpus, *corpus.files, sep="\n")
epochs, units, batch_size, length = 10, 1024, 64, 1000
if options.quick:
    corpus = kc.Corpus(corpus.ids[:60_000], corpus.vocabulary)
    epochs, units, batch_size, length = 4, 128, 16, 200
if options.epochs is not None:
    epochs = options.epochs

# 1. As short as it gets.
model = kc.CharRNN(corpus.vocabulary, units=units, cell="gru", embedding_dim=256)
model.summary()
model.fit(corpus, batch_size=batch_size, sequence_length=100, epochs=epochs)
print(model.generate("En un lugar ", length, 0.7, seed=1, unknown="skip"))

# 2. The same by hand. A batch tells by itself where the state starts anew: its inputs
# are a dict of "ids" and "reset", and `reset` is true in the first batch of an epoch.
model = kc.CharRNN(corpus.vocabulary, units=units, cell="gru", embedding_dim=256)
model.compile("adam")
batches = kc.StreamBatches(corpus, batch_size=batch_size, sequence_length=100)
folder = Path("runs/spanish")
folder.mkdir(parents=True, exist_ok=True)
for epoch in range(1, epochs + 1):
    start, total = time.perf_counter(), 0.0
    for inputs, targets, weights in batches:
        logs = model.train_on_batch(inputs, targets, weights, return_dict=True)
        total += float(logs["loss"]) * weights.sum()
    seconds = time.perf_counter() - start
    print(f"epoch {epoch}: loss {total / batches.predictions:.4f}, {seconds:.1f} s")
    if epoch % 5 == 0 or epoch == epochs:
        model.save_weights(folder / f"epoch-{epoch}.weights.h5")
print(model.generate("En un lugar ", length, 0.7, seed=1, unknown="skip"))
