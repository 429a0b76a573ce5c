"""The command on texts of every kind: what is read, encoded, and gone on with."""

import gzip
import os
import threading
from pathlib import Path

import keras
import pytest

import keras_charrnn as kc
from keras_charrnn.command import cli
from tests.command.test_command import SMALL, charrnn, refused

NAMES = [f"{a}{b}na" for a in ("An", "Bri", "Kor", "Lu") for b in ("n", "an", "din")]


@pytest.fixture(autouse=True)
def _texts(docs):
    Path("names.txt").write_text("\n".join(NAMES * 20) + "\n")
    Path("names.csv").write_text("name,n\n" + "".join(f"{n},1\n" for n in NAMES * 20))
    Path("docs.txt").write_text(docs[:9000])


def train(*words):
    assert cli.main(["train", *words, *SMALL]) == 0


def load(name):
    return keras.saving.load_model(f"runs/{name}/model.keras")


@pytest.fixture(scope="module")
def names(tmp_path_factory):
    """The file of a model of names in lowercase, which ends no name."""
    folder = tmp_path_factory.mktemp("names")
    (folder / "names.txt").write_text("\n".join(NAMES * 20) + "\n")
    train(str(folder / "names.txt"), "--lowercase", "--out", str(folder))
    return str(folder / "model.keras")


@pytest.mark.parametrize(
    ("text", "kind"), [("names.txt", "lines"), ("names.csv", "csv:name")]
)
def test_documents(text, kind, capsys):
    train(text, "--documents", kind, "--lowercase")
    out = capsys.readouterr().out
    assert "240 documents" in out
    model = load("names")
    assert model.vocabulary.end is not None
    assert model.vocabulary.treatment.lowercase
    words = ["sample", "runs/names/model.keras", "--num-samples", "3", "--seed", "1"]
    assert cli.main([*words, "--prompt", "AN"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[::2] == ["--- 1 ---", "--- 2 ---", "--- 3 ---"]
    assert lines[1::2] == model.generate("AN", 400, 0.7, seed=1, num_samples=3)
    assert all(line.startswith("an") for line in lines[1::2])


def test_windows_of_a_compressed_text(capsys):
    Path("docs.txt.gz").write_bytes(gzip.compress(Path("docs.txt").read_bytes()))
    words = ["--stride", "3", "--target", "next", "--sequence-length", "20"]
    train("docs.txt.gz", *words, "--batch-size", "128")
    out = capsys.readouterr().out
    assert "docs: 9,000 characters" in out
    assert "val_bits_per_character" in out
    assert load("docs")


def test_a_file_of_ids_is_trained_on_as_its_text(capsys):
    how = ["--lowercase", "--newline", "lf", "--normalize", "NFC"]
    assert cli.main(["encode", "docs.txt", *how, "--out", "ids/docs.npy"]) == 0
    assert "saved ids/docs.npy: <Corpus of 9,000 characters" in capsys.readouterr().out
    finals = []
    for words in (["ids/docs.npy"], ["docs.txt", *how]):
        keras.utils.set_random_seed(1)
        train(*words, "--seed", "3", "--overwrite")
        finals.append(capsys.readouterr().out.split("---", 1)[1])
    assert finals[0] == finals[1]
    assert load("docs").vocabulary.treatment.normalize == "NFC"


def test_any_file_as_bytes(capsys):
    Path("binary").write_bytes(bytes(range(256)) * 8)
    train("binary", "--bytes")
    assert "2,048 characters, 256 different" in capsys.readouterr().out


def test_rare_characters(capsys):
    Path("rare.txt").write_text("abcabc" * 500 + "x")
    train("rare.txt", "--min-count", "2", "--unknown", "replace")
    assert load("rare").vocabulary.characters == ("a", "b", "c", "\ufffd")
    words = ["rare.txt", "--max-size", "2", "--unknown", "skip", "--out", "rare.npy"]
    assert cli.main(["encode", *words]) == 0
    assert kc.Corpus.load("rare.npy").vocabulary.characters == ("a", "b")


def test_standard_input(docs):
    run = charrnn("train", "-", *SMALL, stdin=docs[:9000])
    assert run.returncode == 0, run.stderr
    assert "stdin: 9,000 characters" in run.stdout
    assert load("stdin")


def test_a_model_goes_on_with_new_characters(names, capsys):
    old = keras.saving.load_model(names)
    Path("more.txt").write_text("ÄÖÜ " + "annana" * 200)
    start = ["--from", names]
    assert cli.main(["train", "more.txt", *start, "--epochs", "1"]) == 0
    new = load("more")
    added = set(new.vocabulary.characters) - set(old.vocabulary.characters)
    assert added == set("äöü ")
    assert new.vocabulary.treatment.lowercase
    capsys.readouterr()
    start += ["--overwrite"]
    words = ["more.txt", *start, "--unknown", "skip", "--epochs", "1"]
    assert cli.main(["train", *words]) == 0
    assert load("more").vocabulary == old.vocabulary
    for words in (["--units", "9"], ["--lowercase"], ["--bytes"], ["--min-count", "1"]):
        assert cli.main(["train", "more.txt", *start, *words]) == 2
        err = capsys.readouterr().err
        assert f"{words[0]}: the model of --from has settled that" in err
    words = ["more.txt", *start, "--documents", "lines"]
    assert cli.main(["train", *words]) == 2
    assert "Leave --documents out, or train a new" in capsys.readouterr().err
    assert cli.main(["train", "more.txt", *start, "--recipe", "best"]) == 2
    assert "--recipe best is for a new model, and --from" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["names.txt", "--documents", "csv:x"], "no column 'x'"),
        (["names.txt", "--documents", "poems"], "documents is one of lines"),
        (["empty.txt", "--documents", "lines"], "line 2: the document is empty"),
        (["docs.npy", "--lowercase"], "--lowercase: `charrnn encode` has settled that"),
        (["bad.npy"], "is no corpus"),
        (["names.txt", "--bytes", "--lowercase"], "--lowercase: --bytes has settled"),
        (["names.txt", "--skip-empty"], "(--documents lines)"),
        (["names.txt", "--bytes", "--encoding", "latin-1"], "--encoding: --bytes has"),
        (["names.txt", "--target", "next"], "pass stride, too"),
        (["names.txt", "--stride", "0"], "stride is a positive integer"),
        (["names.txt", "--documents", "lines", "--stride", "3"], "of documents"),
        (["names.txt", "--max-size", "3"], "--unknown skip"),
        (["docs.npy", "names.txt"], "is trained on alone"),
        (["*.nothing"], "No file matches '*.nothing'"),
        (["binary"], "--bytes to the command"),
    ],
)
def test_bad_input_is_told_and_nothing_is_left(words, message, capsys):
    Path("empty.txt").write_text("a\n\nb")
    Path("bad.npy").write_bytes(b"\x93NUMPY")
    Path("binary").write_bytes(b"\x7fELF\0\0\xff\xff")
    kc.Corpus.from_text("abc" * 99).save("docs.npy")
    capsys.readouterr()
    assert cli.main(["train", *SMALL, *words]) == 2
    assert message in capsys.readouterr().err
    assert not list(Path().rglob("*.keras"))


