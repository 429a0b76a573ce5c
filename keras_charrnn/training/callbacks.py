"""Callbacks for training on text."""

import os
import sys
import threading
import time
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import keras

from keras_charrnn._platform import check_positive, check_writable
from keras_charrnn.batches import TextBatches
from keras_charrnn.runs import save_model
from keras_charrnn.training._tensorboard import TextLog
from keras_charrnn.writing import Settings


def show(text: str) -> None:
    """Write a text to standard output; an output error does not end the training.

    Args:
        text: The text. Characters that the output's encoding lacks are replaced.
    """
    encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
    try:
        sys.stdout.write(text.encode(encoding, "replace").decode(encoding))
        sys.stdout.flush()
    except OSError as error:  # a full disk, or a reader that has gone
        warnings.warn(f"A text could not be shown: {error}.", stacklevel=2)


class CharactersPerSecond(keras.callbacks.Callback):
    """Adds the speed of training to the progress bar and the history.

    It counts the characters that training predicts. The first batch of a fit,
    in which the step is compiled, is left out, and so is validation.

    Example:

    >>> import keras_charrnn as kc
    >>> text = "so much depends upon a red wheel barrow " * 60
    >>> model = kc.CharRNN(kc.Vocabulary.from_text(text), units=16)
    >>> speed = kc.CharactersPerSecond()
    >>> history = model.fit(text, epochs=2, verbose=0, callbacks=[speed])
    >>> history.history["characters_per_second"][-1] > 0
    True
    """

    # Keras may call it from several threads, in any order, without waiting for it.
    async_safe = True

    def on_train_begin(self, logs: Any = None) -> None:
        # On JAX, `self.model` pulls the weights out of the step each time.
        self._batches = self.model.train_batches
        self._lock = threading.Lock()
        self._compiled = False

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        # The speed is measured between these two pairs of batches done and seconds.
        self._first = (0, time.perf_counter()) if self._compiled else None
        self._last = self._first
        self._speed: float | None = None

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        batches, end = self._batches, (batch + 1, time.perf_counter())
        if batches is None or logs is None:
            return
        with self._lock:
            self._compiled = True
            self._first = min(self._first or end, end)
            self._last = max(self._last or end, end)
            done, seconds = (b - a for a, b in zip(self._first, self._last))
            if done and seconds > 0:
                self._speed = done / len(batches) * batches.predictions / seconds
                logs["characters_per_second"] = self._speed

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        if self._speed is not None and logs is not None:
            logs["characters_per_second"] = self._speed


class BeginEpoch(keras.callbacks.Callback):
    """Tells batches which epoch begins; `fit` on a text adds it.

    With `steps_per_epoch`, Keras continues a pass over the batches in the next epoch.
    The order of a pass stays as it is until the pass has ended.

    Args:
        batches: The `TextBatches`.
    """

    async_safe = True

    def __init__(self, batches: TextBatches) -> None:
        super().__init__()
        self._batches = batches

    def on_train_begin(self, logs: Any = None) -> None:
        self._seen = 0  # batches of this pass

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        if not self._seen:
            self._batches.begin_epoch(epoch)

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        self._seen += self.params["steps"]
        if self._seen >= len(self._batches):
            self._seen = 0


class ProgressBar(keras.callbacks.ProgbarLogger):
    """Keras' bar, which after an early end shows how far the epoch came."""

    async_safe = True

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        self.target = self.seen
        super().on_epoch_end(epoch, logs)


class TellKernels(keras.callbacks.Callback):
    """Prints once which kernel runs each recurrent layer; `fit(verbose=2)` adds it."""

    async_safe = True

    def on_train_begin(self, logs: Any = None) -> None:
        self._layers = list(self.model.recurrent)

    def on_test_begin(self, logs: Any = None) -> None:
        self._tell()  # before validation runs a layer in another way

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        self._tell()

    def _tell(self) -> None:
        if self._layers:
            ran = ", ".join(f"{layer.name}: {layer.ran}" for layer in self._layers)
            show(f"Kernels - {ran}\n")
        self._layers = []


class SaveModel(keras.callbacks.Callback):
    """Saves the whole model after each epoch, in a file that is never half-written.

    Args:
        path: The file, whose name ends in `.keras`.

    Example:

    >>> import keras_charrnn as kc
    >>> text = "so much depends upon a red wheel barrow " * 60
    >>> model = kc.CharRNN(kc.Vocabulary.from_text(text), units=16)
    >>> history = model.fit(text, verbose=0, callbacks=[kc.SaveModel("red.keras")])
    """

    def __init__(self, path: str | os.PathLike) -> None:
        super().__init__()
        self.path = Path(path)

    def on_train_begin(self, logs: Any = None) -> None:
        check_writable(self.path)

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        save_model(self.model, self.path)


