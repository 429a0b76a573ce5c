"""Recording: what a fit leaves in its run folder while it goes on."""

import math
import os
import signal
import threading
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import keras
import numpy as np

from keras_charrnn.runs import RunFolder, save_model
from keras_charrnn.training.progress import (
    arrays_of,
    callback_states,
    restore_callbacks,
    restore_metrics,
)

# Minutes between two checkpoints within an epoch.
_MINUTES = 10.0

# What ends a process politely: Ctrl-C, a scheduler, a terminal that is closed.
_SIGNALS = [
    getattr(signal, name)
    for name in ("SIGINT", "SIGTERM", "SIGHUP")
    if hasattr(signal, name)
]

_STOPPING = (
    b"\nStopping: this batch ends, then a checkpoint is saved. "
    b"A second Ctrl-C ends at once.\n"
)

_SAMPLE = {"length": 200, "temperature": 0.8}


class Stopped(Exception):  # noqa: N818
    """A signal has ended the training, and a checkpoint holds what was learned."""


class Recorder(keras.callbacks.Callback):
    """Writes checkpoints, the history, samples and the best model into a run folder.

    Args:
        folder: The `RunFolder`.
        batches: The batches of an epoch.
        settings: What has to be equal to go on.
        facts: What `run.json` tells from the first file on that is saved.

    Attributes:
        history: The logs of each epoch.
        best: The epoch with the least validation loss and that loss, if there is one.
        signal: The number of the signal that asked for the end.
    """

    async_safe = True

    def __init__(
        self, folder: RunFolder, batches: Any, settings: dict, facts: dict
    ) -> None:
        super().__init__()
        self._facts: dict | None = facts
        self._folder, self._batches, self._settings = folder, batches, settings
        self.history: list[dict[str, Any]] = []
        self.best: dict[str, Any] | None = None
        self.signal: int | None = None
        self._users: list[keras.callbacks.Callback] = []
        self._first = self._done = self._epoch = 0
        self._metrics: dict[str, np.ndarray] = {}
        self._strange: int | None = None
        self._saved = time.monotonic()
        self._handlers: dict[int, Any] = {}

    def follow(self, callbacks: list, found: tuple[dict, dict] | None) -> None:
        """Start, or take up what a checkpoint holds.

        Args:
            callbacks: All callbacks of the fit.
            found: The arrays and the facts of a checkpoint.
        """
        self._users = callbacks
        if found is not None:
            arrays, facts = found
            self._folder.overwrite = False
            self.history, self.best = facts["history"], facts["best"]
            self._epoch, self._first = facts["epoch"], facts["step"]
            # After the last step, the logs hold what they had counted.
            self._metrics = arrays if 0 < self._first < len(self._batches) else {}
            restore_callbacks(callbacks, facts["callbacks"])

    @property
    def has_saved(self) -> bool:
        """Whether there is anything in the folder that is of this run."""
        return self._facts is None

    def next_epoch(self) -> None:
        """End a part of an epoch; the next one is whole."""
        self._first = 0

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Turn signals into an orderly end, from the first step on."""
        try:
            yield
        finally:
            for number, before in self._handlers.items():
                signal.signal(number, before)
            self._handlers = {}

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        self._epoch, self._done = epoch, self._first
        self._began = time.monotonic()
        if self._metrics:
            restore_metrics(self.model, self._metrics)
            self._metrics = {}

    # What begins is called in the main thread, and what ends perhaps in another, while
    # the next step is being made.

    def on_train_batch_begin(self, batch: int, logs: Any = None) -> None:
        self._done = self._first + batch
        self._check_finite()
        if batch:
            self._listen()
        late = time.monotonic() - self._saved > 60 * _MINUTES
        if self.signal is not None or late:
            self._checkpoint(self._epoch, self._done)
        self._stop_if_asked()

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        if logs and not math.isfinite(float(logs.get("loss", 0))):
            self._strange = min(self._first + batch + 1, len(self._batches))

    def on_test_begin(self, logs: Any = None) -> None:
        # Validation may be long. What ends it is to lose nothing.
        self._listen()
        logs = self.model.get_metrics_result()
        self._checkpoint(self._epoch, len(self._batches), _plain(logs))

    def on_test_batch_begin(self, batch: int, logs: Any = None) -> None:
        self._stop_if_asked()

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        self._check_finite()
        figures = {**_plain(logs), "seconds": time.monotonic() - self._began}
        rate = getattr(self.model.optimizer, "learning_rate", None)
        if rate is not None:
            figures["learning_rate"] = float(keras.ops.convert_to_numpy(rate))
        self.history.append({"epoch": epoch + 1, **figures})
        validation = figures.get("val_loss")
        if validation is not None and not math.isfinite(validation):
            raise FloatingPointError(self._diverged("val_loss", len(self._batches)))
        if validation is None or self.best is None or validation < self.best["loss"]:
            self._save_model()
            if validation is not None:
                self.best = {"epoch": epoch + 1, "loss": validation}
                self.best["step"] = (epoch + 1) * len(self._batches)
        self._checkpoint(epoch + 1, 0)
        self._folder.write_history(self.history)
        self._write_sample(epoch)
        self._listen()
        self._stop_if_asked()

    def stopped(self) -> None:
        """Keep the model that a signal ended, unless a better one was saved."""
        if self.best is None:
            self._save_model()

    def _listen(self) -> None:
        main = threading.current_thread() is threading.main_thread()
        if self._handlers or not main:
            return
        for number in _SIGNALS:
            before = signal.getsignal(number)
            if before is not signal.SIG_IGN and before is not None:
                self._handlers[number] = before
                signal.signal(number, self._ask)

    def _stop_if_asked(self) -> None:
        if self.signal is not None:
            raise Stopped

    def _ask(self, number: int, frame: Any) -> None:
        if self.signal is not None:  # the second ends at once
            before = self._handlers.get(number, signal.SIG_DFL)
            signal.signal(number, before)
            signal.raise_signal(number)
            return
        self.signal = number
        # Python's own output may be in the middle of a line.
        os.write(2, _STOPPING)

    def _check_finite(self) -> None:
        if self._strange is not None:
            raise FloatingPointError(self._diverged("the loss", self._strange))

    def _diverged(self, what: str, step: int) -> str:
        return (
            f"In epoch {self._epoch + 1}, at step {step} of {len(self._batches)}, "
            f"{what} is not finite (nan or inf): the training has diverged. What was "
            f"saved before stays in {str(self._folder.path)!r}. Train with a lower "
            "learning rate, or clip the gradients."
        )

    def _save_model(self) -> None:
        self._before_saving()
        save_model(self.model, self._folder.model)

    def _before_saving(self) -> None:
        """Make room for the first file, and not before there is one."""
        if self._facts is None:
            return
        if self._folder.overwrite:
            self._folder.clear()
        self._folder.update_facts(self._facts)
        self._facts = None

    def _checkpoint(self, epoch: int, step: int, logs: dict | None = None) -> None:
        self._check_finite()
        arrays = arrays_of(self.model)
        for name, array in arrays.items():
            if array.dtype.kind == "f" and not np.isfinite(array).all():
                raise FloatingPointError(self._diverged(name, self._done))
        facts = {
            **self._settings,
            "epoch": epoch,
            "step": step,
            "logs": logs,
            "history": self.history,
            "best": self.best,
            "callbacks": callback_states(self._users),
        }
        self._before_saving()
        steps = epoch * len(self._batches) + step
        best = None if self.best is None else self.best["step"]
        self._folder.write_checkpoint(steps, arrays, facts, best)
        self._saved = time.monotonic()

    def _write_sample(self, epoch: int) -> None:
        text = self.model.generate("", seed=epoch, **_SAMPLE)
        try:
            with self._folder.samples.open("a", encoding="utf-8") as file:
                file.write(f"--- epoch {epoch + 1} ---\n{text}\n\n")
        except OSError as error:
            warnings.warn(f"A sample could not be written: {error}.", stacklevel=2)


def _plain(logs: Any) -> dict[str, float]:
    return {name: float(value) for name, value in (logs or {}).items()}
