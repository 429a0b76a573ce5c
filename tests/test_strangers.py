"""A file of a stranger is data: it runs nothing, opens nothing, and takes its share.

The files are those of `tests.hostile`; a process of its own reads them, since an audit
hook stays for the life of a process.
"""

import json
import os
import subprocess
import sys
import unicodedata
from pathlib import Path

import keras
import pytest

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    folder = tmp_path_factory.mktemp("hostile")
    environment = {**os.environ, "KERAS_BACKEND": keras.backend.backend()}
    words = [sys.executable, "-m", "tests.hostile", str(folder)]
    run = subprocess.run(
        words, cwd=ROOT, env=environment, capture_output=True, text=True
    )
    assert run.returncode == 0, run.stderr
    return json.loads((folder / "found.json").read_text())


def test_each_known_hole_has_a_file(found):
    holes = {name.split(": ")[-1] for name in found}
    for year, numbers in (
        (2024, [3660]),
        (2025, [1550, 8747, 9906, 12058, 12060]),
        (2026, [1669]),
    ):
        assert {f"CVE-{year}-{number}" for number in numbers} <= holes
    assert any("CVE-2025-9905" in name for name in found)
    assert len(found) > 140


def test_each_file_is_refused_with_one_kind_of_error(found):
    read = {n: f["result"] for n, f in found.items()}
    assert not {n: r for n, r in read.items() if not r.startswith("ValueError: ")}


def test_nothing_else_is_opened_executed_imported_or_connected(found):
    assert not {name: f["seen"] for name, f in found.items() if f["seen"]}


def test_memory_is_in_proportion_to_the_file(found):
    grown = {n: f["grown"] for n, f in found.items()}  # in KiB, or bytes on macOS
    most = 64 << (20 if sys.platform == "darwin" else 10)
    assert not {name: size for name, size in grown.items() if size > most}


def test_an_error_shows_what_a_file_says_as_escapes(found):
    for name, facts in found.items():
        kinds = map(unicodedata.category, facts["result"].replace("\n", ""))
        assert not {"Cc", "Cf", "Cs"} & set(kinds), name
    shown = found["load_model: escapes"]["result"]
    assert r"\x1b[2J.\x1b]0;x\x07\u202e" in shown or r"\x1b]0;x\x07\u202e" in shown
