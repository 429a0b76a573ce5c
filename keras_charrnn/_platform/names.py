"""Names: how a class is registered under its own name."""

from typing import Any


def register(registry: dict[str, Any], cls: type) -> None:
    """Add a class to the registry of its kind.

    A class without a `name` of its own is not added. A class that is defined again,
    as when a notebook cell is run again, replaces the earlier one.

    Args:
        registry: The classes by name.
        cls: The class.

    Raises:
        ValueError: If a class of another module has the same name.
    """
    name = vars(cls).get("name")
    if name is None:
        return
    other = registry.setdefault(name, cls)
    if other.__module__ != cls.__module__:
        raise ValueError(
            f"name is {name!r}, which is that of {other.__module__}.{other.__name__}. "
            f"Give {cls.__name__} another one."
        )
    registry[name] = cls
