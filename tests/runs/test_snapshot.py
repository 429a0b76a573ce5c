"""A snapshot is read back as it was written, or not at all."""

import os
from pathlib import Path

import numpy as np
import pytest
from safetensors import SafetensorError

from keras_charrnn import DamagedFile
from keras_charrnn.runs import RunFolder, load_snapshot, save_snapshot

ARRAYS = {
    "weights": np.arange(6, dtype="float32").reshape(2, 3),
    "step": np.array(7),
    "seed": np.array([1, 2], "uint32"),
    "nothing": np.zeros((0, 4), "float32"),
}
FACTS = {"epoch": 3, "history": [{"loss": 0.1}], "name": "Grüße"}


def test_a_snapshot_is_what_was_saved():
    save_snapshot("a/one.safetensors", ARRAYS, FACTS)
    arrays, facts = load_snapshot("a/one.safetensors")
    assert facts == FACTS
    assert arrays.keys() == ARRAYS.keys()
    for name, array in ARRAYS.items():
        np.testing.assert_array_equal(arrays[name], array)
        assert arrays[name].dtype == array.dtype
        assert arrays[name].shape == array.shape


def test_each_flip_and_each_truncation_is_refused(tmp_path):
    path = save_snapshot("one.safetensors", ARRAYS, FACTS)
    whole = path.read_bytes()
    for length in range(len(whole)):
        path.write_bytes(whole[:length])
        with pytest.raises(DamagedFile, match=r"'one\.safetensors' is damaged"):
            load_snapshot(path)
    for place in range(len(whole)):
        for bit in (place % 8, (place + 4) % 8):
            flipped = bytearray(whole)
            flipped[place] ^= 1 << bit
            path.write_bytes(flipped)
            with pytest.raises(DamagedFile):
                load_snapshot(path)


def test_a_full_disk_is_told_and_spoils_nothing(monkeypatch):
    path = save_snapshot("one.safetensors", ARRAYS, FACTS)
    before = path.read_bytes()

    def full(*args):
        raise SafetensorError("I/O error: No space left on device (os error 28)")

    monkeypatch.setattr("keras_charrnn.runs.snapshot.save_file", full)
    with pytest.raises(
        OSError, match=r"'one\.safetensors' can't be written: .*No space"
    ):
        save_snapshot(path, ARRAYS, {})
    assert path.read_bytes() == before
    assert os.listdir() == ["one.safetensors"]


def test_a_damaged_checkpoint_gives_way_to_the_one_before():
    folder = RunFolder("run")
    for step in (1, 2):
        folder.write_checkpoint(step, ARRAYS, {"step": step})
    last = folder.checkpoints[-1]
    last.write_bytes(last.read_bytes()[:-1])
    with pytest.warns(UserWarning, match="damaged.*The one before is taken"):
        _, facts = folder.last_checkpoint()
    assert facts == {"step": 1}
    first = folder.checkpoints[0]
    first.write_bytes(b"")
    with pytest.warns(match="damaged"), pytest.raises(DamagedFile):
        folder.last_checkpoint()


def test_the_last_checkpoints_and_the_best_stay():
    folder = RunFolder("run")
    for step in range(1, 8):
        folder.write_checkpoint(step, ARRAYS, {}, best=3 if step >= 3 else None)
    names = [path.stem for path in folder.checkpoints]
    assert names == ["step-00000003", "step-00000006", "step-00000007"]


def test_two_can_not_be_at_work_in_a_folder():
    folder = RunFolder("deep/run")
    with folder.locked():
        other = RunFolder("deep/run")
        message = "Another process is training in 'deep/run'"
        with pytest.raises(BlockingIOError, match=message), other.locked():
            pass
        folder.samples.write_text("kept")
    with folder.locked():
        pass
    assert folder.samples.read_text() == "kept"


def test_no_empty_folder_stays():
    with RunFolder("deep/run").locked():
        pass
    with pytest.raises(FileNotFoundError, match="no run in 'deep/run'"):
        RunFolder("deep/run").read_facts()
    assert not Path("deep").exists()
