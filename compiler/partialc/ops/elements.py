"""What an element of a result reads, and where a result can be nonzero.

An `Elements` entry is the element-level rule of one primitive, of two parts:

    support   operands' supports -> the results' supports (supersets of the nonzeros)
    reads     elements wanted of a result -> the elements of the operands they read

`reads` answers in rows. A row names one element of each operand (-1: none) and says
what becomes of them: the operation itself (`apply`), the one element that is there
(`pick`), or their product (`product`). The rows of one wanted element are combined
(`add`, ...); without `combine` there is exactly one row each. Rows that are zero by
structure are left out where the combination allows: that is what a light cone is.

Supports take `0 * x` for 0: exact for finite values. See `partialc.analysis`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, Literal, TypeAlias

from numpy.typing import NDArray

from partialc.ir.boxes import Flat
from partialc.ir.element_sets import ElementSet
from partialc.ir.program import Equation
from partialc.ir.strided import Shape, Strided

How: TypeAlias = Literal["apply", "pick", "product"]

MAX_ROWS: Final = 1 << 21
"""A rule that would take more rows says that everything is read."""


@dataclass(frozen=True, slots=True)
class Operands:
    """What is known of an equation's operands.

    Attributes:
        supports: Where each can be nonzero.
        known: The elements of those that are known at build time (as of the wide
            regime); None for the others.
    """

    supports: tuple[ElementSet, ...]
    known: tuple[NDArray[Any] | None, ...]


@dataclass(frozen=True, slots=True)
class Reads:
    """Which elements of the operands some elements of a result read.

    Attributes:
        operands: For each operand one flat position per row; -1 where a row reads none.
        how: What a row computes.
        combine: How the rows of one element are combined: the name of a binary
            operation; None when each element has one row.
        rows: The position, among the elements wanted, that each row belongs to,
            ascending; None when each element has one row.
    """

    operands: tuple[Flat, ...]
    how: How
    combine: str | None = None
    rows: Flat | None = None


SupportRule: TypeAlias = Callable[[Equation, Operands], "tuple[ElementSet, ...]"]
ReadsRule: TypeAlias = Callable[[Equation, int, Flat, Operands], "Reads | None"]
ValuesRule: TypeAlias = Callable[[Equation, Flat], "NDArray[Any]"]


@dataclass(frozen=True, slots=True)
class Elements:
    """The element-level rule of a primitive.

    Attributes:
        support: Where the results can be nonzero.
        reads: What elements read; None when these operands make it read everything.
        values: The elements at flat positions, for an operation without operands.
    """

    support: SupportRule
    reads: ReadsRule
    values: ValuesRule | None = None


def everywhere(equation: Equation, _: Operands) -> tuple[ElementSet, ...]:
    """Nothing is said: any element may be nonzero."""
    return tuple(ElementSet.all(value.type.shape) for value in equation.outputs)


def spread(operand: ElementSet, shape: tuple[int, ...]) -> ElementSet:
    """The support of an operand where it is repeated along axes of size one."""
    if operand.shape == shape:
        return operand
    return operand.through(repeated(operand.shape, shape))


def repeated(operand: Shape, result: Shape) -> Strided:
    """An operand that is repeated along axes of size one, or has no axes."""
    return Strided.broadcast(operand, result, range(len(operand)))


def either(equation: Equation, operands: Operands) -> tuple[ElementSet, ...]:
    """Nonzero where any operand is: sums, extremes, functions with f(0) = 0."""
    shape = equation.outputs[0].type.shape
    found = ElementSet.none(shape)
    for support in operands.supports:
        found = found | spread(support, shape)
    return (found,)


def both(equation: Equation, operands: Operands) -> tuple[ElementSet, ...]:
    """Nonzero where all operands are: products."""
    shape = equation.outputs[0].type.shape
    found = ElementSet.all(shape)
    for support in operands.supports:
        found = found & spread(support, shape)
    return (found,)


def first(equation: Equation, operands: Operands) -> tuple[ElementSet, ...]:
    """Nonzero where the first operand is: quotients, remainders."""
    shape = equation.outputs[0].type.shape
    return (spread(operands.supports[0], shape),)


def pointwise_reads(
    equation: Equation, _: int, wanted: Flat, __: Operands
) -> Reads | None:
    """Each element reads its own place in every operand, axes of size one repeated."""
    shape = equation.outputs[0].type.shape
    places = []
    for atom in equation.inputs:
        source = atom.type.shape
        if source == shape:
            places.append(wanted)
        else:
            places.append(repeated(source, shape).reads(wanted))
    return Reads(tuple(places), "apply")


def pointwise(support: SupportRule = everywhere) -> Elements:
    """The rule of an elementwise operation."""
    return Elements(support, pointwise_reads)
