"""Which part of a triangular system some elements of its solution ask for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from partialc.ir.boxes import Box
from partialc.ir.element_sets import ElementSet
from partialc.ir.program import Equation
from partialc.ops import params
from partialc.ops.elements import Operands
from partialc.ops.lanes import (
    LaneAxes,
    Lanes,
    Needed,
    Restricted,
    cut,
    lane_axes,
    vanishing,
)


def _axes(equation: Equation) -> LaneAxes:
    """The members of the batch, and the systems that share a matrix."""
    matrix, right = (atom.type.ndim for atom in equation.inputs)
    along = right - 2 if params.flag(equation, "left_side") else right - 1
    axes = lane_axes(right, [along])
    return LaneAxes((lane_axes(matrix, [-1, -2]), axes), (axes,))


def _along(equation: Equation) -> int:
    """The axis of the right-hand sides along which the unknowns of a system lie."""
    return -2 if params.flag(equation, "left_side") else -1


def _forward(equation: Equation) -> bool:
    """Whether the first unknown comes first: what comes later is not asked for."""
    lower = params.flag(equation, "lower") != params.flag(equation, "transpose_a")
    return lower == params.flag(equation, "left_side")


def _spanned(each: range, size: int, forward: bool) -> range:
    """The unknowns that have to be found for some of them."""
    return range(each[-1] + 1) if forward else range(each[0], size)


def _with_unknowns(box: Box, along: int, each: range) -> Box:
    return tuple(
        each if axis == along % len(box) else own for axis, own in enumerate(box)
    )


def _restrict(equation: Equation, needed: Needed) -> Restricted | None:
    """The leading (or trailing) systems that hold what is needed."""
    (box,) = needed
    assert box is not None
    size = equation.inputs[0].type.shape[-1]
    each = _spanned(box[_along(equation)], size, _forward(equation))
    return _systems(equation, needed, each)


def _within(equation: Equation, needed: Needed) -> Restricted | None:
    """The systems of the unknowns that are not zero."""
    (box,) = needed
    assert box is not None
    return _systems(equation, needed, box[_along(equation)])


def _systems(equation: Equation, needed: Needed, each: range) -> Restricted:
    """The systems of some unknowns, all others being zero or of no effect."""
    found = cut(equation, _axes(equation), needed, None)
    matrix, right = found.operands
    assert matrix is not None
    assert right is not None
    right = _with_unknowns(right, _along(equation), each)
    return replace(
        found,
        operands=((*matrix[:-2], each, each), right),
        results=(right,),
    )


def _support(equation: Equation, operands: Operands) -> tuple[ElementSet, ...]:
    """Where a right-hand side is zero, so are the unknowns up to its first entry."""
    (found,) = vanishing(equation, _axes(equation), operands, (1,))
    right = operands.supports[1]
    if found.is_none or right.is_none:
        return (found,)
    along, size = _along(equation), equation.inputs[0].type.shape[-1]
    each = _spanned(right.hull()[along], size, not _forward(equation))
    box = _with_unknowns(found.hull(), along, each)
    return (ElementSet.box(found.shape, box),)


TRIANGULAR = Lanes(_restrict, _support, _within, _axes)


def batch_axes(equation: Equation, cores: Sequence[int]) -> LaneAxes | None:
    """The members of a batch of matrices.

    Args:
        equation: The operation.
        cores: How many axes at the end of each operand are one member's.

    Returns:
        None where the operands do not share their leading axes.
    """
    leading = {
        atom.type.shape[: atom.type.ndim - core]
        for atom, core in zip(equation.inputs, cores, strict=True)
    }
    if len(leading) != 1:
        return None
    (batch,) = leading
    own = tuple(range(len(batch)))
    values = [*equation.inputs, *equation.outputs]
    if any(value.type.shape[: len(batch)] != batch for value in values):
        return None
    axes = [own + (None,) * (value.type.ndim - len(batch)) for value in values]
    count = len(equation.inputs)
    return LaneAxes(tuple(axes[:count]), tuple(axes[count:]))
