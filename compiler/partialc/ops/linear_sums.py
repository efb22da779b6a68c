"""Contractions, cumulative sums and sums over windows of linear values."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from partialc.ops import params
from partialc.ops.linear import Linear, Terms, present
from partialc.tangents.carry import pulled, pushed
from partialc.tangents.maps import IndexMap
from partialc.tangents.term import Term, kept, scaled


def dot_general(linear: Linear) -> Sequence[Terms] | None:
    """A product along all axes of both, and a sum over those that are contracted."""
    number = linear.only()
    if number is None:
        return None
    numbers = params.dimensions(linear.equation)
    sides = ("lhs", "rhs") if number == 0 else ("rhs", "lhs")
    contracted = [numbers[f"{side}_contracting"] for side in sides]
    batch = [numbers[f"{side}_batch"] for side in sides]
    own, other = (linear.operand(n).shape for n in (number, 1 - number))
    free = [
        [axis for axis in range(len(shape)) if axis not in gone]
        for shape, gone in (
            (own, {*contracted[0], *batch[0]}),
            (other, {*contracted[1], *batch[1]}),
        )
    ]
    grid = (*own, *(other[axis] for axis in free[1]))
    spread = [IndexMap.along(grid, axis) for axis in range(len(own))]
    along = {axis: len(own) + place for place, axis in enumerate(free[1])}
    along |= zip(contracted[1], contracted[0], strict=True)
    along |= zip(batch[1], batch[0], strict=True)
    order = [along[axis] for axis in range(len(other))]
    new = [along[axis] for axis in free[1]]
    ends = [*free[0], *new] if number == 0 else [*new, *free[0]]
    put = [IndexMap.along(grid, axis) for axis in (*batch[0], *ends)]
    atom = linear.equation.inputs[1 - number]
    found: list[Term | None] = []
    for term in linear.of(number):
        wide = pulled(term, spread, grid, linear.arrays)
        if wide is not None:
            wide = scaled(wide, atom, linear.arrays, axes=order)
        if wide is not None:
            found.append(pushed(wide, put, linear.shape, linear.arrays))
    return [present(found)]


def cumulative_sum(linear: Linear) -> Sequence[Terms] | None:
    """Each element takes part in its own place and in all behind it."""
    shape = linear.shape
    axis = params.integer(linear.equation, "axis")
    is_reverse = params.flag(linear.equation, "reverse")
    grid = (*shape, shape[axis])
    read = [IndexMap.along(grid, n) for n in range(len(shape))]
    put = [
        IndexMap.along(grid, len(shape) if n == axis else n) for n in range(len(shape))
    ]
    found: list[Term | None] = []
    for term in linear.of(0):
        wide = pulled(term, read, grid, linear.arrays)
        if wide is None:
            continue
        source, target = wide.rows[axis].compact(), wide.rows[-1].compact()
        behind = source >= target if is_reverse else source <= target
        part = kept(wide, behind, linear.arrays)
        if part is not None:
            found.append(pushed(part, put, shape, linear.arrays))
    return [present(found)]


def window_sum(linear: Linear) -> Sequence[Terms] | None:
    """Each element of the result is the sum of a window of the operand."""
    equation = linear.equation
    window = params.integers(equation, "window_dimensions")
    strides = params.integers(equation, "window_strides")
    padding = params.integer_rows(equation, "padding")
    base = params.integers(equation, "base_dilation")
    dilation = params.integers(equation, "window_dilation")
    own, shape = linear.operand(0).shape, linear.shape
    grid = (*shape, *window)
    rank = len(shape)
    read = []
    for axis in range(rank):
        place = IndexMap.along(grid, axis, -padding[axis][0], strides[axis])
        place = place.plus(IndexMap.along(grid, rank + axis, 0, dilation[axis]))
        values = place.compact()
        found, rest = np.divmod(values, base[axis])
        inside = (rest == 0) & (found >= 0) & (found < own[axis])
        read.append(IndexMap.of(np.where(inside, found, -1), grid))
    put = [IndexMap.along(grid, axis) for axis in range(rank)]
    terms: list[Term | None] = []
    for term in linear.of(0):
        wide = pulled(term, read, grid, linear.arrays)
        if wide is not None:
            terms.append(pushed(wide, put, shape, linear.arrays))
    return [present(terms)]
