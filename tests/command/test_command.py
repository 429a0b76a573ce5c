"""The command as a user runs it: in a process of its own where that is the matter."""

import json
import os
import signal
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import keras
import pytest

import keras_charrnn as kc
from keras_charrnn.command import cli

BACKEND = keras.backend.backend()
SMALL = ["--units", "24", "--embedding-dim", "8", "--epochs", "1"]
SIZE = 20_000


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
    text = kc.corpora.load("python-docs")[:SIZE]
    (folder / "text.txt").write_text(text, encoding="utf-8")
    words = [str(folder / "text.txt"), "--out", str(folder / "out"), "--seed", "4"]
    run = charrnn("train", *words, *SMALL)
    assert run.returncode == 0, run.stderr
    return folder, run


@pytest.fixture(scope="module")
def saved(trained):
    """The model of that training, in this process."""
    return keras.saving.load_model(trained[0] / "out" / "model.keras")


@pytest.fixture
def short(docs):
    """A text on which training takes a few steps."""
    Path("short.txt").write_text(docs[:4000], encoding="utf-8")
    return "short.txt"


def refused(code, err, *parts):
    assert code == 2, err
    assert "Traceback" not in err
    message = [line for line in err.splitlines() if line.startswith("charrnn")]
    assert len(message) == 1, err
    for part in parts:
        assert part in message[0]


def test_train_shows_its_progress_saves_and_writes_samples(trained, saved):
    folder, run = trained
    for part in ("20,000 characters", "bits_per_character", "characters_per_second"):
        assert part in run.stdout
    for temperature in ("0.5", "0.8", "1.0"):
        assert f"--- temperature {temperature} ---" in run.stdout
    assert os.listdir(folder / "out") == ["model.keras"]
    assert saved.vocabulary


def test_sample_writes_what_the_library_writes(trained, saved):
    """On the backend of the environment, or on that of the option, which beats it."""
    path = str(trained[0] / "out" / "model.keras")
    words = ["sample", path, "--prompt", "The ", "--length", "30", "--seed", "1"]
    words += ["--temperature", "0.7"]
    expected = saved.generate("The ", 30, 0.7, seed=1) + "\n"
    for given, environment in (
        ([], {}),
        (["--backend", BACKEND], {"KERAS_BACKEND": "numpy"}),
    ):
        run = charrnn(*words, *given, **environment)
        assert run.returncode == 0, run.stderr
        assert run.stdout == expected
        assert "backend:" not in run.stderr


def test_a_named_corpus_and_a_seed(trained, monkeypatch, capsys):
    """The corpus is cut, and so it is the text that a process was trained on."""
    monkeypatch.setattr(
        "keras_charrnn.text.corpora.CORPORA",
        {
            "python-docs": kc.corpora.NamedCorpus(
                "", "", lambda: kc.corpora._python_docs()[:SIZE]
            )
        },
    )
    assert cli.main(["train", "python-docs", "--seed", "4", *SMALL]) == 0
    texts = [
        out.split("---", 1)[1] for out in (capsys.readouterr().out, trained[1].stdout)
    ]
    assert texts[0] == texts[1]
    assert Path("runs/python-docs/model.keras").exists()


def test_options_reach_the_model(short, capsys):
    words = ["--cell", "gru", "--layers", "2", "--units", "8", "--embedding-dim", "0"]
    words += ["--dropout", "0.1", "--epochs", "1", "--validation-split", "0"]
    words += ["--batch-size", "4", "--sequence-length", "200", "--out", "out"]
    try:
        precision = ["--precision", "mixed_bfloat16"]
        assert cli.main(["train", short, *words, *precision]) == 0
    finally:
        keras.config.set_dtype_policy("float32")
    model = keras.saving.load_model("out/model.keras")
    assert [r.units for r in model.recurrent] == [8, 8]
    assert model.recurrent[0].cell.name == "gru"
    assert model.embedding is None
    assert model.dtype_policy.name == "mixed_bfloat16"
    assert "val_loss" not in capsys.readouterr().out


def test_a_recipe_gives_what_is_not_set(short):
    words = [short, "--recipe", "best", "--units", "8"]
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
    assert cli.main(["train", *SMALL, *words]) == 2
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


