"""Evaluation: how well a model predicts a text, under a protocol that has a name.

Shapes: B batch, T time.
"""

from typing import Any, Literal, get_args

from keras_charrnn.batches import (
    BATCH_SIZE,
    SEQUENCE_LENGTH,
    StreamBatches,
    Target,
    TextBatches,
    as_corpus,
    cut,
    is_text,
)
from keras_charrnn.batches.sizes import check_positive
from keras_charrnn.inputs import fed, unpacked
from keras_charrnn.text.corpus import Corpus
from keras_charrnn.text.vocabulary import Unknown

Protocol = Literal["carried", "cold"]

# Characters of a stream in a batch, and of a window.
_LENGTH = 1024
_WINDOW = 256


class TextEvaluator:
    """The part of a model that measures how well it predicts."""

    def evaluate(
        self: Any,
        x: Any = None,
        y: Any = None,
        batch_size: int | None = None,
        *args: Any,
        protocol: Protocol = "carried",
        window: int | None = None,
        sequence_length: int | None = None,
        stride: int | None = None,
        target: Target = "sequence",
        unknown: Unknown = "error",
        **kwargs: Any,
    ) -> Any:
        """Measure loss and metrics, as in Keras; of a text, under a protocol.

        A number without its protocol says little, since a character is harder to
        predict where little stands before it. `"carried"` reads the whole text as one
        stream, from left to right, with the state carried. `"cold"` cuts it into
        windows of `window` characters that follow each other, each read from the
        empty state, as models with a limited context are scored. Both predict every
        character but the first exactly once. Documents each start from the empty state.

        Args:
            x: As in `fit`.
            y: As in `fit`.
            batch_size: How many streams or windows are read at a time; if `None`, one
                carried stream, and 16 of anything else. More carried streams are
                faster, and start as often from the empty state.
            *args: As in Keras.
            protocol: `"carried"` or `"cold"`.
            window: Characters of a window of the cold protocol, 256 if `None`.
            sequence_length: Characters of a stream in a batch, which change the speed
                but not the result; with a `stride` those of a window.
            stride: As in `fit`, in place of a protocol.
            target: As in `fit`.
            unknown: As in `fit`.
            **kwargs: The rest of Keras' arguments.

        Returns:
            The loss in nats per character and the metrics, a dict with
            `return_dict=True`: `loss`, `bits_per_character`, `accuracy` and
            `perplexity`.

        Raises:
            ValueError: If there is no such protocol, or the text has none.

        Example:

        >>> import keras_charrnn as kc
        >>> text = "the quick brown fox jumps over the lazy dog. " * 40
        >>> model = kc.CharRNN(kc.Vocabulary.from_text(text), units=32)
        >>> history = model.fit(text, epochs=1, verbose=0)
        >>> figures = model.evaluate(text, protocol="cold", verbose=0, return_dict=True)
        >>> sorted(figures)
        ['accuracy', 'bits_per_character', 'loss', 'perplexity']
        """
        x, y = unpacked(x, y)
        if protocol not in get_args(Protocol):
            raise ValueError(f"protocol is 'carried' or 'cold'; it is {protocol!r}.")
        if window is not None:
            check_positive("window", window)
            if protocol != "cold":
                raise ValueError(f"window={window} is for protocol='cold'.")
        if is_text(x):
            corpus = as_corpus(x, self.vocabulary, unknown)
            cut_by_itself = stride is not None or corpus.vocabulary.end is not None
            if cut_by_itself or target != "sequence":
                if protocol == "cold":
                    raise ValueError(
                        "protocol='cold' cuts a text into windows; documents and "
                        "windows with a stride start from the empty state anyway. "
                        "Leave it out."
                    )
                rows = BATCH_SIZE if batch_size is None else batch_size
                length = SEQUENCE_LENGTH if sequence_length is None else sequence_length
                x = cut(corpus, rows, length, stride, target, False, warn=False)
            elif protocol == "cold":
                x = _cold(corpus, batch_size, window or _WINDOW)
            else:
                x = _carried(corpus, batch_size, sequence_length)
            batch_size = None
        elif protocol == "cold":
            raise ValueError(
                "protocol='cold' is for a text; batches and arrays say by themselves "
                "where a state starts."
            )
        self._compile_by_default()
        self._allocate(self._test_stream, x)
        return super().evaluate(fed(x), y, batch_size, *args, **kwargs)  # type: ignore[misc]

    def test_on_batch(self: Any, x: Any, *args: Any, **kwargs: Any) -> Any:
        """Evaluate one batch, as in Keras; a dict of ids and reset carries."""
        self._compile_by_default()
        self._allocate(self._test_stream, [(x,)])
        return super().test_on_batch(x, *args, **kwargs)  # type: ignore[misc]


def _carried(
    corpus: Corpus, batch_size: int | None, sequence_length: int | None
) -> TextBatches:
    streams = 1 if batch_size is None else batch_size
    check_positive("batch_size", streams)
    # The length changes the speed alone, so it is what gives way.
    longest = max(1, (len(corpus) - 1) // streams)
    length = min(_LENGTH, longest) if sequence_length is None else sequence_length
    return StreamBatches(corpus, streams, length, warn=False)


def _cold(corpus: Corpus, batch_size: int | None, window: int) -> TextBatches:
    windows = BATCH_SIZE if batch_size is None else batch_size
    return StreamBatches(corpus, windows, window, resets=1.0, warn=False)
