import json
import os
import subprocess
import sys

import keras
import pytest

from keras_charrnn._platform import choice


@pytest.fixture(autouse=True)
def _home(tmp_path, monkeypatch):
    monkeypatch.delenv("KERAS_BACKEND", raising=False)
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))


def test_nothing_is_configured_on_a_new_machine():
    assert choice.configured() is None


def test_the_environment_comes_first(monkeypatch, tmp_path):
    (tmp_path / "keras.json").write_text(json.dumps({"backend": "torch"}))
    assert choice.configured() == "torch"
    monkeypatch.setenv("KERAS_BACKEND", "jax")
    assert choice.configured() == "jax"


def test_the_file_that_keras_writes_by_itself_is_no_choice(tmp_path):
    code = "import keras"
    env = {**os.environ, "KERAS_BACKEND": keras.backend.backend()}
    subprocess.run([sys.executable, "-c", code], env=env, check=True)
    assert (tmp_path / "keras.json").exists()
    assert choice.configured() is None


def test_a_file_that_is_no_json(tmp_path):
    (tmp_path / "keras.json").write_text("{")
    assert choice.configured() is None


def test_a_missing_backend_names_its_extra(monkeypatch):
    monkeypatch.setattr(choice, "installed", lambda: ["jax"])
    with pytest.raises(ImportError) as error:
        choice.require("torch")
    assert 'pip install "keras_charrnn[torch]"' in str(error.value)
    assert "KERAS_BACKEND=jax" in str(error.value)
    with pytest.raises(ImportError, match=r"jax, torch, tensorflow; .* 'numpy'"):
        choice.require("numpy")


def test_importing_the_package_on_a_missing_backend_is_one_line():
    code = "import importlib.util as u; f = u.find_spec\n"
    code += "u.find_spec = lambda n, *a: None if n == 'tensorflow' else f(n, *a)\n"
    code += "import keras_charrnn"
    run = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "KERAS_BACKEND": "tensorflow"},
        capture_output=True,
        text=True,
    )
    assert run.stderr.splitlines()[-1].startswith(
        "ImportError: The backend 'tensorflow' is not installed: "
        'pip install "keras_charrnn[tensorflow]"'
    )
