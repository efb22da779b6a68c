"""At which sizes a module is built, where its spec does not say."""

from __future__ import annotations

from collections.abc import Mapping
from math import comb
from typing import Final

from partialc.sizes.forms import Point
from partialc.spec.lengths import Length
from partialc.spec.model import Size

_BASES: Final[Mapping[int, tuple[int, ...]]] = {
    1: (151, 179, 211, 163, 197, 173),
    2: (17, 29, 23, 19, 31, 13),
    3: (7, 11, 9, 8, 10, 6),
}
"""By the most open axes of one array. A matrix of its elements is then large enough to
be planned as that of a million would be, and small enough for a full reference; all are
written with as many digits, which names and lines depend on."""

MOST: Final = 6


def build_points(
    sizes: Mapping[str, Size], shapes: Mapping[str, tuple[Length, ...]]
) -> tuple[Point, ...]:
    """The sizes of each build; those of the last say how the module is planned.

    One more than an affine form of the sizes has coefficients, or than one with the
    products of two of them, where an array has several open axes.

    Args:
        sizes: The sizes, as the spec has them.
        shapes: The shapes of the arrays with open axes.
    """
    given = [size.build for size in sizes.values()]
    if given[0]:
        return tuple(sorted(zip(*given, strict=True), key=_volume))
    count = len(sizes)
    axes = max(sum(bool(e.factors) for e in lengths) for lengths in shapes.values())
    unknown = 1 + count + (comb(count, 2) if count > 1 else int(axes > 1))
    base = _BASES[min(max(axes, 1), 3)]
    number = min(max(unknown + 1, 3), MOST)
    points = []
    for place in range(number):
        shifted = [base[(place + 2 * each + place * each) % MOST] for each in range(count)]
        least = [size.least or 1 for size in sizes.values()]
        points.append(tuple(b + low - 1 for b, low in zip(shifted, least, strict=True)))
    return tuple(sorted(points, key=_volume))


def further_point(points: tuple[Point, ...], least: Point) -> Point:
    """Sizes at which a module is not built, between its least and those where it is."""
    rows = zip(zip(*points, strict=True), least, strict=True)
    found = []
    for values, low in rows:
        middle = low + max(1, (min(values) - low) // 3)
        while middle in values:
            middle += 1
        found.append(middle)
    return tuple(found)


def _volume(point: Point) -> tuple[int, Point]:
    total = 1
    for each in point:
        total *= each
    return total, point
