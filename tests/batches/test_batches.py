import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keras_charrnn import Corpus, DocumentBatches, StreamBatches, WindowBatches

TEXT = Corpus.from_text("abcdefghij" * 9)
NAMES = Corpus.from_documents(["anna", "bo", "carl", "do", "eleonore"] * 5)

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


def resets(batches):
    return np.stack([inputs["reset"] for inputs, _, _ in batches])


def test_streams_start_anew_at_random_and_each_epoch_elsewhere():
    corpus = Corpus.from_text("abcdefghij" * 500)
    batches = StreamBatches(corpus, 10, 5, resets=0.2, seed=3)
    first = resets(batches)
    assert first[0].all()
    assert first[1:].mean() == pytest.approx(0.2, abs=0.05)
    assert not (first[1:] == first[1:, :1]).all()  # each row by itself
    batches.begin_epoch(1)
    second = resets(batches)
    assert (first != second).any()
    again = StreamBatches(corpus, 10, 5, resets=0.2, seed=3)
    np.testing.assert_array_equal(resets(again), first)
    again.begin_epoch(1)
    np.testing.assert_array_equal(resets(again), second)
    other = StreamBatches(corpus, 10, 5, resets=0.2, seed=4)
    assert (resets(other) != first).any()


@pytest.mark.parametrize("wrong", [-0.1, 1.1, float("nan"), "a", None, True])
def test_resets_are_a_probability(wrong):
    with pytest.raises(ValueError, match="resets is a probability, 0 to 1"):
        StreamBatches(Corpus.from_text("abcd"), 1, 2, resets=wrong)


def read_back(batches):
    """The documents that the streams of one epoch hold, as lists of ids."""
    end = batches.corpus.vocabulary.end_id
    rows = [[] for _ in range(batches.batch_size)]
    for i in range(len(batches)):
        inputs, targets, weights = batches[i]
        for row, places in enumerate(rows):
            for t in np.flatnonzero(weights[row]):
                read = inputs["ids"][row, t]
                places.append((read, inputs["reset"][row, t], targets[row, t]))
    documents = []
    for places in rows:
        before = end
        for read, reset, target in places:
            assert reset == (before == end)
            assert read == before
            if reset:
                documents.append([])
            documents[-1].append(int(target))
            before = target
        assert before == end  # a stream ends with a document's end
    return documents


WORDS = st.lists(st.text("abcde", min_size=1, max_size=12), min_size=1, max_size=40)


@pytest.mark.filterwarnings("ignore:The text has")
@settings(deadline=None)
@given(WORDS, sizes, sizes, st.integers(0, 3))
def test_packed_documents_are_all_there_each_once_and_whole(words, rows, columns, seed):
    corpus = Corpus.from_documents(words)
    batches = DocumentBatches(corpus, rows, columns, seed=seed)
    expected = [
        [*corpus.vocabulary.encode(word).tolist(), corpus.vocabulary.end_id]
        for word in words
    ]
    size = len(batches)
    for epoch in range(3):
        batches.begin_epoch(epoch)
        assert sorted(read_back(batches)) == sorted(expected)
        assert len(batches) == size
    assert batches.predictions == len(corpus) == sum(map(len, expected))


def test_each_epoch_has_an_order_of_its_own_and_the_seed_repeats_it():
    words = [f"{a}{b}" for a in "abcdef" for b in "ghijkl"]
    corpus = Corpus.from_documents(words)

    def order(epoch, **how):
        batches = DocumentBatches(corpus, 4, 5, **how)
        batches.begin_epoch(epoch)
        return read_back(batches)

    assert order(0) == order(0) != order(1)
    assert order(0) != order(0, seed=1)
    assert order(0, shuffle=False) == order(1, shuffle=False)

    def windows(epoch, **how):
        batches = WindowBatches(corpus_of_text, 4, 5, stride=3, **how)
        batches.begin_epoch(epoch)
        return [batch[0].tolist() for batch in batches]

    corpus_of_text = Corpus.from_text("".join(words))
    assert windows(0) == windows(0) != windows(1)
    assert windows(0) != windows(0, seed=1)
    assert windows(0, shuffle=False) == windows(1, shuffle=False)


def test_streams_of_documents_are_about_equally_long():
    rng = np.random.default_rng(0)
    words = ["x" * n for n in rng.integers(1, 60, 500)]
    batches = DocumentBatches(Corpus.from_documents(words), 16, 8)
    full = len(batches) * batches.batch_size * batches.sequence_length
    assert batches.predictions > 0.97 * full


@settings(deadline=None)
@given(
    st.integers(2, 200),
    sizes,
    sizes,
    st.integers(1, 5),
    st.sampled_from(["sequence", "next"]),
)
def test_windows_begin_a_stride_apart(length, rows, columns, stride, target):
    # Every character is another, so that an id is a place.
    corpus = Corpus.from_text("".join(map(chr, range(1000, 1000 + length))))
    if length <= columns:
        with pytest.raises(ValueError, match="takes at least"):
            WindowBatches(corpus, rows, columns, stride, target)
        return
    batches = WindowBatches(corpus, rows, columns, stride, target)
    starts = []
    for ids, targets, weights in batches:
        assert ids.shape == (batches.batch_size, columns)
        assert (np.diff(ids, axis=1) == 1).all()
        after = ids[:, -1] + 1 if target == "next" else ids + 1
        np.testing.assert_array_equal(targets, after)
        assert targets.shape == weights.shape
        counted = weights.reshape(len(weights), -1)[:, 0] == 1
        starts += ids[counted, 0].tolist()
    assert sorted(starts) == list(range(0, length - columns, stride))
    each = 1 if target == "next" else columns
    assert batches.predictions == len(starts) * each


def test_a_text_is_not_cut_in_the_wrong_way():
    for kind in (StreamBatches, WindowBatches):
        with pytest.raises(ValueError, match="consists of documents"):
            kind(NAMES, 2, 2)
    with pytest.raises(ValueError, match="has no documents"):
        DocumentBatches(TEXT)
    with pytest.raises(ValueError, match="target is 'sequence' or 'next'"):
        WindowBatches(TEXT, 2, 2, target="last")
    with pytest.raises(ValueError, match="stride is a positive integer"):
        WindowBatches(TEXT, 2, 2, stride=0)


def test_few_documents_shrink_the_batch():
    with pytest.warns(UserWarning, match="batch_size=2 and sequence_length=4"):
        DocumentBatches(Corpus.from_documents(["abc", "de"]), 16, 64)


def test_a_part_of_the_documents_is_split_off_from_everywhere():
    corpus = Corpus.from_documents([f"{i:03}" for i in range(200)])
    train, validation = corpus.split(0.1)
    numbers = [set(part.text.split()) for part in (train, validation)]
    assert numbers[0] | numbers[1] == {f"{i:03}" for i in range(200)}
    assert not numbers[0] & numbers[1]
    assert len(numbers[1]) in (20, 21)
    assert 60 < np.mean([int(n) for n in numbers[1]]) < 140
    assert validation.text == corpus.split(0.1)[1].text
    with pytest.raises(ValueError, match="one document, which can't be split"):
        Corpus.from_documents(["abc"]).split(0.5)


def test_batches_tell_their_sizes():
    assert repr(StreamBatches(TEXT, 3, 7)) == "<StreamBatches: 5 batches of 3 x 7>"
