"""Compute only the rectangle of an array that is needed."""

from __future__ import annotations

from typing import Final

from partialc.ir.program import Function
from partialc.ir.rewrite import everywhere
from partialc.lowering.narrowing import without_unneeded
from partialc.lowering.passes import Grade, Pass


def needed_rectangles(function: Function) -> Function:
    """op(x)[rectangle] -> op(x[rectangle']).

    Slices move towards the arguments, through all that treats rows, lanes, columns or
    the members of a batch each on their own: elementwise operations, products of
    matrices, reductions, sorting, solves, factorisations, and the loops and branches
    that hold them. What is asked for in several places is computed on the smallest
    rectangle that holds all of it. Nothing is taken apart, so that arrays of any size
    are treated alike; what is left is left to `light_cone`.

    Grade: exact for each element that is needed, up to the rounding of what XLA sums
    in another order for another shape.
    """
    return everywhere(function, without_unneeded)


NEEDED_RECTANGLES: Final = Pass("needed_rectangles", Grade.FINITE, needed_rectangles)
