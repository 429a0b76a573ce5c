"""Characters trained per second: this package, stock Keras, and torch.nn, side by side.

    python -m tests.benchmarks.speed             # the table, and speed.json
    python -m tests.benchmarks.speed --quick     # the LSTM of 256 units alone

All train with the default dropout. Every program runs in a process of its own, one
after the other, and the whole round is repeated. A figure is the median of the
rounds, and a ratio the median of the ratios within a round; that to torch.nn is to
the better one of two, with and without freed memory kept. Compilation is left out.
"""

import argparse
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.benchmarks.programs import CASES, PROGRAMS, Case, machine

BACKENDS = ("jax", "tensorflow", "torch")
FLOAT, HALF = "float32", "mixed_bfloat16"
BY_HAND = ("torch.nn", "torch.nn, memory kept")


def runs(case):
    """What one round measures: (program, backend, precision), in order."""
    for program in BY_HAND:
        yield program, "torch", FLOAT
    yield BY_HAND[1], "torch", HALF
    for precision in (FLOAT, HALF):
        yield "ours", "torch", precision
    for backend in ("jax", "tensorflow"):
        yield "ours", backend, FLOAT
    if case.name in ("default", "lstm-256"):
        for backend in BACKENDS:
            yield "ours, no dropout", backend, FLOAT
    if case.name == "lstm-256":
        for backend in BACKENDS:
            yield "stock Keras", backend, FLOAT


def run(case, program, backend, precision):
    """One program in a process of its own."""
    words = ["--program", program, "--case", case.name, "--precision", precision]
    # They would not have it if this package were not at hand.
    kept = program not in (BY_HAND[0], "stock Keras")
    return run_program("tests.benchmarks.speed", words, backend, kept)


def run_program(module, words, backend, memory_kept):
    """The figures that a module prints, in a process of its own."""
    environment = {"KERAS_BACKEND": backend, "TF_CPP_MIN_LOG_LEVEL": "2"}
    if not memory_kept:
        environment["KERAS_CHARRNN_KEEP_MEMORY"] = "0"
    done = subprocess.run(
        [sys.executable, "-m", module, *words],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
    )
    if done.returncode:
        raise RuntimeError(done.stderr)
    return json.loads(done.stdout.splitlines()[-1])


def summary(case, rounds):
    """Medians of the rounds, and of the ratios within a round."""
    for key in runs(case):
        program, backend, precision = key
        row = {"case": case.name, "program": program}
        row |= {"backend": backend, "precision": precision}
        for figure in rounds[0][key]:
            row[figure] = median(r[key][figure] for r in rounds)
        for name, half in (("to torch.nn", FLOAT), ("to torch.nn bf16", HALF)):
            for figure in rounds[0][key]:
                row[f"{figure} {name}"] = median(
                    ratio(r[key][figure], by_hand(r, half, figure)) for r in rounds
                )
        peers = ("stock Keras", "ours, no dropout")
        for peer in peers:
            other = (peer, backend, FLOAT)
            row[f"training to {peer}"] = median(
                ratio(r[key]["training"], r.get(other, {}).get("training"))
                for r in rounds
            )
        yield row


def by_hand(figures, precision, figure):
    """The better one of the two programs in PyTorch."""
    keys = [(program, "torch", precision) for program in BY_HAND]
    known = (figures.get(key, {}).get(figure) for key in keys)
    return max((f for f in known if f), default=None)


def ratio(value, peer):
    return None if value is None or peer is None else value / peer


def median(values):
    known = [v for v in values if v is not None]
    return statistics.median(known) if known else None


def table(rows):
    """The rows in Markdown."""
    columns = {
        "training, characters/s": ("training", "{:,.0f}"),
        "to torch.nn float32": ("training to torch.nn", "{:.2f}"),
        "to torch.nn bfloat16": ("training to torch.nn bf16", "{:.2f}"),
        "to dropout 0": ("training to ours, no dropout", "{:.2f}"),
        "to stock Keras": ("training to stock Keras", "{:.2f}"),
    }
    lines = [
        f"| network | program | {' | '.join(columns)} |",
        "|---|---|" + "---|" * len(columns),
    ]
    for row in rows:
        program = f"{row['program']}, {row['backend']}, {row['precision']}"
        cells = [CASES[row["case"]].title, program]
        for key, form in columns.values():
            value = row.get(key)
            cells.append("-" if value is None else form.format(value))
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def first_step(backend):
    """Seconds from the start of `charrnn train python-docs` to its first step done."""
    with tempfile.TemporaryDirectory() as folder:
        start = time.perf_counter()
        process = subprocess.Popen(
            [sys.executable, "-m", "keras_charrnn", "train", "python-docs"],
            cwd=folder,
            env={**os.environ, "KERAS_BACKEND": backend, "PYTHONUNBUFFERED": "1"},
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        shown = b""
        # "Epoch 1/5", and then the bar, which has the step and their number.
        while len(re.findall(rb"\b1/\d+", shown)) < 2:
            more = os.read(process.stdout.fileno(), 1000)
            if not more:
                raise RuntimeError(f"charrnn train ended: {shown!r}")
            shown += more
        process.kill()
        process.communicate()
        return time.perf_counter() - start


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--out", default="speed.json")
    parser.add_argument("--case", choices=CASES)
    parser.add_argument("--program", choices=PROGRAMS)
    parser.add_argument("--precision", default=FLOAT)
    options = parser.parse_args()
    if options.program:
        case = CASES[options.case]
        print(json.dumps(PROGRAMS[options.program](case, options.precision)))
        return
    if options.quick:
        options.case = "lstm-256"
    cases: list[Case] = [CASES[options.case]] if options.case else list(CASES.values())
    report = {"machine": machine(), "rounds": options.rounds, "rows": []}
    report["seconds to the first step"] = {
        backend: median(first_step(backend) for _ in range(options.rounds))
        for backend in BACKENDS
    }
    for case in cases:
        rounds = []
        for _ in range(options.rounds):
            rounds.append({key: run(case, *key) for key in runs(case)})
            print(case.name, len(rounds), "of", options.rounds, flush=True)
        report["rows"] += summary(case, rounds)
        Path(options.out).write_text(json.dumps(report, indent=1) + "\n")
    print(json.dumps(report["machine"]))
    print(json.dumps(report["seconds to the first step"]))
    print(table(report["rows"]))


if __name__ == "__main__":
    main()
