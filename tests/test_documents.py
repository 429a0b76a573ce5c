"""The programs in README and docs run as they stand, cut short."""

import os
import re
import subprocess
import sys
from pathlib import Path

import keras
import pytest

ROOT = Path(__file__).parent.parent
PAGES = ["README.md", "docs/quickstart.md"]


@pytest.mark.parametrize("page", PAGES)
def test_the_programs_of_a_page_run_one_after_the_other(page):
    blocks = re.findall(r"```python\n(.*?)```", (ROOT / page).read_text(), re.DOTALL)
    assert blocks
    run = subprocess.run(
        [sys.executable, "-c", "\n".join(blocks)],
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
    assert "The " in run.stdout
