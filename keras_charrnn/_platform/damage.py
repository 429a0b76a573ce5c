"""Damage: a file is not what it was when it was written."""

import os


class DamagedFile(ValueError):  # noqa: N818
    """A file is not what it was when it was written.

    Args:
        path: The file.
        part: The part of it that is damaged, such as `"ids"` or `"header"`.
        reason: What is wrong with that part.

    Attributes:
        path: The file, as text.
        part: The damaged part.
    """

    def __init__(self, path: str | os.PathLike, part: str, reason: str) -> None:
        self.path, self.part = os.fspath(path), part
        super().__init__(
            f"{self.path!r} is damaged: {part} {reason}. Copy it once more, or make "
            "it anew."
        )
