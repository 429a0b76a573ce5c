import pytest

from keras_charrnn._platform import check_writable, whole_file


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
