"""Resuming: a fit in a run folder, which can go on from there exactly."""

import hashlib
import json
import platform
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import keras
import numpy as np

from keras_charrnn._backend import backend_name
from keras_charrnn.batches import TextBatches
from keras_charrnn.runs import RunFolder
from keras_charrnn.training.inputs import Rest, fed
from keras_charrnn.training.plan import plan_of
from keras_charrnn.training.progress import restore
from keras_charrnn.training.recording import Recorder, Stopped

# What has to be equal in batches of a run that goes on.
_SETTLED = (
    *("batch_size", "sequence_length", "seed", "resets"),
    *("shuffle", "stride", "target"),
)


class _Callbacks(keras.callbacks.CallbackList):
    """Callbacks of several fits that are one: they begin and end once."""

    def on_train_begin(self, logs: Any = None) -> None:
        pass

    def on_train_end(self, logs: Any = None) -> None:
        pass

    def begin(self) -> None:
        super().on_train_begin()

    def end(self, logs: Any) -> None:
        super().on_train_end(logs)


def fit_in_run(
    model: Any,
    fit: Callable,
    validate: Callable | None,
    batches: Any,
    folder: RunFolder,
    callbacks: list,
    epochs: int,
    resume: bool,
    verbose: Any,
    validation: Any,
) -> keras.callbacks.History:
    """Fit a model, and record it in a run folder.

    Args:
        model: The model, compiled, whose training stream has its rows.
        fit: Keras' `fit`, which still takes batches, `callbacks`, `initial_epoch` and
            `epochs`.
        validate: `validate()` returns the figures of validation, if there is one.
        batches: The batches, in an order that is known.
        folder: The `RunFolder`.
        callbacks: The callbacks; the last one is the progress bar, if there is one.
        epochs: How many epochs there are in all.
        resume: Whether to go on from the last checkpoint.
        verbose: As in Keras.
        validation: What `validate` reads.

    Returns:
        The `History` of all epochs.
    """
    settings = {
        "network": _network(model),
        "optimizer": _optimizer(model),
        "compiled": None if model.planned else model.get_compile_config(),
        **_identity(batches),
        "validation": None if validation is None else _identity(validation),
        "epochs": epochs,
    }
    settings = json.loads(json.dumps(settings, default=repr))
    with folder.locked():
        found = None
        if resume:
            found = folder.last_checkpoint()
            _check_same(found[1], settings, folder)
            model.build_metrics(batches[0])
            restore(model, found[0])
            plan = plan_of(model.optimizer)
            if plan is not None and found[1]["epochs"] != epochs:
                plan.spread()
        elif not folder.overwrite:
            folder.refuse_used(
                "Pass resume=True to go on with it, or take another folder."
            )
        facts = {**_versions(), **settings, **folder.note, "ended": None}
        recorder = Recorder(folder, batches, settings, facts)
        bars = [c for c in callbacks if isinstance(c, keras.callbacks.ProgbarLogger)]
        others = [c for c in callbacks if c not in bars]
        every = _Callbacks(
            [*others, recorder, *bars],
            add_history=True,
            model=model,
            epochs=epochs,
            steps=len(batches),
            verbose=verbose,
        )
        model.stop_training = False
        with _told(folder, recorder):
            every.begin()
            recorder.follow(others, found)
            _fill(model.history, recorder.history)
            try:
                with recorder.listening():
                    _train(
                        model, fit, validate, batches, every, recorder, epochs, found
                    )
            except Stopped:
                recorder.stopped()
            every.end(recorder.history[-1] if recorder.history else {})
        if recorder.signal not in (None, signal.SIGINT):
            raise SystemExit(128 + recorder.signal)
    return model.history


def _versions() -> dict[str, Any]:
    return {
        "keras_charrnn": _version("keras_charrnn"),
        "keras": keras.__version__,
        "backend": backend_name,
        backend_name: _version(backend_name),
        "python": platform.python_version(),
    }


