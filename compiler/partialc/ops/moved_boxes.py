"""Which rectangles of operands give a rectangle of a result, of what moves elements."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeAlias

from partialc.ir.boxes import Box
from partialc.ir.program import Equation, Param
from partialc.ir.strided import Shape, Strided
from partialc.ops import params
from partialc.ops.lanes import (
    NO_CHANGE,
    LaneAxes,
    Lanes,
    Needed,
    Restricted,
    by_axes,
    full_box,
    lane_axes,
)
from partialc.ops.moves import InOrder, MovesRule, constants
from partialc.tangents.carry import groups

Smaller: TypeAlias = Callable[[Equation, Box], Mapping[str, Param]]
"""The parameters that change where only a rectangle of the result is made."""


def rectangles(rule: MovesRule, smaller: Smaller | None = None) -> Lanes:
    """The operands that a rectangle of the one result meets, and where.

    Args:
        rule: Where elements come from; nothing is beneath anything else.
        smaller: The parameters that change.
    """

    def restrict(equation: Equation, needed: Needed) -> Restricted | None:
        (box,) = needed
        moves = rule(equation, constants(equation))
        if moves is None or box is None:
            return None
        operands: list[Box | None] = []
        for move in moves.rows[0]:
            if isinstance(move, Strided):
                part = move.onto(box)
                operands.append(None if part is None else part.source)
                continue
            own = None
            if isinstance(move, InOrder):
                own = _of_groups(move.operand, move.result, box)
            if own is None:
                return None
            operands.append(own)
        changed = NO_CHANGE if smaller is None else smaller(equation, box)
        return Restricted((box,), tuple(operands), changed)

    return Lanes(restrict)


def pieces(rule: MovesRule) -> Lanes:
    """Cut along all axes but the `axis` along which an array is taken apart."""

    def axes(equation: Equation) -> LaneAxes | None:
        moves = rule(equation, constants(equation))
        if moves is None:
            return None
        operand = equation.inputs[0].type
        lanes = lane_axes(operand.ndim, [params.integer(equation, "axis")])
        results = []
        for (move,) in moves.rows:
            assert isinstance(move, Strided), "a piece is a rectangle"
            ends: list[int | None] = [None] * len(move.result)
            for lane, end in zip(lanes, move.axes, strict=True):
                if end is not None:
                    ends[end] = lane
            results.append(tuple(ends))
        return LaneAxes((lanes,), tuple(results))

    return by_axes(axes)


def _of_groups(operand: Shape, result: Shape, box: Box) -> Box | None:
    """Axes that stay one axis; those that are split or merged have to be whole."""
    own = list(full_box(operand))
    for group in groups(operand, result):
        before, after = (
            [axis for axis in axes if shape[axis] != 1]
            for axes, shape in zip(group, (operand, result), strict=True)
        )
        if len(before) == len(after) == 1:
            own[before[0]] = box[after[0]]
        elif any(len(box[axis]) != result[axis] for axis in after):
            return None
    return tuple(own)
