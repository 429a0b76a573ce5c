"""Evaluation: how well a model predicts a text, under a protocol that has a name.

Shapes: B batch, T time.
"""

from typing import Any, Literal, get_args

import keras

from keras_charrnn._platform import check_flag, check_positive
from keras_charrnn.batches import (
    ColdBatches,
    StreamBatches,
    Target,
    TextBatches,
    as_corpus,
    cut,
    is_text,
)
from keras_charrnn.settings import Training
from keras_charrnn.text import Corpus, Unknown, Vocabulary
from keras_charrnn.training.inputs import fed, unpacked

Protocol = Literal["carried", "cold"]

# Characters of a stream in a batch, and of a window.
_LENGTH = 1024
_WINDOW = 256

_ALONE = {"verbose", "return_dict"}
_FIGURES = ("loss", "bits_per_character", "accuracy")

# Steps of dynamic evaluation: on Shakespeare 16 to 64 characters at 3e-4 to 5e-4 are
# within 0.006 nats of each other.
_DYNAMIC_LENGTH = 32
_DYNAMIC_RATE = 3e-4


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
        dynamic: bool = False,
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
                faster, and start as often from the empty state; more windows change
                the speed alone.
            *args: As in Keras.
            protocol: `"carried"` or `"cold"`.
            window: Characters of a window of the cold protocol, 256 if `None`.
            dynamic: Whether to go on learning from the text while it is read
                (dynamic evaluation): each 32 characters are predicted first, and then
                learned from. This measures another thing than a model that stands
                still, so tell it apart. The model itself stays as it is: what learns
                is a copy made from its config, with the default metrics.
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

        Source: dynamic evaluation is that of Krause et al., "Dynamic Evaluation of
        Neural Sequence Models" (2018), with the steps of Adam without momentum.

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
        check_flag("dynamic", dynamic)
        if dynamic:
            corpus = _for_dynamic(x, self.vocabulary, unknown)
            given = (y, batch_size, window, sequence_length, stride)
            how = (protocol, target) != ("carried", "sequence") or args
            if how or set(kwargs) - _ALONE or any(g is not None for g in given):
                raise ValueError(
                    "dynamic=True reads one carried stream, 32 characters at a time, "
                    "and takes unknown, verbose and return_dict alone. Leave out the "
                    "rest."
                )
            return self._evaluate_dynamically(corpus, **kwargs)
        if is_text(x):
            corpus = as_corpus(x, self.vocabulary, unknown)
            rows = Training.batch_size if batch_size is None else batch_size
            cut_by_itself = stride is not None or corpus.vocabulary.end is not None
            if cut_by_itself or target != "sequence":
                if protocol == "cold":
                    raise ValueError(
                        "protocol='cold' cuts a text into windows; documents and "
                        "windows with a stride start from the empty state anyway. "
                        "Leave it out."
                    )
                length = (
                    Training.sequence_length
                    if sequence_length is None
                    else sequence_length
                )
                x = cut(corpus, rows, length, stride, target, False, warn=False)
            elif protocol == "cold":
                x = ColdBatches(corpus, rows, window or _WINDOW)
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

    def _evaluate_dynamically(
        self: Any, corpus: Corpus, verbose: Any = "auto", return_dict: bool = False
    ) -> Any:
        learner = type(self).from_config(self.get_config())
        learner.set_weights(self.get_weights())
        for layer in learner._flatten_layers():
            if isinstance(layer, keras.layers.Dropout):
                layer.rate = 0.0
        # A training step tells the loss of its batch from before it learns from it.
        learner.compile(keras.optimizers.Adam(_DYNAMIC_RATE, beta_1=0.0))
        batches = StreamBatches(corpus, 1, _DYNAMIC_LENGTH, warn=False)
        history = learner.fit(batches, verbose=verbose).history
        figures = {name: history[name][-1] for name in _FIGURES}
        figures["perplexity"] = 2 ** figures["bits_per_character"]
        return figures if return_dict else list(figures.values())

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


def _for_dynamic(x: Any, vocabulary: Vocabulary, unknown: Unknown) -> Corpus:
    corpus = as_corpus(x, vocabulary, unknown) if is_text(x) else None
    if corpus is None or corpus.vocabulary.end is not None:
        raise ValueError(
            "dynamic=True is for one continuous text; documents, batches and arrays "
            "have nothing to adapt to. Leave it out."
        )
    return corpus