def test_escapes_stand_for_what_a_shell_can_hardly_hold(trained, saved, capsys):
    path = str(trained[0] / "out" / "model.keras")
    words = ["sample", path, "--length", "30", "--seed", "1"]
    given = ["--prompt", r"The\nend", "--stop", r"\n", "--banned", "x"]
    assert cli.main([*words, *given, "--temperature", "1"]) == 0
    want = saved.generate("The\nend", 30, seed=1, stop=["\n"], banned="x")
    assert capsys.readouterr().out == want + "\n"
    assert cli.main([*words, "--prompt", r"\section"]) == 2
    assert r"--prompt: a backslash begins \n" in capsys.readouterr().err
    Path("prompt.txt").write_bytes(b"The\n")
    assert cli.main([*words, "--prompt-file", "prompt.txt", "--temperature", "1"]) == 0
    assert capsys.readouterr().out == saved.generate("The\n", 30, seed=1) + "\n"


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
    refused(run.returncode, run.stderr, "gone.txt")
    assert run.stderr.splitlines()[-1].startswith("charrnn: error: There is no file")


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
    words = [str(folder / "text.txt"), *SMALL, "--epochs", "1000"]
    process = subprocess.Popen(
        [*command, *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, "KERAS_BACKEND": BACKEND},
        # A shell starts background jobs with SIGINT ignored.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )
    assert any(b"Epoch 3/" in line for line in process.stdout)
    process.send_signal(signal.SIGINT)
    told = process.communicate(timeout=60)[1]
    assert process.returncode == 130
    assert b"Stopping: this batch ends" in told
    assert os.listdir("runs/text") == ["model.keras"]
    assert keras.saving.load_model("runs/text/model.keras").vocabulary


@pytest.mark.parametrize("delay", [0.0, 0.05])
def test_an_interrupt_before_the_first_batch_ends_at_once(trained, delay):
    folder = trained[0]
    words = [str(folder / "text.txt"), *SMALL, "--epochs", "1000", "--out", "new"]
    process = subprocess.Popen(
        [str(Path(sys.executable).parent / "charrnn"), "train", *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, "KERAS_BACKEND": BACKEND, "PYTHONUNBUFFERED": "1"},
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )
    assert b" parameters on " in process.stdout.readline()
    time.sleep(delay)
    process.send_signal(signal.SIGINT)
    told = process.communicate(timeout=60)[1]
    assert process.returncode == 130
    assert b"charrnn: interrupted" in told


def test_a_closed_output():
    run = subprocess.run(
        f"{Path(sys.executable).parent}/charrnn sample gone.keras >&-",
        shell=True,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "KERAS_BACKEND": BACKEND},
    )
    refused(run.returncode, run.stderr, "There is no model 'gone.keras'")


def test_an_interrupt_while_a_backend_is_imported_ends_at_once(trained, tmp_path):
    process = subprocess.Popen(
        [str(Path(sys.executable).parent / "charrnn"), "train", str(trained[0])],
        stderr=subprocess.PIPE,
        env={**os.environ, "KERAS_BACKEND": "", "KERAS_HOME": str(tmp_path)},
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )
    assert process.stderr.readline().startswith(b"backend: ")  # the next is the import
    process.send_signal(signal.SIGINT)
    assert process.communicate(timeout=60)[1] == b""
    assert process.returncode == -signal.SIGINT


def test_bad_input_in_a_process_of_its_own():
    for words, parts in (
        (["train", "gone.txt"], ["gone.txt"]),
        (["train", "x", "--backend", "mxnet"], ["'mxnet'", "jax, torch"]),
    ):
        run = charrnn(*words)
        refused(run.returncode, run.stderr, *parts)


def test_help_needs_no_backend():
    run = charrnn("train", "--help", KERAS_BACKEND="nothing-of-the-kind")
    assert run.returncode == 0
    assert "--sequence-length" in run.stdout


def test_without_a_choice_it_takes_what_is_installed_and_says_so(trained, tmp_path):
    """Also where Keras has left the file that it writes by itself."""
    path = str(trained[0] / "out" / "model.keras")
    for _ in range(2):
        run = charrnn(
            "sample", path, "--length", "0", KERAS_BACKEND="", KERAS_HOME=str(tmp_path)
        )
        assert run.returncode == 0, run.stderr
        assert run.stderr.startswith("backend: ")
    assert json.loads((tmp_path / "keras.json").read_text())


def test_a_backend_that_comes_too_late(capsys):
    other = next(b for b in ("jax", "torch") if b != BACKEND)
    assert cli.main(["sample", "x.keras", "--backend", other]) == 2
    assert "comes too late" in capsys.readouterr().err
