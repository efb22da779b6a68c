"""Terms carried through operations that move elements."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from math import prod
from typing import TypeAlias

import numpy as np

from partialc.tangents.arrays import Arrays
from partialc.tangents.maps import IndexMap, raveled
from partialc.tangents.term import (
    Term,
    inside,
    kept,
    listed,
    regridded,
    settled,
    within,
)

Shape: TypeAlias = tuple[int, ...]


def pushed(
    term: Term, maps: Sequence[IndexMap], shape: Shape, arrays: Arrays
) -> Term | None:
    """A term through an operation that puts each element in one place of its result.

    What comes to the same place is added up: a sum drops an axis.

    Args:
        term: The term of an operand.
        maps: For each axis of the result the place there of an element of the operand;
            an element of which one is outside is dropped.
        shape: The result's.
        arrays: Writes what becomes of the factors.

    Returns:
        The term of the result, or None where it has nothing of it.
    """
    rows = tuple(each.after(term.rows, term.sizes) for each in maps)
    found = within(replace(term, rows=rows), shape, arrays)
    return None if found is None else settled(found, arrays)


def pulled(
    term: Term, maps: Sequence[IndexMap], shape: Shape, arrays: Arrays
) -> Term | None:
    """A term through an operation each element of whose result is one of its operand.

    Args:
        term: The term of the operand.
        maps: For each axis of the operand the place that an element of the result
            reads; an element of which one is negative reads nothing.
        shape: The result's.
        arrays: Writes what becomes of the factors.
    """
    if not prod(shape):
        return None
    users = [0] * len(shape)
    for each in maps:
        for axis in each.axes:
            users[axis] += 1
    tangled: list[int] = []
    for axis, each in enumerate(maps):
        line, number = each.line(), each.number()
        found: Term | None = term
        if number is not None:
            found = _fixed(term, axis, number, arrays)
        elif line is not None and users[line[0]] == 1:
            found = _through(term, axis, line[1:], shape[line[0]], arrays)
        else:
            tangled.append(axis)
        if found is None:
            return None
        term = found
    used = sorted({axis for each in tangled for axis in maps[each].axes})
    rows: dict[int, IndexMap] = {}
    if tangled:
        joined = _joined(term, tangled, maps, used, shape, arrays)
        if joined is None:
            return None
        term, found_rows = joined
        rows.update(zip(used, found_rows, strict=True))
    for axis, each in enumerate(maps):
        line = each.line()
        if axis not in tangled and line is not None:
            rows[line[0]] = term.rows[axis]
    missing = [axis for axis in range(len(shape)) if axis not in rows]
    term = replace(term, rows=tuple(rows[axis] for axis in sorted(rows)))
    return settled(_repeated(term, missing, shape), arrays)


def _fixed(term: Term, axis: int, number: int, arrays: Arrays) -> Term | None:
    """What of a term is at one place of an axis of its value."""
    row = term.rows[axis]
    if row.number() == number:
        return term
    return kept(term, row.compact() == number, arrays)


def _through(
    term: Term, axis: int, line: tuple[int, int], size: int, arrays: Arrays
) -> Term | None:
    """The rows along an axis that is read from a start in steps, as places read to."""
    start, step = line
    row = term.rows[axis]
    low, high = row.bounds()
    ends = sorted((start, start + step * (size - 1)))
    if low < ends[0] or high > ends[1] or abs(step) != 1:
        values = row.compact() - start
        places, rest = np.divmod(values, step)
        found = kept(term, (rest == 0) & (places >= 0) & (places < size), arrays)
        if found is None:
            return None
        term, row = found, found.rows[axis]
    if row.is_affine and all(stride % step == 0 for stride in row.strides):
        strides = tuple(stride // step for stride in row.strides)
        first = (row.start - start) // step
        turned = inside(IndexMap(row.sizes, first, strides), size)
    else:
        table = np.clip((row.compact() - start) // step, 0, size - 1)
        turned = IndexMap.of(table, term.sizes)
    rows = list(term.rows)
    rows[axis] = turned
    return replace(term, rows=tuple(rows))


def _repeated(term: Term, axes: Sequence[int], shape: Shape) -> Term:
    """A term of a value that is repeated along some axes of a result.

    Args:
        term: Its rows are those of the other axes.
        axes: Which axes.
        shape: The result's.
    """
    if not axes:
        return term
    old = len(term.sizes)
    sizes = (*term.sizes, *(shape[axis] for axis in axes))
    places = [IndexMap.along(sizes, axis) for axis in range(old)]
    rest = iter(row.after(places, sizes) for row in term.rows)
    rows = tuple(
        IndexMap.along(sizes, old + list(axes).index(axis))
        if axis in axes
        else next(rest)
        for axis in range(len(shape))
    )
    cols = term.cols.after(places, sizes)
    return replace(term, sizes=sizes, rows=rows, cols=cols)


def _joined(
    term: Term,
    tangled: Sequence[int],
    maps: Sequence[IndexMap],
    used: Sequence[int],
    shape: Shape,
    arrays: Arrays,
) -> tuple[Term, list[IndexMap]] | None:
    """Rows along some axes of a value met with what a result reads along them.

    Args:
        term: The term of the value.
        tangled: The axes of the value.
        maps: As in `pulled`.
        used: The axes of the result that those of `tangled` depend on.
        shape: The result's.
        arrays: Writes what becomes of the factors.

    Returns:
        The term, its rows as they are along the other axes, and its rows along the axes
        `used` of the result.
    """
    lines = [term.rows[axis].line() for axis in tangled]
    own = [line[0] for line in lines if line is not None]
    is_simple = len(set(own)) == len(own) and all(
        line is not None or term.rows[axis].number() is not None
        for line, axis in zip(lines, tangled, strict=True)
    )
    if is_simple:
        return _substituted(term, tangled, maps, used, shape, arrays)
    return _matched(term, tangled, maps, used, shape, arrays)


def _substituted(
    term: Term,
    tangled: Sequence[int],
    maps: Sequence[IndexMap],
    used: Sequence[int],
    shape: Shape,
    arrays: Arrays,
) -> tuple[Term, list[IndexMap]] | None:
    """Each row goes along an axis of its own: its places are what the result reads."""
    lines = {axis: term.rows[axis].line() for axis in tangled}
    solved = [line[0] for line in lines.values() if line is not None]
    left = [axis for axis in range(len(term.sizes)) if axis not in solved]
    sizes = (*(shape[axis] for axis in used), *(term.sizes[axis] for axis in left))
    results = [
        IndexMap.along(sizes, list(used).index(axis))
        if axis in used
        else IndexMap.constant(sizes, 0)
        for axis in range(len(shape))
    ]
    places = {
        axis: IndexMap.along(sizes, len(used) + number)
        for number, axis in enumerate(left)
    }
    lost = np.zeros((1,) * len(sizes), bool)
    for axis in tangled:
        read = maps[axis].after(results, sizes)
        line = lines[axis]
        if line is None:
            lost = lost | (read.compact() != term.rows[axis].start)
            continue
        grid, start, step = line
        size = term.sizes[grid]
        low, high = read.bounds()
        if step == 1 and low >= start and high < start + size:
            places[grid] = read.shifted(-start)
            continue
        found, rest = np.divmod(read.compact() - start, step)
        outside = (rest != 0) | (found < 0) | (found >= size)
        lost = lost | outside
        places[grid] = IndexMap.of(np.where(outside, 0, found), sizes)
    if lost.all():
        return None
    order = [places[axis] for axis in range(len(term.sizes))]
    moved = regridded(term, order, sizes, arrays)
    rows = [IndexMap.along(sizes, number) for number in range(len(used))]
    if not lost.any():
        return moved, rows
    whole = replace(moved, rows=(*moved.rows, *rows))
    found_term = kept(whole, ~lost, arrays)
    if found_term is None:
        return None
    count = len(moved.rows)
    term = replace(found_term, rows=found_term.rows[:count])
    return term, list(found_term.rows[count:])


def _matched(
    term: Term,
    tangled: Sequence[int],
    maps: Sequence[IndexMap],
    used: Sequence[int],
    shape: Shape,
    arrays: Arrays,
) -> tuple[Term, list[IndexMap]] | None:
    """All pairs of a place of the grid and a place of the result that meet, listed."""
    rows = [term.rows[axis] for axis in tangled]
    axes = sorted({axis for row in rows for axis in row.axes})
    extents = [
        1 + max(row.bounds()[1], maps[axis].bounds()[1], 0)
        for row, axis in zip(rows, tangled, strict=True)
    ]
    key = raveled(rows, extents).compact()
    key = np.broadcast_to(
        key, [size if n in axes else 1 for n, size in enumerate(term.sizes)]
    )
    reads = [maps[axis].compact() for axis in tangled]
    wanted = np.zeros(np.broadcast_shapes(*(each.shape for each in reads)), np.int64)
    is_read = np.ones(wanted.shape, bool)
    for read, extent in zip(reads, extents, strict=True):
        is_read &= read >= 0
        wanted = wanted * extent + np.maximum(read, 0)
    wanted = np.broadcast_to(
        np.where(is_read, wanted, -1),
        [size if n in used else 1 for n, size in enumerate(shape)],
    )
    flat, asked = key.reshape(-1), wanted.reshape(-1)
    order = np.argsort(flat, kind="stable")
    low = np.searchsorted(flat[order], asked, "left")
    counts = np.searchsorted(flat[order], asked, "right") - low
    readers = np.repeat(np.arange(asked.size), counts)
    if not readers.size:
        return None
    first = np.repeat(low - np.cumsum(counts) + counts, counts)
    sources = order[first + np.arange(readers.size)]
    found = np.unravel_index(sources, [term.sizes[axis] for axis in axes] or (1,))
    result = np.unravel_index(readers, [shape[axis] for axis in used] or (1,))
    moved = listed(term, axes, found, arrays)
    column = (-1,) + (1,) * (len(moved.sizes) - 1)
    return moved, [
        IndexMap.of(each.reshape(column), moved.sizes)
        for each, _ in zip(result, used, strict=False)
    ]


def reshaped(term: Term, old: Shape, new: Shape, arrays: Arrays) -> Term:
    """A term of a value whose elements stay in their order.

    Args:
        term: The term.
        old: The value's shape.
        new: The shape of the result.
        arrays: Writes what becomes of factors whose axes are split.
    """
    found = groups(old, new)
    rows = tuple(
        raveled([term.rows[axis] for axis in ones], [old[axis] for axis in ones])
        if ones
        else IndexMap.constant(term.sizes, 0)
        for ones, _ in found
    )
    term = replace(term, rows=rows)
    place = 0
    for _, others in found:
        if not others:
            kept_rows = (*term.rows[:place], *term.rows[place + 1 :])
            term = replace(term, rows=kept_rows)
            continue
        for axis in reversed(others[1:]):
            term = _split(term, place, new[axis], arrays)
        place += len(others)
    return term


def _split(term: Term, at: int, inner: int, arrays: Arrays) -> Term:
    """A row exchanged for two, which count it in units and within a unit.

    Args:
        term: The term.
        at: Which row.
        inner: How many places a unit has.
        arrays: Writes factors whose axes are split.
    """
    row = term.rows[at]
    if row.is_affine:
        outward, first = divmod(row.start, inner)
        strides = [(0, s) if s % inner else (s // inner, 0) for s in row.strides]
        low = IndexMap(row.sizes, first, tuple(rest for _, rest in strides))
        bottom, top = low.bounds()
        if bottom >= 0 and top < inner:
            high = IndexMap(row.sizes, outward, tuple(whole for whole, _ in strides))
            return _exchanged(term, at, high, low)
        for axis in low.axes:
            stride, size = low.strides[axis], row.sizes[axis]
            unit = inner // stride if stride > 0 and not inner % stride else 0
            if unit and size > unit and not size % unit:
                return _split(_refolded(term, axis, unit, arrays), at, inner, arrays)
    high_table, low_table = np.divmod(row.compact(), inner)
    high = IndexMap.of(high_table, term.sizes)
    return _exchanged(term, at, high, IndexMap.of(low_table, term.sizes))


def _exchanged(term: Term, at: int, high: IndexMap, low: IndexMap) -> Term:
    rows = (*term.rows[:at], high, low, *term.rows[at + 1 :])
    return replace(term, rows=rows)


def _refolded(term: Term, axis: int, unit: int, arrays: Arrays) -> Term:
    """An axis of the grid as two: units, and the places within one."""
    sizes = list(term.sizes)
    sizes[axis : axis + 1] = [sizes[axis] // unit, unit]
    places = [
        IndexMap.along(sizes, each if each < axis else each + 1)
        for each in range(len(term.sizes))
    ]
    whole = IndexMap.along(sizes, axis, 0, unit)
    places[axis] = whole.plus(IndexMap.along(sizes, axis + 1))
    return regridded(term, places, sizes, arrays)


def groups(old: Shape, new: Shape) -> list[tuple[list[int], list[int]]]:
    """Consecutive axes before and after a reshape that hold the same elements."""
    groups = []
    ones, others = list(range(len(old))), list(range(len(new)))
    while ones or others:
        left, right = [ones.pop(0)] if ones else [], [others.pop(0)] if others else []
        before = prod(old[axis] for axis in left)
        after = prod(new[axis] for axis in right)
        while before != after:
            if (before < after and ones) or not others:
                left.append(ones.pop(0))
                before *= old[left[-1]]
            else:
                right.append(others.pop(0))
                after *= new[right[-1]]
        groups.append((left, right))
    return groups