def test_encode_leaves_nothing_when_it_fails(capsys):
    for text, out, message in (
        ("gone.txt", "x.npy", "no file 'gone.txt'"),
        ("docs.txt", "x.txt", "ends in .npy"),
        ("y.npy", "x.npy", "is encoded already"),
    ):
        code = cli.main(["encode", text, "--out", out])
        refused(code, capsys.readouterr().err, message)
    assert not list(Path().glob("x*"))


def test_what_a_sample_may_be(names, monkeypatch, capsys):
    model = keras.saving.load_model(names)
    # Loaded once, its loops are compiled once.
    monkeypatch.setattr("keras_charrnn.command.sample.load", {names: model}.get)
    words = ["sample", names, "--prompt", "An", "--length", "30"]
    assert cli.main([*words, "--banned", "aeiou", "--seed", "1"]) == 0
    assert not set(capsys.readouterr().out[2:]) & set("aeiou")
    stop = ["--stop", "n", "--keep-stop", "--temperature", "0.5", "--seed", "1"]
    assert cli.main([*words, *stop]) == 0
    assert capsys.readouterr().out[2:].endswith("n\n")
    assert cli.main([*words, "--beams", "3"]) == 0
    beam = kc.samplers.BeamSampler(3)
    assert capsys.readouterr().out == model.generate("An", 30, sampler=beam) + "\n"
    assert cli.main([*words, "--beams", "3", "--num-samples", "2"]) == 0
    lines = capsys.readouterr().out.split("---")
    assert lines[2] != lines[4]
    assert cli.main([*words, "--beams", "3", "--top-k", "2"]) == 2


def test_a_corpus_that_has_the_name_of_a_folder(capsys):
    Path("python-docs").mkdir()
    assert cli.main(["encode", "python-docs", "--out", "docs.npy"]) == 0
    assert "./python-docs would be the file or folder" in capsys.readouterr().err
    assert cli.main(["encode", "./python-docs", "--out", "docs.npy"]) == 2


def test_bytes_from_a_pipe_go_on_with_a_model_of_bytes():
    kc.CharRNN(kc.Vocabulary.bytes(), 4, embedding_dim=2).save("bytes.keras")
    os.mkfifo("pipe")
    data = bytes(range(256)) * 20
    threading.Thread(target=lambda: Path("pipe").write_bytes(data), daemon=True).start()
    words = ["--from", "bytes.keras", "--epochs", "1", "--out", "out"]
    assert cli.main(["train", "pipe", *words]) == 0
