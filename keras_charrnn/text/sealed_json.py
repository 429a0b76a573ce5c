"""Sealed JSON: the text form of a vocabulary, which ends with its own digest."""

import hashlib
import json
from typing import Any

from keras_charrnn._platform import DamagedFile, shown

_KEY = "sha256"
_SHOWN = 60  # characters of what is none


def sealed_json(config: dict[str, Any]) -> str:
    """Write settings as JSON, with the SHA-256 digest of all others at the end.

    Args:
        config: The settings.

    Returns:
        One object of JSON, of ASCII characters.
    """
    text = json.dumps(config)
    return f'{text[:-1]}, "{_KEY}": "{_digest(text)}"}}'


def read_sealed_json(string: str) -> dict[str, Any]:
    """Read what `sealed_json` wrote; a text of before has no digest.

    Args:
        string: The JSON.

    Returns:
        The settings of a vocabulary.

    Raises:
        DamagedFile: If it is none, or not what it was when it was written.
    """
    try:
        config = json.loads(string)
    except (ValueError, TypeError, RecursionError) as error:
        raise no_vocabulary(string, error) from error
    if not isinstance(config, dict):
        raise no_vocabulary(string, "it is no object of JSON")
    digest = config.pop(_KEY, None)
    if digest is not None:
        text, _, seal = string.rpartition(f', "{_KEY}": ')
        if seal != f'"{_digest(text + "}")}"}}':
            raise no_vocabulary(string, "it is not what its SHA-256 digest says")
    # Only a string is one, which a list of strings would pass for.
    texts = {"characters", "documents", "newline", "normalize"} & config.keys()
    if not all(isinstance(config[name], str | None) for name in texts):
        raise no_vocabulary(string, "its settings are of other types")
    return config


def no_vocabulary(string: Any, reason: object) -> DamagedFile:
    """Return the error for a text that is no vocabulary.

    Args:
        string: The text.
        reason: What is wrong with it.
    """
    start = repr(string[:_SHOWN] if isinstance(string, str | bytes) else string)
    return DamagedFile(
        None,
        f"This is not the JSON form of a vocabulary, {start[: 2 * _SHOWN]}:",
        shown(str(reason)).rstrip("."),
    )


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
