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
import numpy as np
import pytest

import keras_charrnn as kc
from keras_charrnn.command import cli
from keras_charrnn.command.reading import name_of
from keras_charrnn.runs import RunFolder

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
    left = {"model.keras", "checkpoints", "history.jsonl", "run.json", "samples.txt"}
    assert set(os.listdir(folder / "out")) == left
    assert saved.vocabulary
    assert saved.dtype_policy.name == "float32"
    assert "best: epoch 1, validation loss" in run.stdout


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
    precision = ["--precision", "mixed_bfloat16"]
    assert cli.main(["train", short, *words, *precision]) == 0
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


def test_what_is_no_model(capsys):
    assert cli.main(["sample", "gone.keras"]) == 2
    assert "no model 'gone.keras'" in capsys.readouterr().err
    Path("broken.keras").write_text("PK no zip")
    assert cli.main(["sample", "broken.keras"]) == 2
    assert (
        "'broken.keras' is damaged: the end of its archive" in capsys.readouterr().err
    )


def test_a_model_of_another_kind(capsys):
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)])
    model.save("dense.keras")
    assert cli.main(["sample", "dense.keras"]) == 2
    assert "holds a Sequential, and no CharRNN" in capsys.readouterr().err
    with zipfile.ZipFile("empty.keras", "w"):
        pass
    assert cli.main(["sample", "empty.keras"]) == 2
    assert (
        "'empty.keras' is damaged: 'config.json' is missing" in capsys.readouterr().err
    )


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
    assert not list(Path("runs").rglob(".saving*"))
    assert keras.saving.load_model("runs/text/model.keras").vocabulary
    facts = RunFolder("runs/text").read_facts()
    assert facts["ended"] == "stopped: SIGINT"
    done = facts["epochs done"]
    assert done >= 2
    words = ["resume", "runs/text", "--epochs", str(done + 2)]
    run = charrnn(*words)
    assert run.returncode == 0, run.stderr
    assert f"is spread over {done + 2}" in run.stdout
    assert "--- temperature 1.0 ---" in run.stdout
    assert RunFolder("runs/text").read_facts()["epochs done"] == done + 2
    refused(*_ended(charrnn(*words)), "has done its")


def _ended(run):
    return run.returncode, run.stderr


@pytest.mark.parametrize("name", ["SIGTERM", "SIGHUP"])
def test_other_signals_leave_a_checkpoint_and_their_code(trained, name):
    words = [str(trained[0] / "text.txt"), *SMALL, "--epochs", "1000"]
    number = getattr(signal, name)
    with subprocess.Popen(
        [str(Path(sys.executable).parent / "charrnn"), "train", *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "KERAS_BACKEND": BACKEND},
        # nohup starts a process with SIGHUP ignored.
        preexec_fn=lambda: signal.signal(number, signal.SIG_DFL),
    ) as process:
        assert any(b"Epoch 2/" in line for line in process.stdout)
        process.send_signal(number)
        process.communicate(timeout=60)
    assert process.returncode == 128 + number
    facts = RunFolder("runs/text").read_facts()
    assert facts["ended"] == f"stopped: {name}"
    assert RunFolder("runs/text").last_checkpoint()[1]["epoch"] >= 1


def test_a_killed_run_goes_on_to_the_same_model(short):
    """Killed at random moments, some of them within a save, until it is done."""
    words = ["train", short, *SMALL, "--epochs", "12", "--seed", "2"]
    whole = charrnn(*words, "--out", "whole")
    assert whole.returncode == 0, whole.stderr
    rng = np.random.default_rng(5)
    begun = [*words, "--out", "run"]
    command = [str(Path(sys.executable).parent / "charrnn")]
    kills = 0
    for _ in range(4):
        process = subprocess.Popen(
            [*command, *begun],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "KERAS_BACKEND": BACKEND, "PYTHONUNBUFFERED": "1"},
        )
        number = int(rng.integers(2, 4))
        for line in process.stdout:
            number -= b"Epoch" in line
            if not number:
                break
        time.sleep(rng.random() / 10)
        process.kill()
        kills += process.wait() == -signal.SIGKILL
        process.stdout.close()
        if RunFolder("run").checkpoints:
            begun = ["resume", "run"]
    assert kills
    run = charrnn(*begun)
    assert run.returncode == 0 or "has done its" in run.stderr, run.stderr
    one, two = (RunFolder(name).last_checkpoint()[0] for name in ("whole", "run"))
    for name, array in one.items():
        np.testing.assert_array_equal(array, two[name], err_msg=name)


