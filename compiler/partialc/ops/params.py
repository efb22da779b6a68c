"""Reading an equation's parameters as the types they have."""

from __future__ import annotations

from partialc.errors import InternalError
from partialc.ir.dtypes import DType
from partialc.ir.program import Dimensions, Equation, Function


def integer(equation: Equation, name: str) -> int:
    """An integer parameter."""
    value = equation.params[name]
    if not isinstance(value, int):
        raise _fault(equation, name)
    return value


def integers(equation: Equation, name: str) -> tuple[int, ...]:
    """A parameter that is a tuple of integers."""
    value = equation.params[name]
    if not isinstance(value, tuple):
        raise _fault(equation, name)
    entries = tuple(entry for entry in value if isinstance(entry, int))
    if len(entries) != len(value):
        raise _fault(equation, name)
    return entries


def integer_rows(equation: Equation, name: str) -> tuple[tuple[int, ...], ...]:
    """A parameter that is a tuple of tuples of integers (paddings)."""
    value = equation.params[name]
    if not isinstance(value, tuple):
        raise _fault(equation, name)
    rows: list[tuple[int, ...]] = []
    for row in value:
        if not isinstance(row, tuple):
            raise _fault(equation, name)
        rows.append(tuple(entry for entry in row if isinstance(entry, int)))
    return tuple(rows)


def flag(equation: Equation, name: str) -> bool:
    """A truth value; absent parameters count as false."""
    value = equation.params.get(name, False)
    if not isinstance(value, bool):
        raise _fault(equation, name)
    return value


def text(equation: Equation, name: str) -> str:
    """A string, such as the name of an enumeration's member."""
    value = equation.params[name]
    if not isinstance(value, str):
        raise _fault(equation, name)
    return value


def dtype(equation: Equation, name: str) -> DType:
    """An element type."""
    value = equation.params[name]
    if not isinstance(value, DType):
        raise _fault(equation, name)
    return value


def dimensions(equation: Equation) -> Dimensions:
    """The dimension numbers."""
    value = equation.params["dimension_numbers"]
    if not isinstance(value, Dimensions):
        raise _fault(equation, "dimension_numbers")
    return value


def function(equation: Equation, name: str = "function") -> Function:
    """A function."""
    value = equation.params[name]
    if not isinstance(value, Function):
        raise _fault(equation, name)
    return value


def functions(equation: Equation, name: str) -> tuple[Function, ...]:
    """Several functions."""
    value = equation.params[name]
    if not isinstance(value, tuple):
        raise _fault(equation, name)
    entries = tuple(entry for entry in value if isinstance(entry, Function))
    if len(entries) != len(value):
        raise _fault(equation, name)
    return entries


def _fault(equation: Equation, name: str) -> InternalError:
    held = equation.params.get(name)
    return InternalError(
        f"the parameter {name!r} of {equation.op} is {held!r}", where=equation.location
    )
