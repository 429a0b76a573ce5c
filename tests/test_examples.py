"""The programs of examples/ run, and do what they tell."""

import contextlib
import io
import os
import re
import runpy
import subprocess
import sys
from pathlib import Path

import keras
import pytest

EXAMPLES = sorted((Path(__file__).parent.parent / "examples").glob("*.py"))


@pytest.fixture
def run(monkeypatch):
    def run(path, *words):
        monkeypatch.setattr(sys, "argv", [str(path), "--quick", *words])
        with contextlib.redirect_stdout(io.StringIO()) as shown:
            runpy.run_path(str(path), run_name="__main__")
        return shown.getvalue()

    return run


@pytest.fixture
def corpus(docs):
    Path("one.txt").write_text(docs[:8000], encoding="utf-8", newline="")
    Path("two.txt").write_text(
        "¿Quién? En un lugar de la Mancha. " * 50, encoding="utf-8"
    )
    return "one.txt"


@pytest.fixture
def example(request):
    return next(path for path in EXAMPLES if path.stem == request.param)


def each(name):
    return pytest.mark.parametrize("example", [name], indirect=True)


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_an_example_is_short(path):
    lines = path.read_text().splitlines()
    assert len(lines) < 80
    assert not {"jax", "tensorflow", "torch"} & set(
        re.findall(r"^import (\w+)", path.read_text(), re.MULTILINE)
    )


@each("nietzsche_lstm")
def test_nietzsche_lstm(run, example, corpus):
    out = run(example, "--corpus", corpus)
    heads = re.findall(r"--- epoch 3, temperature (\S+), after '(.*)' ---", out)
    assert [t for t, _ in heads] == ["0.2", "0.5", "1.0", "1.2"]
    assert len({prompt for _, prompt in heads}) == 1
    heads = re.findall(r"--- temperature (\S+), after (.*) ---", out)
    assert [t for t, _ in heads] == ["0.5", "1.0", "1.5", "2.0"]
    model = keras.saving.load_model("runs/nietzsche/model.keras")
    assert model.embedding_dim == 256


@each("spanish_gru")
def test_spanish_gru(run, example, corpus):
    out = run(example, "--files", corpus, "two.txt")
    assert "('two.txt', " in out
    losses = [float(x) for x in re.findall(r"epoch \d: loss (\S+), \S+ s", out)]
    assert losses[-1] < losses[0]
    assert os.listdir("runs/spanish") == ["epoch-4.weights.h5"]
    assert out.count("En un lugar ") == 2


@each("shakespeare_lstm")
def test_shakespeare_lstm(run, example, corpus):
    out = run(example, "--corpus", corpus, "--epochs", "2")
    assert "Epoch 2/2" in out
    assert "val_loss" in out
    model = keras.saving.load_model("runs/shakespeare/model.keras")
    assert out.endswith(model.generate("The ", 500, 0.5, seed=1) + "\n")


@each("shakespeare_subclass")
def test_shakespeare_subclass(run, example, corpus):
    out = run(example, "--corpus", corpus)
    losses = [float(x) for x in re.findall(r"'loss': ([\d.]+)", out)]
    assert losses[-1] < losses[0]
    assert Path("playwright-4.keras").exists()


@each("book_chapter")
def test_book_chapter_in_a_process_of_its_own(example, corpus):
    done = subprocess.run(
        [sys.executable, str(example), "--quick", "--corpus", corpus],
        env={
            **os.environ,
            "KERAS_BACKEND": keras.backend.backend(),
            "PYTHONIOENCODING": "utf-8",
        },
        capture_output=True,
    )
    assert done.returncode == 0, done.stderr.decode()
    out = done.stdout.decode()
    text = Path(corpus).read_bytes().decode().lower()
    count = len(range(0, len(text) - 60, 3))
    assert f"{count:,} windows, {len(set(text))} different characters" in out
    assert out.count("--- epoch 1, temperature") == 4