def test_a_used_folder_is_refused_and_can_be_replaced(trained, short, capsys):
    words = ["train", short, *SMALL, "--out", "out"]
    assert cli.main(words) == 0
    capsys.readouterr()
    assert cli.main(words) == 2
    told = capsys.readouterr().err
    for part in ("'out' holds a run already", "charrnn resume out", "--overwrite"):
        assert part in told
    before = Path("out/model.keras").read_bytes()
    assert cli.main([*words, "--overwrite", "--units", "8", "--epochs", "2"]) == 0
    assert Path("out/model.keras").read_bytes() != before
    assert cli.main(["resume", "gone"]) == 2
    assert "There is no run in 'gone'" in capsys.readouterr().err


def test_patience_ends_a_training(short, capsys):
    words = [*SMALL, "--epochs", "60", "--learning-rate", "0.5", "--patience", "2"]
    assert cli.main(["train", short, *words]) == 0
    facts = RunFolder("runs/short").read_facts()
    assert facts["epochs done"] == facts["best"]["epoch"] + 2 < 60
    assert cli.main(["train", short, "--validation-split", "0", *words[-2:]]) == 2
    assert "--patience needs a validation" in capsys.readouterr().err


def test_a_training_that_diverges_is_told(short, capsys):
    words = [*SMALL, "--learning-rate", "1e30", "--epochs", "3"]
    assert cli.main(["train", short, *words]) == 1
    assert "is not finite (nan or inf): the training" in capsys.readouterr().err
    assert not list(Path("runs").rglob("*.keras"))


def test_no_name_leads_out_of_the_folder_of_runs():
    Path("deep/texts").mkdir(parents=True)
    assert name_of("..") == Path("..").resolve().name
    assert name_of("deep/texts/..") == "deep"
    assert name_of("/") == "text"
    assert name_of("-") == "stdin"
    for word in ("...txt", "...gz", "..txt", "."):
        assert "." not in name_of(word)
    assert name_of("...txt") == "text"


def test_a_run_is_found_from_another_folder(docs, capsys, monkeypatch):
    Path("dump").mkdir()
    Path("dump/a.txt").write_text(docs[:2000], encoding="utf-8")
    Path("dump/b.txt").write_text(docs[2000:4000], encoding="utf-8")
    assert cli.main(["train", "dump/*.txt", *SMALL, "--out", "run"]) == 0
    Path("elsewhere").mkdir()
    monkeypatch.chdir("elsewhere")
    assert cli.main(["resume", "../run", "--epochs", "2"]) == 0
    assert RunFolder("../run").read_facts()["epochs done"] == 2


def test_a_folder_in_use_is_told(short, capsys):
    with RunFolder("runs/short").locked():
        assert cli.main(["train", short, *SMALL]) == 2
    assert "Another process is training in 'runs/short'" in capsys.readouterr().err


def test_a_model_with_an_optimizer_of_its_own_goes_on(short):
    text = Path(short).read_text(encoding="utf-8")
    model = kc.CharRNN(kc.Vocabulary.from_text(text), 8)
    model.compile(keras.optimizers.SGD(0.1, momentum=0.5))
    model.fit(text, verbose=0)
    model.save("mine.keras")
    words = ["--from", "mine.keras", "--epochs", "1"]
    assert cli.main(["train", short, *words, "--out", "run"]) == 0
    assert cli.main(["resume", "run", "--epochs", "2"]) == 0
    assert RunFolder("run").read_facts()["epochs done"] == 2


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
