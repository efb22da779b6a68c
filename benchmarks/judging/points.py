"""Where kernels are judged, and where they are only reported on."""

from __future__ import annotations

import zlib
from typing import Final

import numpy as np

from formulas import Formula
from judging.running import Points
from partialc.sampling.stress import stress_points

REACH: Final = {"float32": ((-30, -5), (18, 30)), "float64": ((-290, -5), (150, 290))}
"""Powers of ten that the judged points leave out."""


def judged_points(formula: Formula, width: str, count: int) -> Points:
    """The points of the contract: the compiler tries kernels out at them as well."""
    return stress_points(
        shapes(formula), width, ranges=_ranges(formula), count=count, seed=0
    )


def fresh_points(formula: Formula, width: str, count: int) -> Points:
    """Points of the same kind that the compiler has not tried kernels out at."""
    return stress_points(
        shapes(formula),
        width,
        ranges=_ranges(formula),
        count=count,
        seed=_seed(formula),
    )


def points_beyond(formula: Formula, width: str, count: int) -> Points | None:
    """Points where at least one number is smaller or larger than any that is judged.

    Returns:
        One array a leaf; None for a formula with a domain, which nothing lies beyond.
    """
    if formula.domain:
        return None
    random = np.random.RandomState(_seed(formula))
    points = [
        leaf.reshape(count, -1)
        for leaf in stress_points(shapes(formula), width, count=count, seed=2)
    ]
    rows = np.arange(count)
    chosen = random.randint(len(points), size=count)
    for number, leaf in enumerate(points):
        tiny, huge = (random.uniform(*powers, count) for powers in REACH[width])
        powers = np.where(random.randint(2, size=count) == 0, tiny, huge)
        signs = 2.0 * random.randint(2, size=count) - 1
        columns = random.randint(leaf.shape[1], size=count)
        moved = chosen == number
        leaf[rows[moved], columns[moved]] = (signs * 10.0**powers)[moved]
    return [
        leaf.reshape(count, *shape)
        for leaf, shape in zip(points, shapes(formula), strict=True)
    ]


def shapes(formula: Formula) -> list[tuple[int, ...]]:
    """The shapes of a formula's arguments, in order."""
    return [formula.shapes.get(name, ()) for name in formula.arguments]


def _ranges(formula: Formula) -> dict[int, tuple[float, float]]:
    """Low and high of the arguments that have a domain, by number."""
    return {
        formula.arguments.index(name): limits for name, limits in formula.domain.items()
    }


def _seed(formula: Formula) -> int:
    """One for each formula, the same everywhere; the compiler's own are 0 and 1."""
    return 2 + zlib.crc32(formula.name.encode()) % 2**31