@contextmanager
def _told(folder: RunFolder, recorder: Recorder) -> Iterator[None]:
    """Tell in `run.json` how a run ended, if it has left anything."""
    ended = None
    try:
        yield
    except Exception as error:
        ended = f"failed: {error}"
        raise
    else:
        number = recorder.signal
        name = None if number is None else signal.Signals(number).name
        ended = "finished" if name is None else f"stopped: {name}"
    finally:
        if recorder.has_saved:
            done = {"epochs done": len(recorder.history), "best": recorder.best}
            folder.update_facts({"ended": ended, **done})


def _version(package: str) -> str | None:
    names = [package, f"{package}-cpu"]  # tensorflow has another name for CPUs
    for name in names:
        with suppress(PackageNotFoundError):
            return version(name)
    return None


def _train(
    model: Any,
    fit: Callable,
    validate: Callable | None,
    batches: Any,
    every: _Callbacks,
    recorder: Recorder,
    epochs: int,
    found: tuple[dict, dict] | None,
) -> None:
    epoch, step = (found[1]["epoch"], found[1]["step"]) if found else (0, 0)
    if step:
        if step < len(batches):
            fit(fed(Rest(batches, step)), callbacks=every, **_until(epoch, epoch + 1))
        else:  # validation was ended
            every.on_epoch_begin(epoch)
            logs = dict(found[1]["logs"] or {})  # type: ignore[index]
            figures = {} if validate is None else validate()
            logs |= {f"val_{name}": value for name, value in figures.items()}
            every.on_epoch_end(epoch, logs)
        epoch += 1
        recorder.next_epoch()
    if epoch < epochs and not model.stop_training:
        fit(fed(batches), callbacks=every, **_until(epoch, epochs))


def _until(first: int, last: int) -> dict[str, int]:
    return {"initial_epoch": first, "epochs": last}


def _fill(history: keras.callbacks.History, epochs: list[dict[str, Any]]) -> None:
    for figures in epochs:
        history.epoch.append(figures["epoch"] - 1)
        for name, value in figures.items():
            if name not in ("epoch", "learning_rate", "seconds"):
                history.history.setdefault(name, []).append(value)


def _network(model: Any) -> dict[str, Any]:
    """Return the config of a model without its name."""
    return {n: v for n, v in model.get_config().items() if n != "name"}


def _optimizer(model: Any) -> dict[str, Any]:
    """Return the config of an optimizer, without what depends on the epochs."""
    config = {n: v for n, v in model.optimizer.get_config().items() if n != "name"}
    plan = plan_of(model.optimizer)
    return config if plan is None else config | {"learning_rate": plan.peak}


def _identity(batches: Any) -> dict[str, Any]:
    """Return what tells the batches of one text from those of another."""
    known: dict[str, Any] = {"kind": type(batches).__name__}
    if not isinstance(batches, keras.utils.PyDataset):
        return known
    known["batches"] = len(batches)
    if isinstance(batches, TextBatches):
        batches.begin_epoch(0)
        for name in _SETTLED:
            known[name.replace("_", " ")] = getattr(batches, name, None)
        ids = batches.corpus.ids
        known |= {"characters": len(ids), "sha256 of the ids": _digest(ids)}
        batches.corpus.release()
    # The parts of a split of documents have their ids in common.
    for name, index in (("first", 0), ("last", len(batches) - 1)):
        arrays = keras.tree.flatten(batches[index])
        known[f"{name} batch"] = _digest(*map(np.asarray, arrays))
    return known


def _digest(*arrays: np.ndarray) -> str:
    digest = hashlib.sha256()
    for array in arrays:
        for left in range(0, len(array), 1 << 20):
            part = array[left : left + (1 << 20)]
            wide = "<f8" if part.dtype.kind == "f" else "<i8"
            digest.update(np.ascontiguousarray(part, wide).tobytes())
    return digest.hexdigest()


def _check_same(facts: dict, settings: dict, folder: RunFolder) -> None:
    for name, here in settings.items():
        there = facts.get(name)
        if here != there and name not in ("epochs", "compiled"):
            plain = not isinstance(here, dict) and not isinstance(there, dict)
            shown = f", {here!r} here and {there!r} there" if plain else ""
            raise ValueError(
                f"The run in {str(folder.path)!r} can't go on with this model and this "
                f"text: the {name} differs{shown}. Pass what it began with."
            )
