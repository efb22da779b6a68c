"""Contractions with operands that are mostly zero."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import pairwise
from math import prod
from typing import Any, Final, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from partialc.analysis.facts import Facts
from partialc.ir.boxes import Box, common_range
from partialc.ir.equations import spread, squeezed, transposed
from partialc.ir.program import (
    ArrayType,
    Atom,
    Constant,
    Dimensions,
    Equation,
    Value,
)

WORTH: Final = 0.5
"""A contraction that keeps more of its terms than this stays as it is."""

Side: TypeAlias = Literal[0, 1]
Part: TypeAlias = Callable[[Atom, Box], Atom]
Write: TypeAlias = Callable[[Equation], Atom]


@dataclass(frozen=True, slots=True)
class Contraction:
    """What is left of a contraction.

    Attributes:
        sides: The rectangle of each operand that takes part.
        box: The rectangle of the result that can be nonzero.
        chooser: The operand whose rows are one-hot, if one is: the result then consists
            of lines of the other operand.
        chosen: Which of its lines.
    """

    sides: tuple[Box, Box]
    box: Box
    chooser: Side | None = None
    chosen: range = range(0)


def contraction(equation: Equation, facts: Facts) -> Contraction | None:
    """What is left of a `dot_general` where its operands are zero.

    Args:
        equation: The contraction; its result is not zero everywhere.
        facts: Where values can be nonzero.

    Returns:
        None if that is no gain.
    """
    axes = _Axes.of(equation)
    supports = [facts.support(atom) for atom in equation.inputs]
    if any(support.is_none for support in supports):
        return None
    if any(atom.type.dtype.is_key for atom in equation.inputs):
        return None
    first, second = (list(support.hull()) for support in supports)
    for one, other in zip(axes.bound(0), axes.bound(1), strict=True):
        common = common_range(first[one], second[other])
        if not common:
            return None
        first[one] = second[other] = common
    box = (
        *(first[axis] for axis in axes.batch[0]),
        *(first[axis] for axis in axes.free(0)),
        *(second[axis] for axis in axes.free(1)),
    )
    sides = tuple(first), tuple(second)
    chosen = _chosen(equation, axes, facts)
    if chosen is not None:
        return Contraction(_whole(equation), _full(equation), *chosen)
    before = equation.outputs[0].type.size * axes.length(equation)
    left = prod(map(len, box)) * prod(len(first[axis]) for axis in axes.contracted[0])
    return Contraction(sides, box) if left <= WORTH * before else None


def narrowed_contraction(
    equation: Equation, found: Contraction, part: Part, write: Write
) -> Atom:
    """Write what is left of a contraction.

    Args:
        equation: The contraction.
        found: What is left of it.
        part: Gives a rectangle of an operand.
        write: Writes an operation and gives its result.

    Returns:
        The elements of the rectangle `found.box` of the result.
    """
    axes = _Axes.of(equation)
    kind = ArrayType(equation.outputs[0].type.dtype, tuple(map(len, found.box)))
    if found.chooser is not None:
        return _lines(equation, axes, found, part, write)
    operands = tuple(map(part, equation.inputs, found.sides))
    single = all(operands[0].type.shape[axis] == 1 for axis in axes.contracted[0])
    if not single or any(atom.type.dtype != kind.dtype for atom in equation.inputs):
        return write(replace(equation, inputs=operands, outputs=(Value(kind),)))
    repeated = [
        None if _is_one(atom) else _spread(atom, axes, side, kind, write)
        for side, atom in enumerate(operands)
    ]
    factors = [atom for atom in repeated if atom is not None]
    if not factors:
        return _spread(operands[0], axes, 0, kind, write)
    if len(factors) == 1:
        return factors[0]
    return write(Equation("mul", tuple(factors), {}, (Value(kind),)))


@dataclass(frozen=True, slots=True)
class _Axes:
    """The axes of either operand by their role."""

    ndim: tuple[int, int]
    contracted: tuple[tuple[int, ...], tuple[int, ...]]
    batch: tuple[tuple[int, ...], tuple[int, ...]]

    @classmethod
    def of(cls, equation: Equation) -> _Axes:
        dimensions = equation.params["dimension_numbers"]
        assert isinstance(dimensions, Dimensions)
        left, right = equation.inputs
        return cls(
            (left.type.ndim, right.type.ndim),
            (dimensions["lhs_contracting"], dimensions["rhs_contracting"]),
            (dimensions["lhs_batch"], dimensions["rhs_batch"]),
        )

    def bound(self, side: int) -> tuple[int, ...]:
        return (*self.batch[side], *self.contracted[side])

    def free(self, side: int) -> tuple[int, ...]:
        return tuple(n for n in range(self.ndim[side]) if n not in self.bound(side))

    def length(self, equation: Equation) -> int:
        shape = equation.inputs[0].type.shape
        return prod(shape[axis] for axis in self.contracted[0])


def _whole(equation: Equation) -> tuple[Box, Box]:
    first, second = (tuple(map(range, atom.type.shape)) for atom in equation.inputs)
    return first, second


def _full(equation: Equation) -> Box:
    return tuple(map(range, equation.outputs[0].type.shape))


def _is_one(atom: Atom) -> bool:
    return isinstance(atom, Constant) and bool(np.all(atom.data == 1))


def _spread(atom: Atom, axes: _Axes, side: int, kind: ArrayType, write: Write) -> Atom:
    """An operand without its contracted axes, repeated along those of the other."""
    shape = atom.type.shape
    batch, free = axes.batch[side], axes.free(side)
    order = (*batch, *free)
    kept = [axis for axis in range(len(shape)) if axis in order]
    if len(kept) != len(shape):
        dropped = [axis for axis in range(len(shape)) if axis not in order]
        atom = write(squeezed(atom, dropped))
    permutation = tuple(kept.index(axis) for axis in order)
    if permutation != tuple(range(len(order))):
        atom = write(transposed(atom, permutation))
    start = len(batch) + (len(axes.free(0)) if side == 1 else 0)
    places = (*range(len(batch)), *range(start, start + len(free)))
    if atom.type.shape == kind.shape:
        return atom
    return write(spread(atom, kind.shape, places))


# --- one-hot rows


def _chosen(equation: Equation, axes: _Axes, facts: Facts) -> tuple[Side, range] | None:
    """The operand with one-hot rows, and the lines of the other that they choose."""
    if axes.batch[0] or len(axes.contracted[0]) != 1:
        return None
    kind = equation.outputs[0].type
    if any(atom.type.dtype != kind.dtype for atom in equation.inputs):
        return None
    sides: tuple[Side, Side] = (0, 1)
    for side in sides:
        atom = equation.inputs[side]
        data = facts.elements(atom)
        if data is None or atom.type.ndim != 2:
            continue
        lines = np.moveaxis(data, axes.contracted[side][0], 1)
        chosen = _one_hot(lines)
        if chosen is not None:
            return side, chosen
    return None


def _one_hot(lines: NDArray[Any]) -> range | None:
    """The place of the one in each row, if that is all and they are evenly spaced."""
    if lines.size == 0 or not np.all((lines == 0) | (lines == 1)):
        return None
    if not np.all(np.count_nonzero(lines, axis=1) == 1):
        return None
    places = [int(place) for place in np.argmax(lines, axis=1)]
    steps = {b - a for a, b in pairwise(places)}
    if len(steps) > 1 or min(steps, default=1) < 1:
        return None
    return range(places[0], places[-1] + 1, steps.pop() if steps else 1)


def _lines(
    equation: Equation, axes: _Axes, found: Contraction, part: Part, write: Write
) -> Atom:
    """The lines of the one operand that the other chooses."""
    other = 1 if found.chooser == 0 else 0
    atom = equation.inputs[other]
    (axis,) = axes.contracted[other]
    box = tuple(
        found.chosen if place == axis else range(size)
        for place, size in enumerate(atom.type.shape)
    )
    lines = part(atom, box)
    rest = [place for place in range(atom.type.ndim) if place != axis]
    order = (axis, *rest) if found.chooser == 0 else (*rest, axis)
    if order == tuple(range(atom.type.ndim)):
        return lines
    return write(transposed(lines, order))
