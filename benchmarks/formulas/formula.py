"""What a formula of the corpus is."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from jax import Array


@dataclass(frozen=True, slots=True)
class Formula:
    """A formula out of a field of science, as a person would write it down.

    Attributes:
        function: A plain JAX function with a scalar result; its docstring names it.
        field: Where it comes from.
        shapes: The shapes of the arguments that are no scalars.
        domain: The range of each argument that has one; the others are tried at every
            magnitude.
    """

    function: Callable[..., Array]
    field: str
    shapes: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    domain: Mapping[str, tuple[float, float]] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The function's name, unique in the corpus."""
        return self.function.__name__

    @property
    def title(self) -> str:
        """What it is called, in a line."""
        return (self.function.__doc__ or "").partition("\n")[0].rstrip(".")

    @property
    def arguments(self) -> tuple[str, ...]:
        """The names of its arguments, in order."""
        return tuple(inspect.signature(self.function).parameters)

    @property
    def types(self) -> dict[str, str]:
        """Its arguments as a spec has them: `{"x": "float[]", "w": "float[3]"}`."""
        return {
            name: f"float[{','.join(map(str, self.shapes.get(name, ())))}]"
            for name in self.arguments
        }

    @property
    def coordinates(self) -> tuple[str, ...]:
        """Up to three coordinates to differentiate by; the first is the main one.

        `f(x, y)` gives `x`, `y`; of an array its elements are taken: `x[0]`, `x[1]`.
        """
        found = [
            name + (f"[{','.join(map(str, index))}]" if index else "")
            for name in self.arguments
            for index in _first_elements(self.shapes.get(name, ()))
        ]
        return tuple(found[:3])

    def requests(self) -> dict[str, str]:
        """The request of each order, and of the mixed partials where there are any.

        `f(x, y)` gives `value`, `partial(x)`, ..., `partial(x, x, x, x)`,
        `partial(x, y)` and `partial(x, x, y)`; three coordinates give
        `partial(x, y, z)` instead of the last.
        """
        main, *others = self.coordinates
        found = {"order_0": "value"}
        for order in range(1, 5):
            found[f"order_{order}"] = f"partial({', '.join([main] * order)})"
        if others:
            found["mixed_2"] = f"partial({main}, {others[0]})"
            third = [main, main, others[0]] if len(others) == 1 else [main, *others]
            found["mixed_3"] = f"partial({', '.join(third)})"
        return found


def formulas(field_name: str, *functions: Callable[..., Array]) -> tuple[Formula, ...]:
    """Formulas of scalars, tried at every magnitude."""
    return tuple(Formula(function, field_name) for function in functions)


def _first_elements(shape: tuple[int, ...]) -> list[tuple[int, ...]]:
    """The first three elements of an array of one axis or of more."""
    if not shape:
        return [()]
    lead = (0,) * (len(shape) - 1)
    return [(*lead, index) for index in range(min(3, shape[-1]))]
