"""What is counted, and what is handed on, on a rectangle of the results."""

from __future__ import annotations

from typing import Final

from partialc.ir.boxes import Box
from partialc.ir.program import Equation
from partialc.ops import params
from partialc.ops.lanes import Lanes, Needed, Restricted, full_box


def _placed(box: Box, axis: int, each: range) -> Box:
    return (*box[:axis], each, *box[axis + 1 :])


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


IOTA: Final = Lanes(_iota)
HANDED_ON: Final = Lanes(_handed_on)
