"""The command, run as a user runs it, in a process of its own."""

import json
import os
import signal
import subprocess
import sys
import zipfile
from pathlib import Path

import keras
import pytest

import keras_charrnn as kc
from keras_charrnn.command import cli

BACKEND = keras.backend.backend()
SMALL = ["--units", "24", "--embedding-dim", "8", "--epochs", "1"]


def charrnn(*words, stdin="", **environment):
    return subprocess.run(
        [Path(sys.executable).parent / "charrnn", *words],
        input=stdin,
        capture_output=True,
        text=True,
        env={**os.environ, "KERAS_BACKEND": BACKEND, **environment},
    )


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    folder = tmp_path_factory.mktemp("trained")
    text = kc.corpora.load("python-docs")[:40_000]
    (folder / "text.txt").write_text(text, encoding="utf-8")
    run = charrnn(
        "train", str(folder / "text.txt"), "--out", str(folder / "out"), *SMALL
    )
    assert run.returncode == 0, run.stderr
    return folder, run


def refused(run, *parts):
    assert run.returncode == 2, run.stdout + run.stderr
    assert "Traceback" not in run.stderr
    message = [line for line in run.stderr.splitlines() if line.startswith("charrnn")]
    assert len(message) == 1, run.stderr
    for part in parts:
        assert part in message[0]


def test_train_shows_its_progress_saves_and_writes_samples(trained):
    folder, run = trained
    for part in ("40,000 characters", "bits_per_character", "characters_per_second"):
        assert part in run.stdout
    for temperature in ("0.5", "0.8", "1.0"):
        assert f"--- temperature {temperature} ---" in run.stdout
    assert os.listdir(folder / "out") == ["model.keras"]
    assert keras.saving.load_model(folder / "out" / "model.keras").vocabulary


def test_sample_writes_what_the_library_writes(trained):
    folder, _ = trained
    path = str(folder / "out" / "model.keras")
    words = ["sample", path, "--prompt", "The ", "--length", "30", "--seed", "1"]
    run = charrnn(*words, "--temperature", "0.7")
    model = keras.saving.load_model(path)
    assert run.stdout == model.generate("The ", 30, 0.7, seed=1) + "\n"
    assert "backend:" not in run.stderr


def test_a_named_corpus_and_a_seed(tmp_path, monkeypatch, capsys):
    """In this process; the text is cut so that it takes seconds."""
    monkeypatch.setattr(
        "keras_charrnn.text.corpora.CORPORA",
        {
            "python-docs": kc.corpora.NamedCorpus(
                "", "", lambda: kc.corpora._python_docs()[:9000]
            )
        },
    )
    outputs = []
    for _ in range(2):
        assert cli.main(["train", "python-docs", "--seed", "4", *SMALL]) == 0
        outputs.append(capsys.readouterr().out.split("saved")[1])
    assert outputs[0] == outputs[1]
    assert Path("runs/python-docs/model.keras").exists()


def test_options_reach_the_model(trained, capsys):
    folder, _ = trained
    words = ["--cell", "gru", "--layers", "2", "--units", "8", "--embedding-dim", "0"]
    words += ["--dropout", "0.1", "--epochs", "1", "--validation-split", "0"]
    words += ["--batch-size", "4", "--sequence-length", "200", "--out", "out"]
    try:
        text = str(folder / "text.txt")
        precision = ["--precision", "mixed_bfloat16"]
        assert cli.main(["train", text, *words, *precision]) == 0
    finally:
        keras.config.set_dtype_policy("float32")
    model = keras.saving.load_model("out/model.keras")
    assert [r.units for r in model.recurrent] == [8, 8]
    assert model.recurrent[0].cell.name == "gru"
    assert model.embedding is None
    assert model.dtype_policy.name == "mixed_bfloat16"
    assert "val_loss" not in capsys.readouterr().out


def test_a_recipe_gives_what_is_not_set(trained):
    folder, _ = trained
    words = [str(folder / "text.txt"), "--recipe", "best", "--units", "8"]
    assert cli.main(["train", *words, "--epochs", "1", "--out", "out"]) == 0
    model = keras.saving.load_model("out/model.keras")
    best = kc.RECIPES["best"]
    assert model.recurrent[0].units == 8
    assert model.dropouts[0].rate == best.model["dropout"]
    assert model.optimizer.weight_decay == best.fit["weight_decay"]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["gone.txt"], "There is no file 'gone.txt', and no corpus of that name"),
        (["empty.txt"], "'empty.txt': there is no character in it"),
        (["one.txt", "--validation-split", "0"], "fewer than 2"),
        (["latin.txt"], "'latin.txt' is not utf-8 text: byte 0xe9 at offset 3"),
        (["good.txt", "--units", "0"], "units is a positive integer; it is 0"),
        (["good.txt", "--cell", "lsd"], "There is no cell 'lsd'"),
        (["good.txt", "--epochs", "0"], "--epochs is a positive integer; it is 0"),
        (["good.txt", "--recipe", "cake"], "no recipe 'cake'; there are default, best"),
        (["good.txt", "--learning-rate", "0"], "learning_rate is a number above 0"),
        (["good.txt", "--dropout", "nan"], "dropout is 0 or more"),
        (
            ["good.txt", "--out", "good.txt"],
            "can't be written: 'good.txt' is a file, and no folder",
        ),
        (["good.txt", "--seed", "-1"], "--seed is an integer from 0 on"),
        (["good.txt", "--validation-split", "2"], "above 0 and below 1"),
        (["good.txt", "--batch-size", "0"], "--batch-size is a positive integer"),
    ],
)
def test_bad_input_to_train(words, message, capsys):
    Path("empty.txt").write_text("")
    Path("one.txt").write_text("a")
    Path("latin.txt").write_bytes("café".encode("latin-1"))
    Path("good.txt").write_text("some text to read\n" * 200)
    before = sorted(os.listdir())
    assert cli.main(["train", *words]) == 2
    assert message in capsys.readouterr().err
    assert sorted(set(os.listdir()) - {"runs"}) == before
    assert not list(Path().rglob("*.keras"))


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--temperature", "-1"], "temperature is a number from 0 on"),
        (["--temperature", "nan"], "temperature is a number from 0 on"),
        (["--length", "-5"], "length is a number of characters"),
        (["--prompt", "ał"], "'ł' at 1"),
    ],
)
def test_bad_input_to_sample(trained, words, message, capsys):
    path = str(trained[0] / "out" / "model.keras")
    assert cli.main(["sample", path, *words]) == 2
    assert message in capsys.readouterr().err


