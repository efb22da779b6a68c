"""Where windows stand in an array: those gathers read and scatters write."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from partialc.tangents.maps import NOWHERE, IndexMap


def windows(
    operand: Sequence[int],
    shape: Sequence[int],
    indices: NDArray[Any],
    *,
    offset: Sequence[int],
    removed: Sequence[int],
    mapped: Sequence[int],
    batch: tuple[Sequence[int], Sequence[int]],
    sizes: Sequence[int],
    clip: bool,
) -> tuple[tuple[IndexMap, ...], bool]:
    """The place along each axis of an array of each element of windows in it.

    Args:
        operand: The array's shape.
        shape: The shape of the gather's result, or of the scatter's updates.
        indices: The index vectors, along the last axis.
        offset: The axes of `shape` that run along windows.
        removed: The axes of the array that windows do not have.
        mapped: The axis of the array that each component of an index vector indexes.
        batch: Axes of the array, and the axes of the indices they are paired with.
        sizes: The size of the window along each axis of the array.
        clip: Whether windows that stand out are moved in; else they are nowhere.

    Returns:
        A map for each axis of the array, and whether any window is nowhere.
    """
    outer = [axis for axis in range(len(shape)) if axis not in offset]
    column = [1] * len(shape)
    for axis, size in zip(outer, indices.shape[:-1], strict=True):
        column[axis] = size
    starts = {}
    outside = np.zeros(column, bool)
    for component, axis in enumerate(mapped):
        start = indices[..., component].astype(np.int64).reshape(column)
        last = operand[axis] - sizes[axis]
        if clip:
            start = np.clip(start, 0, last)
        outside |= (start < 0) | (start > last)
        starts[axis] = start
    window = iter(offset)
    maps = []
    for axis in range(len(operand)):
        found = IndexMap.constant(shape, 0)
        if axis in batch[0]:
            paired = batch[1][list(batch[0]).index(axis)]
            found = IndexMap.along(shape, outer[paired])
        if axis in starts:
            start = np.where(outside, NOWHERE, starts[axis])
            found = found.plus(IndexMap.of(start, shape))
        if axis not in removed and axis not in batch[0]:
            found = found.plus(IndexMap.along(shape, next(window)))
        maps.append(found)
    return tuple(maps), bool(outside.any())
