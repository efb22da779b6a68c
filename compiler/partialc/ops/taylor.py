"""What an operation does with the Taylor series of its operands: rules by structure.

A rule is only asked about equations of which some operand is more than its value. It
gives the coefficients above order zero: values always come from the operation itself.
The sources of all recurrences are sections 13.1 and 13.2 of Griewank and Walther,
Evaluating Derivatives, second edition.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

from partialc.ir.program import ArrayType, Atom, Equation, Function, Param, Value
from partialc.ops.series import MultiIndex, Series, SeriesArithmetic


@dataclass(frozen=True, slots=True)
class Taylor:
    """An equation whose operands are series.

    Attributes:
        equation: The operation; its operands are the values of the series.
        operands: The series.
        values: Its results at these values.
        arithmetic: Writes what coefficients are computed by.
        through: The series of the results of a function that the equation holds, from
            values and their series.
    """

    equation: Equation
    operands: tuple[Series, ...]
    values: tuple[Value, ...]
    arithmetic: SeriesArithmetic
    through: Callable[[Function, Sequence[Atom], Sequence[Series]], Sequence[Series]]

    @property
    def higher(self) -> tuple[MultiIndex, ...]:
        """All multi-indices above order zero, lower orders first."""
        return self.arithmetic.downset.higher

    @property
    def zero(self) -> MultiIndex:
        """The multi-index of values."""
        return self.arithmetic.downset.zero

    @property
    def kind(self) -> ArrayType:
        """The type of the first result."""
        return self.values[0].type

    @property
    def is_real(self) -> bool:
        """Whether all operands and results are real floating-point numbers."""
        atoms = (*self.equation.inputs, *self.values)
        return all(atom.type.dtype.is_float for atom in atoms)

    def moves(self, number: int) -> bool:
        """Whether an operand is more than its value."""
        return len(self.operands[number]) > 1

    def applied(
        self, operands: Sequence[Atom], params: Mapping[str, Param] | None = None
    ) -> tuple[Value, ...]:
        """The results of the same operation on other operands.

        Args:
            operands: The operands.
            params: Its parameters; None for its own.
        """
        made = replace(
            self.equation,
            inputs=tuple(operands),
            params=self.equation.params if params is None else params,
            outputs=tuple(Value(value.type) for value in self.values),
        )
        self.arithmetic.arrays.write(made)
        return made.outputs


TaylorRule: TypeAlias = Callable[[Taylor], "Sequence[Series] | None"]
"""The coefficients of each result, those of order zero aside; None where the rule does
not cover the equation."""


def constant(taylor: Taylor) -> Sequence[Series]:
    """Results of which every derivative is zero."""
    return [{} for _ in taylor.values]


def linear(taylor: Taylor) -> Sequence[Series]:
    """An operation linear in its floating-point operands together."""
    return linear_by(taylor)


def linear_by(
    taylor: Taylor, params: Mapping[str, Param] | None = None
) -> Sequence[Series]:
    """Coefficient by coefficient, of an operation that is linear.

    Args:
        taylor: The operation.
        params: What it is applied to coefficients with; None for its own parameters.
    """
    found: list[dict[MultiIndex, Atom]] = [{} for _ in taylor.values]
    for index in taylor.higher:
        if not any(index in series for series in taylor.operands):
            continue
        operands = [
            series[index] if index in series else _absent(taylor, atom)
            for atom, series in zip(
                taylor.equation.inputs, taylor.operands, strict=True
            )
        ]
        for each, value in zip(found, taylor.applied(operands, params), strict=True):
            if value.type.dtype.is_inexact:
                each[index] = value
    return found


def _absent(taylor: Taylor, atom: Atom) -> Atom:
    """Zeros for a linear operand; indices and masks are what they are."""
    if not atom.type.dtype.is_inexact:
        return atom
    return taylor.arithmetic.zeros(atom.type)


def taken(taylor: Taylor) -> Sequence[Series]:
    """What is read outside is some number: its derivatives are zero."""
    params = dict(taylor.equation.params)
    if params.get("fill_value") is not None or params.get("mode") == "FILL_OR_DROP":
        params["fill_value"] = 0
    return linear_by(taylor, params)


def replaced(taylor: Taylor) -> Sequence[Series] | None:
    """Which of several elements at one place is kept is not said: nowhere, here."""
    if not taylor.equation.params.get("unique_indices"):
        return None
    return linear_by(taylor)


def converted(taylor: Taylor) -> Sequence[Series]:
    """Another element type; whole numbers have no derivatives."""
    kinds = taylor.equation.inputs[0].type.dtype, taylor.kind.dtype
    are_numbers = all(kind.is_inexact for kind in kinds)
    return linear(taylor) if are_numbers else constant(taylor)


def bilinear(taylor: Taylor) -> Sequence[Series] | None:
    """An operation that is linear in each of two operands (13.5)."""

    def multiply(one: Atom, other: Atom) -> Atom:
        return taylor.applied([one, other])[0]

    one, other = map(dict, taylor.operands)  # no square: it need not commute
    found: dict[MultiIndex, Atom] = {}
    for index in taylor.higher:
        atom = taylor.arithmetic.product_at(index, one, other, multiply=multiply)
        if atom is not None:
            found[index] = atom
    return [found]


def multiplied(taylor: Taylor) -> Sequence[Series]:
    """X * y (13.5)."""
    one, other = taylor.operands
    if taylor.equation.inputs[0] is taylor.equation.inputs[1]:
        other = one
    return [taylor.arithmetic.product(one, other, taylor.values[0])]


def squared(taylor: Taylor) -> Sequence[Series]:
    """X * x (13.5)."""
    (series,) = taylor.operands
    return [taylor.arithmetic.product(series, series, taylor.values[0])]


def added(taylor: Taylor) -> Sequence[Series]:
    """X + y; what is repeated is repeated where it stands alone."""
    return _sum(taylor, is_difference=False)


def subtracted(taylor: Taylor) -> Sequence[Series]:
    """X - y; what is repeated is repeated where it stands alone."""
    return _sum(taylor, is_difference=True)


def _sum(taylor: Taylor, *, is_difference: bool) -> Sequence[Series]:
    arithmetic = taylor.arithmetic
    one, other = taylor.operands
    found: dict[MultiIndex, Atom] = {}
    for index in taylor.higher:
        first = [one[index]] if index in one else []
        second = [other[index]] if index in other else []
        plus, minus = (first, second) if is_difference else ([*first, *second], [])
        total = arithmetic.total(plus, minus)
        if total is not None:
            found[index] = arithmetic.spread(total, taylor.kind)
    return [found]


def divided(taylor: Taylor) -> Sequence[Series]:
    """V = u / w, by v w = u (13.5)."""
    arithmetic = taylor.arithmetic
    above, below = taylor.operands
    bottom = below[taylor.zero]
    found: dict[MultiIndex, Atom] = {taylor.zero: taylor.values[0]}
    rest = {index: atom for index, atom in below.items() if index != taylor.zero}
    for index in taylor.higher:
        known = arithmetic.product_at(index, found, rest)
        top = [above[index]] if index in above else []
        total = arithmetic.total(top, [] if known is None else [known])
        if total is not None:
            found[index] = arithmetic.arrays.like("div", total, bottom)
    return [found]
