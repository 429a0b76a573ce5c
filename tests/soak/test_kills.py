"""A run that is killed again and again ends as if it had never been killed.

Half of the kills fall at a random moment, and half into a save. `KILLS` in the
environment says how many there are.
"""

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import keras
import numpy as np
import pytest

from keras_charrnn.runs import RunFolder

BACKEND = keras.backend.backend()
KILLS = int(os.environ.get("KILLS", "67"))
WORDS = ["--units", "24", "--embedding-dim", "8", "--seed", "2", "--epochs", "200"]
WORDS += ["--validation-split", "0.2", "--batch-size", "4", "--sequence-length", "32"]


def start(*words):
    return subprocess.Popen(
        [sys.executable, "-m", "keras_charrnn", *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env={**os.environ, "KERAS_BACKEND": BACKEND, "PYTHONUNBUFFERED": "1"},
        preexec_fn=lambda: signal.signal(signal.SIGTERM, signal.SIG_DFL),
    )


def read_until(process, word, times=1):
    """Read what a process prints, until a word has come so many times."""
    lines = []
    for line in process.stdout:
        lines.append(line)
        times -= word in line
        if not times:
            return
    pytest.fail(b"".join(lines[-20:]).decode())


def wait_for_a_save(folder, seconds):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if any(folder.rglob(".saving-*")):
            return True
    return False


def figures(path):
    """The epochs of a history, without the speed, which is another each time."""
    epochs = [json.loads(line) for line in path.read_text().splitlines()]
    return [{k: v for k, v in e.items() if "second" not in k} for e in epochs]


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_kills(docs, tmp_path, monkeypatch, number):
    monkeypatch.chdir(tmp_path)
    Path("text.txt").write_text(docs[:3000], encoding="utf-8")
    rng = random.Random(1)
    begun = ["train", "text.txt", *WORDS, "--out", "run"]
    kills = within = 0
    while kills < KILLS:
        with start(*begun) as process:
            read_until(process, b"Epoch", 2)
            saving = kills % 2 == 0 and wait_for_a_save(Path("run"), 5)
            if not saving:
                time.sleep(rng.random() / 5)
            process.send_signal(number)
            process.stdout.read()
        assert process.returncode in (-number, 128 + number)
        kills, within = kills + 1, within + saving
        begun = ["resume", "run"]
    print(f"{kills} times {number.name}, {within} within a save")
    for words in (["resume", "run"], ["train", "text.txt", *WORDS, "--out", "whole"]):
        with start(*words) as process:
            out = process.stdout.read()
        assert process.returncode == 0, out[-2000:].decode()
    run, whole = (RunFolder(name) for name in ("run", "whole"))
    assert figures(run.path / "history.jsonl") == figures(whole.path / "history.jsonl")
    arrays, others = (folder.last_checkpoint()[0] for folder in (run, whole))
    assert arrays.keys() == others.keys()
    for name, array in arrays.items():
        np.testing.assert_array_equal(array, others[name], err_msg=name)
