"""Which axes of arrays a program mixes: along which it reads or joins single places.

Axes of values that go along each other are one class: the elements of a mesh are the
same ones in all arrays. A class is mixed where a place of it is cut out, where arrays
are stacked along it, where it is summed over, or where it meets a mask.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final, TypeAlias

import numpy as np

from partialc.analysis.facts import elements_rule
from partialc.ir.program import Atom, Constant, Dimensions, Equation, Function, Value
from partialc.ir.strided import Strided
from partialc.ops.elements import pointwise_reads
from partialc.ops.registry import moves_of

LONGEST: Final = 8
"""Sums over longer axes are not written out."""

MASK: Final = 64
"""Constants of more elements are no masks."""

Axis: TypeAlias = tuple[object, int]
"""An array, as an equation names it, and the number of one of its axes."""


class Mixing:
    """The classes of the axes of a function, and which of them are mixed.

    Args:
        function: Without calls.
    """

    def __init__(self, function: Function) -> None:
        self._parents: dict[Axis, Axis] = {}
        self._mixed: set[Axis] = set()
        self._masks: set[Value] = set()
        marks: list[Axis] = []
        for equation in function.equations:
            marks += self._join(equation)
        self._mixed = {self._root(axis) for axis in marks}

    def is_mask(self, atom: Atom) -> bool:
        """Whether it is a mask, perhaps spread along further axes."""
        return atom in self._masks if isinstance(atom, Value) else _is_mask(atom)

    def class_of(self, equation: Equation, number: int, axis: int) -> object:
        """The class of an axis of an operand, the same object for all of one class."""
        return self._root((_key(equation, number), axis))

    def of(self, value: Value, axis: int) -> object:
        """The class of an axis of a value."""
        return self._root((value, axis))

    def mixed_axes(self, equation: Equation, number: int) -> tuple[int, ...]:
        """The axes of an operand of more than one place that are mixed."""
        key = _key(equation, number)
        return self._mixed_of(key, equation.inputs[number].type.shape)

    def axes_of(self, value: Value) -> tuple[int, ...]:
        """The same of a value."""
        return self._mixed_of(value, value.type.shape)

    def _mixed_of(self, key: object, shape: Sequence[int]) -> tuple[int, ...]:
        return tuple(
            axis
            for axis, size in enumerate(shape)
            if size > 1 and self._root((key, axis)) in self._mixed
        )

    def _root(self, axis: Axis) -> Axis:
        while (parent := self._parents.get(axis, axis)) != axis:
            self._parents[axis] = self._parents.get(parent, parent)
            axis = parent
        return axis

    def _join(self, equation: Equation) -> Iterator[Axis]:
        """Make axes that go along each other one; gives those that are mixed."""
        if is_elementwise(equation):
            yield from self._elementwise(equation)
        elif (moves := strided_moves(equation)) is not None:
            for number, move in enumerate(moves):
                yield from self._moved(equation, number, move)
        elif equation.op == "dot_general":
            yield from self._contracted(equation)
        elif equation.op == "reduce_sum":
            yield from self._summed(equation)

    def _unite(self, one: Axis, other: Axis) -> None:
        self._parents[self._root(one)] = self._root(other)

    def _elementwise(self, equation: Equation) -> Iterator[Axis]:
        (result,) = equation.outputs
        for number, atom in enumerate(equation.inputs):
            for axis, size in enumerate(atom.type.shape):
                if size > 1:
                    self._unite((_key(equation, number), axis), (result, axis))
                    if _is_mask(atom):
                        yield result, axis

    def _moved(self, equation: Equation, number: int, move: Strided) -> Iterator[Axis]:
        (result,) = equation.outputs
        source = _key(equation, number)
        atom = equation.inputs[number]
        if self.is_mask(atom):
            self._masks.add(result)
        for axis, size in enumerate(atom.type.shape):
            target = move.axes[axis]
            if size == 1:
                continue
            if self.is_mask(atom):
                yield source, axis
            if target is None:
                yield source, axis
                continue
            self._unite((source, axis), (result, target))
            is_whole = move.taken[axis] == range(size)
            if not is_whole or size != move.result[target]:
                yield source, axis
        for axis, size in enumerate(move.result):
            if size > 1 and move.put[axis] != range(size):
                yield result, axis

    def _contracted(self, equation: Equation) -> Iterator[Axis]:
        (result,) = equation.outputs
        left, right = (_key(equation, number) for number in (0, 1))
        summed, batch, free = contraction(equation)
        for one, other in summed:
            self._unite((left, one), (right, other))
            yield left, one
        place = 0
        for one, other in batch:
            self._unite((left, one), (result, place))
            self._unite((right, other), (result, place))
            place += 1
        for source, axes in zip((left, right), free, strict=True):
            for axis in axes:
                self._unite((source, axis), (result, place))
                place += 1

    def _summed(self, equation: Equation) -> Iterator[Axis]:
        (result,) = equation.outputs
        axes = summed_axes(equation)
        place = 0
        for axis in range(equation.inputs[0].type.ndim):
            if axis in axes:
                yield _key(equation, 0), axis
                continue
            self._unite((_key(equation, 0), axis), (result, place))
            place += 1


def contraction(
    equation: Equation,
) -> tuple[list[tuple[int, int]], list[tuple[int, int]], tuple[list[int], list[int]]]:
    """The pairs of axes that a contraction sums over, those of its batch, the others.

    Args:
        equation: A `dot_general`.
    """
    dimensions = equation.params["dimension_numbers"]
    assert isinstance(dimensions, Dimensions)
    pairs = [
        list(zip(dimensions[f"lhs_{kind}"], dimensions[f"rhs_{kind}"], strict=True))
        for kind in ("contracting", "batch")
    ]
    taken = [{pair[side] for each in pairs for pair in each} for side in (0, 1)]
    free = [
        [axis for axis in range(atom.type.ndim) if axis not in gone]
        for atom, gone in zip(equation.inputs, taken, strict=True)
    ]
    return pairs[0], pairs[1], (free[0], free[1])


def summed_axes(equation: Equation) -> tuple[int, ...]:
    """The axes that a `reduce_sum` sums over."""
    axes = equation.params["axes"]
    assert isinstance(axes, tuple), "axes are a tuple"
    return tuple(axis for axis in axes if isinstance(axis, int))


def is_elementwise(equation: Equation) -> bool:
    """Whether each element of its one result is of those at the same place."""
    rule = elements_rule(equation)
    return (
        rule is not None
        and rule.reads is pointwise_reads
        and len(equation.outputs) == 1
        and equation.op != "convert_element_type"
    )


def strided_moves(equation: Equation) -> tuple[Strided, ...] | None:
    """What an operation with one result moves of each operand; None of others."""
    moves = moves_of(equation) if len(equation.outputs) == 1 else None
    if moves is None or len(moves.rows) != 1:
        return None
    found = []
    for move in moves.rows[0]:
        if not isinstance(move, Strided):
            return None
        found.append(move)
    return tuple(found) if len(found) == len(equation.inputs) else None


def _is_mask(atom: Atom) -> bool:
    """Whether it is a small constant array with zeros among other numbers."""
    if not isinstance(atom, Constant) or not 1 < atom.type.size <= MASK:
        return False
    zeros = int(np.count_nonzero(atom.data == 0))
    return 0 < zeros < atom.type.size


def _key(equation: Equation, number: int) -> object:
    """What stands for an operand: a constant is another one in each equation."""
    atom = equation.inputs[number]
    return atom if isinstance(atom, Value) else (equation.outputs[0], number)
