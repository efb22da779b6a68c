"""Which elements of a result depend on which elements of an operand, as pairs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod
from typing import Final

import numpy as np
from numpy.typing import NDArray

from partialc.ir.distinct import distinct_numbers

MOST: Final = 1 << 25
"""More pairs are not held."""

FULL: Final = 8
"""A table of that many times as many elements is quicker than sorting."""

LARGEST: Final = 1 << 28
"""Tables of more elements are not made."""

Integers = NDArray[np.int64]


class TooManyLinksError(Exception):
    """There are more pairs than can be held."""


@dataclass(frozen=True, eq=False, slots=True)
class Links:
    """Pairs of an element of a result and an element that it depends on.

    Attributes:
        rows: How many elements the result has.
        cols: How many there are that it may depend on.
        keys: `row * cols + col` of each pair, ascending, each once.
    """

    rows: int
    cols: int
    keys: Integers

    @classmethod
    def of(cls, rows: int, cols: int, row: Integers, col: Integers) -> Links:
        """Pairs in any order, some perhaps several times."""
        if row.size > MOST:
            raise TooManyLinksError
        return cls(rows, cols, _distinct(row * max(cols, 1) + col, rows * cols))

    @classmethod
    def none(cls, rows: int, cols: int) -> Links:
        """Nothing depends on anything."""
        return cls(rows, cols, np.zeros(0, np.int64))

    @classmethod
    def full(cls, rows: int, cols: int) -> Links:
        """Everything depends on everything."""
        if rows * cols > MOST:
            raise TooManyLinksError
        return cls(rows, cols, np.arange(rows * cols))

    @classmethod
    def identity(cls, size: int, cols: int, first: int = 0) -> Links:
        """Each element depends on one: the first on `first`."""
        places = np.arange(size)
        return cls(size, cols, places * max(cols, 1) + places + first)

    @property
    def row(self) -> Integers:
        """The row of each pair."""
        return self.keys // max(self.cols, 1)

    @property
    def col(self) -> Integers:
        """The column of each pair."""
        return self.keys % max(self.cols, 1)

    def same(self, other: Links) -> bool:
        """Whether two have the same pairs."""
        return np.array_equal(self.keys, other.keys)

    def __or__(self, other: Links) -> Links:
        if not other.keys.size:
            return self
        if not self.keys.size:
            return other
        both = np.concatenate([self.keys, other.keys])
        return Links(self.rows, self.cols, _distinct(both, self.rows * self.cols))

    def after(self, first: Links) -> Links:
        """What depends on what through elements in between.

        Args:
            first: What these, the columns here, depend on.
        """
        row, middle = self.row, self.col
        starts = np.searchsorted(first.row, np.arange(first.rows + 1))
        counts = (starts[1:] - starts[:-1])[middle]
        total = int(counts.sum())
        size = max(row.size, first.rows) * first.cols
        if size <= min(FULL * total, LARGEST):
            return self._after_full(first)
        if total > MOST:
            raise TooManyLinksError
        offsets = np.arange(total) - np.repeat(np.cumsum(counts) - counts, counts)
        places = np.repeat(starts[middle], counts) + offsets
        return Links.of(
            self.rows, first.cols, np.repeat(row, counts), first.col[places]
        )

    def _after_full(self, first: Links) -> Links:
        """The same by whole rows: of many pairs, that is less work."""
        table = np.zeros(first.rows * first.cols, bool)
        table[first.keys] = True
        row, middle = self.row, self.col
        starts = np.flatnonzero(np.diff(row, prepend=-1))
        read = table.reshape(first.rows, first.cols)[middle]
        found = np.logical_or.reduceat(read, starts, axis=0)
        place, col = np.nonzero(found)
        keys = row[starts][place] * max(first.cols, 1) + col
        return Links(self.rows, first.cols, keys)

    def some_rows(self, first: int, count: int) -> Links:
        """Those of some rows, numbered from zero on."""
        width = max(self.cols, 1)
        low, high = np.searchsorted(self.keys, [first * width, (first + count) * width])
        return Links(count, self.cols, self.keys[low:high] - first * width)

    def columns(self, first: int, count: int) -> Links:
        """Those of some columns, numbered from zero on."""
        row, col = self.row, self.col - first
        inside = (col >= 0) & (col < count)
        return Links(self.rows, count, row[inside] * max(count, 1) + col[inside])


def _distinct(keys: Integers, total: int) -> Integers:
    """Numbers below a total, ascending, each once."""
    if total > FULL * keys.size:
        return distinct_numbers(keys)
    table = np.zeros(total, bool)
    table[keys] = True
    return np.flatnonzero(table)


def stacked(parts: Sequence[Links]) -> Links:
    """Results one below the other."""
    cols = parts[0].cols
    rows = sum(part.rows for part in parts)
    if sum(part.keys.size for part in parts) > MOST:
        raise TooManyLinksError
    start, keys = 0, []
    for part in parts:
        keys.append(part.keys + start * max(cols, 1))
        start += part.rows
    return Links(rows, cols, np.concatenate(keys))


def by_lanes(
    result: Sequence[int],
    result_lanes: Sequence[int | None],
    operand: Sequence[int],
    operand_lanes: Sequence[int | None],
) -> Links:
    """Each element of a result depends on those of the same lanes.

    Args:
        result: The shape of the result.
        result_lanes: Which lane axis each of its axes is; None for others.
        operand: The shape of the operand.
        operand_lanes: The same of it.
    """
    common = [
        lane
        for size, lane in zip(result, result_lanes, strict=True)
        if lane is not None
        and lane in operand_lanes
        and operand[list(operand_lanes).index(lane)] == size
    ]
    sizes = [result[list(result_lanes).index(lane)] for lane in common]
    own = [axis for axis, lane in enumerate(result_lanes) if lane not in common]
    other = [axis for axis, lane in enumerate(operand_lanes) if lane not in common]
    grid = [*sizes, *(result[a] for a in own), *(operand[a] for a in other)]
    if prod(grid) > MOST:
        raise TooManyLinksError
    rows = _flat(result, result_lanes, common, own, grid, len(common))
    cols = _flat(operand, operand_lanes, common, other, grid, len(common) + len(own))
    rows, cols = np.broadcast_arrays(rows, cols)
    return Links.of(prod(result), prod(operand), rows.reshape(-1), cols.reshape(-1))


def _flat(
    shape: Sequence[int],
    lanes: Sequence[int | None],
    common: Sequence[int],
    own: Sequence[int],
    grid: Sequence[int],
    first: int,
) -> Integers:
    """The flat position in an array at each place of a grid of lanes and other axes."""
    total = np.zeros((1,) * len(grid), np.int64)
    for axis, size in enumerate(shape):
        lane = lanes[axis]
        place = common.index(lane) if lane in common else first + own.index(axis)
        ends = [1] * len(grid)
        ends[place] = size
        total = total + prod(shape[axis + 1 :]) * np.arange(size).reshape(ends)
    return total
