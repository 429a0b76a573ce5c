"""Several threads that write with one model, and with one session of it."""

from concurrent.futures import ThreadPoolExecutor

import pytest

import keras_charrnn as kc


@pytest.fixture(scope="module")
def model():
    text = "so much depends upon a red wheel barrow "
    return kc.CharRNN(kc.Vocabulary.from_text(text), 8, embedding_dim=4)


def test_threads_share_a_session_and_nothing_is_lost(model):
    session = model.session("so ")
    with ThreadPoolExecutor(4) as threads:
        written = list(threads.map(lambda n: session.generate(7, seed=n), range(24)))
        read = list(threads.map(lambda n: session.feed("so "), range(8)))
    text = session.text
    assert len(text) == 3 + 24 * 7 + 8 * 3
    assert len(read) == 8
    assert all(part in text for part in written)


def test_threads_that_stream_from_a_session_take_turns(model):
    session = model.session("so ")

    def stream(number):
        return "".join(session.stream(40, seed=number))

    with ThreadPoolExecutor(4) as threads:
        written = list(threads.map(stream, range(12)))
    # A stream ends where another one begins.
    assert len(session.text) == 3 + sum(map(len, written))
    assert all(part in session.text for part in written)


def test_threads_that_write_get_the_texts_that_one_gets(model):
    def write(seed):
        return model.generate("so ", 20, seed=seed)

    alone = [write(seed) for seed in range(160)]
    with ThreadPoolExecutor(4) as threads:
        assert list(threads.map(write, range(160))) == alone
