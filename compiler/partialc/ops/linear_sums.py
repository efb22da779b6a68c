"""Contractions, cumulative sums and sums over windows of linear values."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from partialc.ir.program import Atom
from partialc.ops import params
from partialc.ops.linear import Linear, Terms, as_type, present
from partialc.tangents.carry import pulled, pushed
from partialc.tangents.maps import IndexMap
from partialc.tangents.term import Term, kept, scaled

LARGEST: Final = 1 << 26
"""Larger triangles of elements are not made."""


def reduce_sum(linear: Linear) -> Sequence[Terms]:
    """What comes to one place is added up."""
    own = linear.operand(0).shape
    gone = params.integers(linear.equation, "axes")
    put = [IndexMap.along(own, axis) for axis in range(len(own)) if axis not in gone]
    found = [pushed(term, put, linear.shape, linear.arrays) for term in linear.of(0)]
    return [present(found)]


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
    read = [IndexMap.along(grid, along[axis]) for axis in range(len(other))]
    new = [along[axis] for axis in free[1]]
    ends = [*free[0], *new] if number == 0 else [*new, *free[0]]
    put = [IndexMap.along(grid, axis) for axis in (*batch[0], *ends)]
    atom, terms = _of_result_type(linear, number)
    found: list[Term | None] = []
    for term in terms:
        wide = pulled(term, spread, grid, linear.arrays)
        if wide is not None:
            wide = scaled(wide, atom, linear.arrays, maps=read)
        if wide is not None:
            found.append(pushed(wide, put, linear.shape, linear.arrays))
    return [present(found)]


def cumulative_sum(linear: Linear) -> Sequence[Terms] | None:
    """Each element takes part in its own place and in all behind it."""
    shape = linear.shape
    axis = params.integer(linear.equation, "axis")
    if shape[axis] ** 2 > LARGEST:
        return None
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
    equation, shape = linear.equation, linear.shape
    window = params.integers(equation, "window_dimensions")
    grid, rank = (*shape, *window), len(shape)
    read = _windowed(
        grid,
        [(axis, rank + axis) for axis in range(rank)],
        linear.operand(0).shape,
        strides=params.integers(equation, "window_strides"),
        padding=params.integer_rows(equation, "padding"),
        spread=params.integers(equation, "base_dilation"),
        dilation=params.integers(equation, "window_dilation"),
    )
    put = [IndexMap.along(grid, axis) for axis in range(rank)]
    terms: list[Term | None] = []
    for term in linear.of(0):
        wide = pulled(term, read, grid, linear.arrays)
        if wide is not None:
            terms.append(pushed(wide, put, shape, linear.arrays))
    return [present(terms)]


def convolution(linear: Linear) -> Sequence[Terms] | None:
    """A sum over a window and the input channels of a group, for each output channel.

    The grid has the axes of the result, the input channels, and the window's axes.
    """
    equation, shape, number = linear.equation, linear.shape, linear.only()
    if number is None or params.integer(equation, "batch_group_count") != 1:
        return None
    numbers = params.dimensions(equation)
    left, right, out = (numbers[name] for name in ("lhs_spec", "rhs_spec", "out_spec"))
    image, kernel = (linear.operand(n).shape for n in (0, 1))
    window = [kernel[axis] for axis in right[2:]]
    channels, rank = kernel[right[1]], len(shape)
    grid = (*shape, channels, *window)
    per_group = shape[out[1]] // params.integer(equation, "feature_group_count")
    column = [1] * len(grid)
    column[out[1]] = shape[out[1]]
    groups = np.arange(shape[out[1]], dtype=np.int64) // per_group * channels
    channel = IndexMap.of(groups.reshape(column), grid)
    of_image = [IndexMap.along(grid, out[0])] * rank
    of_image[left[1]] = channel.plus(IndexMap.along(grid, rank))
    spatial = _windowed(
        grid,
        [(axis, rank + 1 + place) for place, axis in enumerate(out[2:])],
        [image[axis] for axis in left[2:]],
        strides=params.integers(equation, "window_strides"),
        padding=params.integer_rows(equation, "padding"),
        spread=params.integers(equation, "lhs_dilation"),
        dilation=params.integers(equation, "rhs_dilation"),
    )
    of_image[left[0]] = IndexMap.along(grid, out[0])
    of_kernel = [IndexMap.along(grid, rank)] * rank
    of_kernel[right[0]] = IndexMap.along(grid, out[1])
    for place, axis in enumerate(left[2:]):
        of_image[axis] = spatial[place]
        of_kernel[right[2 + place]] = IndexMap.along(grid, rank + 1 + place)
    read, other = (of_image, of_kernel) if number == 0 else (of_kernel, of_image)
    put = [IndexMap.along(grid, axis) for axis in range(rank)]
    atom, terms = _of_result_type(linear, number)
    found: list[Term | None] = []
    for term in terms:
        wide = pulled(term, read, grid, linear.arrays)
        if wide is not None:
            wide = scaled(wide, atom, linear.arrays, maps=other)
        if wide is not None:
            found.append(pushed(wide, put, shape, linear.arrays))
    return [present(found)]


def _of_result_type(linear: Linear, number: int) -> tuple[Atom, list[Term]]:
    """Both factors in the type they are multiplied and added up in: the result's."""
    dtype, arrays = linear.equation.outputs[0].type.dtype, linear.arrays
    residual = arrays.converted(linear.equation.inputs[1 - number], dtype)
    return residual, [as_type(term, dtype, arrays) for term in linear.of(number)]


def _windowed(
    grid: Sequence[int],
    axes: Sequence[tuple[int, int]],
    shape: Sequence[int],
    *,
    strides: Sequence[int],
    padding: Sequence[Sequence[int]],
    spread: Sequence[int],
    dilation: Sequence[int],
) -> list[IndexMap]:
    """Where windows read along each of some axes of an array; negative outside.

    Args:
        grid: The sizes of the grid.
        axes: For each axis the grid's that counts windows, and the one within them.
        shape: The array's lengths.
        strides: From one window to the next.
        padding: What comes before and behind the array.
        spread: From one element of the array to the next, with what is put between.
        dilation: From one element of a window to the next.
    """
    found = []
    for place, (outer, inner) in enumerate(axes):
        read = IndexMap.along(grid, outer, -padding[place][0], strides[place])
        read = read.plus(IndexMap.along(grid, inner, 0, dilation[place]))
        low, high = read.bounds()
        if spread[place] == 1 and low >= 0 and high < shape[place]:
            found.append(read)
            continue
        places, rest = np.divmod(read.compact(), spread[place])
        inside = (rest == 0) & (places >= 0) & (places < shape[place])
        found.append(IndexMap.of(np.where(inside, places, -1), grid))
    return found
