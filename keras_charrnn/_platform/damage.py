"""Damage: a file is not what it was when it was written."""

import os


class DamagedFile(ValueError):  # noqa: N818
    """A file is not what it was when it was written.

    Args:
        path: The file; `None` for a text that is in no file of its own.
        part: The part of it that is damaged, such as `"ids"` or `"header"`.
        reason: What is wrong with that part.

    Attributes:
        path: The file, as text, or `None`.
        part: The damaged part.
    """

    def __init__(self, path: str | os.PathLike | None, part: str, reason: str) -> None:
        self.path = None if path is None else os.fspath(path)
        self.part = part
        whole = "" if path is None else f"{self.path!r} is damaged: "
        super().__init__(f"{whole}{part} {reason}. Copy it once more, or make it anew.")
