"""Characters per second: this package, stock Keras, and torch.nn, side by side.

    python -m tests.benchmarks.speed             # the table, and speed.json
    python -m tests.benchmarks.speed --quick     # the small network alone

Every program runs in a process of its own, one after the other, and the whole
round is repeated; a figure is the median of the rounds. Compilation is left out.
"""

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import time
from pathlib import Path

BATCH, LENGTH, EMBEDDING, STEPS = 64, 100, 256, 8
BACKENDS = ("jax", "tensorflow", "torch")


def median_seconds(function, repeats=3):
    """Seconds of a call, after one that is not counted."""
    function()
    seconds = []
    for _ in range(repeats):
        start = time.perf_counter()
        function()
        seconds.append(time.perf_counter() - start)
    return statistics.median(seconds)


def text():
    import keras_charrnn as kc

    return kc.corpora.load("python-docs")[: BATCH * LENGTH * STEPS + 1]


def ours(cell, units, precision):
    """`CharRNN.fit` over streams, with carried state."""
    import keras

    import keras_charrnn as kc

    keras.config.set_dtype_policy(precision)
    corpus = kc.Corpus.from_text(text())
    model = kc.CharRNN(corpus.vocabulary, units, cell, embedding_dim=EMBEDDING)
    model.compile(keras.optimizers.Adam(), metrics=[])
    batches = kc.StreamBatches(corpus, BATCH, LENGTH)
    seconds = median_seconds(lambda: model.fit(batches, verbose=0))
    training = BATCH * LENGTH * STEPS / seconds
    length = 2000
    seconds = median_seconds(lambda: model.generate("The ", length, seed=1))
    return {"training": training, "writing": length / seconds}


def stock(cell, units, precision):
    """The tutorials' program: `stateful=True`, and a model call per character."""
    import keras
    import numpy as np

    import keras_charrnn as kc

    keras.config.set_dtype_policy(precision)
    corpus = kc.Corpus.from_text(text())
    size = len(corpus.vocabulary)

    def build(batch_size):
        options = {"return_sequences": True, "stateful": True}
        if keras.backend.backend() == "torch":
            options["use_cudnn"] = False  # without it the program crashes
        layer = {"lstm": keras.layers.LSTM, "gru": keras.layers.GRU}[cell]
        return keras.Sequential(
            [
                keras.Input((None,), batch_size=batch_size, dtype="int32"),
                keras.layers.Embedding(size, EMBEDDING),
                layer(units, **options),
                keras.layers.Dense(size),
            ]
        )

    batches = [b[:2] for b in kc.StreamBatches(corpus, BATCH, LENGTH)]
    x = np.concatenate([inputs["ids"] for inputs, _ in batches])
    y = np.concatenate([targets for _, targets in batches])
    model = build(BATCH)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.Adam(), loss)
    figures = {}
    try:
        seconds = median_seconds(
            lambda: model.fit(x, y, batch_size=BATCH, shuffle=False, verbose=0)
        )
        figures["training"] = len(x) * LENGTH / seconds
    except RuntimeError as error:
        figures["training"] = None
        figures["error"] = str(error).splitlines()[0]
    writer, length = build(1), 30
    ids = np.zeros((1, 1), "int32")

    def write():
        for _ in range(length):
            logits = writer(ids)[:, -1]
            keras.ops.convert_to_numpy(keras.random.categorical(logits, 1))

    figures["writing"] = length / median_seconds(write)
    return figures