class SampleText(keras.callbacks.Callback):
    """Writes texts after an epoch, and prints them as they are written.

    All texts of an epoch start from the same prompt, so that temperatures can be
    compared. Each starts from the empty state, and the state that training carries is
    not changed.

    Args:
        temperatures: The temperatures; one text is written for each.
        length: The maximum number of characters of a text.
        prompt: The beginning of the texts. If `None`, it is a random phrase of the text
            that the model is trained on, a different one after each epoch. If the
            model is trained on documents, it is empty, and new documents are written.
        prompt_length: The number of characters of a random phrase.
        every: The number of epochs from one output to the next.
        seed: A non-negative integer that makes the phrases and the texts repeatable.
        log_dir: A folder for TensorBoard, which shows the texts in its tab "Text".
        **settings: As in `CharRNN.generate`, from `sampler` to `min_length`.

    Attributes:
        samples: A tuple (epoch, temperature, prompt, text) for each text written;
            epochs are counted from 1.

    Raises:
        ValueError: If a number is out of range.
        ImportError: If a `log_dir` is given, but TensorBoard is not installed.

    Example:

    >>> import keras_charrnn as kc
    >>> text = "so much depends upon a red wheel barrow " * 60
    >>> model = kc.CharRNN(kc.Vocabulary.from_text(text), units=16)
    >>> samples = kc.SampleText([0.5], length=20, prompt="so ", seed=1)
    >>> history = model.fit(text, verbose=0, callbacks=[samples])  # doctest: +ELLIPSIS
    <BLANKLINE>
    --- epoch 1, temperature 0.5, after 'so ' ---
    ...
    >>> len(samples.samples)
    1
    """

    def __init__(
        self,
        temperatures: Sequence[float] = (0.2, 0.5, 1.0, 1.2),
        length: int = Settings.length,
        prompt: str | None = None,
        prompt_length: int = 40,
        every: int = 1,
        seed: int | None = None,
        log_dir: str | os.PathLike | None = None,
        **settings: Any,
    ) -> None:
        super().__init__()
        for name, value in (("prompt_length", prompt_length), ("every", every)):
            check_positive(name, value)
        self.temperatures, self.length = tuple(temperatures), length
        self.prompt, self.prompt_length = prompt, prompt_length
        self.every, self.seed = every, seed
        self.settings = settings
        self.samples: list[tuple[int, float, str, str]] = []
        self._log = None if log_dir is None else TextLog(log_dir)

    def on_train_begin(self, logs: Any = None) -> None:
        self._batches = self.model.train_batches
        if self.prompt is None and self._batches is None:
            raise ValueError(
                "SampleText takes its phrases from the text that fit is given, and fit "
                "was given something else. Pass a prompt."
            )
        # Wrong settings raise an error now, and not only after an epoch.
        if "temperature" in self.settings:
            raise TypeError(
                "SampleText takes a list, temperatures, in place of a temperature."
            )
        given = {"length": self.length, **self.settings}
        settings = Settings.of(SampleText, given)
        settings.rules(self.model.vocabulary, self.temperatures)
        self.model.vocabulary.encode(self.prompt or "")

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        number = epoch + 1
        if number % self.every:
            return
        seed = None if self.seed is None else self.seed + epoch
        prompt = self.prompt
        if prompt is None:
            prompt = self._batches.corpus.phrase(self.prompt_length, seed)
        for temperature in self.temperatures:
            name = f"epoch {number}, temperature {temperature}"
            show(f"\n--- {name}, after {prompt!r} ---\n")
            pieces = []
            for piece in self.model.stream(
                prompt, self.length, temperature, seed, **self.settings
            ):
                pieces.append(piece)
                show(piece)
            show("\n")
            text = "".join(pieces)
            self.samples.append((number, temperature, prompt, text))
            if self._log is not None:
                tag = f"temperature {temperature}"
                try:
                    self._log.write(tag, f"[{prompt}]{text}", number)
                except OSError as error:
                    warnings.warn(f"TensorBoard gets no text: {error}.", stacklevel=2)

    def on_train_end(self, logs: Any = None) -> None:
        if self._log is not None:
            self._log.close()


def with_own(
    callbacks: Any, batches: TextBatches | None, verbose: Any
) -> list[keras.callbacks.Callback]:
    """Return the callbacks of a `fit`: the user's, and those that `fit` adds.

    Args:
        callbacks: The user's, a nest or `None`.
        batches: The batches of text, if there are such.
        verbose: As in Keras.

    Returns:
        The callbacks, in their order.
    """
    own: list[Any] = [TellKernels()] if verbose == 2 else []
    own += [] if batches is None else [BeginEpoch(batches)]
    users = keras.tree.flatten(callbacks or [])
    bars = [c for c in users if isinstance(c, keras.callbacks.ProgbarLogger)]
    # The bar comes last, since it shows what others add to the logs.
    return [*own, *users, *([ProgressBar()] if verbose and not bars else [])]
