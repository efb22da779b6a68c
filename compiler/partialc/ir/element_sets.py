"""Sets of elements of an array, whose size on paper does not follow the array's.

A set is none, all, a union of a few boxes (one strided range an axis), or a sorted
array of flat indices. Rules see only this interface and never a dense array of truth
values: a pairwise energy of 5,000 points has 25 million elements in each of its values.

Where a set would take too many boxes, and too many indices, a larger set stands for it.
Every operation may therefore answer with a superset: sets say where elements *can* be
nonzero.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import product
from math import prod
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from partialc.ir.boxes import (
    Box,
    Flat,
    box_indices,
    common,
    hull_of_boxes,
    hull_of_places,
    is_within,
    ravel,
    unravel,
    volume,
)
from partialc.ir.distinct import distinct_numbers
from partialc.ir.strided import Strided

MAX_BOXES: Final = 16
MAX_INDICES: Final = 1 << 19


@dataclass(frozen=True, eq=False, slots=True)
class ElementSet:
    """Some elements of an array of a shape.

    Attributes:
        shape: The array's.
        boxes: Their union is the set, unless there are `indices`; none is no element.
        indices: The set as ascending flat positions.
    """

    shape: tuple[int, ...]
    boxes: tuple[Box, ...] = ()
    indices: Flat | None = None

    @classmethod
    def none(cls, shape: tuple[int, ...]) -> ElementSet:
        """No element."""
        return cls(shape)

    @classmethod
    def all(cls, shape: tuple[int, ...]) -> ElementSet:
        """Every element."""
        return _whole(shape)

    @classmethod
    def box(cls, shape: tuple[int, ...], ranges: Box) -> ElementSet:
        """The elements of one box."""
        return _from_boxes(shape, [ranges])

    @classmethod
    def of(cls, shape: tuple[int, ...], indices: Flat) -> ElementSet:
        """The elements at flat positions, in any order."""
        if not (np.diff(indices) > 0).all():
            indices = distinct_numbers(indices)
        return _from_indices(shape, indices)

    @classmethod
    def nonzero(cls, data: NDArray[Any]) -> ElementSet:
        """Where an array is not zero."""
        if data.size == 0:
            return cls.none(data.shape)
        places = np.flatnonzero(data)
        if places.size == data.size:
            return cls.all(data.shape)
        return _from_indices(data.shape, places.astype(np.int64))

    @property
    def is_none(self) -> bool:
        """Whether it has no element."""
        return self.indices is None and not self.boxes

    @property
    def is_all(self) -> bool:
        """Whether it surely has every element."""
        if self.indices is not None:
            return self.indices.size == prod(self.shape)
        full = tuple(map(range, self.shape))
        return any(box == full for box in self.boxes)

    @property
    def bound(self) -> int:
        """At most so many elements."""
        if self.indices is not None:
            return int(self.indices.size)
        return min(prod(self.shape), sum(map(volume, self.boxes)))

    def __or__(self, other: ElementSet) -> ElementSet:
        if self.is_none or other.is_all:
            return other
        if other.is_none or self.is_all:
            return self
        if self.indices is None and other.indices is None:
            return _from_boxes(self.shape, [*self.boxes, *other.boxes])
        if self.bound + other.bound > MAX_INDICES:
            return _from_boxes(self.shape, [self.hull(), other.hull()])
        return ElementSet.of(
            self.shape, np.concatenate([self.listed(), other.listed()])
        )

    def __and__(self, other: ElementSet) -> ElementSet:
        if self.is_none or other.is_all:
            return self
        if other.is_none or self.is_all:
            return other
        for first, second in ((self, other), (other, self)):
            if first.indices is not None:
                kept = first.indices[second.contains(first.indices)]
                return _from_indices(self.shape, kept)
        pairs = product(self.boxes, other.boxes)
        return _from_boxes(self.shape, [common(a, b) for a, b in pairs])

    def contains(self, flat: Flat) -> NDArray[np.bool_]:
        """Which of some flat positions are in the set."""
        if self.is_all:
            return np.ones(flat.shape, bool)
        if self.indices is not None:
            places = np.searchsorted(self.indices, flat)
            places[places == self.indices.size] = 0
            if not self.indices.size:
                return np.zeros(flat.shape, bool)
            found: NDArray[np.bool_] = self.indices[places] == flat
            return found
        inside = np.zeros(flat.shape, bool)
        coordinates = unravel(flat, self.shape)
        for box in self.boxes:
            here = np.ones(flat.shape, bool)
            for axis, each in zip(coordinates, box, strict=True):
                here &= (axis >= each.start) & (axis < each.stop)
                if each.step != 1:
                    here &= (axis - each.start) % each.step == 0
            inside |= here
        return inside

    def listed(self) -> Flat:
        """All elements as ascending flat positions: ask for `bound` before."""
        if self.indices is not None:
            return self.indices
        if len(self.boxes) == 1:
            return box_indices(self.boxes[0], self.shape)
        pieces = [box_indices(box, self.shape) for box in self.boxes]
        return distinct_numbers(np.concatenate(pieces or [np.zeros(0, np.int64)]))

    def hull(self) -> Box:
        """The smallest box that holds a set that is not empty."""
        if self.indices is not None:
            axes = unravel(self.indices, self.shape)
            return tuple(hull_of_places(axis) for axis in axes)
        return hull_of_boxes(self.boxes)

    def within(self, box: Box) -> ElementSet:
        """The elements that lie in a box."""
        return self & _from_boxes(self.shape, [box])

    # --- the set of the elements of an array that was moved about

    def through(self, move: Strided) -> ElementSet:
        """After the elements of a rectangle came to another."""
        if self.indices is not None and move.keeps_order:
            return ElementSet(move.result, (), self.indices)
        if self.indices is not None and self.bound * move.copies <= MAX_INDICES:
            return ElementSet.of(move.result, move.writes(self.indices))
        return _from_boxes(move.result, map(move.target, self._as_boxes()))

    def reshaped(self, shape: tuple[int, ...]) -> ElementSet:
        """After a reshape in row-major order."""
        if self.indices is not None:
            return ElementSet(shape, (), self.indices)
        if self.is_all or self.is_none:
            return ElementSet.all(shape) if self.is_all else ElementSet.none(shape)
        if self.bound <= MAX_INDICES:
            return _from_indices(shape, self.listed())
        return ElementSet.all(shape)

    def reduced(self, axes: Sequence[int]) -> ElementSet:
        """After a reduction over axes: where something is left in the line."""
        kept = [n for n in range(len(self.shape)) if n not in axes]
        shape = tuple(self.shape[n] for n in kept)
        if self.indices is not None:
            every = unravel(self.indices, self.shape)
            return ElementSet.of(shape, ravel([every[n] for n in kept], shape, every))
        return _from_boxes(shape, [tuple(box[n] for n in kept) for box in self.boxes])

    def _as_boxes(self) -> tuple[Box, ...]:
        if self.indices is None:
            return self.boxes
        return (self.hull(),) if self.indices.size else ()


@lru_cache(maxsize=1024)
def _whole(shape: tuple[int, ...]) -> ElementSet:
    """Every element: what is known of most values, hence one object for all of them."""
    return _from_boxes(shape, [tuple(map(range, shape))])


def _from_boxes(shape: tuple[int, ...], boxes: Iterable[Box | None]) -> ElementSet:
    """The union of boxes, none of them within another, and not too many."""
    kept: list[Box] = []
    for box in boxes:
        if box is None or any(len(each) == 0 for each in box):
            continue
        if any(is_within(box, other) for other in kept):
            continue
        kept = [other for other in kept if not is_within(other, box)]
        kept.append(box)
    if len(kept) <= MAX_BOXES:
        return ElementSet(shape, tuple(kept))
    if sum(map(volume, kept)) <= MAX_INDICES:
        return ElementSet.of(
            shape, np.concatenate([box_indices(box, shape) for box in kept])
        )
    return ElementSet(shape, (hull_of_boxes(kept),))


def _from_indices(shape: tuple[int, ...], indices: Flat) -> ElementSet:
    """Ascending positions, as a box where they are one."""
    if not indices.size:
        return ElementSet.none(shape)
    found = ElementSet(shape, (), indices)
    hull = found.hull()
    if volume(hull) == indices.size:
        return ElementSet(shape, (hull,))
    if indices.size > MAX_INDICES:
        return ElementSet(shape, (hull,))
    return found
