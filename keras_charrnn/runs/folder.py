"""The run folder: a model, its history, and what it takes to go on exactly."""

import json
import os
import shutil
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from keras_charrnn._platform import DamagedFile, check_writable, whole_file
from keras_charrnn.runs.snapshot import load_snapshot, save_snapshot

# How many of the last checkpoints are kept.
_KEPT = 2


class RunFolder:
    """A folder of one training run.

    Args:
        path: The folder. It need not exist yet.
        overwrite: Whether what is in it gives way, once there is something to save.
        note: What `run.json` also tells.

    Attributes:
        path: The folder.
        overwrite: As passed.
        note: As passed.
        model: The file of the model: the best by validation, or else the last.
        samples: The file of texts that the model wrote.
    """

    def __init__(
        self,
        path: str | os.PathLike,
        overwrite: bool = False,
        note: dict[str, Any] | None = None,
    ) -> None:
        self.path = Path(path)
        self.overwrite, self.note = overwrite, dict(note or {})
        self.model = self.path / "model.keras"
        self.samples = self.path / "samples.txt"
        self._checkpoints = self.path / "checkpoints"
        self._history = self.path / "history.jsonl"
        self._facts = self.path / "run.json"

    def __repr__(self) -> str:
        return f"RunFolder({str(self.path)!r})"

    @property
    def checkpoints(self) -> list[Path]:
        """The files of checkpoints, the oldest first."""
        return sorted(self._checkpoints.glob("step-*.safetensors"), key=_step_of)

    @property
    def is_used(self) -> bool:
        """Whether the folder holds a model or a run."""
        return self.model.exists() or bool(self.checkpoints)

    def refuse_used(self, way_out: str) -> None:
        """Raise an error if there is a model or a run already.

        Args:
            way_out: What to do then, for the error.

        Raises:
            FileExistsError: If the folder is used, or can't be one.
        """
        if self.path.exists() and not self.path.is_dir():
            raise FileExistsError(f"{str(self.path)!r} is a file, and no folder.")
        if self.is_used:
            what = "a run" if self.checkpoints else "a model"
            raise FileExistsError(f"{str(self.path)!r} holds {what} already. {way_out}")

    def clear(self) -> None:
        """Remove what a run leaves; other files of the folder stay."""
        for file in (self.model, self.samples, self._history, self._facts):
            file.unlink(missing_ok=True)
        shutil.rmtree(self._checkpoints, ignore_errors=True)

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Keep other processes out of the folder; the end of the process opens it.

        Raises:
            BlockingIOError: If another process is at work in the folder.
            OSError: If the folder can't be written to.
        """
        check_writable(self.model)
        new = [p for p in (self.path, *self.path.parents) if not p.exists()]
        self.path.mkdir(parents=True, exist_ok=True)
        lock = _locked(self.path)
        try:
            yield
        finally:
            if lock is not None:
                os.close(lock)
            # Folders that were made for nothing go again.
            for folder in new:
                if folder.exists() and not any(folder.iterdir()):
                    folder.rmdir()

    def update_facts(self, facts: dict[str, Any]) -> None:
        """Write `run.json`: settings, versions, and how the run ended.

        Args:
            facts: What is new; the rest stays.
        """
        before = self.read_facts() if self._facts.exists() else {}
        _write_text(self._facts, json.dumps(before | facts, indent=1) + "\n")

    def read_facts(self) -> dict[str, Any]:
        """Read `run.json`.

        Raises:
            FileNotFoundError: If there is no run.
            DamagedFile: If it is no JSON.
        """
        if not self._facts.exists():
            raise FileNotFoundError(
                f"There is no run in {str(self.path)!r}: {self._facts.name} is missing."
            )
        try:
            facts = json.loads(self._facts.read_bytes())
        except (ValueError, RecursionError) as error:
            raise DamagedFile(self._facts, "its text", "is no JSON") from error
        if not isinstance(facts, dict):
            raise DamagedFile(self._facts, "its text", "holds no settings")
        return facts

    def write_history(self, epochs: list[dict[str, Any]]) -> None:
        """Write `history.jsonl`, a line for each epoch."""
        _write_text(self._history, "".join(json.dumps(e) + "\n" for e in epochs))

    def write_checkpoint(
        self,
        step: int,
        arrays: dict[str, np.ndarray],
        facts: dict[str, Any],
        best: int | None = None,
    ) -> None:
        """Write a checkpoint, and remove all but the last ones and the best.

        Args:
            step: How many steps were made.
            arrays: The arrays, by name.
            facts: What JSON can hold.
            best: The step of the best checkpoint.
        """
        path = self._checkpoints / f"step-{step:08d}.safetensors"
        save_snapshot(path, arrays, facts)
        for old in self.checkpoints[:-_KEPT]:
            if _step_of(old) != best:
                old.unlink(missing_ok=True)

    def last_checkpoint(self) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
        """Read the newest checkpoint that is whole.

        Returns:
            Its arrays and facts.

        Raises:
            FileNotFoundError: If there is no checkpoint.
            DamagedFile: If all of them are damaged.
        """
        damaged: DamagedFile | None = None
        for path in reversed(self.checkpoints):
            try:
                return load_snapshot(path)
            except DamagedFile as error:
                damaged = error
                warnings.warn(f"{error} The one before is taken.", stacklevel=2)
        if damaged is not None:
            raise damaged
        raise FileNotFoundError(
            f"There is no checkpoint in {str(self.path)!r} to go on from."
        )


def _step_of(path: Path) -> int:
    number = path.stem.partition("-")[2]
    return int(number) if number.isdigit() else -1


def _write_text(path: Path, text: str) -> None:
    with whole_file(path) as part:
        part.write_text(text, encoding="utf-8")


def _locked(folder: Path) -> int | None:
    """Lock a folder; the lock ends with the process, however that ends."""
    try:
        import fcntl
    except ImportError:  # Windows has no locks of this kind
        return None
    number = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(number, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(number)
        raise BlockingIOError(
            f"Another process is training in {str(folder)!r}. Wait for its end, or "
            "take another folder."
        ) from None
    return number