def test_what_is_no_model(capsys):
    assert cli.main(["sample", "gone.keras"]) == 2
    assert "no model 'gone.keras'" in capsys.readouterr().err
    Path("broken.keras").write_text("PK no zip")
    assert cli.main(["sample", "broken.keras"]) == 2
    assert "'broken.keras' is not a .keras file" in capsys.readouterr().err


def test_a_model_of_another_kind(capsys):
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)])
    model.save("dense.keras")
    assert cli.main(["sample", "dense.keras"]) == 2
    assert "holds a Sequential, and no CharRNN" in capsys.readouterr().err
    with zipfile.ZipFile("empty.keras", "w"):
        pass
    assert cli.main(["sample", "empty.keras"]) == 2
    assert "'empty.keras' can't be read" in capsys.readouterr().err


def test_the_command_as_a_module():
    """The backend is chosen before Keras is imported, as by `charrnn`."""
    words = ["-m", "keras_charrnn", "train", "gone.txt", "--backend", BACKEND]
    run = subprocess.run(
        [sys.executable, *words],
        capture_output=True,
        text=True,
        env={**os.environ, "KERAS_BACKEND": "unheard-of"},
    )
    assert run.returncode == 2
    assert run.stderr.splitlines()[-1].startswith("charrnn: error: There is no file")
    assert "Traceback" not in run.stderr


def test_a_reader_that_has_enough(trained):
    path = trained[0] / "out" / "model.keras"
    command = f"{Path(sys.executable).parent}/charrnn sample {path} --length 9000"
    run = subprocess.run(
        f"{command} | head -c 5",
        shell=True,
        capture_output=True,
        env={**os.environ, "KERAS_BACKEND": BACKEND},
    )
    assert len(run.stdout) == 5  # bytes: head may cut a character in two
    assert b"charrnn: error" not in run.stderr
    assert b"Traceback" not in run.stderr


def test_an_interrupted_training_ends_with_130_and_no_half_file(trained):
    folder = trained[0]
    command = [str(Path(sys.executable).parent / "charrnn"), "train"]
    words = [str(folder / "text.txt"), "--epochs", "1000", "--units", "24"]
    process = subprocess.Popen(
        [*command, *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "KERAS_BACKEND": BACKEND},
        # A shell starts background jobs with SIGINT ignored.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )
    assert any(b"Epoch 3/" in line for line in process.stdout)
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=60)
    assert process.returncode == 130
    assert os.listdir("runs/text") == ["model.keras"]
    assert keras.saving.load_model("runs/text/model.keras").vocabulary


def test_bad_input_in_a_process_of_its_own():
    refused(charrnn("train", "gone.txt"), "gone.txt")
    refused(charrnn("train", "x", "--backend", "mxnet"), "'mxnet'", "jax, torch")


def test_help_needs_no_backend():
    run = charrnn("train", "--help", KERAS_BACKEND="nothing-of-the-kind")
    assert run.returncode == 0
    assert "--sequence-length" in run.stdout


def test_the_option_beats_the_environment(trained):
    path = str(trained[0] / "out" / "model.keras")
    run = charrnn(
        "sample", path, "--length", "3", "--backend", BACKEND, KERAS_BACKEND="numpy"
    )
    assert run.returncode == 0, run.stderr


def test_without_a_choice_it_takes_what_is_installed_and_says_so(trained, tmp_path):
    """Also where Keras has left the file that it writes by itself."""
    path = str(trained[0] / "out" / "model.keras")
    for _ in range(2):
        run = charrnn(
            "sample", path, "--length", "3", KERAS_BACKEND="", KERAS_HOME=str(tmp_path)
        )
        assert run.returncode == 0, run.stderr
        assert run.stderr.startswith("backend: ")
    assert json.loads((tmp_path / "keras.json").read_text())


def test_a_backend_that_comes_too_late(capsys):
    other = next(b for b in ("jax", "torch") if b != BACKEND)
    assert cli.main(["sample", "x.keras", "--backend", other]) == 2
    assert "comes too late" in capsys.readouterr().err
