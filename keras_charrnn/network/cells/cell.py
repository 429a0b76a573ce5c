"""The form that every cell has."""

from abc import ABC, abstractmethod
from collections import namedtuple
from typing import Any, ClassVar

import numpy as np

from keras_charrnn._platform import register


class Cell(ABC):
    """One step of a recurrent network, as an equation.

    A cell says what happens to one row at one position, given two projections:
    `x`, of the input, and `a`, of the output before. Both have one block of
    `units` columns for each gate. The matrix products, the loop over time and
    the gradients of the weights are no business of a cell; `Recurrent` has them.

    A subclass that sets `name` can be chosen by it everywhere, and a module in
    `keras_charrnn/network/cells` that holds one is found without being named. A cell
    that leaves out `backward` is differentiated by the backend.

    Shapes: B batch, U units, G gates.

    Attributes:
        name: The name to choose the cell by.
        gates: The names of the G gates, in the order of their columns.
        states: The names of the tensors that make up the state, each (B, U).
            The first is the output.
        State: The named tuple of these: `state.h` is the output.
        recurrent_bias: Whether `a` has a bias of its own.
        entrance: The names of further blocks of x, behind those of the gates, that
            `enter` makes use of; a cell has none, or no `recurrent_bias`.
    """

    name: ClassVar[str]
    gates: ClassVar[tuple[str, ...]]
    states: ClassVar[tuple[str, ...]] = ("h",)
    State: ClassVar[Any] = namedtuple("State", ["h"])
    recurrent_bias: ClassVar[bool] = False
    entrance: ClassVar[tuple[str, ...]] = ()

    registered: ClassVar[dict[str, type["Cell"]]] = {}

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if cls.entrance and cls.recurrent_bias:
            raise TypeError(
                f"{cls.__name__} has an entrance and a recurrent_bias, for "
                "which there is no bias of one width. Give up one of them."
            )
        if "states" in vars(cls):
            cls.State = namedtuple("State", cls.states, module=cls.__module__)
            cls.State.__qualname__ = f"{cls.__qualname__}.State"  # for pickle
        register(Cell.registered, cls)

    @abstractmethod
    def forward(self, x: Any, a: Any, state: tuple) -> tuple[tuple, tuple]:
        """Make one step.

        Args:
            x: The projected input with its bias, (B, G * U).
            a: The projected output of the step before, (B, G * U).
            state: The state before, a `State` of (B, U) tensors.

        Returns:
            `(state, saved)`: the state after, and the tensors that `backward`
            needs besides the two states.
        """

    # A cell with an entrance changes what the recurrent kernel reads. It defines, too,
    #     enter_backward(self, gate, h, gradient) -> (d_entrance, dh)
    # with the gradient of what it read, and returns those of the entrance's columns
    # of x, and of h.

    def enter(self, x: Any, h: Any) -> tuple[Any, Any, Any]:
        """Say what the recurrent kernel reads.

        Args:
            x: The projected input with all its blocks.
            h: The output before, (B, U).

        Returns:
            `(x, entering, gate)`: x for `forward`, what the recurrent kernel is
            multiplied with, (B, U), and what `enter_backward` needs, or `None`
            where nothing enters but h itself.
        """
        return x, h, None

    # A cell with a gradient of its own defines
    #     backward(self, saved, before, after, gradient) -> (dx, da, dstate)
    # with the tensors that forward saved, the states before and after, and the
    # gradient of the state after. It returns the gradients of x, of a (the very
    # same object where they are equal) and of the state before, the latter
    # without what comes through a, and None where nothing else comes.
    backward: ClassVar[Any] = None
    enter_backward: ClassVar[Any] = None

    def initial_bias(self, units: int) -> np.ndarray:
        """Return the bias that training begins with.

        Args:
            units: U.

        Returns:
            Zeros for each column of x, or for each of x and of a, (2, G * U), with a
            `recurrent_bias`.
        """
        columns = len(self.gates + self.entrance) * units
        return np.zeros((2, columns) if self.recurrent_bias else columns)
