import contextlib
import os
import tempfile

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

# What one test has compiled on JAX, the next need not, nor a process that it starts.
COMPILED = tempfile.TemporaryDirectory(prefix="compiled-")
os.environ.setdefault("JAX_COMPILATION_CACHE_DIR", COMPILED.name)
os.environ.setdefault("JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS", "0")

import keras  # noqa: E402
import pytest  # noqa: E402

import keras_charrnn as kc  # noqa: E402


@pytest.fixture(autouse=True)
def _seed():
    keras.utils.set_random_seed(7)


@pytest.fixture(autouse=True)
def _in_a_folder_of_its_own(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


@pytest.fixture(scope="session")
def docs():
    """The real text that most tests train on."""
    return kc.corpora.load("python-docs")


@pytest.fixture(scope="session")
def model(docs):
    """A model that has learned to spell; no test trains it."""
    keras.utils.set_random_seed(3)
    model = kc.CharRNN(kc.Vocabulary.from_text(docs), units=128)
    model.fit(docs[:60_000], epochs=3, batch_size=8, verbose=0)
    return model


@pytest.fixture
def double():
    """Make the backend compute in 64 bits."""
    context = contextlib.nullcontext()
    if keras.backend.backend() == "jax":
        import jax

        context = jax.enable_x64(True)
    with context:
        yield
