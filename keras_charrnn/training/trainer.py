"""Training: how a model with carried state is fitted to text.

Shapes: B batch, T time, V vocabulary.
"""

from functools import partial
from typing import Any

import keras
from keras import ops

from keras_charrnn._backend import TrainStep
from keras_charrnn._backend import jit_compile as jit_by_default
from keras_charrnn._platform import check_positive
from keras_charrnn.batches import (
    Target,
    TextBatches,
    as_corpus,
    cut,
    is_text,
)
from keras_charrnn.network import Recurrent, Stream
from keras_charrnn.runs import portable
from keras_charrnn.settings import Training
from keras_charrnn.text import Unknown, Vocabulary
from keras_charrnn.training.callbacks import with_own
from keras_charrnn.training.evaluation import TextEvaluator
from keras_charrnn.training.inputs import (
    carries,
    check_ids,
    fed,
    last_alone,
    logits_of,
    rows_of,
    unpacked,
)
from keras_charrnn.training.metrics import BitsPerCharacter
from keras_charrnn.training.plan import (
    Plan,
    optimizer_for,
    plan_for,
    plan_of,
    refuse_plan,
    steps_of,
)


class TextTrainer(TextEvaluator, TrainStep, keras.Model):
    """A Keras model that is trained on text; `CharRNN` says what it computes.

    A subclass has a `vocabulary`, `recurrent` layers, `initial_state(batch_size)`,
    and a call `model(inputs, state=..., return_state=True) -> (logits, state)`.
    """

    vocabulary: Vocabulary
    recurrent: list[Recurrent]

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._train_stream, self._test_stream = Stream(), Stream()
        # Whether fit chose the optimizer, whose plan then ends with that fit.
        self._planned = False
        self._trained: tuple[int, ...] = ()
        # The compiled step of `gradients`.
        self.gradient_function: Any = None
        self.train_batches: TextBatches | None = None

    @property
    def variables(self) -> list[keras.Variable]:
        streams = (self._train_stream, self._test_stream)
        return super().variables + [v for s in streams for v in s.variables]

    @property
    def carried_state(self) -> tuple:
        """The state that training carries, as values; () before any training."""
        return self._train_stream.read()

    def run_batch(self, data: Any, training: bool) -> tuple[Any, dict]:
        """Run the network over one batch: the part of a step all backends share.

        Inputs that come as a dict of ids and reset go on from the state of the
        batch before; plain ids start from the empty state.

        Args:
            data: A batch as `fit` gets it: inputs, targets and perhaps weights.
            training: Whether this is training, or else evaluation.

        Returns:
            `(objective, logs)`: what a training step minimises, and the
            metrics so far.
        """
        x, y, weights = keras.utils.unpack_x_y_sample_weight(data)
        if isinstance(x, dict):
            stream = self._train_stream if training else self._test_stream
            if not stream.variables:
                raise ValueError(
                    "Batches of streams came from an iterator, which does not tell "
                    "how many streams there are. Pass a StreamBatches or another "
                    "keras.utils.PyDataset."
                )
            logits, state = self(
                x, state=stream.read(), return_state=True, training=training
            )
            stream.write(state)
        else:
            every = not last_alone(y)
            logits = self(x, training=training, return_sequences=every)
        # A place of weight 0 is none: the loss is the mean over those that
        # count, while a batch pulls at the weights by how many of them it has.
        count = ops.cast(ops.size(y), "float32")
        part, relative = 1.0, None
        if weights is not None:
            total = ops.sum(ops.cast(weights, "float32"))
            part, count = total / count, total
            # A batch in which nothing counts has the loss 0.
            relative = weights / ops.maximum(part, keras.config.epsilon())
        loss = self.compute_loss(x, y, logits, relative, training=training)
        self._loss_tracker.update_state(ops.stop_gradient(loss), sample_weight=count)
        logs = self.compute_metrics(x, y, ops.stop_gradient(logits), weights)
        bits = logs.get("bits_per_character")
        if bits is not None and not training:
            logs["perplexity"] = ops.power(ops.cast(2.0, bits.dtype), bits)
        return loss * part, logs

    # Before the first step on JAX, Keras asks for loss and metrics of all positions.

    def compute_loss(
        self, x: Any = None, y: Any = None, y_pred: Any = None, *args: Any, **kw: Any
    ) -> Any:
        return super().compute_loss(x, y, logits_of(y, y_pred), *args, **kw)

    def compute_metrics(
        self, x: Any, y: Any, y_pred: Any, sample_weight: Any = None
    ) -> dict:
        return super().compute_metrics(x, y, logits_of(y, y_pred), sample_weight)

    def compile(
        self,
        optimizer: Any = "adam",
        loss: Any = None,
        metrics: Any = None,
        weighted_metrics: Any = None,
        jit_compile: bool | str = "auto",
        **kwargs: Any,
    ) -> None:
        """Configure training, as in Keras, with defaults for text.

        Args:
            optimizer: As in Keras.
            loss: The cross-entropy of the next character, in nats, if `None` or
                `"sparse_categorical_crossentropy"`; one of your own gets logits.
            metrics: One or a list; bits per character and accuracy if `None`. All
                metrics are weighted, so that places that only fill up a batch do
                not count.
            weighted_metrics: As `metrics`; none if `None`.
            jit_compile: As in Keras; `"auto"` compiles on JAX and TensorFlow.
            **kwargs: As in Keras.
        """
        self._planned, self.gradient_function = False, None
        for stream in (self._train_stream, self._test_stream):
            stream.steps.clear()
        if loss in (None, "sparse_categorical_crossentropy"):
            # By that name Keras takes what the model returns for probabilities.
            loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        if metrics is None:
            metrics = [BitsPerCharacter(), "accuracy"]
        metrics, weighted_metrics = (
            list(m) if isinstance(m, list | tuple) else [] if m is None else [m]
            for m in (metrics, weighted_metrics)
        )
        self._jit_compile_asked = jit_compile
        if jit_compile == "auto":
            jit_compile = jit_by_default and not kwargs.get("run_eagerly")
        super().compile(
            optimizer=optimizer,
            loss=loss,
            weighted_metrics=metrics + weighted_metrics,
            jit_compile=jit_compile,
            **kwargs,
        )
        if plan := plan_of(self.optimizer):
            self.optimizer.build(self.trainable_variables)
            plan.attach(self.optimizer)
            self._trained = tuple(map(id, self.trainable_variables))

    def get_compile_config(self) -> dict:
        config = super().get_compile_config()
        if config:
            # What "auto" means differs between backends, and so it stays "auto".
            config["jit_compile"] = self._jit_compile_asked
            config["planned"] = self._planned
            config["built"] = self.optimizer.built
        return portable(config)

    def compile_from_config(self, config: dict) -> None:
        # Files of before have the names of PyTorch's classes.
        config = keras.saving.deserialize_keras_object(portable(config))
        planned, built = config.pop("planned", False), config.pop("built", True)
        self.compile(metrics=[], **{k: v for k, v in config.items() if k != "metrics"})
        self._planned = planned
        if built:
            self.optimizer.build(self.trainable_variables)

    def fit(
        self,
        x: Any = None,
        y: Any = None,
        batch_size: int | None = None,
        epochs: int = 1,
        verbose: Any = "auto",
        callbacks: Any = None,
        validation_split: float = 0.0,
        validation_data: Any = None,
        shuffle: bool | None = None,
        *,
        sequence_length: int = Training.sequence_length,
        stride: int | None = None,
        target: Target = "sequence",
        resets: float = 0.0,
        learning_rate: float | None = None,
        weight_decay: float | None = None,
        unknown: Unknown = "error",
        **kwargs: Any,
    ) -> keras.callbacks.History:
        """Train on a text, or on anything that Keras trains on.

        A text is read as `batch_size` streams, with the state carried from
        batch to batch; it starts empty in each epoch. Documents are packed into
        streams, and each starts from the empty state. With a `stride` a text is read
        in windows, each by itself. A model that was not compiled is trained with
        AdamW, whose learning rate rises over the first steps and falls with a cosine
        until the last, with gradients clipped to global norm 1.

        Args:
            x: A string (always text), a path or a list of paths (always files,
                UTF-8), a `Corpus`, a list of strings if the model's vocabulary has an
                end of documents, batches such as `StreamBatches`, or ids (N, T)
                with targets `y`; also the pair `(x, y)`.
            y: Targets if `x` is an array: (N, T), or (N,) for the last position alone.
            batch_size: The number of streams, 16 if `None`, or of windows; for
                arrays 32.
            epochs: Passes over the data.
            verbose: As in Keras; 2 also tells which kernels run.
            callbacks: As in Keras.
            validation_split: The last part of the text to validate on, 0 to 1; of
                documents some from everywhere.
            validation_data: A text, batches or arrays to validate on.
            shuffle: As in Keras for arrays; documents and windows are shuffled unless
                it is false, a continuous text never is.
            sequence_length: Characters of each stream in a batch, over which
                gradients flow back, or of a window.
            stride: How many characters after a window the next one begins; no windows
                if `None`.
            target: What windows predict, as in `WindowBatches`.
            resets: How often a stream starts from the empty state, as in
                `StreamBatches`; with 0.05 or so a model also learns to begin.
            learning_rate: What the learning rate of a model that was not compiled
                rises to, 0.007 if `None`. With `initial_epoch` the plan of the `fit`
                before goes on as it is.
            weight_decay: How strongly the weights of such a model are drawn to 0: each
                step takes away this part of them, times the learning rate; 0.05 if
                `None`. What AdamW has in place of an L2 penalty.
            unknown: What to do with characters outside the vocabulary, as in
                `Vocabulary.encode`.
            **kwargs: The rest of Keras' arguments.

        Returns:
            The `History`: loss in nats per character, `bits_per_character`,
            accuracy, and their `val_` counterparts.

        Raises:
            ValueError: If the text is shorter than 2 characters, holds unknown
                ones, or is to be shuffled, or a number is out of range.
        """
        check_positive("epochs", epochs)
        if self.compiled and not self._planned:
            refuse_plan(learning_rate=learning_rate, weight_decay=weight_decay)
        x, y = unpacked(x, y)
        how = partial(
            cut, sequence_length=sequence_length, stride=stride, target=target
        )
        if is_text(x):
            corpus = as_corpus(x, self.vocabulary, unknown)
            if validation_split and validation_data is None:
                corpus, validation_data = corpus.split(validation_split)
            rows = Training.batch_size if batch_size is None else batch_size
            x = how(corpus, rows, shuffle=shuffle, resets=resets)
            validation_split, batch_size, shuffle = 0.0, None, False
        elif resets:
            raise ValueError(
                f"resets={resets} is for a text. Batches have it from "
                "StreamBatches(..., resets=...); arrays start from the empty state."
            )
        if is_text(validation_data):
            rows = kwargs.pop("validation_batch_size", None)
            corpus = as_corpus(validation_data, self.vocabulary, unknown)
            rows = rows_of(x) if rows is None else rows
            # The sizes are no part of what is measured, so they shrink unsaid.
            validation_data = how(corpus, rows, shuffle=False, warn=False)
        if isinstance(x, TextBatches) and shuffle:
            raise ValueError(
                "shuffle=True would tear batches apart that follow each other. Leave "
                "it out; DocumentBatches and WindowBatches shuffle by themselves."
            )
        known = isinstance(x, keras.utils.PyDataset) and carries(x)
        if known or isinstance(x, TextBatches):
            shuffle = False
        if not self.compiled or (self._planned and not kwargs.get("initial_epoch")):
            steps = steps_of(x, batch_size, kwargs.get("steps_per_epoch"))
            self._follow(*plan_for(steps * epochs, learning_rate, weight_decay))
        self.train_batches = x if isinstance(x, TextBatches) else None
        if not isinstance(callbacks, keras.callbacks.CallbackList):
            callbacks = with_own(callbacks, self.train_batches, verbose)
        self._prepare(self._train_stream, x, y)
        self._prepare(self._test_stream, validation_data)
        return super().fit(
            fed(x),
            y,
            batch_size=batch_size,
            epochs=epochs,
            verbose=verbose,
            callbacks=callbacks,
            validation_split=validation_split,
            validation_data=fed(validation_data),
            shuffle=True if shuffle is None else shuffle,
            **kwargs,
        )

    def train_on_batch(self, x: Any, y: Any = None, *args: Any, **kw: Any) -> Any:
        """Make one training step, as in Keras; a dict of ids and reset carries."""
        self._compile_by_default()
        self._prepare(self._train_stream, [(x,)], y)
        return super().train_on_batch(x, y, *args, **kw)

    def gradients(
        self, x: Any, y: Any, sample_weight: Any = None
    ) -> tuple[list, dict[str, float]]:
        """Return the gradients of a batch, for a training loop of your own.

        `model.optimizer.apply(gradients, model.trainable_variables)` then makes
        the step that `train_on_batch` makes. A dict of ids and reset carries the
        state. On JAX and TensorFlow it is compiled, once per shape.

        Args:
            x: As in `train_on_batch`.
            y: As in `train_on_batch`.
            sample_weight: As in `train_on_batch`.

        Returns:
            The gradient of each of `trainable_variables`, and the metrics since
            `reset_metrics`.
        """
        self._compile_by_default()
        self._prepare(self._train_stream, [(x,)], y)
        data = tuple(d for d in (x, y, sample_weight) if d is not None)
        data = keras.tree.map_structure(ops.convert_to_tensor, data)
        self._symbolic_build(data_batch=data)
        gradients, logs = self.gradients_and_logs(data)
        return gradients, {name: float(value) for name, value in logs.items()}

    def _compile_by_default(self) -> None:
        if not self.compiled:
            self.compile()
            self._planned = True

    def _follow(self, plan: Plan, weight_decay: float) -> None:
        """Train as a plan says, with the planned optimizer there is if it will do."""
        trained = tuple(map(id, self.trainable_variables))
        if self._planned and trained == self._trained:
            old = plan_of(self.optimizer)
            if old and weight_decay == self.optimizer.weight_decay:
                old.restart(self.optimizer, plan)
                return
        self.compile(optimizer_for(plan, weight_decay))
        self._planned = True

    def _prepare(self, stream: Stream, batches: Any, y: Any = None) -> None:
        """Check arrays of ids, and give a stream as many rows as batches have."""
        one = batches[0][0] if isinstance(batches, list) else batches
        check_ids(one, len(self.vocabulary))
        own = isinstance(self.loss, keras.losses.SparseCategoricalCrossentropy)
        if own and self.loss.ignore_class is None:
            check_ids(y, len(self.vocabulary))
        indexable = isinstance(batches, keras.utils.PyDataset | list)
        if not indexable or not carries(batches):
            return
        before = stream.rows
        stream.allocate(self.initial_state(len(batches[0][0]["ids"])))
        if stream.rows == before:
            return
        names = ["test_function"]
        if stream is self._train_stream:
            names = ["train_function", "gradient_function"]
        for name in names:
            stream.steps[name, before] = getattr(self, name)
            setattr(self, name, stream.steps.get((name, stream.rows)))
