"""Where the elements of an operation that moves them come from: stated once.

A `MovesRule` says of each result and each operand which element is which:

    Strided     a rectangle, in order, to a rectangle: slices, broadcasts, paddings
    InOrder     all elements, in their row-major order: reshapes
    Gathered    for each place of the result the place that is read: tables
    Scattered   for each place of the operand the place it comes to: tables
    Computed    by indices that are not known

What single elements read (`moved_elements`), how terms of linear operands are carried
(`linear_moves`), which rectangle of an operand gives one of the result (`moved_boxes`),
the value of a known operand, and the bracket that is printed all follow.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import prod
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from partialc.ir.boxes import Flat, line, ravel, unravel, upward
from partialc.ir.distinct import are_distinct
from partialc.ir.program import Constant, Equation
from partialc.ir.strided import Shape, Strided
from partialc.ops.elements import MAX_ROWS
from partialc.tangents.maps import IndexMap


@dataclass(frozen=True, slots=True)
class InOrder:
    """Another shape.

    Attributes:
        operand: The operand's shape.
        result: The result's shape.
    """

    operand: Shape
    result: Shape


@dataclass(frozen=True, eq=False, slots=True)
class Gathered:
    """Each element of a result is read where maps say.

    Attributes:
        operand: The operand's shape.
        result: The result's shape.
        maps: For each axis of the operand the place read, at each place of the result;
            negative where the element is none of the operand.
    """

    operand: Shape
    result: Shape
    maps: tuple[IndexMap, ...]

    def reads(self, wanted: Flat) -> Flat:
        """The flat positions in the operand of some in the result; -1 for others."""
        return _flat(self.maps, unravel(wanted, self.result), self.operand, wanted)


@dataclass(frozen=True, eq=False, slots=True)
class Scattered:
    """Each element of an operand comes to where maps say.

    Attributes:
        operand: The operand's shape.
        result: The result's shape.
        maps: For each axis of the result the place that an element comes to; negative
            where it is dropped.
    """

    operand: Shape
    result: Shape
    maps: tuple[IndexMap, ...]

    def writes(self, flat: Flat) -> Flat:
        """The flat positions in the result of some in the operand; -1: nowhere."""
        return _flat(self.maps, unravel(flat, self.operand), self.result, flat)

    def targets(self) -> Flat:
        """Those of all elements of the operand."""
        return self.writes(np.arange(prod(self.operand), dtype=np.int64))

    @property
    def is_injective(self) -> bool:
        """Whether each element of the result is of one element at most."""
        targets = self.targets()
        targets = targets[targets >= 0]
        return are_distinct(targets)

    def reads(self, wanted: Flat) -> Flat | None:
        """The flat positions in the operand of ascending ones in the result, or -1.

        None where several come to one place, or the operand has too many elements.
        """
        if prod(self.operand) > MAX_ROWS:
            return None
        places, hits = met(wanted, self.targets())
        if not are_distinct(places):
            return None
        found = np.full(wanted.shape, -1, np.int64)
        found[places] = hits
        return found


@dataclass(frozen=True, slots=True)
class Computed:
    """Elements moved by indices that are not known.

    Attributes:
        operand: The operand's shape.
        result: The result's shape.
    """

    operand: Shape
    result: Shape


def gathered(
    operand: Shape, result: Shape, maps: Sequence[IndexMap]
) -> Strided | Gathered:
    """What is read where maps say: a rectangle, if it is one."""
    axes: list[int | None] = []
    taken = []
    for each in maps:
        run = _run(each)
        if run is None or (run[0] is not None and run[0] in axes):
            return Gathered(operand, result, tuple(maps))
        axes.append(run[0])
        taken.append(run[1])
    return Strided.of(operand, result, axes, taken=taken)


def scattered(
    operand: Shape, result: Shape, maps: Sequence[IndexMap]
) -> Strided | Scattered:
    """What comes to where maps say: to a rectangle, if it is one."""
    axes: list[int | None] = [None] * len(operand)
    taken, put = list(map(range, operand)), []
    for axis, each in enumerate(maps):
        run = _run(each)
        if run is None or (run[0] is not None and axes[run[0]] is not None):
            return Scattered(operand, result, tuple(maps))
        along, places = run
        if along is not None:
            axes[along] = axis
            taken[along] = taken[along] if places.step > 0 else taken[along][::-1]
        put.append(upward(places))
    if any(
        axis is None and size != 1 for axis, size in zip(axes, operand, strict=True)
    ):
        return Scattered(operand, result, tuple(maps))
    return Strided.of(operand, result, axes, taken=taken, put=put)


def _run(each: IndexMap) -> tuple[int | None, range] | None:
    """The axis a map goes along, and its values; no axis where it is a number."""
    number, along = each.number(), each.line()
    if number is not None:
        return None if number < 0 else (None, range(number, number + 1))
    if along is None or each.bounds()[0] < 0:
        return None
    axis, start, step = along
    return axis, line(start, step, each.sizes[axis])


Move: TypeAlias = "Strided | InOrder | Gathered | Scattered | Computed"


@dataclass(frozen=True, slots=True)
class Moves:
    """Where the results of an operation come from.

    Attributes:
        rows: For each result, for each operand what comes from it; None where nothing
            does. No element comes from two operands.
        beneath: The operand whose elements are there where those of no other are.
        is_filled: Whether some elements are of no operand, but a number.
    """

    rows: tuple[tuple[Move | None, ...], ...]
    beneath: int | None = None
    is_filled: bool = False

    @classmethod
    def single(cls, *row: Move | None) -> Moves:
        """Those of one result, by operand."""
        return cls((row,))

    @property
    def is_indexed(self) -> bool:
        """Whether indices are among the operands."""
        return any(move is None for row in self.rows for move in row)

    @property
    def above(self) -> list[list[tuple[int, Move]]]:
        """For each result the operands, by number, that are not beneath others."""
        return [
            [
                (number, move)
                for number, move in enumerate(row)
                if move is not None and number != self.beneath
            ]
            for row in self.rows
        ]

    def applied(self, arrays: Sequence[NDArray[Any]]) -> list[NDArray[Any]] | None:
        """The results, given all operands.

        None where that is not known, or where an element is of no operand.
        """
        if self.is_filled:
            return None
        results = []
        for row, above in zip(self.rows, self.above, strict=True):
            beneath = (
                [] if self.beneath is None else [(self.beneath, row[self.beneath])]
            )
            result: NDArray[Any] | None = None
            for number, move in (*beneath, *above):
                if move is None or isinstance(move, Computed):
                    return None
                if result is None:
                    result = np.zeros(move.result, arrays[number].dtype)
                if not _put(move, arrays[number], result):
                    return None
            if result is None:
                return None
            results.append(result)
        return results


Known: TypeAlias = Callable[[int], "NDArray[Any] | None"]
"""The elements of an operand, by number; None where it is not known."""

MovesRule: TypeAlias = Callable[[Equation, Known], "Moves | None"]
"""None where nothing is said of the operation."""


def shapes(equation: Equation) -> tuple[Shape, Shape]:
    """Of the first operand and of the first result."""
    return equation.inputs[0].type.shape, equation.outputs[0].type.shape


def constants(equation: Equation) -> Known:
    """What is known of operands by themselves."""

    def known(number: int) -> NDArray[Any] | None:
        atom = equation.inputs[number]
        return atom.data if isinstance(atom, Constant) else None

    return known


def _put(move: Move, array: NDArray[Any], into: NDArray[Any]) -> bool:
    """Write the elements of an operand into a result, if that is possible."""
    match move:
        case Strided():
            move.move(array, into)
        case InOrder():
            into[...] = array.reshape(move.result)
        case Gathered():
            into[...] = array[tuple(each.compact() for each in move.maps)]
        case Scattered() if move.is_injective:
            targets = move.targets()
            into.reshape(-1)[targets[targets >= 0]] = array.reshape(-1)[targets >= 0]
        case _:
            return False
    return True


def met(wanted: Flat, targets: Flat) -> tuple[Flat, Flat]:
    """Which of some targets are wanted.

    Args:
        wanted: Flat positions, ascending.
        targets: Any flat positions; negative ones are nowhere.

    Returns:
        Positions among `wanted`, and those of the targets that are these.
    """
    if not wanted.size:
        return wanted, wanted
    places = np.searchsorted(wanted, targets)
    places[places == wanted.size] = 0
    hits = np.flatnonzero((wanted[places] == targets) & (targets >= 0))
    return places[hits], hits


def _flat(
    maps: Sequence[IndexMap], places: Sequence[Flat], shape: Shape, like: Flat
) -> Flat:
    """Flat positions of what maps say at some places; -1 where one is outside."""
    inside = np.ones(like.shape, bool)
    digits = []
    for each, size in zip(maps, shape, strict=True):
        digit = np.broadcast_to(each.at(places), like.shape)
        inside &= (digit >= 0) & (digit < size)
        digits.append(digit)
    return np.where(inside, ravel(digits, shape, [like]), -1)
