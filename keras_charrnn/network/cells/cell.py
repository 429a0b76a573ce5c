"""The base class of every cell."""

from abc import ABC, abstractmethod
from collections import namedtuple
from typing import Any, ClassVar

import numpy as np

from keras_charrnn._platform import register


class Cell(ABC):
    """One step of a recurrent network, as an equation.

    A cell computes one step from two projections: `x`, of the input, and `a`, of
    the previous output. Both have one block of `units` columns for each gate. The
    matrix products, the loop over time and the gradients of the weights are not part
    of a cell; `Recurrent` computes them.

    A subclass that sets `name` can be chosen by that name everywhere. Every module in
    `keras_charrnn/network/cells` is imported automatically. A cell that does not
    define `backward` is differentiated by the backend.

    Shapes: B batch, U units, G gates.

    Attributes:
        name: The name to choose the cell by.
        gates: The names of the G gates, in the order of their columns.
        states: The names of the tensors that make up the state, each (B, U).
            The first is the output.
        State: The class of the state, a named tuple with the fields `states`.
        recurrent_bias: Whether `a` has a bias of its own.
        entrance: The names of further blocks of x, after those of the gates, that
            `enter` uses. A cell with a `recurrent_bias` can't have any.
    """

    name: ClassVar[str]
    gates: ClassVar[tuple[str, ...]]
    states: ClassVar[tuple[str, ...]] = ("h",)
    State: ClassVar[Any]
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
            cls.State = _named(cls)
        register(Cell.registered, cls)

    @abstractmethod
    def forward(self, x: Any, a: Any, state: Any) -> tuple[tuple, tuple]:
        """Make one step.

        Args:
            x: The projected input with its bias, (B, G * U).
            a: The projected output of the previous step, (B, G * U).
            state: The state before the step, a `State` of (B, U) tensors.

        Returns:
            `(state, saved)`: the state after the step, and the tensors that
            `backward` needs besides the two states.
        """

    # A cell with an entrance changes the input of the recurrent kernel. If it has a
    # gradient of its own, it also defines
    #     enter_backward(self, gate, h, gradient) -> (d_entrance, dh)
    # which gets the gradient of `entering`, and returns the gradients of the
    # entrance's columns of x and of h.

    def enter(self, x: Any, h: Any) -> tuple[Any, Any, Any]:
        """Return the input of the recurrent kernel.

        Args:
            x: The projected input with all its blocks.
            h: The previous output, (B, U).

        Returns:
            `(x, entering, gate)`: the blocks of x that `forward` gets, the input of
            the recurrent kernel, (B, U), and the tensor that `enter_backward` needs.
            The last is `None` if the input of the recurrent kernel is h itself.
        """
        return x, h, None

    # A cell with a gradient of its own defines
    #     backward(self, saved, before, after, gradient) -> (dx, da, dstate)
    # which gets the tensors that forward saved, the states before and after the step,
    # and the gradient of the state after it. It returns the gradients of x, of a (the
    # very same object if they are equal) and of the state before. The last leaves out
    # the part that flows through a, and is None for a tensor that has no other part.
    backward: ClassVar[Any] = None
    enter_backward: ClassVar[Any] = None

    def initial_bias(self, units: int) -> np.ndarray:
        """Return the initial bias.

        Args:
            units: U.

        Returns:
            Zeros for each column of x; with a `recurrent_bias`, for each column of x
            and of a, (2, G * U).
        """
        columns = len(self.gates + self.entrance) * units
        return np.zeros((2, columns) if self.recurrent_bias else columns)


def _named(cls: type[Cell]) -> Any:
    state: Any = namedtuple("State", cls.states, module=cls.__module__)  # type: ignore[misc]
    state.__qualname__ = f"{cls.__qualname__}.State"  # for pickle
    return state


Cell.State = _named(Cell)  # type: ignore[type-abstract]
