"""`charrnn sample`: the text that a model writes on from."""

import io
import os
import subprocess
import sys
from pathlib import Path

import keras
import pytest

import keras_charrnn as kc
from keras_charrnn.command import cli
from tests.command.test_command import refused

WORDS = ["sample", "m.keras", "--length", "3", "--seed", "1"]


@pytest.fixture(autouse=True)
def _model():
    characters = "\n\t\\abcdefghijklmnopqrstuvwxyz:"
    kc.CharRNN(kc.Vocabulary(characters), 4, embedding_dim=2).save("m.keras")


def test_a_prompt_with_escapes(capsys):
    assert cli.main([*WORDS, "--prompt", r"a:\n\\b"]) == 0
    assert capsys.readouterr().out.startswith("a:\n\\b")
    code = cli.main([*WORDS, "--prompt", r"\alpha"])
    refused(code, capsys.readouterr().err, r"--prompt: a backslash begins \n")


def test_a_stop_text_with_escapes(capsys):
    words = ["--length", "400", "--temperature", "9", "--keep-stop"]
    for stop, end in ((r"\n", "\n"), (r"\t", "\t"), (r"\\", "\\")):
        assert cli.main([*WORDS, *words, "--stop", stop, "--prompt", "a"]) == 0
        text = capsys.readouterr().out[1:-1]
        assert text.endswith(end)
        assert text.count(end) == 1


def test_a_prompt_from_a_file_stands_as_it_is(capsys, monkeypatch):
    Path("prompt.txt").write_text("a\\nb\n\tc\n")
    assert cli.main([*WORDS, "--prompt-file", "prompt.txt"]) == 0
    assert capsys.readouterr().out.startswith("a\\nb\n\tc\n")
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"a\\nb")))
    assert cli.main([*WORDS, "--prompt-file", "-"]) == 0
    assert capsys.readouterr().out.startswith("a\\nb")
    code = cli.main([*WORDS, "--prompt-file", "none.txt"])
    refused(code, capsys.readouterr().err, "none.txt")
    with pytest.raises(SystemExit):
        cli.main([*WORDS, "--prompt-file", "prompt.txt", "--prompt", "a"])


def test_a_penalty_reaches_the_model(capsys):
    words = ["--length", "60", "--temperature", "0", "--prompt", "a"]
    dry = ["--dry-multiplier", "5", "--dry-base", "2", "--dry-allowed-length", "1"]
    assert cli.main([*WORDS, *words, *dry]) == 0
    model = keras.saving.load_model("m.keras")
    settings = {"dry_multiplier": 5.0, "dry_base": 2.0, "dry_allowed_length": 1}
    text = model.generate("a", 60, 0, **settings)
    assert capsys.readouterr().out == text + "\n" != model.generate("a", 60, 0) + "\n"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_full_output_is_named(monkeypatch, capfd):
    with open("/dev/full", "w") as full:
        monkeypatch.setattr(sys, "stdout", full)
        code = cli.main([*WORDS, "--prompt", "a"])
        monkeypatch.undo()
    refused(code, capfd.readouterr().err, "error: standard output: ", "No space left")


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("t.txt", "'t.txt' is no model, whose file ends in .keras. `charrnn train t.t"),
        ("t.npy", "'t.npy' is an encoded text. `charrnn train t.npy` trains"),
        ("t.h5", "'t.h5' is a model of Keras. `charrnn convert t.h5 TEXT --out"),
        ("runs", "'runs' is a folder. `charrnn sample runs/model.keras` writes"),
    ],
)
def test_what_is_no_model(name, message, capsys):
    Path("runs").mkdir()
    Path("m.keras").rename("runs/model.keras")
    if name != "runs":
        Path(name).write_text("abc")
    refused(cli.main(["sample", name]), capsys.readouterr().err, message)


@pytest.mark.parametrize("command", ["train", "encode"])
def test_what_is_no_text(command, capsys):
    Path("old.h5").write_text("abc")
    for name, way_out in (
        ("m.keras", "`charrnn sample m.keras` writes with it, and `charrnn train TEXT"),
        ("old.h5", "is a model of Keras, and no text. `charrnn convert old.h5 TEXT"),
    ):
        words = [command, name, "--out", "x.npy"]
        refused(cli.main(words), capsys.readouterr().err, f"'{name}' is", way_out)


def test_a_model_is_no_text_to_go_on_with(capsys):
    code = cli.main(["train", "m.keras", "--from", "m.keras"])
    refused(code, capsys.readouterr().err, "'m.keras' is a model, and no text")


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.fixture
def _spelling():
    """A model whose text is one that a terminal would obey."""
    characters = "\x1b\x07\u202e\u00e9\n"
    kc.CharRNN(kc.Vocabulary(characters), 4, embedding_dim=2).save("m.keras")


@pytest.mark.usefixtures("_spelling")
@pytest.mark.parametrize("words", [[], ["--num-samples", "2"], ["--beams", "2"]])
def test_a_terminal_gets_nothing_to_obey(words, monkeypatch):
    asked = ["sample", "m.keras", "--length", "60", "--seed", "1", *words]
    asked += ["--temperature", "5", "--prompt", "\u00e9\x1b"]
    outputs = {}
    for kind in ("terminal", "raw", "pipe"):
        output = io.StringIO() if kind == "pipe" else Terminal()
        monkeypatch.setattr(sys, "stdout", output)
        assert cli.main([*asked, *(["--raw"] if kind == "raw" else [])]) == 0
        outputs[kind] = output.getvalue()
    assert outputs["raw"] == outputs["pipe"]
    assert "\x1b" in outputs["pipe"]
    escaped = {"\x1b": r"\x1b", "\x07": r"\x07", "\u202e": r"\u202e"}
    assert outputs["terminal"] == outputs["pipe"].translate(str.maketrans(escaped))


@pytest.mark.usefixtures("_spelling")
def test_a_pipe_gets_utf_8_whatever_the_locale():
    Path("prompt.txt").write_text("\u00e9\n", encoding="utf-8")
    words = ["-m", "keras_charrnn", "sample", "m.keras", "--length", "0"]
    run = subprocess.run(
        [sys.executable, *words, "--prompt-file", "prompt.txt"],
        capture_output=True,
        env={
            **{k: v for k, v in os.environ.items() if k != "PYTHONIOENCODING"},
            "LC_ALL": "C",
            "PYTHONUTF8": "0",
            "PYTHONCOERCECLOCALE": "0",
            "KERAS_BACKEND": keras.backend.backend(),
        },
    )
    assert run.returncode == 0, run.stderr
    assert run.stdout == "\u00e9\n\n".encode()


def test_an_error_shows_a_name_as_escapes(capsys):
    for words in (["sample", "\x1b[2J.keras"], ["train", "\u202egnp.txt"]):
        assert cli.main(words) == 2
        err = capsys.readouterr().err
        assert not {"\x1b", "\u202e"} & set(err)
