"""Static maps from the places of a grid to integers: affine, and a table where not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import prod
from typing import Final

import numpy as np
from numpy.typing import NDArray

from partialc.ir.boxes import row_major

NOWHERE: Final = -(1 << 40)
"""In a table: the place is mapped on nothing. It stays negative, whatever is added."""


@dataclass(frozen=True, eq=False, slots=True)
class IndexMap:
    """`start + sum(strides * place) + table[place]`, at each place of a grid.

    A table is there only along axes along which the map is not affine; it starts with a
    zero unless something is mapped nowhere.

    Attributes:
        sizes: How many places the grid has along each axis.
        start: The value at the first place.
        strides: By how much it grows along each axis.
        table: Added to it; an array that is broadcast to `sizes`, or None.
    """

    sizes: tuple[int, ...]
    start: int
    strides: tuple[int, ...]
    table: NDArray[np.int64] | None = None

    @classmethod
    def constant(cls, sizes: Sequence[int], value: int) -> IndexMap:
        """The same everywhere."""
        return cls(tuple(sizes), value, (0,) * len(sizes))

    @classmethod
    def along(
        cls, sizes: Sequence[int], axis: int, start: int = 0, step: int = 1
    ) -> IndexMap:
        """A number for each place of one axis."""
        strides = tuple(step if each == axis else 0 for each in range(len(sizes)))
        return cls(tuple(sizes), start, _moving(sizes, strides))

    @classmethod
    def flat(cls, shape: Sequence[int]) -> IndexMap:
        """The row-major position of each place."""
        return cls(tuple(shape), 0, _moving(shape, row_major(shape)))

    @classmethod
    def of(cls, values: NDArray[np.int64], sizes: Sequence[int]) -> IndexMap:
        """Any numbers, affine along as many axes as they are.

        Args:
            values: An array that is broadcast to `sizes`; what is negative is nowhere.
            sizes: The grid's.
        """
        sizes = tuple(sizes)
        table = np.asarray(values, np.int64)
        if not table.size:
            return cls.constant(sizes, 0)
        table = table.reshape((1,) * (len(sizes) - table.ndim) + table.shape)
        table = np.where(table < 0, NOWHERE, table)
        strides = []
        for axis, size in enumerate(table.shape):
            step = _step(table, axis) if size > 1 else 0
            if step is None:
                strides.append(0)
                continue
            strides.append(step)
            table = np.take(table, [0], axis)
        if table.size == 1:
            return cls(sizes, int(table.reshape(-1)[0]), tuple(strides))
        start = int(table.reshape(-1)[0])
        start = start if start >= 0 else 0
        table = np.where(table < 0, NOWHERE, table - start)
        return cls(sizes, start, tuple(strides), table)

    @property
    def rank(self) -> int:
        """How many axes the grid has."""
        return len(self.sizes)

    @property
    def axes(self) -> tuple[int, ...]:
        """The axes along which the values differ."""
        return tuple(axis for axis in range(self.rank) if self.depends(axis))

    def depends(self, axis: int) -> bool:
        """Whether the values differ along an axis."""
        return bool(self.strides[axis]) or (
            self.table is not None and self.table.shape[axis] != 1
        )

    @property
    def is_affine(self) -> bool:
        """Whether it needs no table."""
        return self.table is None

    def line(self) -> tuple[int, int, int] | None:
        """`axis, start, step` of a map that goes along one axis alone; else None."""
        axes = self.axes
        if self.table is not None or len(axes) != 1:
            return None
        return axes[0], self.start, self.strides[axes[0]]

    def number(self) -> int | None:
        """The one value of a map that is the same everywhere; else None."""
        return self.start if self.table is None and not self.axes else None

    def bounds(self) -> tuple[int, int]:
        """The least and the largest value; of an empty grid the start twice.

        Places that are mapped nowhere count as very negative.
        """
        low = high = self.start
        for size, stride in zip(self.sizes, self.strides, strict=True):
            reach = stride * (size - 1)
            low, high = low + min(reach, 0), high + max(reach, 0)
        if self.table is not None and self.table.size:
            return low + int(self.table.min()), high + int(self.table.max())
        return low, high

    def compact(self) -> NDArray[np.int64]:
        """All values, with a length of one along axes along which they are the same."""
        total = np.full((1,) * self.rank, self.start, np.int64)
        for axis, (size, stride) in enumerate(
            zip(self.sizes, self.strides, strict=True)
        ):
            if stride:
                shape = [1] * self.rank
                shape[axis] = size
                total = total + stride * np.arange(size, dtype=np.int64).reshape(shape)
        return total if self.table is None else total + self.table

    def values(self) -> NDArray[np.int64]:
        """All values, an array of shape `sizes`; what is nowhere is negative."""
        return np.broadcast_to(self.compact(), self.sizes)

    def at(self, places: Sequence[NDArray[np.int64]]) -> NDArray[np.int64]:
        """The values at some places of the grid.

        Args:
            places: Where, along each axis; arrays of one shape.
        """
        total = np.asarray(self.start, np.int64)
        for stride, place in zip(self.strides, places, strict=True):
            if stride:
                total = total + stride * place
        if self.table is not None:
            pairs = zip(places, self.table.shape, strict=True)
            total = (
                total
                + self.table[tuple(place if size != 1 else 0 for place, size in pairs)]
            )
        return total

    def shifted(self, by: int) -> IndexMap:
        """The same and a number."""
        return replace(self, start=self.start + by)

    def scaled(self, by: int) -> IndexMap:
        """The same times a positive number."""
        strides = tuple(by * stride for stride in self.strides)
        table = self.table
        if table is not None:
            table = np.where(table < NOWHERE // 2, NOWHERE, by * table)
        return IndexMap(self.sizes, by * self.start, strides, table)

    def plus(self, other: IndexMap) -> IndexMap:
        """The sum of two maps of one grid."""
        strides = tuple(map(sum, zip(self.strides, other.strides, strict=True)))
        start = self.start + other.start
        if self.table is None or other.table is None:
            table = self.table if other.table is None else other.table
            return IndexMap(self.sizes, start, strides, table)
        total = self.table + other.table
        lost = (self.table < NOWHERE // 2) | (other.table < NOWHERE // 2)
        return IndexMap(self.sizes, start, strides, np.where(lost, NOWHERE, total))

    def after(self, places: Sequence[IndexMap], sizes: Sequence[int]) -> IndexMap:
        """The same on another grid.

        Args:
            places: For each axis of this grid the place that one of the other stands
                for: inside the grid everywhere.
            sizes: The other grid's.
        """
        sizes = tuple(sizes)
        found = IndexMap.constant(sizes, self.start)
        for stride, place in zip(self.strides, places, strict=True):
            if stride > 0:
                found = found.plus(place.scaled(stride))
            elif stride < 0:
                found = found.plus(_negated(place).scaled(-stride))
        if self.table is None or prod(sizes) == 0:
            return found
        index = tuple(
            place.compact() if size != 1 else np.zeros((1,) * len(sizes), np.int64)
            for place, size in zip(places, self.table.shape, strict=True)
        )
        return found.plus(_untangled(self.table[index], sizes))

    def same(self, other: IndexMap) -> bool:
        """Whether two maps have the same values everywhere."""
        if self.sizes != other.sizes:
            return False
        if (self.table is None) != (other.table is None):
            return False
        if (self.start, self.strides) != (other.start, other.strides):
            return False
        return self.table is other.table or (
            self.table is not None and np.array_equal(self.table, other.table)  # type: ignore[arg-type]
        )


def raveled(digits: Sequence[IndexMap], shape: Sequence[int]) -> IndexMap:
    """The row-major position in an array of the elements at some places along its axes.

    Args:
        digits: The place along each axis of the array; at least one.
        shape: The array's.
    """
    total = IndexMap.constant(digits[0].sizes, 0)
    for digit, stride in zip(digits, row_major(shape), strict=True):
        total = total.plus(digit.scaled(stride))
    return total


def same_maps(ones: Sequence[IndexMap], others: Sequence[IndexMap]) -> bool:
    """Whether maps are the same, one by one."""
    pairs = zip(ones, others, strict=True)
    return len(ones) == len(others) and all(one.same(other) for one, other in pairs)


def _moving(sizes: Sequence[int], strides: Sequence[int]) -> tuple[int, ...]:
    """Strides, none along axes of one place."""
    pairs = zip(sizes, strides, strict=True)
    return tuple(stride if size > 1 else 0 for size, stride in pairs)


def _negated(place: IndexMap) -> IndexMap:
    """Minus a map that is nowhere negative."""
    strides = tuple(-stride for stride in place.strides)
    table = None if place.table is None else -place.table
    return IndexMap(place.sizes, -place.start, strides, table)


def _step(table: NDArray[np.int64], axis: int) -> int | None:
    """By what a table grows along an axis, everywhere the same; None if it does not."""
    steps = np.diff(table, axis=axis)
    first = int(steps.reshape(-1)[0]) if steps.size else 0
    if (steps != first).any() or (first and (table < 0).any()):
        return None
    return first


def _untangled(table: NDArray[np.int64], sizes: tuple[int, ...]) -> IndexMap:
    """A table that may hold negative differences, affine where it is."""
    lost = table < NOWHERE // 2
    low = int(table[~lost].min()) if (~lost).any() else 0
    return IndexMap.of(np.where(lost, NOWHERE, table - low), sizes).shifted(low)
