"""The programs in README and docs run as they stand, cut short."""

import os
import re
import subprocess
import sys
from pathlib import Path

import keras
import pytest

ROOT = Path(__file__).parent.parent
NAMES = ("quickstart", "text", "howto", "extending", "quality")
TUTORIALS = [
    path.relative_to(ROOT).as_posix()
    for path in sorted(ROOT.glob("docs/tutorials/*.md"))
    if path.stem != "index"
]
PAGES = ["README.md", *(f"docs/{name}.md" for name in NAMES), *TUTORIALS]

# What a reader of docs/text.md has: texts, and models trained elsewhere.
_MODELS = """
import keras, numpy as np
from keras import layers
text = open("preface.txt").read()
width = len(set(text))
old = keras.Sequential([
    keras.Input((None,)), layers.Embedding(width, 4),
    layers.LSTM(5, return_sequences=True), layers.Dense(width),
])
old.save("tutorial.keras")
old.save_weights("tutorial.weights.h5")
class net:
    shapes = {
        "embed.weight": (width, 4), "rnn.weight_ih_l0": (15, 4),
        "rnn.weight_hh_l0": (15, 5), "rnn.bias_ih_l0": (15,), "rnn.bias_hh_l0": (15,),
        "out.weight": (width, 5), "out.bias": (width,),
    }
    state_dict = lambda: {k: np.ones(v, "float32") for k, v in net.shapes.items()}
"""


@pytest.fixture
def _texts(docs):
    Path("preface.txt").write_text(docs[:3000])
    Path("chapters").mkdir()
    Path("chapters/1.txt").write_text(docs[3000:6000])
    names = [f"{a}{b}" for a in ("ma", "jo", "lu") for b in ("ria", "na", "hannes")]
    Path("names.txt").write_text("\n".join(names * 30))
    Path("more-names.txt").write_text("Zo\u00eb\nAma\u00ebl\n" * 40)


@pytest.mark.filterwarnings("ignore:The text has")
@pytest.mark.usefixtures("_texts")
@pytest.mark.parametrize("page", PAGES)
def test_the_programs_of_a_page_run_one_after_the_other(page):
    text = (ROOT / page).read_text(encoding="utf-8")
    blocks = re.findall(r"```(?:python|{code-cell})\n(.*?)```", text, re.DOTALL)
    assert blocks
    if page == "docs/text.md":
        blocks = [_MODELS, *blocks, "print(model.generate('The '))"]
    run = subprocess.run(
        [sys.executable, "-c", "\n".join(blocks)],
        env={
            **os.environ,
            "KERAS_BACKEND": keras.backend.backend(),
            "KERAS_MAX_EPOCHS": "1",
            "KERAS_MAX_STEPS_PER_EPOCH": "2",
            "MPLBACKEND": "agg",
        },
        capture_output=True,
        text=True,
    )
    assert run.returncode == 0, run.stderr
    assert len(run.stdout) > 100  # a text was written, whatever it says
