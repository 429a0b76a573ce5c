import errno
import os
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest

from keras_charrnn._platform import check_writable, whole_file

posix = pytest.mark.skipif(os.name == "nt", reason="as POSIX has it")


def test_a_check_leaves_nothing(tmp_path):
    check_writable(tmp_path / "deep" / "down" / "model.keras")
    assert list(tmp_path.iterdir()) == []


def test_a_file_in_place_of_a_folder(tmp_path):
    (tmp_path / "runs").write_text("")
    for path in (tmp_path / "runs" / "x.keras", tmp_path / "runs" / "a" / "x.keras"):
        with pytest.raises(OSError, match=r"can't be written: .*runs' is a file, and"):
            check_writable(path)


def test_a_file_is_written_whole_or_not_at_all(tmp_path):
    path = tmp_path / "new" / "x.txt"
    with whole_file(path) as part:
        part.write_text("one")
    with pytest.raises(TypeError), whole_file(path) as part:
        part.write_text(1)
    assert path.read_text() == "one"
    assert [p.name for p in path.parent.iterdir()] == ["x.txt"]


def write(path, text):
    with whole_file(path) as part:
        part.write_text(text)


@posix
def test_a_link_stays_a_link():
    Path("deep").mkdir()
    Path("deep/x.txt").write_text("old")
    Path("link.txt").symlink_to("deep/x.txt")
    Path("new.txt").symlink_to("deep/y.txt")
    write("link.txt", "new")
    write("new.txt", "first")
    assert Path("link.txt").is_symlink()
    assert Path("new.txt").is_symlink()
    assert Path("deep/x.txt").read_text() == "new"
    assert Path("deep/y.txt").read_text() == "first"
    assert sorted(os.listdir("deep")) == ["x.txt", "y.txt"]


@posix
def test_a_file_keeps_its_mode():
    write("x.txt", "one")
    mask = os.umask(0)
    os.umask(mask)
    assert stat.S_IMODE(os.stat("x.txt").st_mode) == 0o666 & ~mask
    for mode in (0o600, 0o444):
        os.chmod("x.txt", mode)
        write("x.txt", "two")
        assert stat.S_IMODE(os.stat("x.txt").st_mode) == mode


def test_a_folder_in_the_place_of_a_file():
    Path("x.txt").mkdir()
    for refused in (check_writable, lambda path: write(path, "x")):
        with pytest.raises(OSError, match=r"'x\.txt' can't be written: it is a folder"):
            refused("x.txt")
    Path("file").write_text("")
    with pytest.raises(OSError, match=r"can't be written"):
        write(Path("file", "x.txt"), "x")


@pytest.mark.parametrize("place", ["fsync", "replace"])
def test_a_failing_disk_is_told_and_spoils_nothing(place, monkeypatch):
    write("x.txt", "old")

    def fail(*args):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, place, fail)
    with pytest.raises(OSError, match=r"'x\.txt' can't be written: No space left") as e:
        write("x.txt", "new")
    assert e.value.errno == errno.ENOSPC
    assert Path("x.txt").read_text() == "old"
    assert os.listdir() == ["x.txt"]


def test_an_error_of_another_file_is_told_as_it_is():
    with pytest.raises(FileNotFoundError, match=r"gone\.txt"), whole_file("x.txt"):
        Path("gone.txt").read_text()
    assert os.listdir() == []


HOLDING = """
import sys
sys.argv[0] = "charrnn"  # so that Keras is not imported
from keras_charrnn._platform import whole_file
with whole_file("x.txt") as part:
    part.write_text("x")
    print("ready", flush=True)
    sys.stdin.read()
"""


@posix
def test_what_a_killed_save_leaves_goes_with_the_next_one():
    words = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    killed = subprocess.Popen([sys.executable, "-c", HOLDING], **words)
    alive = subprocess.Popen([sys.executable, "-c", HOLDING], **words)
    for process in (killed, alive):
        process.stdout.readline()
    killed.kill()
    killed.communicate()
    Path(".saving-of-someone").write_text("a file, and no folder")
    assert len(os.listdir()) == 3
    write("y.txt", "new ones stay, since their lock may be on its way")
    assert len(os.listdir()) == 4
    past = time.time() - 3600
    for folder in Path().glob(".saving-*"):
        for path in (*folder.glob("*"), folder):
            os.utime(path, (past, past))
    write("y.txt", "old ones go, if nobody is in them")
    left = [path for path in Path().glob(".saving-*") if path.is_dir()]
    assert len(left) == 1
    alive.communicate()
    assert alive.returncode == 0
    assert sorted(os.listdir()) == [".saving-of-someone", "x.txt", "y.txt"]
