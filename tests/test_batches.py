import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keras_charrnn import Corpus, StreamBatches
from keras_charrnn._backend import feed
from tests.helpers import numpy

sizes = st.integers(1, 9)


@pytest.mark.filterwarnings("ignore:The text has")
@settings(deadline=None)
@given(st.integers(2, 300), sizes, sizes)
def test_a_pass_predicts_every_character_once_and_in_order(length, rows, columns):
    # Every character is another, so that an id is a place.
    corpus = Corpus.from_text("".join(map(chr, range(1000, 1000 + length))))
    batches = StreamBatches(corpus, rows, columns)
    streams = [[] for _ in range(batches.batch_size)]
    for i in range(len(batches)):
        inputs, targets, weights = batches[i]
        shape = (batches.batch_size, batches.sequence_length)
        assert inputs["ids"].shape == targets.shape == weights.shape == shape
        assert inputs["reset"].tolist() == [i == 0] * batches.batch_size
        assert weights.sum() > 0
        counted = weights == 1
        assert (inputs["ids"] + 1 == targets)[counted].all()
        for row, stream in enumerate(streams):
            stream.extend(targets[row][counted[row]].tolist())
    assert [t for stream in streams for t in stream] == list(range(1, length))
    assert batches.predictions == length - 1
    assert max(map(len, streams)) - min(map(len, streams)) <= 1


def test_sizes_have_to_be_positive_integers():
    corpus = Corpus.from_text("abcdefghijklm")
    for wrong in (0, -3, 2.0):
        with pytest.raises(ValueError, match="batch_size is a positive integer"):
            StreamBatches(corpus, wrong, 2)
        with pytest.raises(ValueError, match="sequence_length is a positive integer"):
            StreamBatches(corpus, 2, wrong)


def test_a_short_text_shrinks_to_what_it_holds():
    with pytest.warns(UserWarning, match="batch_size=2 and sequence_length=5"):
        batches = StreamBatches(Corpus.from_text("abcdefghijkl"), 9, 5)
    assert batches[0][0]["ids"].shape == (2, 5)


def test_there_is_no_batch_after_the_last():
    batches = StreamBatches(Corpus.from_text("abcdefghijkl"), 2, 2)
    assert len([batch for batch in batches]) == len(batches) == 3
    with pytest.raises(IndexError):
        batches[3]
    assert np.issubdtype(batches[0][1].dtype, np.int32)


def test_what_fit_reads_is_the_batches_and_has_their_shapes():
    batches = StreamBatches(Corpus.from_text("abcdefghij" * 9), 3, 7)
    fed = feed(batches)
    assert len(fed) == len(batches) > 2
    for _ in range(2):  # as often as there are epochs
        count = 0
        for (x, y, weights), expected in zip(fed, batches):
            got = (x["ids"], x["reset"], y, weights)
            wanted = (expected[0]["ids"], expected[0]["reset"], *expected[1:])
            for mine, theirs in zip(got, wanted):
                assert numpy(mine).dtype == theirs.dtype
                np.testing.assert_array_equal(numpy(mine), theirs)
            count += 1
        assert count == len(batches)
