"""CharRNN: a Keras model that reads and writes text character by character.

Shapes: B batch, T time, V vocabulary, E embedding, U units.
"""

from collections.abc import Sequence
from typing import Any

import keras
from keras import ops

from keras_charrnn._backend import affine, take
from keras_charrnn._platform import check_positive
from keras_charrnn.network import Dropout, Recurrent, extended
from keras_charrnn.runs import WholeFiles, limited_to
from keras_charrnn.settings import Network
from keras_charrnn.text import Vocabulary, with_characters_of
from keras_charrnn.training import TextTrainer
from keras_charrnn.writing import TextWriter

State = tuple[tuple[Any, ...], ...]

# What a file may ask for whose size is not known: 1 GiB of weights.
_MOST_NUMBERS = 1 << 28
_MOST_LAYERS = 1000

# A character has to move the gates from the first step on. It hardly does with Keras'
# initial embeddings, which are 0.05 at most, or with Glorot's kernel after a one-hot
# vector. The first hundreds of steps would then go into making them wider.
_WIDE_EMBEDDING = 1.0
_WIDE_KERNEL = 0.5


@keras.saving.register_keras_serializable("keras_charrnn")
class CharRNN(WholeFiles, TextWriter, TextTrainer):
    """A character-level recurrent language model.

    The model consists of an embedding, a stack of recurrent layers with dropout after
    each, and a head that returns logits. The state is an argument and a result:
    `model(ids, state=state, return_state=True)` returns `(logits, state)`. `fit` on
    a text carries the state from batch to batch.

    Args:
        vocabulary: The `Vocabulary` of V characters.
        units: U, the width of each recurrent layer; a list gives one per layer.
        cell: `"lstm"`, `"gru"`, `"mogrifier"`, `"rnn"` or another key of `CELLS`.
        layers: The number of recurrent layers, if `units` is a single number.
        embedding_dim: E, the width of the embedding. If `None`, there is no embedding,
            and the ids are read as one-hot vectors.
        dropout: The fraction of each layer's outputs dropped in training, from 0
            to below 1.
        head: A Keras layer from (B, T, U) to logits (B, T, V); a `Dense` layer
            if `None`.
        **kwargs: As for every `keras.Model`.

    Call arguments:
        inputs: Ids, (B, T), or a dict of `"ids"` and `"reset"`, the latter
            booleans of shape (B, T) or (B,). Where it is true, the row's state is
            emptied before that position; with (B,), before the first position.
        state: The state that an earlier call returned; the empty state if `None`.
        return_state: Whether to return `(logits, state)`.
        return_sequences: Whether to return logits for every position; if false, they
            are returned for the last position only, (B, V).
        training: Whether to apply dropout.

    Returns:
        Logits (B, T, V); those at position t predict the character after it.

    Raises:
        ValueError: If an argument is out of range.

    Example:

    >>> import keras_charrnn as kc
    >>> text = "the quick brown fox jumps over the lazy dog. " * 40
    >>> model = kc.CharRNN(kc.Vocabulary.from_text(text), units=32)
    >>> history = model.fit(text, epochs=1, verbose=0)
    >>> len(model.generate("the ", length=20, temperature=0.5, seed=1))
    24
    """

    def __init__(
        self,
        vocabulary: Vocabulary,
        units: int | Sequence[int] = Network.units,
        cell: str = Network.cell,
        layers: int = Network.layers,
        embedding_dim: int | None = Network.embedding_dim,
        dropout: float = Network.dropout,
        head: keras.layers.Layer | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        if not isinstance(vocabulary, Vocabulary):
            raise TypeError(
                f"vocabulary is a Vocabulary, not {type(vocabulary).__name__}; "
                "make one with Vocabulary.from_text(text)."
            )
        if len(vocabulary) < 2:
            raise ValueError(
                f"{vocabulary!r}: with fewer than 2 different characters there is "
                "nothing to predict."
            )
        if embedding_dim is not None:
            embedding_dim = check_positive("embedding_dim", embedding_dim)
        if not 0 <= dropout < 1:
            raise ValueError(f"dropout is 0 or more and below 1; it is {dropout}.")
        self.vocabulary = vocabulary
        self.embedding_dim = embedding_dim
        policy = {"dtype": self.dtype_policy}
        widths = _widths(units, layers)
        self.embedding = None
        if embedding_dim is not None:
            self.embedding = keras.layers.Embedding(
                len(vocabulary),
                embedding_dim,
                keras.initializers.RandomNormal(stddev=_WIDE_EMBEDDING),
                name="embedding",
                **policy,
            )
        kernels: list[Any] = ["glorot_uniform"] * len(widths)
        if embedding_dim is None:
            kernels[0] = keras.initializers.RandomNormal(stddev=_WIDE_KERNEL)
        self.recurrent = [
            Recurrent(width, cell, kernel, name=f"{cell}_{i}", **policy)
            for i, (width, kernel) in enumerate(zip(widths, kernels))
        ]
        self.dropouts = [
            Dropout(dropout, name=f"dropout_{i}", **policy)
            for i, _ in enumerate(widths)
        ]
        self._default_head = head is None
        self.head = head or keras.layers.Dense(len(vocabulary), name="head", **policy)
        self.build((None, None))

    def build(self, input_shape: tuple) -> None:
        width = len(self.vocabulary)
        if self.embedding is not None:
            self.embedding.build((None, None))
            width = self.embedding.output_dim
        for layer in self.recurrent:
            layer.build((None, None, width))
            width = layer.units
        shape = (None, None, width)
        if not self.head.built:
            self.head.build(shape)
        logits = self.head.compute_output_shape(shape)
        if logits[-1] != len(self.vocabulary):
            raise ValueError(
                f"The head turns {shape} into {tuple(logits)}; the last dimension "
                f"has to be {len(self.vocabulary)}, the size of the vocabulary."
            )

    # The network

    def initial_state(self, batch_size: int) -> State:
        """Return the empty state.

        Args:
            batch_size: B.

        Returns:
            The state of each recurrent layer: `state[0].h`, (B, U), and so on.
        """
        return tuple(layer.initial_state(batch_size) for layer in self.recurrent)

    def call(
        self,
        inputs: Any,
        state: State | None = None,
        return_state: bool = False,
        return_sequences: bool = True,
        training: bool | None = None,
    ) -> Any:
        outputs, state = self._read(inputs, state, training)
        if return_sequences:
            logits = self._logits(outputs)
        else:
            logits = self._logits(outputs[:, -1:])[:, 0]
        return (logits, state) if return_state else logits

    def _read(self, inputs: Any, state: State | None, training: bool | None) -> tuple:
        x, reset = inputs, None
        if isinstance(inputs, dict):
            x, reset = inputs["ids"], inputs.get("reset")
        if len(x.shape) != 2 or x.shape[1] == 0:
            raise ValueError(
                f"ids are of the shape (B, T), T from 1 on; it is {tuple(x.shape)}. "
                "One text is a batch of 1, ids[None]."
            )
        x = ops.cast(x, "int32")
        if state is None:
            state = self.initial_state(ops.shape(x)[0])
        of_layers = [s for s in state if not hasattr(s, "shape")]
        if not len(of_layers) == len(state) == len(self.recurrent):
            raise ValueError(
                f"state has a part for each of {len(self.recurrent)} layers, a tuple "
                f"of tensors; this one has {len(of_layers)} such parts. Pass what "
                "initial_state or a call returned, whole."
            )
        if reset is not None and len(reset.shape) == 1:
            state = _emptied(state, reset)
            reset = None
        after = []
        for i, (layer, before) in enumerate(zip(self.recurrent, state)):
            embeddings = self._embeddings() if i == 0 else None
            x, layer_after = layer(x, before, reset, embeddings)  # (B, T, U)
            x = self.dropouts[i](x, training=training)
            after.append(layer_after)
        return x, tuple(after)

    def _embeddings(self) -> Any:
        return None if self.embedding is None else self.embedding.embeddings

    def _logits(self, outputs: Any) -> Any:
        # Probabilities of rare characters need more than the 8 bits of bfloat16.
        return ops.cast(self.head(outputs), self.variable_dtype)

    def quantize(self, *args: Any, **kwargs: Any) -> None:
        """Raise an error, since a `CharRNN` can't be quantized.

        Raises:
            NotImplementedError: Always.
        """
        raise NotImplementedError(
            "A CharRNN can't be quantized: it computes with tables made of its "
            "weights, and most of these are in recurrent layers, for which Keras has "
            "no quantization. Less memory is what "
            "keras.config.set_dtype_policy('mixed_bfloat16') gives."
        )

    def extend_vocabulary(
        self, text: Any, encoding: str = "utf-8", documents: str | None = None
    ) -> "CharRNN":
        """Return a model that also knows the characters of a text.

        The new model keeps what this one has learned: the logits of the characters
        that both know are equal. Train the new model on the text with `fit`.

        Args:
            text: A string or a list of strings (texts), a path or a list of paths
                (always files), or a `Vocabulary`.
            encoding: The encoding of the files.
            documents: What a document is in the files, as in `Corpus.from_files`; if
                `None`, what it was in the files that the vocabulary was made of.

        Returns:
            The new model, not compiled; or this one, if it knows all characters.

        Raises:
            ValueError: If the model's head does not end with a `Dense` layer.
        """
        vocabulary = with_characters_of(text, self.vocabulary, encoding, documents)
        return self if vocabulary == self.vocabulary else extended(self, vocabulary)

    # What writing needs

    def read_prompt(self, ids: Any, reset: Any, state: State) -> tuple[Any, State]:
        """Read ids (B, T); return the last logits (B, V), and the state."""
        outputs, state = self._read({"ids": ids, "reset": reset}, state, False)
        return self._logits(outputs[:, -1:])[:, 0], state

    def read_targets(self, ids: Any, targets: Any, state: State) -> tuple[Any, State]:
        """Read ids (B, T); return log-probabilities of targets (B, T), and a state."""
        outputs, state = self._read(ids, state, False)
        logp = ops.log_softmax(self._logits(outputs), axis=-1)
        return ops.take_along_axis(logp, targets[..., None], axis=-1)[..., 0], state

    def fold(self) -> tuple:
        """Return the weights in the form that `step` needs, a nest of tensors.

        The embedding is folded into the first layer once, for all steps to come.
        """
        first = self.recurrent[0]
        inputs: list[tuple] = [(first.table(self._embeddings()),)]
        inputs += [layer.input_weights() for layer in self.recurrent[1:]]
        steps = [layer.step_weights() for layer in self.recurrent]
        head: tuple = ()
        if self._default_head:
            dtype = self.head.compute_dtype
            head = tuple(ops.cast(w, dtype) for w in (self.head.kernel, self.head.bias))
        return tuple(zip(inputs, steps)), head

    def step(self, ids: Any, state: State, folded: tuple) -> tuple[Any, State]:
        """Read one character: (ids (B,), state) -> (logits (B, V), state)."""
        layers, head = folded
        x, after = ids, []
        for layer, before, (inputs, weights) in zip(self.recurrent, state, layers):
            first = x is ids
            x = take(inputs[0], x) if first else affine(x, *inputs)  # (B, GU)
            after.append(layer.step(x, before, weights))
            x = after[-1][0]  # (B, U)
        if head:
            logits = affine(x, *head)
            if self.head.compute_dtype != self.variable_dtype:
                logits = ops.cast(logits, self.variable_dtype)
        else:
            logits = self._logits(ops.expand_dims(x, 1))[:, 0]
        return logits, tuple(after)

    # The file

    def get_config(self) -> dict:
        return {
            **super().get_config(),
            "vocabulary": self.vocabulary.to_json(),
            "units": [layer.units for layer in self.recurrent],
            "cell": self.recurrent[0].cell.name,
            "embedding_dim": self.embedding_dim,
            "dropout": self.dropouts[0].rate,
            "head": None
            if self._default_head
            else keras.saving.serialize_keras_object(self.head),
        }

    @classmethod
    def from_config(cls, config: dict, custom_objects: Any = None) -> "CharRNN":
        config = dict(config)
        config["vocabulary"] = Vocabulary.from_json(config["vocabulary"])
        layers = len(_widths(config["units"], 1))
        if layers > _MOST_LAYERS:
            raise ValueError(
                f"units asks for {layers:,} layers; a file may for {_MOST_LAYERS:,}."
            )
        # A file, too, calls this, and may ask for anything.
        with limited_to(_MOST_NUMBERS):
            if config["head"] is not None:
                config["head"] = keras.saving.deserialize_keras_object(
                    config["head"], custom_objects=custom_objects
                )
            return cls(**config)


def _widths(units: int | Sequence[int], layers: int) -> list[int]:
    if not isinstance(units, list | tuple):
        return [check_positive("units", units)] * check_positive("layers", layers)
    widths = list(units)
    if not widths or layers not in (1, len(widths)):
        raise ValueError(
            f"units={widths} asks for {len(widths)} layers, layers={layers} for "
            "another number. A list of units is enough."
        )
    return widths


def _emptied(state: State, reset: Any) -> State:
    keep = ops.expand_dims(ops.logical_not(reset), -1)  # (B, 1)
    return keras.tree.map_structure(lambda s: s * ops.cast(keep, s.dtype), state)
