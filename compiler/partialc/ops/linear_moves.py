"""Where operations that move elements put them, as static maps."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from partialc.ir.distinct import are_distinct
from partialc.ir.program import Equation
from partialc.ops import params
from partialc.ops.linear import Linear, Terms, present, pulling, pushing
from partialc.tangents.carry import pulled, pushed, reshaped
from partialc.tangents.maps import NOWHERE, IndexMap
from partialc.tangents.term import kept


def _slice(equation: Equation) -> list[IndexMap]:
    starts = params.integers(equation, "start_indices")
    strides = equation.params.get("strides") or (1,) * len(starts)
    assert isinstance(strides, tuple), "strides are a tuple"
    shape = equation.outputs[0].type.shape
    return [
        IndexMap.along(shape, axis, start, step)  # type: ignore[arg-type]
        for axis, (start, step) in enumerate(zip(starts, strides, strict=True))
    ]


def _squeeze(equation: Equation) -> list[IndexMap]:
    gone = params.integers(equation, "dimensions")
    shape = equation.inputs[0].type.shape
    gone = tuple(axis % len(shape) for axis in gone)
    return [
        IndexMap.along(shape, axis) for axis in range(len(shape)) if axis not in gone
    ]


def _transpose(equation: Equation) -> list[IndexMap]:
    shape = equation.inputs[0].type.shape
    order = params.integers(equation, "permutation")
    return [IndexMap.along(shape, axis) for axis in order]


def _rev(equation: Equation) -> list[IndexMap]:
    turned = params.integers(equation, "dimensions")
    shape = equation.inputs[0].type.shape
    return [
        IndexMap.along(shape, axis, size - 1, -1)
        if axis in turned
        else IndexMap.along(shape, axis)
        for axis, size in enumerate(shape)
    ]


def _broadcast(equation: Equation) -> list[IndexMap]:
    shape = equation.outputs[0].type.shape
    axes = params.integers(equation, "broadcast_dimensions")
    own = equation.inputs[0].type.shape
    return [
        IndexMap.constant(shape, 0) if size == 1 else IndexMap.along(shape, axis)
        for size, axis in zip(own, axes, strict=True)
    ]


def _reduce_sum(equation: Equation) -> list[IndexMap]:
    gone = params.integers(equation, "axes")
    shape = equation.inputs[0].type.shape
    return [
        IndexMap.along(shape, axis) for axis in range(len(shape)) if axis not in gone
    ]


SLICE = pulling(_slice)
SQUEEZE = pushing(_squeeze)
TRANSPOSE = pushing(_transpose)
REV = pushing(_rev)
BROADCAST = pulling(_broadcast)
REDUCE_SUM = pushing(_reduce_sum)


def reshape(linear: Linear) -> Sequence[Terms] | None:
    """The elements in their order."""
    old, new = linear.operand(0).shape, linear.shape
    if linear.equation.params.get("dimensions") is not None:
        return None
    return [[reshaped(term, old, new, linear.arrays) for term in linear.of(0)]]


def tile(linear: Linear) -> Sequence[Terms] | None:
    """Each axis is read again and again."""
    own, shape = linear.operand(0).shape, linear.shape
    lead = len(shape) - len(own)
    maps = []
    for axis, size in enumerate(own):
        column = [1] * len(shape)
        column[lead + axis] = shape[lead + axis]
        line = np.arange(shape[lead + axis], dtype=np.int64) % size
        maps.append(IndexMap.of(line.reshape(column), shape))
    found = (pulled(term, maps, shape, linear.arrays) for term in linear.of(0))
    return [present(found)]


def concatenate(linear: Linear) -> Sequence[Terms]:
    """Each operand has a part of an axis of the result."""
    joined = params.integer(linear.equation, "dimension")
    start, found = 0, []
    for number in range(len(linear.terms)):
        own = linear.operand(number).shape
        maps = [
            IndexMap.along(own, axis).shifted(start if axis == joined else 0)
            for axis in range(len(own))
        ]
        terms = linear.of(number)
        found += [pushed(term, maps, linear.shape, linear.arrays) for term in terms]
        start += own[joined]
    return [present(found)]


def stack(linear: Linear) -> Sequence[Terms]:
    """Each operand has a place of a new axis."""
    new, found = params.integer(linear.equation, "axis"), []
    for number in range(len(linear.terms)):
        own = linear.operand(number).shape
        maps = [IndexMap.along(own, axis) for axis in range(len(own))]
        maps.insert(new, IndexMap.constant(own, number))
        terms = linear.of(number)
        found += [pushed(term, maps, linear.shape, linear.arrays) for term in terms]
    return [present(found)]


def unstack(linear: Linear) -> Sequence[Terms]:
    """Each result is a place of an axis."""
    gone, results = params.integer(linear.equation, "axis"), []
    for number, value in enumerate(linear.equation.outputs):
        shape = value.type.shape
        maps = [IndexMap.along(shape, axis) for axis in range(len(shape))]
        maps.insert(gone, IndexMap.constant(shape, number))
        found = (pulled(term, maps, shape, linear.arrays) for term in linear.of(0))
        results.append(present(found))
    return results


def split(linear: Linear) -> Sequence[Terms]:
    """Each result is a part of an axis."""
    cut = params.integer(linear.equation, "axis")
    start, results = 0, []
    for value in linear.equation.outputs:
        shape = value.type.shape
        maps = [
            IndexMap.along(shape, axis).shifted(start if axis == cut else 0)
            for axis in range(len(shape))
        ]
        found = (pulled(term, maps, shape, linear.arrays) for term in linear.of(0))
        results.append(present(found))
        start += shape[cut]
    return results


def pad(linear: Linear) -> Sequence[Terms] | None:
    """Elements come apart, and some fall off; what is put between them is zero."""
    if linear.terms[1] is not None:
        return None
    own = linear.operand(0).shape
    maps = [
        IndexMap.along(own, axis, low, inner + 1)
        for axis, (low, _, inner) in enumerate(
            params.integer_rows(linear.equation, "padding_config")
        )
    ]
    found = (pushed(term, maps, linear.shape, linear.arrays) for term in linear.of(0))
    return [present(found)]


def dynamic_slice(linear: Linear) -> Sequence[Terms] | None:
    """A slice from known starts, moved into the array."""
    starts = _starts(linear, range(1, len(linear.terms)), linear.shape, 0)
    if starts is None:
        return None
    shape = linear.shape
    maps = [
        IndexMap.along(shape, axis).shifted(start) for axis, start in enumerate(starts)
    ]
    found = (pulled(term, maps, shape, linear.arrays) for term in linear.of(0))
    return [present(found)]


def dynamic_update_slice(linear: Linear) -> Sequence[Terms] | None:
    """A box of an array exchanged, from known starts, moved into the array."""
    update = linear.operand(1).shape
    starts = _starts(linear, range(2, len(linear.terms)), update, 0)
    if starts is None:
        return None
    maps = [
        IndexMap.along(update, axis).shifted(start) for axis, start in enumerate(starts)
    ]
    found = [pushed(term, maps, linear.shape, linear.arrays) for term in linear.of(1)]
    for term in linear.of(0):
        inside = np.ones((1,) * len(term.sizes), bool)
        for row, start, size in zip(term.rows, starts, update, strict=True):
            values = row.compact()
            inside = inside & (values >= start) & (values < start + size)
        found.append(kept(term, ~inside, linear.arrays))
    return [present(found)]


def _starts(
    linear: Linear, numbers: Sequence[int], sizes: Sequence[int], operand: int
) -> list[int] | None:
    """The starts of a box within an operand; None where one is computed."""
    found = []
    shape = linear.operand(operand).shape
    for number, size, total in zip(numbers, sizes, shape, strict=True):
        if size == total:
            found.append(0)
            continue
        known = linear.known(number)
        if known is None:
            return None
        found.append(min(max(int(known), 0), total - size))
    return found


def gather(linear: Linear) -> Sequence[Terms] | None:
    """Elements read by known indices."""
    indices = linear.known(1)
    if indices is None or linear.only() != 0:
        return None
    numbers = params.dimensions(linear.equation)
    maps = _windows(
        linear.operand(0).shape,
        linear.shape,
        indices,
        offset=numbers["offset_dims"],
        removed=numbers["collapsed_slice_dims"],
        mapped=numbers["start_index_map"],
        batch=(
            numbers["operand_batching_dims"],
            numbers["start_indices_batching_dims"],
        ),
        sizes=params.integers(linear.equation, "slice_sizes"),
        clip=params.text(linear.equation, "mode") == "CLIP",
    )
    found = (pulled(term, maps, linear.shape, linear.arrays) for term in linear.of(0))
    return [present(found)]


def scatter_add(linear: Linear) -> Sequence[Terms] | None:
    """Updates added at known indices."""
    if linear.terms[1] is not None:
        return None
    if linear.terms[2] is None:
        return [linear.of(0)]
    indices = linear.known(1)
    if indices is None:
        return None
    maps = _targets(linear, indices)
    found = [pushed(term, maps, linear.shape, linear.arrays) for term in linear.of(2)]
    if linear.equation.op == "scatter-sub":
        found = [None if term is None else term.negated for term in found]
    return [[*linear.of(0), *present(found)]]


def scatter(linear: Linear) -> Sequence[Terms] | None:
    """Elements exchanged at known indices, each at most once."""
    indices = linear.known(1)
    if indices is None:
        return None
    maps = _targets(linear, indices)
    updates, shape = linear.operand(2).shape, linear.shape
    digits = [each.values() for each in maps]
    inside = np.ones(updates, bool)
    for digit, size in zip(digits, shape, strict=True):
        inside &= (digit >= 0) & (digit < size)
    places = np.ravel_multi_index([digit[inside] for digit in digits], shape)
    if not are_distinct(places):
        return None
    kept_mask = np.ones(shape, bool)
    kept_mask.reshape(-1)[places] = False
    found = [pushed(term, maps, shape, linear.arrays) for term in linear.of(2)]
    for term in linear.of(0):
        keep = kept_mask[tuple(row.compact() for row in term.rows)]
        found.append(kept(term, keep, linear.arrays))
    return [present(found)]


def _targets(linear: Linear, indices: NDArray[np.generic]) -> list[IndexMap]:
    """Where the updates of a scatter go."""
    numbers = params.dimensions(linear.equation)
    operand, updates = linear.operand(0).shape, linear.operand(2).shape
    offset = numbers["update_window_dims"]
    removed, batched = numbers["inserted_window_dims"], numbers["operand_batching_dims"]
    lengths = iter(updates[axis] for axis in offset)
    gone = {*removed, *batched}
    return _windows(
        operand,
        updates,
        indices,
        offset=offset,
        removed=removed,
        mapped=numbers["scatter_dims_to_operand_dims"],
        batch=(batched, numbers["scatter_indices_batching_dims"]),
        sizes=[1 if axis in gone else next(lengths) for axis in range(len(operand))],
        clip=params.text(linear.equation, "mode") == "CLIP",
    )


def _windows(
    operand: Sequence[int],
    windows: Sequence[int],
    indices: NDArray[np.generic],
    *,
    offset: Sequence[int],
    removed: Sequence[int],
    mapped: Sequence[int],
    batch: tuple[Sequence[int], Sequence[int]],
    sizes: Sequence[int],
    clip: bool,
) -> list[IndexMap]:
    """The place along each axis of an array of each element of windows in it.

    Args:
        operand: The array's shape.
        windows: The shape of the gather's result, or of the scatter's updates.
        indices: The index vectors, along the last axis.
        offset: The axes of the windows' shape that run along windows.
        removed: The axes of the array that windows do not have.
        mapped: The axis of the array that each component of an index vector indexes.
        batch: Axes of the array, and the axes of the indices they are paired with.
        sizes: The size of the window along each axis of the array.
        clip: Whether windows that stand out are moved in; else they are left out.
    """
    outer = [axis for axis in range(len(windows)) if axis not in offset]
    column = [1] * len(windows)
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
        found = IndexMap.constant(windows, 0)
        if axis in batch[0]:
            paired = batch[1][list(batch[0]).index(axis)]
            found = IndexMap.along(windows, outer[paired])
        if axis in starts:
            start = np.where(outside, NOWHERE, starts[axis])
            found = found.plus(IndexMap.of(start, windows))
        if axis not in removed and axis not in batch[0]:
            found = found.plus(IndexMap.along(windows, next(window)))
        maps.append(found)
    return maps
