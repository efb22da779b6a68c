"""Boxes: one strided range per axis, and what two of them have in common."""

from __future__ import annotations

from collections.abc import Sequence
from math import gcd, prod
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Box: TypeAlias = tuple[range, ...]
"""One ascending range per axis; none of them empty."""
Flat: TypeAlias = NDArray[np.int64]
"""Row-major positions."""


def volume(box: Box) -> int:
    """How many elements."""
    return prod(map(len, box))


def box_indices(box: Box, shape: tuple[int, ...]) -> Flat:
    """The elements of a box as ascending flat positions."""
    flat = np.zeros(1, np.int64)
    for each, size in zip(box, shape, strict=True):
        flat = (
            flat[:, None] * size + np.arange(each.start, each.stop, each.step)
        ).ravel()
    return flat


def ascending(start: int, stop: int, step: int) -> range:
    """A range in its one normal form: it stops right after its last entry."""
    each = range(start, stop, step)
    if len(each) == 1:
        return range(start, start + 1)
    return range(start, each[-1] + 1, step) if each else range(0)


def line(start: int, step: int, count: int) -> range:
    """A range by its length, in its one normal form; it may descend."""
    step = step if count > 1 else 1
    return range(start, start + (count - 1) * step + (1 if step > 0 else -1), step)


def upward(each: range) -> range:
    """The same entries, ascending."""
    return each if each.step > 0 else line(each[-1], -each.step, len(each))


def picked(each: range, places: range) -> range:
    """The entries of a range at some positions."""
    if not places:
        return range(each.start, each.start)
    return line(each[places[0]], each.step * places.step, len(places))


def positions(entries: range, each: range) -> range:
    """Where some entries of a range stand in it."""
    if not entries:
        return range(0)
    first = (entries[0] - each.start) // each.step
    return line(first, entries.step // each.step or 1, len(entries))


def common_range(first: range, second: range) -> range:
    """The entries that two ascending ranges share (Chinese remainder theorem)."""
    if first.step == second.step == 1:
        return range(max(first.start, second.start), min(first.stop, second.stop))
    divisor = gcd(first.step, second.step)
    gap = second.start - first.start
    if gap % divisor:
        return range(0)
    step = first.step // divisor * second.step
    modulus = second.step // divisor
    times = (
        gap // divisor * pow(first.step // divisor, -1, modulus) if modulus > 1 else 0
    )
    start = first.start + first.step * (times % modulus if modulus > 1 else 0)
    lowest = max(first.start, second.start)
    if start < lowest:
        start += -(-(lowest - start) // step) * step
    return ascending(start, min(first.stop, second.stop), step)


def common(first: Box, second: Box) -> Box | None:
    """What two boxes have in common; None if that is nothing."""
    ranges = tuple(common_range(a, b) for a, b in zip(first, second, strict=True))
    return ranges if all(map(len, ranges)) else None


def unravel(flat: Flat, shape: tuple[int, ...]) -> list[Flat]:
    """The coordinates of flat positions, one array per axis."""
    axes: list[Flat] = []
    for size in reversed(shape):
        axes.append(flat % max(size, 1))
        flat = flat // max(size, 1)
    return axes[::-1]


def ravel(
    axes: Sequence[Flat], shape: tuple[int, ...], like: Sequence[Flat] = ()
) -> Flat:
    """The flat positions of coordinates; without axes, `like` lends the length."""
    if not axes:
        return np.zeros(like[0].shape if like else (1,), np.int64)
    flat = np.zeros(axes[0].shape, np.int64)
    for axis, size in zip(axes, shape, strict=True):
        flat = flat * size + axis
    return flat


def row_major(shape: Sequence[int]) -> list[int]:
    """By what the flat position grows along each axis."""
    return [prod(shape[axis + 1 :]) for axis in range(len(shape))]


def relative(each: range, to: range) -> range:
    """A range of positions as positions within another range."""
    first = (each[0] - to.start) // to.step
    return ascending(
        first, (each[-1] - to.start) // to.step + 1, max(1, each.step // to.step)
    )


def is_within(inner: Box, outer: Box) -> bool:
    """Whether a box lies in another."""
    return all(
        b.start <= a[0]
        and a[-1] < b.stop
        and (b.step == 1 or (a[0] in b and (len(a) == 1 or a.step % b.step == 0)))
        for a, b in zip(inner, outer, strict=True)
    )


def hull_of_boxes(boxes: Sequence[Box]) -> Box:
    """The smallest box that holds all of these."""
    axes = zip(*boxes, strict=True)
    return tuple(hull_range(ranges) for ranges in axes)


def hull_range(ranges: Sequence[range]) -> range:
    """The smallest range that holds all of these."""
    start = min(each[0] for each in ranges)
    stop = max(each[-1] for each in ranges) + 1
    step = 0
    for each in ranges:
        step = gcd(step, each[0] - start)
        step = gcd(step, each.step if len(each) > 1 else 0)
    return ascending(start, stop, max(step, 1))


def hull_of_places(axis: Flat) -> range:
    """The smallest range that holds these places."""
    start, stop = int(axis.min()), int(axis.max()) + 1
    step = int(np.gcd.reduce(axis - start)) if axis.size > 1 else 1
    return ascending(start, stop, max(step, 1))
