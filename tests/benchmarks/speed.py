"""Characters trained per second: this package, stock Keras, and torch.nn, side by side.

    python -m tests.benchmarks.speed             # the table, and speed.json
    python -m tests.benchmarks.speed --quick     # the LSTM of 256 units alone

All train with the default dropout. Every program runs in a process of its own, in which
it trains one network after the other, and the whole round is repeated. A figure is the
median of the rounds, and a ratio the median of the ratios within a round; that to
torch.nn is to the better one of two, with and without freed memory kept. Compilation is
left out.
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

from tests.benchmarks.programs import CASES, PROGRAMS, machine

BACKENDS = ("jax", "tensorflow", "torch")
FLOAT, HALF = "float32", "mixed_bfloat16"
BY_HAND = ("torch.nn", "torch.nn, memory kept")


def runs():
    """What one round measures: (program, backend, precision), in order."""
    for program in BY_HAND:
        yield program, "torch", FLOAT
    yield BY_HAND[1], "torch", HALF
    for precision in (FLOAT, HALF):
        yield "ours", "torch", precision
    for backend in ("jax", "tensorflow"):
        yield "ours", backend, FLOAT
    for program in ("ours, no dropout", "stock Keras"):
        for backend in BACKENDS:
            yield program, backend, FLOAT


def cases_of(program, names):
    """The networks that a program trains, of those that were asked for."""
    only = {"ours, no dropout": ("default", "lstm-256"), "stock Keras": ("lstm-256",)}
    return [name for name in names if name in only.get(program, CASES)]


def run(names, program, backend, precision):
    """The figures of one program, by network, in a process of its own."""
    words = ["--program", program, "--precision", precision]
    words += ["--case", *cases_of(program, names)]
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


def summary(name, rounds):
    """Medians of the rounds for a network, and of the ratios within a round."""
    rounds = [{k: r[k][name] for k in r if name in r[k]} for r in rounds]
    for key in rounds[0]:
        program, backend, precision = key
        row = {"case": name, "program": program}
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
    parser.add_argument("--case", choices=CASES, nargs="+")
    parser.add_argument("--program", choices=PROGRAMS)
    parser.add_argument("--precision", default=FLOAT)
    options = parser.parse_args()
    names = options.case or list(CASES)
    if options.program:
        program = PROGRAMS[options.program]
        figures = {name: program(CASES[name], options.precision) for name in names}
        print(json.dumps(figures))
        return
    if options.quick:
        names = ["lstm-256"]
    report = {"machine": machine(), "rounds": options.rounds}
    report["seconds to the first step"] = {
        backend: median(first_step(backend) for _ in range(options.rounds))
        for backend in BACKENDS
    }
    rounds = []
    for number in range(options.rounds):
        keys = [key for key in runs() if cases_of(key[0], names)]
        rounds.append({key: run(names, *key) for key in keys})
        print("round", number + 1, "of", options.rounds, flush=True)
        report["rows"] = [row for name in names for row in summary(name, rounds)]
        Path(options.out).write_text(json.dumps(report, indent=1) + "\n")
    print(json.dumps(report["machine"]))
    print(json.dumps(report["seconds to the first step"]))
    print(table(report["rows"]))


if __name__ == "__main__":
    main()
