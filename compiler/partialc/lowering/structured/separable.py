"""Which operations mix small axes enough to be taken apart along them."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Final

from partialc.ir.program import Constant, Equation, Function, Value
from partialc.lowering.structured.mixing import (
    LONGEST,
    Mixing,
    contraction,
    is_elementwise,
    strided_moves,
    summed_axes,
)

FEWEST: Final = 8
MOST: Final = 64
"""Arrays are taken apart where one of them has so many places at least; none of them
has more than the most."""

LANES: Final = 32
"""Along what is left, arrays have so many elements at least."""

_MOVES: Final = frozenset(
    {"broadcast_in_dim", "reshape", "slice", "squeeze", "stack", "transpose"}
)


def separable(function: Function, mixing: Mixing) -> frozenset[Value]:
    """The results of the operations that are taken apart.

    These are stacks and masks, and what is computed of them as long as there is more
    than one place: together, where some array among them has many places.

    Args:
        function: The function.
        mixing: Its axes.
    """
    groups: dict[Value, int] = {}
    found: list[tuple[Value, int]] = []
    parents: list[int] = []
    most: list[int] = []

    def root(group: int) -> int:
        while parents[group] != group:
            group = parents[group]
        return group

    for equation in function.equations:
        if len(equation.outputs) != 1:
            continue
        (result,) = equation.outputs
        given = [groups[each] for each in equation.inputs if each in groups]
        if not given and not _starts(equation, mixing):
            continue
        if not _is_known(equation, mixing):
            continue
        if not given:
            given = [len(parents)]
            parents.append(len(parents))
            most.append(0)
        first = root(given[0])
        places = _places(result.type.shape, mixing.axes_of(result))
        for other in map(root, given[1:]):
            parents[other] = first
            most[first] = max(most[first], most[other])
        most[first] = max(most[first], places)
        found.append((result, first))
        if places > 1:
            groups[result] = first
    return frozenset(result for result, group in found if most[root(group)] >= FEWEST)


def _places(shape: Sequence[int], axes: Sequence[int]) -> int:
    return prod(shape[axis] for axis in axes)


def _starts(equation: Equation, mixing: Mixing) -> bool:
    """Whether it makes an axis along which places differ."""
    if equation.op == "stack":
        return bool(mixing.axes_of(equation.outputs[0]))
    return is_elementwise(equation) and any(map(mixing.is_mask, equation.inputs))


def _is_known(equation: Equation, mixing: Mixing) -> bool:
    """Whether it can be taken apart: few places, and much at each of them."""
    (result,) = equation.outputs
    places = _places(result.type.shape, mixing.axes_of(result))
    if places > MOST or result.type.size < LANES * places:
        return False
    for number, atom in enumerate(equation.inputs):
        axes = mixing.mixed_axes(equation, number)
        if _places(atom.type.shape, axes) > MOST:
            return False
        left = [
            mixing.class_of(equation, number, axis)
            for axis, size in enumerate(atom.type.shape)
            if size > 1 and axis not in axes
        ]
        if len(set(left)) < len(left):
            return False
    lanes = [
        mixing.of(result, axis)
        for axis, size in enumerate(result.type.shape)
        if size > 1 and axis not in mixing.axes_of(result)
    ]
    if len(set(lanes)) < len(lanes):
        return False
    if is_elementwise(equation):
        ranks = {atom.type.ndim for atom in equation.inputs} - {0}
        return ranks == {result.type.ndim} and not any(
            atom.type.shape == () and not isinstance(atom, Constant)
            for atom in equation.inputs
        )
    if equation.op == "dot_general":
        sizes = equation.inputs[0].type.shape
        wanted = equation.params["preferred_element_type"]
        types = {atom.type.dtype for atom in equation.inputs} | {result.type.dtype}
        is_plain = wanted in (None, result.type.dtype) and len(types) == 1
        summed = contraction(equation)[0]
        return is_plain and all(sizes[one] <= LONGEST for one, _ in summed)
    if equation.op == "reduce_sum":
        sizes = equation.inputs[0].type.shape
        return all(sizes[axis] <= LONGEST for axis in summed_axes(equation))
    return equation.op in _MOVES and strided_moves(equation) is not None
