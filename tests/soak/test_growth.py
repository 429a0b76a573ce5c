"""Memory stays flat however long a process goes on; `nox -s soak` runs these."""

import gc
from pathlib import Path

import pytest

import keras_charrnn as kc

CALLS = 2000
WAYS = {
    "generate": lambda model, i: model.generate("abc", 20, seed=i),
    "greedy": lambda model, i: model.generate("abc", 20, temperature=0),
    "top_p": lambda model, i: model.generate("abc", 20, seed=i, sampler="top_p"),
    "several": lambda model, i: model.generate(["a", "bc"], 20, 0.8, num_samples=2),
    "stream": lambda model, i: "".join(model.stream("abc", 20, seed=i)),
    "session": lambda model, i: model.session("a").feed("bc").generate(20, seed=i),
    "beam": lambda model, i: model.generate("abc", 20, sampler="beam"),
    "score": lambda model, i: model.score("abcabc"),
}


def resident():
    """Bytes of this process that are in memory."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * 4096


@pytest.mark.parametrize("way", WAYS)
def test_writing_for_hours_takes_no_more_memory(way):
    model = kc.CharRNN(kc.Vocabulary("abcdefgh "), 16, embedding_dim=8)
    before = 0
    for calls in (200, CALLS):
        for i in range(calls):
            WAYS[way](model, i)
        gc.collect()
        before, after = resident(), before
    grown = before - after
    assert grown < CALLS * 1000, f"{grown / CALLS:,.0f} bytes a call"
