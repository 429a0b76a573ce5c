"""Training: a step of a model with carried state, and what it is made of.

Shapes: B batch, T time, V vocabulary.
"""

from typing import Any

import keras
from keras import ops

from keras_charrnn._backend import TrainStep
from keras_charrnn._backend import jit_compile as jit_by_default
from keras_charrnn.batches import TextBatches
from keras_charrnn.network import Recurrent, Stream
from keras_charrnn.runs import portable
from keras_charrnn.text import Vocabulary
from keras_charrnn.training.evaluation import TextEvaluator
from keras_charrnn.training.fitting import TextFitter
from keras_charrnn.training.inputs import last_alone, logits_of
from keras_charrnn.training.metrics import BitsPerCharacter
from keras_charrnn.training.plan import plan_of


class TextTrainer(TextFitter, TextEvaluator, TrainStep, keras.Model):
    """A Keras model that is trained on text; `CharRNN` says what it computes.

    A subclass has a `vocabulary`, `recurrent` layers, `initial_state(batch_size)`,
    and a call `model(inputs, state=..., return_state=True) -> (logits, state)`.
    """

    vocabulary: Vocabulary
    recurrent: list[Recurrent]

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._train_stream = Stream("training")
        self._test_stream = Stream("evaluation")
        # Whether fit chose the optimizer, whose plan then ends with that fit.
        self._planned = False
        self._trained: tuple[int, ...] = ()
        # The compiled step of `gradients`.
        self.gradient_function: Any = None
        self.train_batches: TextBatches | None = None

    @property
    def variables(self) -> list[keras.Variable]:
        streams = (self._train_stream, self._test_stream)
        return self.network_variables + [v for s in streams for v in s.variables]

    @property
    def network_variables(self) -> list[keras.Variable]:
        """The variables without those of streams: weights, and random states."""
        return super().variables

    @property
    def planned(self) -> bool:
        """Whether `fit` has chosen the optimizer."""
        return self._planned

    @property
    def carried_variables(self) -> list[keras.Variable]:
        """The variables of the state that training carries."""
        return self._train_stream.current

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
        data = self.build_metrics(data)
        gradients, logs = self.gradients_and_logs(data)
        return gradients, {name: float(value) for name, value in logs.items()}

    def build_metrics(self, data: Any) -> Any:
        """Create the variables of the metrics; return a batch as tensors.

        Args:
            data: The batch: inputs, targets and perhaps weights.
        """
        data = keras.tree.map_structure(ops.convert_to_tensor, data)
        self._symbolic_build(data_batch=data)
        return data

    def _compile_by_default(self) -> None:
        if not self.compiled:
            self.compile()
            self._planned = True
