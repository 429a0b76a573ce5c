import hashlib
import http.server
import threading

import pytest

from keras_charrnn import corpora

TEXT = "O for a Muse of fire, that would ascend\n" * 50


@pytest.fixture
def server(tmp_path):
    """A server on this machine, and the requests that it has answered."""
    folder = tmp_path / "served"
    folder.mkdir()
    (folder / "muse.txt").write_bytes(TEXT.encode())
    requests = []

    class Handler(http.server.SimpleHTTPRequestHandler):
        def __init__(self, *args):
            super().__init__(*args, directory=str(folder))

        def log_message(self, *args):
            requests.append(self.path)

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as httpd:
        threading.Thread(target=httpd.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{httpd.server_address[1]}", requests
        httpd.shutdown()


@pytest.fixture(autouse=True)
def _cache(tmp_path, monkeypatch):
    cache = tmp_path / "cache"
    cache.mkdir()
    monkeypatch.setattr("keras.src.backend.config._KERAS_DIR", str(cache))
    monkeypatch.setenv("KERAS_HOME", str(cache))


def row(url, text=TEXT):
    return corpora.NamedCorpus(
        about="a test",
        licence="none",
        source=url,
        sha256=hashlib.sha256(text.encode()).hexdigest(),
    )


def test_a_corpus_is_downloaded_once_and_checked(server, monkeypatch, tmp_path):
    url, requests = server
    monkeypatch.setitem(corpora.CORPORA, "muse", row(f"{url}/muse.txt"))
    assert corpora.load("muse") == TEXT
    assert corpora.load("muse") == TEXT
    assert len(requests) == 1
    (cached,) = (tmp_path / "cache").rglob("muse.txt")
    cached.write_text("tampered with")
    assert corpora.load("muse") == TEXT
    assert len(requests) == 2


def test_another_file_than_expected_is_refused(server, monkeypatch):
    url, _ = server
    monkeypatch.setitem(corpora.CORPORA, "muse", row(f"{url}/muse.txt", "other"))
    with pytest.raises(OSError, match=r"'muse' could not be .*hash does not match"):
        corpora.load("muse")


def test_a_failed_download_leaves_nothing(server, monkeypatch, tmp_path):
    url, _ = server
    monkeypatch.setitem(corpora.CORPORA, "muse", row(f"{url}/gone.txt"))
    with pytest.raises(OSError, match="404"):
        corpora.load("muse")
    assert not list((tmp_path / "cache").rglob("*.txt"))


def test_the_corpora_of_every_machine(docs):
    assert 300_000 < len(docs) < 900_000
    source = corpora.load("python-source")
    assert len(source) > 3_000_000
    assert "def " in source


def test_an_unknown_name_is_answered_with_the_known_ones():
    with pytest.raises(ValueError, match="no corpus 'bible'; there are python-docs"):
        corpora.load("bible")


def test_every_row_is_complete():
    for name, corpus in corpora.CORPORA.items():
        assert corpus.about, name
        assert corpus.licence, name
        assert callable(corpus.source) or len(corpus.sha256) == 64, name


def test_another_corpus_is_read_if_a_download_fails(monkeypatch):
    def fail(*args, **kwargs):
        raise Exception("no network")

    monkeypatch.setattr(corpora, "get_file", fail)
    with pytest.raises(OSError, match="no network"):
        corpora.load("nietzsche")
    with pytest.warns(UserWarning, match="'python-docs' is read in its place"):
        text = corpora.load("nietzsche", fallback="python-docs")
    assert text == corpora.load("python-docs")
    with pytest.raises(ValueError, match="There is no corpus 'greek'"):
        corpora.load("python-docs", fallback="greek")
