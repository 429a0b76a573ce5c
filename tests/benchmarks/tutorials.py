"""The programs that are taught, as they were and as they are here, for one epoch each.

    python -m tests.benchmarks.tutorials --data FOLDER

The folder has `nietzsche.txt`, `tinyshakespeare.txt`, and the `books*.txt` of the
program that reads several. Every program runs in a process of its own: the old one in
stock Keras on TensorFlow, for which it was written, and the new one on each backend
asked for. Seconds have the compilation in them; loss is that of training, in nats for
each character predicted; the peak is that of the process.
"""

import argparse
import json
import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from tests.benchmarks.programs import machine


@dataclass(frozen=True)
class Program:
    """What a program reads, and the network that it trains.

    `window` and `batch` are the shape of a batch; `stride` is that of windows whose
    next character alone is predicted, and 0 for streams.
    """

    files: str
    cell: str
    units: int
    batch: int
    window: int
    stride: int = 0
    wide_head: bool = False
    rate: float = 1e-3


PROGRAMS = {
    "nietzsche-windows": Program("nietzsche.txt", "lstm", 128, 96, 40, 3, True),
    "nietzsche-lstm": Program("nietzsche.txt", "lstm", 1024, 64, 100),
    "spanish-gru": Program("books*.txt", "gru", 1024, 64, 100),
    "shakespeare-lstm": Program("tinyshakespeare.txt", "lstm", 1024, 64, 100),
    "shakespeare-subclass": Program("tinyshakespeare.txt", "gru", 1024, 64, 100),
    "book-chapter": Program("nietzsche.txt", "lstm", 128, 128, 60, 3, rate=0.01),
}


def text_of(program, folder):
    paths = sorted(Path(folder).glob(program.files))
    if not paths:
        raise SystemExit(f"There is no {program.files} in {folder}.")
    text = "".join(path.read_text(encoding="utf-8") for path in paths)
    return text.lower() if program.stride else text


def head(program, size, **last):
    """The layers behind the recurrent one."""
    from keras import layers

    if not program.wide_head:
        return [layers.Dense(size, **last)]
    return [
        layers.Dense(24, activation="relu"),
        layers.Dropout(0.2),
        layers.Dense(32, activation="relu"),
        layers.Dropout(0.3),
        layers.Dense(size, **last),
    ]


def old_windows(program, text):
    """One-hot windows in one array, in shuffled order."""
    import keras
    import numpy as np

    characters = sorted(set(text))
    number = {c: i for i, c in enumerate(characters)}
    ids = np.array([number[c] for c in text])
    starts = range(0, len(text) - program.window, program.stride)
    x = np.zeros((len(starts), program.window, len(characters)), bool)
    y = np.zeros((len(starts), len(characters)), bool)
    for row, start in enumerate(starts):
        end = start + program.window
        x[row, np.arange(program.window), ids[start:end]] = True
        y[row, ids[end]] = True
    model = keras.Sequential(
        [
            keras.Input(x.shape[1:]),
            keras.layers.LSTM(program.units),
            *head(program, len(characters), activation="softmax"),
        ]
    )
    model.compile(keras.optimizers.RMSprop(program.rate), "categorical_crossentropy")
    return lambda: model.fit(x, y, batch_size=program.batch, verbose=0)


def old_streams(program, text):
    """Shuffled pieces, and a stateful layer that takes one for the next."""
    import keras
    import numpy as np
    import tensorflow as tf

    characters = sorted(set(text))
    number = {c: i for i, c in enumerate(characters)}
    ids = tf.data.Dataset.from_tensor_slices(np.array([number[c] for c in text]))
    pieces = ids.batch(program.window + 1, drop_remainder=True)
    pairs = pieces.map(lambda piece: (piece[:-1], piece[1:]))
    batches = pairs.shuffle(10_000).batch(program.batch, drop_remainder=True)
    layer = {"lstm": keras.layers.LSTM, "gru": keras.layers.GRU}[program.cell]
    model = keras.Sequential(
        [
            keras.Input((None,), batch_size=program.batch, dtype="int64"),
            keras.layers.Embedding(len(characters), 256),
            layer(program.units, return_sequences=True, stateful=True),
            *head(program, len(characters)),
        ]
    )
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile("adam", loss)
    return lambda: model.fit(batches, verbose=0)


def new_windows(program, text):
    """Ids, cut into windows when they are due."""
    import keras

    import keras_charrnn as kc

    corpus = kc.Corpus.from_text(text)
    layers = head(program, len(corpus.vocabulary)) if program.wide_head else None
    model = kc.CharRNN(
        corpus.vocabulary,
        units=program.units,
        embedding_dim=None,
        dropout=0.0,
        head=keras.Sequential(layers) if layers else None,
    )
    model.compile(keras.optimizers.RMSprop(program.rate), metrics=[])
    windows = kc.WindowBatches(
        corpus, program.batch, program.window, program.stride, "next", seed=1
    )
    return lambda: model.fit(windows, verbose=0)


def new_streams(program, text):
    """Streams from left to right, with the state carried, and a plan."""
    import keras_charrnn as kc

    corpus = kc.Corpus.from_text(text)
    model = kc.CharRNN(
        corpus.vocabulary, program.units, program.cell, embedding_dim=256, dropout=0
    )
    return lambda: model.fit(
        corpus,
        batch_size=program.batch,
        sequence_length=program.window,
        learning_rate=0.004,
        weight_decay=0.004,
        verbose=0,
    )


def run(name, old, folder):
    """One program in this process."""
    import resource

    import keras

    keras.utils.set_random_seed(1)
    program = PROGRAMS[name]
    makers = {
        (True, True): old_windows,
        (True, False): old_streams,
        (False, True): new_windows,
        (False, False): new_streams,
    }
    text = text_of(program, folder)
    start = time.perf_counter()
    epoch = makers[old, bool(program.stride)](program, text)
    prepared = time.perf_counter()
    loss = epoch().history["loss"][0]
    return {
        "preparing, s": round(prepared - start, 1),
        "epoch, s": round(time.perf_counter() - prepared, 1),
        "loss": round(loss, 4),
        "peak, MB": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", required=True, metavar="FOLDER")
    parser.add_argument("--backend", nargs="+", default=["tensorflow"])
    parser.add_argument("--program", nargs="+", choices=PROGRAMS, default=PROGRAMS)
    parser.add_argument("--here", choices=("old", "new"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.here:
        (name,) = options.program
        print(json.dumps(run(name, options.here == "old", options.data)))
        return
    print(json.dumps(machine()))
    for name in options.program:
        for which, backend in [("old", "tensorflow")] + [
            ("new", backend) for backend in options.backend
        ]:
            words = ["--data", options.data, "--program", name, "--here", which]
            environment = {"KERAS_BACKEND": backend, "TF_CPP_MIN_LOG_LEVEL": "2"}
            done = subprocess.run(
                [sys.executable, "-m", "tests.benchmarks.tutorials", *words],
                env={**os.environ, **environment},
                stdout=subprocess.PIPE,
                text=True,
                check=True,
            )
            print(name, which, backend, done.stdout.splitlines()[-1], flush=True)


if __name__ == "__main__":
    main()
