"""Characters per second: this package, stock Keras, and torch.nn, side by side.

    python -m tests.benchmarks.speed             # the table, and speed.json
    python -m tests.benchmarks.speed --quick     # the LSTM of 256 units alone

Every program runs in a process of its own, one after the other, and the whole
round is repeated. A figure is the median of the rounds, and a ratio the median
of the ratios within a round. Compilation is left out.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
from pathlib import Path

from tests.benchmarks.programs import CASES, PROGRAMS, Case, machine

BACKENDS = ("jax", "tensorflow", "torch")
FLOAT, HALF = "float32", "mixed_bfloat16"
PEER = ("torch.nn", "torch", FLOAT)


def runs(case):
    """What one round measures: (program, backend, precision), in order."""
    if case.name != "small":
        yield PEER
        yield "torch.nn", "torch", HALF
        yield "torch.nn, memory kept", "torch", FLOAT
    for backend in BACKENDS:
        yield "stock Keras", backend, FLOAT
        yield "ours", backend, FLOAT
        if case.name != "small":
            yield "ours", backend, HALF


def run(case, program, backend, precision):
    """One program in a process of its own."""
    words = ["--program", program, "--case", case.name, "--precision", precision]
    environment = {"KERAS_BACKEND": backend, "TF_CPP_MIN_LOG_LEVEL": "2"}
    if program in ("torch.nn", "stock Keras"):
        # They would not have it if this package were not at hand.
        environment["KERAS_CHARRNN_KEEP_MEMORY"] = "0"
    done = subprocess.run(
        [sys.executable, "-m", "tests.benchmarks.speed", *words],
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
        peers = {"to torch.nn": PEER, "to stock": ("stock Keras", backend, FLOAT)}
        for name, peer in peers.items():
            for figure in ("training", "writing", "writing, 64 texts"):
                row[f"{figure} {name}"] = median(
                    ratio(r[key].get(figure), r.get(peer, {}).get(figure))
                    for r in rounds
                )
        row["fit over its bare step"] = median(
            ratio(r[key].get("training"), r[key].get("bare")) for r in rounds
        )
        yield row


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
        "to stock Keras": ("training to stock", "{:.2f}"),
        "fit over its bare step": ("fit over its bare step", "{:.2f}"),
        "writing, characters/s": ("writing", "{:,.0f}"),
        "to torch.nn": ("writing to torch.nn", "{:.2f}"),
        "writing 64 texts": ("writing, 64 texts", "{:,.0f}"),
        "64 to torch.nn": ("writing, 64 texts to torch.nn", "{:.2f}"),
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
    for case in cases:
        rounds = []
        for _ in range(options.rounds):
            rounds.append({key: run(case, *key) for key in runs(case)})
            print(case.name, len(rounds), "of", options.rounds, flush=True)
        report["rows"] += summary(case, rounds)
        Path(options.out).write_text(json.dumps(report, indent=1) + "\n")
    print(json.dumps(report["machine"]))
    print(table(report["rows"]))


if __name__ == "__main__":
    main()
