"""Names: how a class is found by the name that it gives itself."""

from typing import Any


def register(registry: dict[str, Any], cls: type) -> None:
    """Enter a class into the registry of its kind.

    A class without a `name` of its own is not entered. One that is defined anew, as in
    a cell of a notebook that is run again, takes the place of the one before.

    Args:
        registry: Classes by their names.
        cls: The class.

    Raises:
        ValueError: If a class of another module has that name.
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
