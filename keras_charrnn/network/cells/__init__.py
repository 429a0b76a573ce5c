"""The cells: one module for each."""

from importlib import import_module
from pkgutil import iter_modules

from keras_charrnn.network.cells.cell import Cell

for _module in iter_modules(__path__):
    import_module(f"{__name__}.{_module.name}")

CELLS = Cell.registered
"""Every cell by its name, including those that a user defines."""

__all__ = ["CELLS", "Cell"]