def native(cell, units, precision):
    """What one would write by hand in PyTorch."""
    import numpy as np
    import torch

    import keras_charrnn as kc

    corpus = kc.Corpus.from_text(text())
    size = len(corpus.vocabulary)
    rnn = {"lstm": torch.nn.LSTM, "gru": torch.nn.GRU}[cell]
    embedding = torch.nn.Embedding(size, EMBEDDING)
    layer, head = rnn(EMBEDDING, units, batch_first=True), torch.nn.Linear(units, size)
    parameters = [p for m in (embedding, layer, head) for p in m.parameters()]
    optimizer = torch.optim.Adam(parameters)
    batches = list(kc.StreamBatches(corpus, BATCH, LENGTH))
    half = precision == "mixed_bfloat16"

    def epoch():
        state = None
        for inputs, targets, _ in batches:
            with torch.autocast("cpu", torch.bfloat16, enabled=half):
                x = embedding(torch.from_numpy(inputs["ids"]))
                x, state = layer(x, state)
                logits = head(x)
            state = torch.utils._pytree.tree_map(lambda s: s.detach(), state)
            loss = torch.nn.functional.cross_entropy(
                logits.float().reshape(-1, size),
                torch.from_numpy(targets.astype(np.int64)).reshape(-1),
            )
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()

    length = 300

    @torch.inference_mode()
    def write():
        ids, state = torch.zeros((1, 1), dtype=torch.long), None
        for _ in range(length):
            x, state = layer(embedding(ids), state)
            ids = torch.multinomial(torch.softmax(head(x)[:, -1], -1), 1)
            ids.item()

    training = BATCH * LENGTH * len(batches) / median_seconds(epoch)
    return {"training": training, "writing": length / median_seconds(write)}


PROGRAMS = {"ours": ours, "stock Keras": stock, "torch.nn": native}


def run(program, backend, case):
    """One program in a process of its own."""
    command = [sys.executable, "-m", "tests.benchmarks.speed", "--program", program]
    env = {**os.environ, "KERAS_BACKEND": backend, "TF_CPP_MIN_LOG_LEVEL": "2"}
    words = [str(word) for word in case]
    done = subprocess.run(
        [*command, "--case", *words], env=env, capture_output=True, text=True
    )
    if done.returncode:
        raise RuntimeError(done.stderr)
    return json.loads(done.stdout.splitlines()[-1])


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--out", default="speed.json")
    parser.add_argument("--program", choices=PROGRAMS)
    parser.add_argument("--case", nargs=3, metavar=("CELL", "UNITS", "PRECISION"))
    options = parser.parse_args()
    if options.program:
        cell, units, precision = options.case
        print(json.dumps(PROGRAMS[options.program](cell, int(units), precision)))
        return
    cases = [
        (cell, units, precision)
        for units in ((256,) if options.quick else (256, 1024))
        for cell in (("lstm",) if options.quick else ("lstm", "gru"))
        for precision in ("float32", "mixed_bfloat16")
    ]
    rows = []
    for case in cases:
        runs = [("torch.nn", "torch")]
        runs += [("ours", backend) for backend in BACKENDS]
        if case[2] == "float32":
            runs += [("stock Keras", backend) for backend in BACKENDS]
        rounds = [
            {pair: run(*pair, case) for pair in runs} for _ in range(options.rounds)
        ]
        for program, backend in runs:
            row = {"case": list(case), "program": program, "backend": backend}
            for figure in ("training", "writing"):
                values = [r[program, backend][figure] for r in rounds]
                peers = [r["torch.nn", "torch"][figure] for r in rounds]
                if None in values:
                    row[figure] = row[f"{figure} ratio"] = None
                    continue
                row[figure] = round(statistics.median(values))
                row[f"{figure} ratio"] = round(
                    statistics.median(v / p for v, p in zip(values, peers)), 2
                )
            rows.append(row)
            print(json.dumps(row), flush=True)
    machine = {"processor": platform.processor(), "cores": os.cpu_count()}
    Path(options.out).write_text(
        json.dumps({"machine": machine, "rows": rows}, indent=1) + "\n"
    )
    print(table(rows))


def table(rows):
    lines = [
        "| network | precision | program | training, characters/s | to torch.nn "
        "| writing, characters/s | to torch.nn |",
        "|---|---|---|---|---|---|---|",
    ]
    for row in rows:
        cell, units, precision = row["case"]
        cells = [f"{cell.upper()}-{units}", precision]
        cells.append(f"{row['program']}, {row['backend']}")
        for figure in ("training", "writing"):
            value, ratio = row[figure], row[f"{figure} ratio"]
            cells += ["-", "-"] if value is None else [f"{value:,}", f"{ratio}"]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
