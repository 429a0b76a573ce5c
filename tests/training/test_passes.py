"""A pass over the batches ends before the next one begins, whatever an epoch is."""

import numpy as np
import pytest

import keras_charrnn as kc

DOCUMENTS = [letter * length for letter, length in zip("abcdefghij", range(3, 13))]


class Spy(kc.DocumentBatches):
    """Keeps what was asked of it."""

    def __init__(self, *args):
        super().__init__(*args)
        self.passes = []

    def batch(self, index):
        inputs, targets, weights = super().batch(index)
        if index == 0:
            self.passes.append([])
        self.passes[-1].append((targets, weights))
        return inputs, targets, weights


def documents(batches, corpus):
    """The documents of a pass, put together from the rows of its batches."""
    found = []
    for row in range(2):
        ids = [targets[row][weights[row] > 0] for targets, weights in batches]
        symbols = corpus.vocabulary.decode_symbols(np.concatenate(ids))
        found += symbols.split(corpus.vocabulary.end)[:-1]
    return found


@pytest.mark.filterwarnings("ignore:Your input ran out of data")
def test_documents_stay_whole_with_steps_per_epoch():
    corpus = kc.Corpus.from_documents(DOCUMENTS)
    model = kc.CharRNN(corpus.vocabulary, 4, embedding_dim=2)
    batches = Spy(corpus, 2, 8)
    steps = 4
    assert len(batches) % steps
    epochs = 2 * -(-len(batches) // steps)  # two passes
    batches.passes = []
    model.fit(batches, epochs=epochs, steps_per_epoch=steps, verbose=0)
    whole = [p for p in batches.passes if len(p) == len(batches)]
    assert len(whole) == 2
    orders = [documents(p, corpus) for p in whole]
    assert sorted(orders[0]) == sorted(orders[1]) == sorted(DOCUMENTS)
    assert orders[0] != orders[1]
