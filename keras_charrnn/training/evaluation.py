"""Evaluation: how well a model predicts a text, under a named protocol.

Shapes: B batch, T time.
"""

from typing import Any, Literal, get_args

import keras

from keras_charrnn._platform import check_flag, check_positive, unlimited
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
from keras_charrnn.training.inputs import check_ids, fed, unpacked

Protocol = Literal["carried", "cold"]

# Default numbers of characters: of a stream in a batch, and of a window.
_LENGTH = 1024
_WINDOW = 256

_ALONE = {"verbose", "return_dict"}
_FIGURES = ("loss", "bits_per_character", "accuracy")

# Steps of dynamic evaluation: on Shakespeare 16 to 64 characters at 3e-4 to 5e-4 are
# within 0.006 nats of each other.
_DYNAMIC_LENGTH = 32
_DYNAMIC_RATE = 3e-4


class TextEvaluator:
    """A mixin for a model: it measures how well the model predicts."""

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
        """Compute loss and metrics, as in Keras; for a text, under a protocol.

        A result without its protocol says little, since a character is harder to
        predict if few characters precede it. `"carried"` reads the whole text as one
        stream, from left to right, with the state carried. `"cold"` cuts it into
        consecutive windows of `window` characters, each read from the empty state, as
        models with a limited context are evaluated. Both predict every character but
        the first exactly once. Each document starts from the empty state.

        Args:
            x: As in `fit`.
            y: As in `fit`.
            batch_size: The number of streams or windows that are read at a time. If
                `None`, it is 1 for a carried stream, 16 for windows and documents, and
                32 for arrays. More carried streams are faster, but each starts from
                the empty state. The number of windows changes only the speed.
            *args: As in Keras.
            protocol: `"carried"` or `"cold"`.
            window: The number of characters of a window of the cold protocol, 256 if
                `None`.
            dynamic: Whether to continue learning from the text while it is read
                (dynamic evaluation). Each 32 characters are first predicted and then
                learned from. The result can't be compared with that of a fixed model,
                so report it separately. The model itself is not changed: a copy made
                from its config, with the default metrics, does the learning.
            sequence_length: The number of characters of a stream in a batch, which
                changes the speed but not the result; with a `stride`, the number of
                characters of a window.
            stride: As in `fit`; it takes the place of a protocol.
            target: As in `fit`.
            unknown: As in `fit`.
            **kwargs: Further arguments, as in Keras.

        Returns:
            The loss in nats per character and the metrics; with `return_dict=True`,
            a dict of `loss`, `bits_per_character`, `accuracy` and `perplexity`.

        Raises:
            ValueError: If `protocol` is unknown, or an argument does not apply to `x`.

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
        self._prepare(self._test_stream, x, y)
        return super().evaluate(fed(x), y, batch_size, *args, **kwargs)  # type: ignore[misc]

    def _evaluate_dynamically(
        self: Any, corpus: Corpus, verbose: Any = "auto", return_dict: bool = False
    ) -> Any:
        with unlimited():
            learner = type(self).from_config(self.get_config())
        learner.set_weights(self.get_weights())
        for layer in learner._flatten_layers():
            if isinstance(layer, keras.layers.Dropout):
                layer.rate = 0.0
        # A training step reports the loss of its batch as it was before the update.
        learner.compile(keras.optimizers.Adam(_DYNAMIC_RATE, beta_1=0.0))
        batches = StreamBatches(corpus, 1, _DYNAMIC_LENGTH, warn=False)
        history = learner.fit(batches, verbose=verbose).history
        figures = {name: history[name][-1] for name in _FIGURES}
        figures["perplexity"] = 2 ** figures["bits_per_character"]
        return figures if return_dict else list(figures.values())

    def test_on_batch(self: Any, x: Any, y: Any = None, *args: Any, **kw: Any) -> Any:
        """Evaluate one batch, as in Keras; a dict of ids and reset carries a state."""
        self._compile_by_default()
        self._prepare(self._test_stream, [(x,)], y)
        return super().test_on_batch(x, y, *args, **kw)  # type: ignore[misc]

    # As in Keras, but for ids that no character has.

    def __call__(self: Any, inputs: Any, *args: Any, **kwargs: Any) -> Any:
        check_ids(inputs, len(self.vocabulary))
        return super().__call__(inputs, *args, **kwargs)  # type: ignore[misc]

    def predict(self: Any, x: Any, *args: Any, **kwargs: Any) -> Any:
        check_ids(x, len(self.vocabulary))
        return super().predict(x, *args, **kwargs)  # type: ignore[misc]

    def predict_on_batch(self: Any, x: Any) -> Any:
        check_ids(x, len(self.vocabulary))
        return super().predict_on_batch(x)  # type: ignore[misc]


def _carried(
    corpus: Corpus, batch_size: int | None, sequence_length: int | None
) -> TextBatches:
    streams = 1 if batch_size is None else batch_size
    check_positive("batch_size", streams)
    # The length changes only the speed, so it is the one to shrink.
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
