"""Places of a grid with the same row and the same column everywhere, summed at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from math import prod
from typing import Final

import numpy as np
from numpy.typing import NDArray

from partialc.tangents.arrays import Arrays, Factor
from partialc.tangents.holes import closed
from partialc.tangents.maps import IndexMap
from partialc.tangents.selection import FEW, are_few, belongs, distinct
from partialc.tangents.term import Term, settled

SAVED: Final = 1.3
"""So many times as many places as sums are worth the sums."""

SMALL: Final = 64
"""Axes of more places, and combinations of more than `FEW`, are not looked at, unless
nothing else has a part in the maps."""

LARGEST: Final = 1 << 20
"""Larger tables of which place belongs to which sum are not made."""


def compacted(term: Term, arrays: Arrays) -> Term:
    """A term with one place for all that have one row and one column.

    What would be added up in the end is added up at once: `B @ sin(x[table])` with
    three parameters x has three columns, not one for each place of the table; the
    differences of the corners of a triangle have three corners, not four ends.

    Args:
        term: The term.
        arrays: Writes the sums.
    """
    term = closed(term, arrays)
    term = _folded(term, _tabled(term, term.hidden()), arrays)
    return _folded(term, _tabled(term, term.row_axes()), arrays)


def _tabled(term: Term, axes: Sequence[int]) -> list[int]:
    """Those of some axes along which a map is a table, if there are few places."""
    tables = [m.table for m in (*term.rows, term.cols) if m.table is not None]
    found = [axis for axis in axes if any(t.shape[axis] != 1 for t in tables)]
    small = [axis for axis in found if term.sizes[axis] <= SMALL]
    if len(small) == len(found) and _places(term, small) <= FEW:
        return small
    is_alone = all(
        set(each.axes) <= set(found) or not set(each.axes) & set(found)
        for each in (*term.rows, term.cols)
    )
    if is_alone:
        return found
    return small if _places(term, small) <= FEW else []


def _places(term: Term, axes: Sequence[int]) -> int:
    return prod(term.sizes[axis] for axis in axes)


def _folded(term: Term, axes: Sequence[int], arrays: Arrays) -> Term:
    """A term with an axis of sums in the stead of some axes, if that is shorter."""
    places = _places(term, axes)
    if not axes or places < 2:
        return term
    maps = [*term.rows, term.cols]
    moving = [each for each in maps if any(each.depends(axis) for axis in axes)]
    lines = np.hstack([_lines(each, axes) for each in moving])
    if places > FEW and lines.shape[1] > len(moving):
        return term
    if not are_few(lines, places / SAVED + 1):
        return term
    lost: NDArray[np.bool_] = np.zeros(places, bool)
    if term.cols in moving:
        lost = np.all(_lines(term.cols, axes) < 0, axis=1)
    numbers = np.full(places, -1)
    firsts, numbers[~lost] = distinct(lines[~lost])
    firsts = np.flatnonzero(~lost)[firsts]
    count = firsts.size
    if not count or count * SAVED > places or count * places > LARGEST:
        return term
    sizes = (*term.sizes, count)
    new = len(term.sizes)
    old = [IndexMap.along(sizes, axis) for axis in range(new)]
    shape = tuple(term.sizes[axis] for axis in axes)
    chosen = np.unravel_index(firsts, shape)
    picked = list(old)
    for axis, each in zip(axes, chosen, strict=True):
        picked[axis] = IndexMap.of(each.reshape((1,) * new + (-1,)), sizes)
    weights = belongs(numbers.reshape(shape), count, term.dtype, arrays)
    found = replace(
        term,
        sizes=sizes,
        rows=tuple(row.after(picked, sizes) for row in term.rows),
        cols=term.cols.after(picked, sizes),
        factors=(*term.factors, Factor(weights, (*axes, new))),
    )
    return settled(found, arrays)


def _lines(each: IndexMap, axes: Sequence[int]) -> NDArray[np.int64]:
    """The values of a map by place of some axes, of shape (places, others)."""
    values = each.compact()
    wide = [
        size if n in axes else have
        for n, (size, have) in enumerate(zip(each.sizes, values.shape, strict=True))
    ]
    spread = np.broadcast_to(values, wide)
    moved = np.moveaxis(spread, list(axes), range(len(axes)))
    return moved.reshape(prod(each.sizes[axis] for axis in axes), -1)
