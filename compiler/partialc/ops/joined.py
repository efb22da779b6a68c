"""Joining and taking apart on a rectangle of the results."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate
from typing import Final

from partialc.ir.boxes import Box, ascending, common_range
from partialc.ir.program import Equation
from partialc.ops import params
from partialc.ops.lanes import (
    LaneAxes,
    Lanes,
    Needed,
    Restricted,
    by_axes,
    full_box,
    lane_axes,
)


def _placed(box: Box, axis: int, each: range) -> Box:
    return (*box[:axis], each, *box[axis + 1 :])


def _concatenate(equation: Equation, needed: Needed) -> Restricted | None:
    """The operands that the rectangle meets."""
    (box,) = needed
    assert box is not None
    axis = params.integer(equation, "dimension")
    sizes = [atom.type.shape[axis] for atom in equation.inputs]
    operands: list[Box | None] = []
    for end, size in zip(accumulate(sizes), sizes, strict=True):
        start = end - size
        met = common_range(box[axis], range(start, end))
        own = ascending(met.start - start, met.stop - start, met.step)
        operands.append(_placed(box, axis, own) if met else None)
    return Restricted((box,), tuple(operands))


def _stack(equation: Equation, needed: Needed) -> Restricted | None:
    """The operands that the rectangle holds."""
    (box,) = needed
    assert box is not None
    axis = params.integer(equation, "axis") % len(box)
    own = (*box[:axis], *box[axis + 1 :])
    count = len(equation.inputs)
    operands = tuple(own if place in box[axis] else None for place in range(count))
    return Restricted((box,), operands)


def _pieces(equation: Equation) -> LaneAxes:
    """All axes but the one along which an array is taken apart."""
    ndim = equation.inputs[0].type.ndim
    axes = lane_axes(ndim, [params.integer(equation, "axis")])
    left = axes
    if equation.op == "unstack":
        left = tuple(axis for axis in axes if axis is not None)
    return LaneAxes((axes,), tuple(left for _ in equation.outputs))


def _pad(equation: Equation, needed: Needed) -> Restricted | None:
    """What the rectangle holds of the operand, and less of a border."""
    (box,) = needed
    assert box is not None
    config = params.integer_rows(equation, "padding_config")
    operand, result = equation.inputs[0].type.shape, equation.outputs[0].type.shape
    ranges, own, borders = [], [], []
    for each, size, whole, row in zip(box, operand, result, config, strict=True):
        computed, read, border = _padded(each, size, whole, row)
        ranges.append(computed)
        own.append(read)
        borders.append(border)
    changed = {"padding_config": tuple(borders)}
    return Restricted((tuple(ranges),), (tuple(own), ()), changed)


def _padded(
    each: range, size: int, whole: int, row: Sequence[int]
) -> tuple[range, range, tuple[int, ...]]:
    """What is computed along an axis, read of the operand, and put around it."""
    low, _, inner = row
    first, last = each[0], each[-1]
    read = range(max(first - low, 0), min(last - low + 1, size))
    if inner or not read:
        return range(whole), range(size), tuple(row)
    border = (read[0] + low - first, last - (read[-1] + low), 0)
    return range(first, last + 1), read, border


def _iota(equation: Equation, needed: Needed) -> Restricted | None:
    """Up to the last number needed."""
    (box,) = needed
    assert box is not None
    axis = params.integer(equation, "dimension")
    computed = _placed(box, axis, range(box[axis][-1] + 1))
    return Restricted((computed,), (), {"shape": tuple(map(len, computed))})


def _handed_on(equation: Equation, needed: Needed) -> Restricted | None:
    """Each result is its operand."""
    shapes = [value.type.shape for value in equation.outputs]
    boxes = tuple(
        full_box(shape) if box is None else box
        for shape, box in zip(shapes, needed, strict=True)
    )
    return Restricted(boxes, boxes)


CONCATENATE: Final = Lanes(_concatenate)
STACK: Final = Lanes(_stack)
PIECES: Final = by_axes(_pieces)
PAD: Final = Lanes(_pad)
IOTA: Final = Lanes(_iota)
HANDED_ON: Final = Lanes(_handed_on)
