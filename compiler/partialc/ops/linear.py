"""How an operation acts on the terms of operands that it is linear in.

Operands are of two kinds: linear ones, which are sums of terms, and residuals, which
are arrays. A rule is only asked about equations that have linear operands. Where a
function is linear in its seeds, what is added to a linear value, or joined with one,
and is not linear itself, is zero.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from math import prod
from typing import Any, Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from partialc.ir.dtypes import BOOL, DType
from partialc.ir.program import ArrayType, Atom, Constant, Equation
from partialc.tangents.arrays import Arrays, Factor
from partialc.tangents.carry import pulled
from partialc.tangents.holes import masked
from partialc.tangents.maps import IndexMap
from partialc.tangents.term import FULL, Term, kept, payload, scaled

Terms: TypeAlias = Sequence[Term]

MOST_HOLES: Final = 1 << 20
"""Where there would be more, places that are not chosen are zeros: they are listed."""


@dataclass(frozen=True, slots=True)
class Linear:
    """An equation with linear operands.

    Attributes:
        equation: The operation; its residual operands are what `arrays` knows.
        terms: For each operand its terms; None of a residual.
        arrays: Writes what payloads are computed by.
    """

    equation: Equation
    terms: tuple[Terms | None, ...]
    arrays: Arrays

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of its first result."""
        return self.equation.outputs[0].type.shape

    def operand(self, number: int) -> ArrayType:
        """The type of an operand."""
        return self.equation.inputs[number].type

    def known(self, number: int) -> NDArray[Any] | None:
        """The elements of a residual that does not depend on the inputs."""
        if self.terms[number] is not None:
            return None
        return self.arrays.known(self.equation.inputs[number])

    def only(self) -> int | None:
        """The one operand that is linear; None where there are several."""
        numbers = [n for n, terms in enumerate(self.terms) if terms is not None]
        return numbers[0] if len(numbers) == 1 else None

    def of(self, number: int) -> Terms:
        """The terms of an operand; none of a residual, which is zero."""
        return self.terms[number] or ()


LinearRule: TypeAlias = Callable[[Linear], "Sequence[Terms] | None"]
"""The terms of each result; None where the rule does not cover the equation."""


def present(terms: Iterable[Term | None]) -> list[Term]:
    """Those terms of which something is left."""
    return [term for term in terms if term is not None]


def as_is(linear: Linear) -> Sequence[Terms]:
    """Each result is an operand."""
    return [linear.of(number) for number in range(len(linear.equation.outputs))]


def negated(linear: Linear) -> Sequence[Terms]:
    """-x."""
    return [[term.negated for term in linear.of(0)]]


def added(linear: Linear) -> Sequence[Terms]:
    """X + y; scalars are repeated."""
    return [[*spread(linear, 0), *spread(linear, 1)]]


def subtracted(linear: Linear) -> Sequence[Terms]:
    """X - y; scalars are repeated."""
    return [[*spread(linear, 0), *(term.negated for term in spread(linear, 1))]]


def multiplied(linear: Linear) -> Sequence[Terms] | None:
    """X * r, r * x."""
    number = linear.only()
    if number is None:
        return None
    other = linear.equation.inputs[1 - number]
    return [
        present(scaled(term, other, linear.arrays) for term in spread(linear, number))
    ]


def divided(linear: Linear) -> Sequence[Terms] | None:
    """X / r."""
    if linear.only() != 0:
        return None
    other = linear.equation.inputs[1]
    return [
        present(
            scaled(term, other, linear.arrays, divided=True)
            for term in spread(linear, 0)
        )
    ]


def spread(linear: Linear, number: int) -> list[Term]:
    """The terms of an operand as they count for the result: axes of one repeated."""
    shape, own = linear.shape, linear.operand(number).shape
    if shape == own:
        return list(linear.of(number))
    maps = [
        IndexMap.constant(shape, 0) if size == 1 else IndexMap.along(shape, axis)
        for axis, size in enumerate(own)
    ]
    found = (pulled(term, maps, shape, linear.arrays) for term in linear.of(number))
    return present(found)


def converted(linear: Linear) -> Sequence[Terms] | None:
    """The payload in another element type."""
    dtype = linear.equation.outputs[0].type.dtype
    if not dtype.is_float or not linear.operand(0).dtype.is_float:
        return None
    return [[as_type(term, dtype, linear.arrays) for term in linear.of(0)]]


def as_type(term: Term, dtype: DType, arrays: Arrays) -> Term:
    """A term in another element type.

    Args:
        term: The term.
        dtype: The type.
        arrays: Writes the conversions.
    """
    if term.dtype == dtype:
        return term
    factors = tuple(
        Factor(arrays.converted(each.atom, dtype), each.axes) for each in term.factors
    )
    return replace(term, dtype=dtype, factors=factors)


def selected(linear: Linear) -> Sequence[Terms] | None:
    """`where(mask, payload, 0)`: never a product, the other case may be nan."""
    if linear.terms[0] is not None:
        return None
    found: list[Term] = []
    for case in range(len(linear.terms) - 1):
        for term in linear.of(case + 1):
            chosen = _chosen(term, linear, case)
            if chosen is not None:
                found.append(chosen)
    return [found]


def _chosen(term: Term, linear: Linear, case: int) -> Term | None:
    which, arrays = linear.equation.inputs[0], linear.arrays
    known = linear.known(0)
    if known is not None:
        is_case = known == case if known.dtype != bool else known == bool(case)
        index = tuple(row.compact() for row in term.rows) if known.ndim else ()
        keep = np.asarray(is_case[index])
        keep = keep.reshape(keep.shape or (1,) * len(term.sizes))
        if _holes(term, keep) <= MOST_HOLES or keep.mean() < FULL:
            return kept(term, keep, arrays)
        axes = [axis for axis, size in enumerate(keep.shape) if size != 1]
        table = keep.reshape([keep.shape[axis] for axis in axes])
        flags = Constant.of(ArrayType(BOOL, table.shape), table)
        return masked(term, Factor(flags, tuple(axes)), arrays)
    mask = arrays.taken(which, term.rows if which.type.shape else ())
    if not which.type.dtype.is_bool:
        number = arrays.number(which.type.dtype, case)
        kind = ArrayType(BOOL, mask.atom.type.shape)
        mask = Factor(arrays.apply("eq", [mask.atom, number], kind), mask.axes)
        case = 1
    factor = payload(term, arrays)
    axes = sorted({*mask.axes, *factor.axes})
    value = arrays.full(factor, axes, term.sizes)
    zero = arrays.spread(arrays.number(term.dtype, 0), value.type.shape, ())
    cases: list[Atom] = [value, zero] if case == 0 else [zero, value]
    spread_mask = arrays.full(mask, axes, term.sizes)
    atom = arrays.apply("select_n", [spread_mask, *cases], value.type)
    return replace(term, factors=(Factor(atom, tuple(axes)),), is_negative=False)


def _holes(term: Term, keep: NDArray[np.bool_]) -> int:
    """The size of the table that says where a term is in no column, holes added."""
    table = term.cols.table
    if table is None or keep.all():
        return 0
    return prod(np.broadcast_shapes(table.shape, keep.shape))


POINTWISE: Final[dict[str, LinearRule]] = {
    "add": added,
    "add_any": added,
    "sub": subtracted,
    "neg": negated,
    "mul": multiplied,
    "div": divided,
}
"""The rules of operations element by element, by name."""
