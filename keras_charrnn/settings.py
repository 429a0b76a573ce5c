"""Settings: what a user can set, what it is by default and what it means, told once.

Signatures, docstrings, checks and the options of the command are made of these tables.
The command reads its options before Keras is imported, so this module needs neither
Keras nor NumPy.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from numbers import Integral, Real
from typing import Any

from keras_charrnn._platform import check_flag

Temperature = float | Callable[[int], float]


def _setting(default: Any, help: str, more: str = "") -> Any:
    """Declare a setting.

    Args:
        default: Its default.
        help: What it means, in a phrase that the command shows.
        more: What a docstring says besides, in sentences.
    """
    return field(default=default, metadata={"help": help, "more": more})


@dataclass(frozen=True)
class Network:
    """What a new `CharRNN` is made of; its docstring says more of each."""

    units: int = _setting(384, "width of each recurrent layer")
    cell: str = _setting("lstm", "lstm, gru, mogrifier or rnn")
    layers: int = _setting(1, "number of recurrent layers")
    embedding_dim: int = _setting(64, "width of the embedding, 0 for one-hot input")
    dropout: float = _setting(
        0.1, "part of each layer's outputs dropped in training, 0 to below 1"
    )


# docs/quality.md tells what these were chosen from.
@dataclass(frozen=True)
class Training:
    """How `CharRNN.fit` trains on a text; its docstring says more of each."""

    batch_size: int = _setting(16, "parallel streams, or windows")
    sequence_length: int = _setting(
        64, "characters of each stream in a step, or of a window"
    )
    learning_rate: float = _setting(0.007, "what the learning rate rises to")
    weight_decay: float = _setting(0.05, "how strongly weights are drawn to 0")


@dataclass(frozen=True)
class Writing:
    """How a text is written on.

    Raises:
        ValueError: If a setting is out of range.
        TypeError: If a setting is of a wrong type.
    """

    length: int = _setting(400, "how many characters to write at most, 0 or more")
    temperature: Temperature = _setting(
        1.0,
        "what the logits are divided by, 0 or more: 0 takes the likeliest character, "
        "1 draws as the model has learned",
        "Below 1 is more careful, above 1 wilder. A function gets the position, 0 for "
        "the first character that is written, and returns the number.",
    )
    sampler: Any = _setting(
        "random",
        "which characters are drawn from",
        '`"random"`, `"greedy"`, `"top_k"`, `"top_p"`, `"min_p"`, `"beam"`, or a '
        "`Sampler` such as `samplers.TopPSampler(0.8)`.",
    )
    dry_multiplier: float = _setting(
        0.0,
        "above 0, as 0.8, makes characters less likely that would repeat a passage",
        "Where the text ends as it did before, the logit of the character that "
        "followed there is lowered by "
        "`dry_multiplier * dry_base ** (n - dry_allowed_length)`, n being how many "
        "characters are equal, `dry_allowed_length` or more. The last 4,096 characters "
        "count, and the prompt with them.",
    )
    dry_base: float = _setting(
        1.1,
        "how the cost of a repeated passage grows with each character of it, from 1",
    )
    dry_allowed_length: int = _setting(
        5, "passages of fewer characters are repeated at no cost, 1 to 200"
    )
    banned: str = _setting("", "characters that are never written")
    allowed: str | None = _setting(
        None, "the only characters that are written", "All are, if `None`."
    )
    stop: str | Sequence[str] | None = _setting(
        (),
        "a text that ends the writing once it is complete",
        "A list holds several.",
    )
    keep_stop: bool = _setting(False, "keep the text that ended the writing")
    min_length: int = _setting(
        0, "a stop text that would leave fewer characters does not end the writing"
    )

    def __post_init__(self) -> None:
        for name in ("length", "min_length"):
            value = getattr(self, name)
            if not isinstance(value, Integral) or isinstance(value, bool) or value < 0:
                raise ValueError(
                    f"{name} is a number of characters, 0 or more; it is {value!r}."
                )
        if 0 < self.length < self.min_length:
            raise ValueError(
                f"min_length is {self.min_length}, and length, the most there may be, "
                f"is {self.length}. Make length larger."
            )
        check_flag("keep_stop", self.keep_stop)
        self._check_dry()
        for name in ("banned", "allowed"):
            value = getattr(self, name)
            if value is not None and not isinstance(value, str):
                raise TypeError(f"{name} is a str of characters; it is {value!r}.")
        if not isinstance(self.stop, str | list | tuple | None):
            raise TypeError(f"stop is a text or a list of texts; it is {self.stop!r}.")
        for text in self.stop_texts:
            if not isinstance(text, str) or not text:
                raise ValueError(
                    "stop is a text, or a list of texts, of one character or more; "
                    f"there is {text!r}."
                )

    def _check_dry(self) -> None:
        limits = {"dry_multiplier": (0, 1e6), "dry_base": (1, 1e6)}
        for name, (least, most) in limits.items():
            value = getattr(self, name)
            number = isinstance(value, Real) and not isinstance(value, bool)
            if not number or not least <= value <= most:
                raise ValueError(
                    f"{name} is a number from {least} to {most:,.0f}; it is {value!r}."
                )
        length = self.dry_allowed_length
        whole = isinstance(length, Integral) and not isinstance(length, bool)
        if not whole or not 1 <= length <= 200:
            raise ValueError(
                "dry_allowed_length is a number of characters, 1 to 200; it is "
                f"{length!r}."
            )

    @property
    def stop_texts(self) -> tuple[str, ...]:
        """The stop texts, none or many."""
        return (self.stop,) if isinstance(self.stop, str) else tuple(self.stop or ())
