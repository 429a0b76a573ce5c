import json
import os
import subprocess
import sys

import keras
import pytest

from keras_charrnn._platform import choice


@pytest.fixture(autouse=True)
def _home(tmp_path, monkeypatch):
    for name in ("KERAS_BACKEND", "TF_CPP_MIN_LOG_LEVEL"):
        monkeypatch.setenv(name, "")  # to be as before at the end
        monkeypatch.delenv(name)
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


@pytest.mark.parametrize("text", ["{", "[]", '"jax"'])
def test_a_file_that_is_no_config(tmp_path, text):
    (tmp_path / "keras.json").write_text(text)
    assert choice.configured() is None


def test_a_missing_backend_is_told_with_what_installs_it(monkeypatch):
    monkeypatch.setattr(choice, "installed", lambda: ["jax"])
    with pytest.raises(ImportError) as error:
        choice.require("torch")
    assert "pip install torch, or set" in str(error.value)
    assert "KERAS_BACKEND=jax" in str(error.value)
    with pytest.raises(ImportError, match=r"jax, torch, tensorflow; .* 'numpy'"):
        choice.require("numpy")


def test_what_is_chosen(monkeypatch, tmp_path):
    monkeypatch.setattr(choice, "installed", lambda: ["torch", "tensorflow"])
    assert choice.choose()
    assert os.environ["KERAS_BACKEND"] == "torch"
    # From here on the environment says it.
    assert not choice.choose()
    assert not choice.choose("tensorflow")
    assert os.environ["KERAS_BACKEND"] == "tensorflow"
    monkeypatch.setattr(choice, "installed", lambda: [])
    monkeypatch.delenv("KERAS_BACKEND")
    with pytest.raises(ImportError, match="pip install jax or torch or tensorflow"):
        choice.choose()
    assert "KERAS_BACKEND" not in os.environ


def test_a_level_of_tensorflows_notes_that_a_user_set_stays(monkeypatch):
    choice.choose(keras.backend.backend())
    assert os.environ["TF_CPP_MIN_LOG_LEVEL"] == "1"
    monkeypatch.setenv("TF_CPP_MIN_LOG_LEVEL", "0")
    choice.choose(keras.backend.backend())
    assert os.environ["TF_CPP_MIN_LOG_LEVEL"] == "0"


def test_where_nobody_has_chosen_the_package_takes_the_first_that_is_installed():
    code = "import keras_charrnn, keras; print(keras.backend.backend())"
    run = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
    )
    assert run.stdout.split() == [choice.installed()[0]]
    if choice.installed()[0] != "tensorflow":
        assert not run.stderr  # a library says nothing


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
        "ImportError: The backend 'tensorflow' is not installed: pip install tensorflow"
    )
