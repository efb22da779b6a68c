"""Terms that meet in the same entries place by place: one array of local matrices.

The stress of an element depends on the displacements of its corners, in each of its
components by several terms. Together these have more places than the element has rows
and corners: they are added up where they are, as the matrix of the element, before
anything else is done with each.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from math import prod
from typing import Final

import numpy as np
from numpy.typing import NDArray

from partialc.ir.distinct import are_distinct
from partialc.ir.program import Constant
from partialc.tangents.arrays import Arrays, Factor
from partialc.tangents.maps import IndexMap, raveled
from partialc.tangents.merging import added_up
from partialc.tangents.selection import are_few, belongs, distinct
from partialc.tangents.term import Term, arranged, settled
from partialc.tangents.tiling import Part, stacked_rows, tiles

SAVED: Final = 1.2
"""So many times the places of a local matrix are worth it."""

SMALL: Final = 64
"""Local matrices have no more columns."""

FEW_ROWS: Final = 4
"""Local matrices of fewer rows are put together by masks: terms may have them in common
with others, and are multiplied by them last."""


@dataclass(frozen=True, eq=False, slots=True)
class _Local:
    """The columns that a place has in all terms.

    Attributes:
        axes: The axes of the value that count places; the others are within a place.
        numbers: For each term which of the columns each place of `within` has, an
            array with a length of one along all other axes of its grid; negative where
            it has none.
        columns: The columns, of shape `(prod of axes, number of columns)`.
    """

    axes: tuple[int, ...]
    numbers: tuple[NDArray[np.int64], ...]
    columns: NDArray[np.int64]


def localised(
    terms: Sequence[Term], shape: Sequence[int], arrays: Arrays
) -> list[Term]:
    """The same sum, with one term for all that would have fewer places as one.

    Args:
        terms: Terms of one value.
        shape: The value's.
        arrays: Writes the sums.
    """
    group = [term for term in terms if _counting(term, shape)]
    found = _found(group, shape)
    if found is not None:
        moving = [term for term in group if not _is_number(term)]
        if len(moving) < len(group) and not _met(moving, group, found, shape).all():
            group, found = moving, _found(moving, shape)
    if found is None:
        return list(terms)
    others = [term for term in terms if all(term is not each for each in group)]
    return [*others, *_together(group, found, shape, arrays)]


def _found(terms: Sequence[Term], shape: Sequence[int]) -> _Local | None:
    """What saves most places; None where nothing does."""
    return next(_locals(terms, shape), None) if len(terms) > 1 else None


def _is_number(term: Term) -> bool:
    """Whether its entries are known: where it is alone they stay so."""
    return all(isinstance(factor.atom, Constant) for factor in term.factors)


def _counting(term: Term, shape: Sequence[int]) -> dict[int, int]:
    """Axes of the value, and of the grid, along which places have other columns."""
    lines = {axis: row.line() for axis, row in enumerate(term.rows)}
    users = [axis for row in term.rows for axis in row.axes]
    return {
        axis: line[0]
        for axis, line in lines.items()
        if line is not None
        and line[1:] == (0, 1)
        and term.sizes[line[0]] == shape[axis]
        and users.count(line[0]) == 1
        and term.cols.depends(line[0])
    }


def _locals(terms: Sequence[Term], shape: Sequence[int]) -> Iterator[_Local]:
    """What saves places, by most axes first."""
    countings = [_counting(term, shape) for term in terms]
    common = set(countings[0]).intersection(*countings)
    axes = sorted(common, key=lambda axis: -shape[axis])
    for count in range(len(axes), 0, -1):
        chosen = tuple(sorted(axes[:count]))
        grids = [[counting[axis] for axis in chosen] for counting in countings]
        found = _local(terms, chosen, grids, shape)
        if found is not None:
            yield found


def _local(
    terms: Sequence[Term],
    axes: tuple[int, ...],
    grids: Sequence[Sequence[int]],
    shape: Sequence[int],
) -> _Local | None:
    """The columns by some axes; None where these save nothing."""
    for term, grid in zip(terms, grids, strict=True):
        for axis, row in enumerate(term.rows):
            if axis not in axes and any(row.depends(each) for each in grid):
                return None
    most = sum(term.places for term in terms) / SAVED / prod(shape)
    every = [_columns(term, grid) for term, grid in zip(terms, grids, strict=True)]
    lines = np.concatenate(every)
    if not are_few(lines, min(most, SMALL) + 1):
        return None
    lost = np.all(lines < 0, axis=1)
    numbers = np.full(len(lines), -1)
    firsts, numbers[~lost] = distinct(lines[~lost])
    if not 0 < firsts.size <= min(most, SMALL):
        return None
    columns = lines[~lost][firsts].T
    if _are_windows(terms, grids, columns):
        return None
    found, start = [], 0
    for term, grid in zip(terms, grids, strict=True):
        own = _within(term, grid)
        sizes = [size if n in own else 1 for n, size in enumerate(term.sizes)]
        found.append(numbers[start : start + prod(sizes)].reshape(sizes))
        start += prod(sizes)
    local = _Local(axes, tuple(found), columns)
    return local if _met(terms, terms, local, shape).all() else None


def _met(
    some: Sequence[Term], terms: Sequence[Term], local: _Local, shape: Sequence[int]
) -> NDArray[np.bool_]:
    """Which entries of the local matrices some of the terms have a part in.

    What no term has a part in would be a false nonzero.
    """
    rest = [axis for axis in range(len(shape)) if axis not in local.axes]
    inner = [shape[axis] for axis in rest]
    found = np.zeros((prod(inner), local.columns.shape[1]), bool)
    for term, numbers in zip(terms, local.numbers, strict=True):
        if all(term is not each for each in some):
            continue
        row = IndexMap.constant(term.sizes, 0)
        if rest:
            row = raveled([term.rows[axis] for axis in rest], inner)
        rows, cols = np.broadcast_arrays(row.compact(), numbers)
        found[rows[cols >= 0], cols[cols >= 0]] = True
    return found


def _are_windows(
    terms: Sequence[Term], grids: Sequence[Sequence[int]], columns: NDArray[np.int64]
) -> bool:
    """Whether places that follow on each other share columns, by no table.

    Those of stencils are diagonals, and meet those of other places as boxes of one: as
    local matrices they would have to be added up from far apart.
    """
    are_even = all(
        term.cols.table is None or all(term.cols.table.shape[n] == 1 for n in grid)
        for term, grid in zip(terms, grids, strict=True)
    )
    return are_even and not are_distinct(columns)


def _within(term: Term, grid: Sequence[int]) -> list[int]:
    """Axes within a place along which columns differ."""
    return [axis for axis in term.cols.axes if axis not in grid]


def _columns(term: Term, grid: Sequence[int]) -> NDArray[np.int64]:
    """The column of each place, of shape (within a place, places)."""
    own = _within(term, grid)
    values = term.cols.compact()
    wide = [size if n in grid or n in own else 1 for n, size in enumerate(term.sizes)]
    spread = np.broadcast_to(np.where(values < 0, -1, values), wide)
    rest = [n for n in range(len(wide)) if n not in grid and n not in own]
    moved = spread.transpose([*own, *grid, *rest])
    return moved.reshape(prod(term.sizes[axis] for axis in own), -1)


def _together(
    terms: Sequence[Term], local: _Local, shape: Sequence[int], arrays: Arrays
) -> list[Term]:
    """The terms as one, or as none where they cancel."""
    order, slots = _slots(terms, local)
    sizes = (*(shape[axis] for axis in range(len(shape)) if shape[axis] > 1), *slots)
    cols = _result_columns(local, order, sizes, shape)
    pairs = list(zip(terms, local.numbers, strict=True))
    tiled, rest = _tiled(pairs, local, shape, order, slots, arrays)
    every = [
        _embedded(term, numbers, order, slots, local, shape, cols, arrays)
        for term, numbers in rest
    ]
    if tiled is not None:
        every.append(tiled)
    total: Term | None = None
    for each in every:
        if total is None:
            total = each
            continue
        found = added_up(total, each, arrays)
        total = found[0] if found else None
    return [] if total is None else [total]


def _tiled(
    pairs: Sequence[Part],
    local: _Local,
    shape: Sequence[int],
    order: NDArray[np.int64],
    slots: tuple[int, ...],
    arrays: Arrays,
) -> tuple[Term | None, Sequence[Part]]:
    """What of some terms is in one row each, as one term; and the others.

    They are no term where a row is missing: zeros would have to be filled in.
    """
    inner = [n for n, size in enumerate(shape) if size > 1 and n not in local.axes]
    counting = [n for n, size in enumerate(shape) if size > 1 and n in local.axes]
    if prod(shape[axis] for axis in inner) < FEW_ROWS:
        return None, pairs
    parts, others = [], []
    for pair in pairs:
        found = tiles(pair, inner, arrays)
        if found is None:
            others.append(pair)
        else:
            parts += found
    outer = [size if axis in local.axes else 1 for axis, size in enumerate(shape)]
    sizes = (*(shape[axis] for axis in counting), *slots)
    cols = _result_columns(local, order, sizes, outer)
    rows: dict[tuple[int, ...], Term] = {}
    for part, numbers in parts:
        row = tuple(part.rows[axis].start for axis in inner)
        each = _embedded(part, numbers, order, slots, local, outer, cols, arrays)
        total = added_up(rows[row], each, arrays) if row in rows else (each,)
        if not total:
            return None, pairs
        rows[row] = total[0]
    whole = stacked_rows(rows, [shape[axis] for axis in inner], arrays)
    if whole is None:
        return None, pairs
    kept = sorted([*inner, *counting])
    own = [kept.index(axis) for axis in (*inner, *counting)]
    own += range(len(kept), len(kept) + len(slots))
    factor = Factor(whole.atom, tuple(own[axis] for axis in whole.axes))
    sizes = (*(shape[axis] for axis in kept), *slots)
    lines = iter([IndexMap.along(sizes, axis) for axis in range(len(kept))])
    found_rows = tuple(
        next(lines) if size > 1 else IndexMap.constant(sizes, 0) for size in shape
    )
    cols = _result_columns(local, order, sizes, shape)
    return Term(sizes, found_rows, cols, (factor,), pairs[0][0].dtype), others


def _slots(
    terms: Sequence[Term], local: _Local
) -> tuple[NDArray[np.int64], tuple[int, ...]]:
    """In which order columns stand, and the lengths of the axes they are counted by.

    These are the axes of a term that has all columns, once each, if there is one.
    """
    count = local.columns.shape[1]
    pairs = zip(terms, local.numbers, strict=True)
    for term, numbers in sorted(pairs, key=lambda pair: -pair[0].places):
        flat = numbers.reshape(-1)
        if flat.size == count and np.array_equal(np.sort(flat), np.arange(count)):
            order = np.empty(count, np.int64)
            order[flat] = np.arange(count)
            own = [axis for axis, size in enumerate(numbers.shape) if size > 1]
            return order, tuple(term.sizes[axis] for axis in own)
    return np.arange(count), (count,) if count > 1 else ()


def _result_columns(
    local: _Local,
    order: NDArray[np.int64],
    sizes: Sequence[int],
    shape: Sequence[int],
) -> IndexMap:
    """The columns over the grid of the result."""
    columns = np.empty_like(local.columns)
    columns[:, order] = local.columns
    kept = [axis for axis in range(len(shape)) if shape[axis] > 1]
    lengths = [shape[axis] if axis in local.axes else 1 for axis in kept]
    return IndexMap.of(columns.reshape([*lengths, *sizes[len(kept) :]]), sizes)


def _embedded(
    term: Term,
    numbers: NDArray[np.int64],
    order: NDArray[np.int64],
    slots: tuple[int, ...],
    local: _Local,
    shape: Sequence[int],
    cols: IndexMap,
    arrays: Arrays,
) -> Term:
    """A term over the grid of all: axes of the value, then those of columns."""
    wanted = [(term.rows[axis], size) for axis, size in enumerate(shape) if size > 1]
    at = np.where(numbers < 0, -1, order[numbers])
    digits = np.unravel_index(np.maximum(at, 0), slots) if slots else ()
    wanted += [
        (IndexMap.of(np.where(at < 0, -1, digit), term.sizes), size)
        for digit, size in zip(digits, slots, strict=True)
    ]
    sizes = list(term.sizes)
    factors = list(term.factors)
    used: list[int] = []
    for each, size in wanted:
        line = each.line()
        if (
            line is not None
            and line[1:] == (0, 1)
            and term.sizes[line[0]] == size
            and line[0] not in used
        ):
            used.append(line[0])
            continue
        axes = each.axes
        values = each.compact().reshape([term.sizes[axis] for axis in axes])
        used.append(len(sizes))
        weights = belongs(values, size, term.dtype, arrays)
        factors.append(Factor(weights, (*axes, len(sizes))))
        sizes.append(size)
    if not slots and (numbers < 0).any():
        axes = tuple(n for n, size in enumerate(numbers.shape) if size > 1)
        values = numbers.reshape([term.sizes[axis] for axis in axes])
        weights = belongs(values, 1, term.dtype, arrays)
        factors.append(Factor(arrays.reshaped(weights, values.shape), axes))
    places = [IndexMap.along(sizes, axis) for axis in used]
    lines = iter(places)
    rows = tuple(
        next(lines) if size > 1 else IndexMap.constant(sizes, 0) for size in shape
    )
    wide = replace(
        term,
        sizes=tuple(sizes),
        rows=rows,
        cols=cols.after(places, sizes),
        factors=tuple(factors),
    )
    left = sorted(used)
    return arranged(settled(wide, arrays), [left.index(axis) for axis in used])
