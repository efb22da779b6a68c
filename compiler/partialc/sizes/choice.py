"""At which sizes a module is built, where its spec does not say."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from math import comb
from typing import Final, TypeAlias

from partialc.sizes.forms import Point
from partialc.spec.lengths import Length
from partialc.spec.model import Size

Numbers: TypeAlias = tuple[tuple[int, ...], ...]

LARGE: Final[Mapping[int, Numbers]] = {
    1: (
        (211, 151, 179, 163, 197, 173),
        (263, 311, 229, 283, 241, 337),
        (367, 353, 421, 389, 397, 379),
    ),
    2: ((18, 13, 16, 17, 14, 15), (29, 27, 23, 31, 21, 25), (37, 34, 43, 41, 38, 35)),
    3: ((7, 4, 6, 5, 8, 3), (10, 12, 9, 13, 11, 14), (16, 19, 17, 15, 20, 18)),
}
"""By the most open axes of one array, for each size. A matrix of its elements is then
large enough to be planned as that of a million would be, and small enough for a full
reference; all are written with as many digits, which names and lines depend on, and one
size is always less than the next, since plans and references depend on that."""

SMALL: Final[Mapping[int, Numbers]] = {
    1: ((53, 31, 43, 37, 47, 41), (61, 71, 67, 59, 73, 79), (89, 97, 83, 91, 86, 94)),
    2: ((7, 4, 6, 5, 8, 3), (12, 14, 11, 15, 13, 10), (18, 21, 19, 17, 22, 20)),
    3: ((4, 2, 3, 5, 2, 3), (7, 8, 6, 9, 8, 6), (10, 12, 11, 13, 12, 10)),
}
"""For functions whose references are too large there."""

MOST: Final = 6


def build_points(
    sizes: Mapping[str, Size], shapes: Mapping[str, tuple[Length, ...]]
) -> Iterator[tuple[Point, ...]]:
    """The sizes of each build; those of the last say how the module is planned.

    One more than an affine form of the sizes has coefficients, or than one with the
    products of two of them, where an array has several open axes.

    Args:
        sizes: The sizes, as the spec has them.
        shapes: The shapes of the arrays with open axes.

    Yields:
        What the spec says; or large ones, then small ones.
    """
    given = [size.build for size in sizes.values()]
    if given[0]:
        yield tuple(sorted(zip(*given, strict=True), key=_volume))
        return
    count = len(sizes)
    axes = max(sum(bool(e.factors) for e in lengths) for lengths in shapes.values())
    unknown = 1 + count + (comb(count, 2) if count > 1 else int(axes > 1))
    number = min(max(unknown + 1, 3), MOST)
    for bases in (LARGE, SMALL):
        rows = bases[min(max(axes, 1), len(bases))]
        shifted = [
            [
                rows[place % len(rows)][build] + (size.least or 1) - 1
                for build in range(number)
            ]
            for place, size in enumerate(sizes.values())
        ]
        yield tuple(sorted(zip(*shifted, strict=True), key=_volume))


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


def far_point(sizes: Mapping[str, Size], points: tuple[Point, ...]) -> Point:
    """Sizes beyond all builds, where the function is traced and no more."""
    far = 2003 if len(sizes) == 1 and min(map(min, points)) > 20 else 211
    most = max(map(max, points))
    return tuple(max(far, 2 * most) + 2 * place for place in range(len(sizes)))


def _volume(point: Point) -> tuple[int, Point]:
    total = 1
    for each in point:
        total *= each
    return total, point
