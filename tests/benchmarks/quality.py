"""How well the recipes learn a text, and how long they take.

    python -m tests.benchmarks.quality tinyshakespeare.txt

The first 90 % of the text are trained on, and the rest is measured under both
protocols. Every run is a process of its own; seconds are counted from its start, with
the imports and the compilation in them. A figure is the median of the seeds.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

from tests.benchmarks.ngram import WittenBell
from tests.benchmarks.programs import machine

# What `CharRNN` and `fit` are given; what is not named is the default.
RECIPES = {
    "15 seconds": {
        "model": {"units": 256},
        "fit": {"epochs": 1, "steps_per_epoch": 400},
    },
    "60 seconds": {"fit": {"epochs": 2}},
    "90 seconds": {"fit": {"epochs": 3}},
    "90 seconds, bfloat16": {"fit": {"epochs": 3}, "precision": "mixed_bfloat16"},
    "90 seconds, mogrifier": {"model": {"cell": "mogrifier"}, "fit": {"epochs": 3}},
    "best": {"recipe": "best"},
}


def run(path, seed, began, recipe="default", model=(), fit=(), precision="float32"):
    """One recipe in this process."""
    import keras

    import keras_charrnn as kc

    recipe = kc.RECIPES[recipe]
    model, fit = recipe.model | dict(model), recipe.fit | dict(fit)
    keras.utils.set_random_seed(seed)
    keras.config.set_dtype_policy(precision)
    corpus = kc.Corpus.from_text(Path(path).read_text(encoding="utf-8"))
    training, validation = corpus.split(0.1)
    rnn = kc.CharRNN(corpus.vocabulary, **model)
    start = time.time()
    rnn.fit(training, verbose=0, **fit)
    end = time.time()
    report = {"seconds": end - began, "training": end - start}
    for protocol in ("carried", "cold"):
        figures = rnn.evaluate(
            validation, protocol=protocol, verbose=0, return_dict=True
        )
        report[protocol] = figures["loss"]
    return report | {"parameters": rnn.count_params()}


def ngram(path, order=5):
    """The loss of an n-gram model of the same text."""
    text = Path(path).read_text(encoding="utf-8")
    cut = int(len(text) * 0.9)
    return WittenBell(text[:cut], order, len(set(text))).loss(text[cut:])


def measure(path, recipe, seed, backend):
    """One recipe in a process of its own."""
    words = [path, "--here", json.dumps(recipe), "--seeds", str(seed)]
    done = subprocess.run(
        [sys.executable, "-m", "tests.benchmarks.quality", *words],
        env={**os.environ, "KERAS_BACKEND": backend, "BEGAN": str(time.time())},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return json.loads(done.stdout.splitlines()[-1])


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("text")
    parser.add_argument("--seeds", nargs="+", type=int, default=[1, 2, 3])
    parser.add_argument("--backend", nargs="+", default=["jax"])
    parser.add_argument("--recipe", nargs="+", default=list(RECIPES), metavar="NAME")
    parser.add_argument("--here", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.here:
        began, recipe = float(os.environ["BEGAN"]), json.loads(options.here)
        print(json.dumps(run(options.text, options.seeds[0], began, **recipe)))
        return
    print(json.dumps(machine()))
    print("5-gram, Witten-Bell:", round(ngram(options.text), 4), flush=True)
    for name in options.recipe:
        # A recipe of one's own is JSON.
        recipe = RECIPES[name] if name in RECIPES else json.loads(name)
        for backend in options.backend:
            runs = [measure(options.text, recipe, s, backend) for s in options.seeds]
            median = {
                key: round(statistics.median(r[key] for r in runs), 4)
                for key in runs[0]
            }
            carried = [round(r["carried"], 4) for r in runs]
            print(name, backend, json.dumps(median), "carried:", carried, flush=True)


if __name__ == "__main__":
    main()
