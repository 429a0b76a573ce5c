"""Bytes that a training step takes for each character of its batch.

    python -m tests.benchmarks.memory

The peak of a process that trains, at two sequence lengths; what the longer one
takes more, divided by the characters it has more. Each runs in a process of its
own. Embedding and vocabulary are those of the speed benchmark.
"""

import argparse
import json
import os
import subprocess
import sys

from tests.benchmarks.programs import CASES, corpus_of
from tests.benchmarks.speed import BACKENDS

LENGTHS = (128, 256, 512, 1024)
BATCH = 16


def peak(name, length):
    """Bytes at the peak of two epochs of three steps."""
    import resource

    import keras

    import keras_charrnn as kc

    case = CASES[name]
    corpus = corpus_of(case)
    corpus = kc.Corpus(corpus.ids[: BATCH * length * 3 + 1], corpus.vocabulary)
    model = kc.CharRNN(
        corpus.vocabulary,
        case.units,
        case.cell,
        embedding_dim=case.embedding,
        dropout=0.0,
    )
    model.compile(keras.optimizers.Adam(), metrics=[])
    model.fit(kc.StreamBatches(corpus, BATCH, length), epochs=2, verbose=0)
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--case", choices=CASES, default="lstm-256")
    parser.add_argument("--length", type=int)
    options = parser.parse_args()
    if options.length:
        print(json.dumps(peak(options.case, options.length)))
        return
    words = ["-m", "tests.benchmarks.memory", "--case", options.case, "--length"]
    for backend in BACKENDS:
        peaks = [
            int(
                subprocess.run(
                    [sys.executable, *words, str(length)],
                    env={**os.environ, "KERAS_BACKEND": backend},
                    capture_output=True,
                    text=True,
                    check=True,
                ).stdout.splitlines()[-1]
            )
            for length in LENGTHS
        ]
        megabytes = ", ".join(f"{n}: {p / 2**20:.0f}" for n, p in zip(LENGTHS, peaks))
        each = (peaks[-1] - peaks[0]) / BATCH / (LENGTHS[-1] - LENGTHS[0])
        print(f"{backend}: {each:,.0f} bytes a character (MiB at {megabytes})")


if __name__ == "__main__":
    main()
