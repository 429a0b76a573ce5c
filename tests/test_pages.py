"""The programs in README and docs run as they stand, cut short."""

import contextlib
import io
import os
import re
import runpy
import string
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest

import keras_charrnn as kc
from keras_charrnn import corpora

ROOT = Path(__file__).parent.parent
NAMES = ("quickstart", "text", "howto", "extending", "quality")
TUTORIALS = [
    path.relative_to(ROOT).as_posix()
    for path in sorted(ROOT.glob("docs/tutorials/*.md"))
    if path.stem != "index"
]
PAGES = [*(f"docs/{name}.md" for name in NAMES), *TUTORIALS]


def program(page):
    text = (ROOT / page).read_text(encoding="utf-8")
    blocks = re.findall(r"```(?:python|{code-cell})\n(.*?)```", text, re.DOTALL)
    assert blocks
    return "\n".join(blocks)


def programs():
    """Every program that a reader may copy, of pages, examples and docstrings."""
    pages = [ROOT / "README.md", *ROOT.glob("docs/**/*.md")]
    for path in pages:
        if "```python" in (text := path.read_text(encoding="utf-8")) or "{code" in text:
            yield path.name, program(path.relative_to(ROOT))
    for path in (*ROOT.glob("examples/*.py"), ROOT / "docs" / "learning.py"):
        yield path.name, path.read_text(encoding="utf-8")
    for path in ROOT.glob("keras_charrnn/**/*.py"):
        for text in path.read_text(encoding="utf-8").split('"""')[1::2]:
            lines = re.findall(r"^ *>>> (.*)$", text, re.MULTILINE)
            yield path.name, "\n".join(lines)


def test_every_program_lets_the_package_choose_the_backend():
    found = 0
    for name, text in programs():
        lines = text.splitlines()
        if "import keras" in lines:
            found += 1
            ours = [n for n, line in enumerate(lines) if "import keras_charrnn" in line]
            assert min(ours, default=len(lines)) < lines.index("import keras"), name
    assert found > 12


def test_the_reference_shows_what_a_class_takes():
    conf = runpy.run_path(str(ROOT / "docs" / "conf.py"))
    show, anything = conf["true_signature"], "(*args, **kwargs)"
    shown, _ = show(None, "class", "CharRNN", kc.CharRNN, None, anything, None)
    assert shown.startswith("(vocabulary, units=384, cell='lstm', layers=1, ")
    for what, signature in (("class", "(ids)"), ("method", anything)):
        assert show(None, what, "fit", kc.CharRNN, None, signature, None) is None


@pytest.fixture
def _texts(docs):
    Path("preface.txt").write_text(docs[:3000])
    Path("chapters").mkdir()
    Path("chapters/1.txt").write_text(docs[3000:6000])
    names = [f"{a}{b}" for a in ("ma", "jo", "lu") for b in ("ria", "na", "hannes")]
    Path("names.txt").write_text("\n".join(names * 30))
    Path("more-names.txt").write_text("Zo\u00eb\nAma\u00ebl\n" * 40)


@pytest.fixture
def models(docs):
    """What a reader of docs/text.md has: models trained elsewhere."""
    layers = keras.layers
    width = len(set(docs[:3000]))
    old = keras.Sequential(
        [
            keras.Input((None,)),
            layers.Embedding(width, 4),
            layers.LSTM(5, return_sequences=True),
            layers.Dense(width),
        ]
    )
    old.save("tutorial.keras")
    old.save_weights("tutorial.weights.h5")
    shapes = {
        "embed.weight": (width, 4),
        "rnn.weight_ih_l0": (15, 4),
        "rnn.weight_hh_l0": (15, 5),
        "rnn.bias_ih_l0": (15,),
        "rnn.bias_hh_l0": (15,),
        "out.weight": (width, 5),
        "out.bias": (width,),
    }

    class Net:
        def state_dict(self):
            return {name: np.ones(shape, "float32") for name, shape in shapes.items()}

    return {"text": docs[:3000], "net": Net()}


@pytest.fixture
def _cut_short(docs, monkeypatch):
    monkeypatch.setenv("MPLBACKEND", "agg")
    # Loops of a page's own know no limits of Keras.
    text = docs[:8000] + string.printable
    monkeypatch.setattr(corpora, "load", lambda *args, **kwargs: text)
    keras.config.set_max_epochs(1)
    keras.config.set_max_steps_per_epoch(2)
    yield
    keras.config.set_max_epochs(None)
    keras.config.set_max_steps_per_epoch(None)


@pytest.mark.filterwarnings("ignore::UserWarning")  # that all is cut short
@pytest.mark.usefixtures("_texts", "_cut_short")
@pytest.mark.parametrize("page", PAGES)
def test_the_programs_of_a_page_run_one_after_the_other(page, models):
    code, names = program(page), {"__name__": "__main__"}
    if page == "docs/text.md":
        code, names = f"{code}\nprint(model.generate('The '))", {**names, **models}
    with contextlib.redirect_stdout(io.StringIO()) as shown:
        # A name of no file, so that TensorFlow does not look for the functions' source.
        exec(compile(code, f"<{page}>", "exec"), names)
    assert len(shown.getvalue()) > 100  # a text was written, whatever it says


def test_the_program_of_the_readme_runs_in_a_process_of_its_own():
    run = subprocess.run(
        [sys.executable, "-c", program("README.md")],
        env={
            **os.environ,
            "KERAS_BACKEND": keras.backend.backend(),
            "KERAS_MAX_EPOCHS": "1",
            "KERAS_MAX_STEPS_PER_EPOCH": "2",
        },
        capture_output=True,
        text=True,
    )
    assert run.returncode == 0, run.stderr
    assert len(run.stdout) > 100
