"""A rectangle of one array that comes, in order, to a rectangle of another.

That is what slices, transposes, broadcasts, paddings, parts of concatenations do, each
with other numbers. All of them are one `Strided`: along a pair of axes the places
`taken` come to the places `put`, one by one; an axis of the operand without a partner
gives one place, an axis of the result without one has the same everywhere:

    slice       taken 3:9:2, put 0:3            pad        taken 0:4, put 2:6
    reversal    taken 3:-1:-1, put 0:4          squeeze    an axis of the operand alone
    broadcast   an axis of the result alone     stack      the same, put at one place
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import prod
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from partialc.ir.boxes import (
    Box,
    Flat,
    common_range,
    line,
    picked,
    positions,
    ravel,
    row_major,
    unravel,
    upward,
)

Shape: TypeAlias = tuple[int, ...]

Entry: TypeAlias = "int | tuple[int, int, int] | None"
"""Of a bracket: one place, `start:stop:step`, a new axis."""


@dataclass(frozen=True, slots=True)
class Strided:
    """Which elements of a result are which of an operand.

    Attributes:
        operand: The operand's shape.
        result: The result's shape.
        axes: For each axis of the operand the one of the result that runs along it;
            None where one place is taken.
        taken: For each axis of the operand the places taken, in the result's order.
        put: For each axis of the result the places they come to, ascending.
    """

    operand: Shape
    result: Shape
    axes: tuple[int | None, ...]
    taken: tuple[range, ...]
    put: tuple[range, ...]

    @classmethod
    def of(
        cls,
        operand: Shape,
        result: Shape,
        axes: Sequence[int | None] | None = None,
        *,
        taken: Sequence[range] | None = None,
        put: Sequence[range] | None = None,
    ) -> Strided:
        """All of an operand along its own axes to all of a result, save as is said."""
        return cls(
            operand,
            result,
            tuple(range(len(operand)) if axes is None else axes),
            tuple(map(_normal, map(range, operand) if taken is None else taken)),
            tuple(map(_normal, map(range, result) if put is None else put)),
        )

    @classmethod
    def broadcast(
        cls, operand: Shape, result: Shape, dimensions: Sequence[int]
    ) -> Strided:
        """Each axis of the operand along one of the result; a size of one repeats."""
        axes = [
            place if size == result[place] else None
            for size, place in zip(operand, dimensions, strict=True)
        ]
        return cls.of(operand, result, axes)

    @classmethod
    def ones(cls, operand: Shape, result: Shape) -> Strided | None:
        """A reshape that only drops and adds axes of size one; None for others."""
        if [size for size in operand if size != 1] != [s for s in result if s != 1]:
            return None
        axes: list[int | None] = [None] * len(operand)
        axis = 0
        for place, size in enumerate(result):
            while axis < len(operand) and operand[axis] == 1 and size != 1:
                axis += 1
            if axis < len(operand) and operand[axis] == size:
                axes[axis] = place
                axis += 1
        return cls.of(operand, result, axes)

    @property
    def free(self) -> list[int]:
        """The axes of the result along which it is the same everywhere."""
        return [axis for axis in range(len(self.result)) if axis not in self.axes]

    @property
    def copies(self) -> int:
        """How often each element comes to the result."""
        return prod(len(self.put[axis]) for axis in self.free)

    @property
    def takes_all(self) -> bool:
        """Whether every element of the operand comes to the result."""
        pairs = zip(self.taken, self.operand, strict=True)
        return all(len(each) == size for each, size in pairs)

    @property
    def fills(self) -> bool:
        """Whether every element of the result is one of the operand."""
        pairs = zip(self.put, self.result, strict=True)
        return all(len(each) == size for each, size in pairs)

    @property
    def keeps_order(self) -> bool:
        """Whether the result has the operand's elements in their row-major order."""
        if prod(self.operand) != prod(self.result) or not self.fills:
            return False
        last = -1
        for axis, each, size in zip(self.axes, self.taken, self.operand, strict=True):
            if each != range(size):
                return False
            if size != 1 and axis is not None:
                if axis < last:
                    return False
                last = axis
        return True

    @property
    def is_identity(self) -> bool:
        """Whether the result is the operand."""
        return self.operand == self.result and self.keeps_order

    @property
    def ascends(self) -> bool:
        """Whether elements come to the result in the order that they have."""
        along = [axis for axis in self.axes if axis is not None]
        return along == sorted(along) and all(each.step > 0 for each in self.taken)

    @property
    def is_slice(self) -> bool:
        """Whether all of the result is a rectangle of the operand, as it lies there."""
        is_straight = self.axes == tuple(range(len(self.result)))
        return is_straight and self.ascends and self.fills

    def then(self, other: Strided) -> Strided | None:
        """What comes from this operand to the result of another move.

        Args:
            other: The move; its operand is the result of this one.

        Returns:
            None where nothing does.
        """
        along = {axis: place for place, axis in enumerate(self.axes)}
        axes: list[int | None] = [None] * len(self.operand)
        taken, put = list(self.taken), list(other.put)
        for middle, (came, onward) in enumerate(
            zip(self.put, other.taken, strict=True)
        ):
            common = common_range(came, upward(onward))
            if not len(common) and len(onward):
                return None
            own, end = along.get(middle), other.axes[middle]
            if own is not None:
                reads = common if onward.step > 0 else common[::-1]
                taken[own] = picked(self.taken[own], positions(reads, came))
                axes[own] = end
            if end is not None:
                reached = positions(common, onward)
                reached = reached if onward.step > 0 else reached[::-1]
                put[end] = picked(other.put[end], reached)
        return Strided.of(self.operand, other.result, axes, taken=taken, put=put)

    def onto(self, box: Box) -> Strided | None:
        """What comes to a rectangle of the result; None where nothing does."""
        return self.then(Strided.of(self.result, self.result, taken=box, put=box))

    @property
    def source(self) -> Box:
        """The rectangle of the operand that is taken."""
        return tuple(map(upward, self.taken))

    def target(self, box: Box) -> Box | None:
        """The rectangle of the result where one of the operand comes to."""
        put = list(self.put)
        for axis, each, of in zip(self.axes, self.taken, box, strict=True):
            common = common_range(upward(each), of)
            if not len(common):
                return None
            if axis is not None:
                put[axis] = picked(put[axis], upward(positions(common, each)))
        return tuple(put)

    def reads(self, wanted: Flat) -> Flat:
        """The flat positions in the operand of some in the result; -1 for others."""
        if self.keeps_order:
            return wanted
        places = unravel(wanted, self.result)
        flat = np.zeros(wanted.shape, np.int64)
        strides = row_major(self.operand)
        for axis, each, stride in zip(self.axes, self.taken, strides, strict=True):
            if axis is None:
                flat += each.start * stride
            else:
                put = self.put[axis]
                along = (places[axis] - put.start) // put.step
                flat += stride * each.start + (stride * each.step) * along
        for place, each, size in zip(places, self.put, self.result, strict=True):
            if len(each) != size:
                flat = np.where(_in(place, each), flat, -1)
        return flat

    def writes(self, flat: Flat) -> Flat:
        """The flat positions in the result of some elements of the operand.

        Args:
            flat: Flat positions; those that are not taken are left out.

        Returns:
            In any order; an element that is repeated is there as often.
        """
        places = unravel(flat, self.operand)
        inside = np.ones(flat.shape, bool)
        for place, each in zip(places, self.taken, strict=True):
            inside &= _in(place, upward(each))
        ends: list[Flat] = [np.asarray(each.start, np.int64) for each in self.put]
        for axis, place, each in zip(self.axes, places, self.taken, strict=True):
            if axis is not None:
                put = self.put[axis]
                along = (place[inside] - each.start) // each.step
                ends[axis] = (put.start + put.step * along)[:, None]
        free = self.free
        copies = unravel(np.arange(self.copies), tuple(len(self.put[n]) for n in free))
        for axis, copy in zip(free, copies, strict=True):
            ends[axis] = (self.put[axis].start + self.put[axis].step * copy)[None]
        like = np.zeros((int(inside.sum()), self.copies), np.int64)
        return (like + ravel(ends, self.result, [like])).reshape(-1)

    def move(self, array: NDArray[Any], into: NDArray[Any]) -> None:
        """Write the elements of an operand into a result."""
        part = array[
            tuple(
                each.start if axis is None else _entries(each)
                for axis, each in zip(self.axes, self.taken, strict=True)
            )
        ]
        order = np.argsort([axis for axis in self.axes if axis is not None])
        part = np.expand_dims(np.transpose(part, order), tuple(self.free))
        into[tuple(map(_entries, self.put))] = part

    @property
    def bracket(self) -> tuple[Entry, ...] | None:
        """The result as one bracket behind the operand; None where it is none.

        One entry for each axis of the operand in order, and None where a new axis of
        size one stands.
        """
        if not self.fills or self.copies != 1 or not self.ascends:
            return None
        entries: list[Entry] = []
        last = -1
        for axis, each in zip(self.axes, self.taken, strict=True):
            if axis is None:
                entries.append(each.start)
                continue
            entries += [None] * (axis - last - 1)
            stop = each[-1] + 1 if each else each.start
            entries.append((each.start, stop, each.step))
            last = axis
        return (*entries, *[None] * (len(self.result) - last - 1))

    def without(self, axis: int) -> Strided | None:
        """The same without a new axis of size one; None where the axis is no such."""
        if axis in self.axes or self.result[axis] != 1:
            return None
        rest = [n for n in range(len(self.result)) if n != axis]
        return replace(
            self,
            result=tuple(self.result[n] for n in rest),
            put=tuple(self.put[n] for n in rest),
            axes=tuple(None if n is None else rest.index(n) for n in self.axes),
        )


def _normal(each: range) -> range:
    return line(each.start, each.step, len(each))


def _in(places: Flat, each: range) -> NDArray[np.bool_]:
    inside: NDArray[np.bool_] = (places >= each.start) & (places < each.stop)
    if each.step != 1:
        inside &= (places - each.start) % each.step == 0
    return inside


def _entries(each: range) -> slice:
    return slice(each.start, each.stop if each.stop >= 0 else None, each.step)
