"""Fitting: what `fit` makes of a text, and of everything else that Keras trains on."""

import os
from functools import partial
from typing import Any

import keras

from keras_charrnn._platform import check_flag, check_positive
from keras_charrnn.batches import Target, TextBatches, as_corpus, cut, is_text
from keras_charrnn.network import Stream
from keras_charrnn.runs import RunFolder
from keras_charrnn.settings import Training
from keras_charrnn.text import Unknown
from keras_charrnn.training.callbacks import with_own
from keras_charrnn.training.inputs import carries, check_ids, fed, rows_of, unpacked
from keras_charrnn.training.plan import (
    Plan,
    optimizer_for,
    plan_for,
    plan_of,
    refuse_plan,
    steps_of,
)
from keras_charrnn.training.resuming import fit_in_run


class TextFitter:
    """A mixin for a model: it is fitted to text."""

    def fit(
        self: Any,
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
        run: str | os.PathLike | RunFolder | None = None,
        resume: bool = False,
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
            run: A folder for what the run leaves: the best model, checkpoints, the
                history and samples.
            resume: Whether to go on with the run in that folder, from its last
                checkpoint and with the same arguments. On a CPU, losses and weights
                are then those of a run that was not ended, bit for bit. More `epochs`
                than before spread the plan of the learning rate over all of them.
            **kwargs: The rest of Keras' arguments.

        Returns:
            The `History`: loss in nats per character, `bits_per_character`,
            accuracy, and their `val_` counterparts.

        Raises:
            ValueError: If the text is shorter than 2 characters, holds unknown
                ones, or is to be shuffled, or a number is out of range.
            FileExistsError: If the folder of the run holds a run or a model.
            FloatingPointError: If the loss of a run is not finite.
        """
        check_positive("epochs", epochs)
        check_flag("resume", resume)
        if shuffle is not None:
            check_flag("shuffle", shuffle)
        if self.compiled and not self._planned:
            refuse_plan(learning_rate=learning_rate, weight_decay=weight_decay)
        x, y = unpacked(x, y)
        named = x if isinstance(x, list | tuple) else [x]
        paths = [os.fspath(path) for path in named if isinstance(path, os.PathLike)]
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
        how_long = {"initial_epoch": kwargs.pop("initial_epoch", 0), "epochs": epochs}
        fit = partial(
            super().fit,  # type: ignore[misc]
            y=y,
            batch_size=batch_size,
            verbose=verbose,
            validation_split=validation_split,
            validation_data=fed(validation_data),
            shuffle=True if shuffle is None else shuffle,
            **kwargs,
        )
        if run is None:
            return fit(fed(x), callbacks=callbacks, **how_long)
        folder = run if isinstance(run, RunFolder) else RunFolder(run)
        if paths:
            folder.note.setdefault("text", paths)
        _check_recordable(x, callbacks, how_long, kwargs, self.optimizer)
        validate = None
        if validation_data is not None:
            validate = partial(
                self.evaluate, validation_data, verbose=0, return_dict=True
            )
        return fit_in_run(
            self,
            fit,
            validate,
            x,
            folder,
            callbacks,
            epochs,
            resume,
            verbose,
            validation_data,
        )

    def _follow(self: Any, plan: Plan, weight_decay: float) -> None:
        """Train as a plan says, with the planned optimizer there is if it will do."""
        trained = tuple(map(id, self.trainable_variables))
        if self._planned and trained == self._trained:
            old = plan_of(self.optimizer)
            if old and weight_decay == self.optimizer.weight_decay:
                old.restart(self.optimizer, plan)
                return
        self.compile(optimizer_for(plan, weight_decay))
        self._planned = True

    def _prepare(self: Any, stream: Stream, batches: Any, y: Any = None) -> None:
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


def _check_recordable(
    x: Any, callbacks: Any, how_long: dict, kwargs: dict, optimizer: Any
) -> None:
    """Raise an error where the order of the batches could not be found again."""
    if not isinstance(x, keras.utils.PyDataset):
        raise ValueError(
            "run takes a text, or batches such as StreamBatches: the order of "
            f"{type(x).__name__} is not known, so it could not go on."
        )
    given = ["initial_epoch"] if how_long["initial_epoch"] else []
    given += [name for name in ("steps_per_epoch",) if kwargs.get(name)]
    if given:
        raise ValueError(f"{given[0]}: the run in its folder knows that. Leave it out.")
    if isinstance(callbacks, keras.callbacks.CallbackList):
        raise ValueError("With run, callbacks is a list of callbacks.")
    for callback in keras.tree.flatten(callbacks or []):
        if getattr(callback, "restore_best_weights", False):
            raise ValueError(
                "run does not go with restore_best_weights, which forgets the best "
                "weights where a run is ended. The best model is in the folder."
            )
    if getattr(optimizer, "use_ema", False):
        raise ValueError(
            "run does not go with use_ema: Keras puts the averages in place of the "
            "weights where a fit ends, and a run that goes on is made of several."
        )
