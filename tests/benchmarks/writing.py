"""Characters written per second: `generate`, stock Keras, and a loop in torch.nn.

    python -m tests.benchmarks.writing            # the table, and writing.json

Every program runs in a process of its own, one after the other, and the whole round is
repeated. A figure is the median of the rounds, and a ratio the median of the ratios
within a round; that to torch.nn is to the better one of two, with and without freed
memory kept. Compilation is left out.
"""

import argparse
import json
from pathlib import Path

from tests.benchmarks.programs import (
    CASES,
    DROPOUT,
    VOCABULARY,
    machine,
    median_seconds,
    model_and_batches,
    network,
    stock_model,
)
from tests.benchmarks.speed import BACKENDS, median, ratio, run_program

# The network, how many texts, how long, with which sampler.
TEXTS = {
    "1 text": ("lstm-256", 1, 1000, "random"),
    "greedy": ("lstm-256", 1, 1000, "greedy"),
    "top-p": ("lstm-256", 1, 1000, "top_p"),
    "top-k": ("lstm-256", 1, 1000, "top_k"),
    "64 texts": ("lstm-256", 64, 200, "random"),
    "64 texts, greedy": ("lstm-256", 64, 200, "greedy"),
    "LSTM-1024, 1 text": ("lstm-1024", 1, 500, "random"),
}
BY_HAND = ("torch.nn", "torch.nn, memory kept")


def ours():
    """`CharRNN.generate` as a user calls it."""
    models, figures = {}, {}
    for figure, (name, texts, length, sampler) in TEXTS.items():
        if name not in models:
            models[name] = model_and_batches(CASES[name], DROPOUT)[0]
        prompts = [""] * texts

        def write(name=name, prompts=prompts, length=length, sampler=sampler):
            models[name].generate(prompts, length, seed=1, sampler=sampler)

        figures[figure] = texts * length / median_seconds(write, 5)
    return figures


def stock():
    """The tutorials' loop: one call of a stateful model for each character."""
    import keras
    import numpy as np

    writer, length = stock_model(CASES["lstm-256"], VOCABULARY, 1), 20
    ids = np.zeros((1, 1), "int32")

    def write():
        for _ in range(length):
            logits = writer(ids)[:, -1]
            keras.ops.convert_to_numpy(keras.random.categorical(logits, 1))

    return {"1 text": length / median_seconds(write)}


def native():
    """What one would write by hand in PyTorch."""
    import torch

    @torch.inference_mode()
    def write(embedding, layer, head, texts, length, greedy):
        ids, state = torch.zeros((texts, 1), dtype=torch.long), None
        for _ in range(length):
            x, state = layer(embedding(ids), state)
            logits = head(x)[:, -1]
            if greedy:
                ids = logits.argmax(-1, keepdim=True)
            else:
                ids = torch.multinomial(torch.softmax(logits, -1), 1)
            ids.tolist()

    figures = {}
    for figure, (name, texts, length, sampler) in TEXTS.items():
        if sampler in ("random", "greedy"):
            parts = network(CASES[name], VOCABULARY)

            def run(parts=parts, texts=texts, length=length, sampler=sampler):
                write(*parts, texts, length, sampler == "greedy")

            figures[figure] = texts * length / median_seconds(run)
    return figures


PROGRAMS = {
    "ours": ours,
    "stock Keras": stock,
    "torch.nn": native,
    # As this package asks of malloc when it is imported.
    "torch.nn, memory kept": native,
}


def runs():
    """What one round measures: (program, backend), in order."""
    for program in BY_HAND:
        yield program, "torch"
    for program in ("ours", "stock Keras"):
        for backend in BACKENDS:
            yield program, backend


def run(program, backend):
    """One program in a process of its own."""
    kept = program not in (BY_HAND[0], "stock Keras")
    words = ["--program", program]
    return run_program("tests.benchmarks.writing", words, backend, kept)


def summary(rounds):
    """Medians of the rounds, and of the ratios within a round."""
    for key in runs():
        row = {"program": key[0], "backend": key[1]}
        for figure in rounds[0][key]:
            row[figure] = median(r[key][figure] for r in rounds)
            row[f"{figure} to torch.nn"] = median(
                ratio(r[key][figure], by_hand(r, figure)) for r in rounds
            )
        yield row


def by_hand(figures, figure):
    """The better one of the two programs in PyTorch."""
    known = [figures[p, "torch"].get(figure) for p in BY_HAND]
    return max((f for f in known if f), default=None)


def table(rows):
    """The rows in Markdown: characters a second, and the ratio to torch.nn."""
    lines = [
        f"| program | {' | '.join(TEXTS)} |",
        "|---|" + "---|" * len(TEXTS),
    ]
    for row in rows:
        cells = [f"{row['program']}, {row['backend']}"]
        for figure in TEXTS:
            value, peer = row.get(figure), row.get(f"{figure} to torch.nn")
            cell = "-" if value is None else f"{value:,.0f}"
            cells.append(cell if peer is None else f"{cell} ({peer:.2f})")
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--out", default="writing.json")
    parser.add_argument("--program", choices=PROGRAMS)
    options = parser.parse_args()
    if options.program:
        print(json.dumps(PROGRAMS[options.program]()))
        return
    report = {"machine": machine(), "rounds": options.rounds}
    rounds = []
    for number in range(options.rounds):
        rounds.append({key: run(*key) for key in runs()})
        print("round", number + 1, "of", options.rounds, flush=True)
        report["rows"] = list(summary(rounds))
        Path(options.out).write_text(json.dumps(report, indent=1) + "\n")
    print(json.dumps(report["machine"]))
    print(table(report["rows"]))


if __name__ == "__main__":
    main()
