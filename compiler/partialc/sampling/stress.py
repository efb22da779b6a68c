"""Points that are hard on numbers, by a fixed rule: the same on every machine.

Without a domain each element gets zero, magnitudes from 1e-5 to 1e18 (float64: 1e150)
of both signs, the numbers around one, and points at which exponentials saturate, in an
order of its own. With a domain it gets points inside it, its ends and what is close to
them. In the last rows all elements are equal: ties.

Numbers are made of random integers by single operations, none of which a machine may
round in its own way, as it may round a power.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import prod
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

SPECIAL: Final = (
    *(0.0, 1.0, -1.0, 0.5, 2.0, 0.01, 0.03, 0.1, 25.0),
    *(30.0, -30.0, 88.0, -88.0, 100.0, -100.0, 710.0, -710.0, -200.0, 300.0),
)
"""Where functions are singular or saturate, in float32 or float64."""

STEPS: Final = (0, 1, -1, 2, -3, 5, -7, 11, -16)
"""The neighbours of a number, in units of its last place."""

CLOSENESS: Final = (0.3, 0.03, 0.003, 1e-4)
"""By how much of itself a number is moved, at most, when points are drawn closer."""

CONTRACT: Final = 300
"""At so many points of each width a kernel has to keep the accuracy contract."""

_LARGEST: Final = {"float32": 18, "float64": 150}
_TIED: Final = 10


def stress_points(
    shapes: Sequence[tuple[int, ...]],
    width: str,
    *,
    ranges: Mapping[int, tuple[float, float]] | None = None,
    count: int = CONTRACT,
    seed: int = 0,
) -> list[NDArray[Any]]:
    """Points for real leaves of these shapes.

    Args:
        shapes: Of each leaf.
        width: `float32` or `float64`: the element type, and how large numbers get.
        ranges: Low and high of some leaves, by number.
        count: How many points.
        seed: Of the generator, a `RandomState`: its stream is frozen for good.

    Returns:
        An array of shape `(count, *shape)` for each leaf.
    """
    random = np.random.RandomState(seed)
    limits = [(ranges or {}).get(number) for number in range(len(shapes))]
    tied = count // _TIED
    common = _column(random, 1, tied, width, None)
    points = []
    for shape, bounds in zip(shapes, limits, strict=True):
        size = prod(shape)
        rows = _column(random, size, count - tied, width, bounds)
        ties = common
        if bounds is not None:
            own = _column(random, 1, tied, width, bounds)
            ties = np.where((bounds[0] <= common) & (common <= bounds[1]), common, own)
        values = np.concatenate([rows, np.broadcast_to(ties, (tied, size))])
        points.append(_rounded(values, width, bounds).reshape(count, *shape))
    return points


def hard_points(
    shapes: Sequence[tuple[int, ...]],
    width: str,
    *,
    ranges: Mapping[int, tuple[float, float]] | None = None,
    count: int = CONTRACT,
) -> list[NDArray[Any]]:
    """The points of the contract; beyond them, if there are to be more, others.

    Args:
        shapes: Of each leaf.
        width: `float32` or `float64`.
        ranges: Low and high of some leaves, by number.
        count: How many points; fewer than those of the contract are drawn by its rule,
            but need not be among them.
    """
    counts = (min(count, CONTRACT), max(count - CONTRACT, 0))
    drawn = [
        stress_points(shapes, width, ranges=ranges, count=many, seed=seed)
        for seed, many in enumerate(counts)
        if many
    ]
    return [np.concatenate(leaves) for leaves in zip(*drawn, strict=True)]


def closer(
    points: Sequence[NDArray[Any]],
    rows: Sequence[int],
    *,
    ranges: Mapping[int, tuple[float, float]] | None = None,
    seed: int = 0,
) -> list[NDArray[Any]]:
    """As many points again, all close to some of the given ones.

    Every element is moved by a part of itself. Around each point, by turns, all are by
    the same part, so that ties stay ties, and each is by its own.

    Args:
        points: Real arrays of shape `(count, *shape)`.
        rows: The numbers of the points to stay close to.
        ranges: As for `stress_points`.
        seed: As for `stress_points`.
    """
    random = np.random.RandomState(seed)
    count = len(points[0])
    chosen = np.resize(np.asarray(rows), count)
    most = np.asarray(CLOSENESS)[random.randint(len(CLOSENESS), size=count)]
    common = _fractions(random, (count,))
    is_tied = np.arange(count) // len(rows) % 2 == 0
    moved = []
    for number, leaf in enumerate(points):
        alone = _fractions(random, leaf.shape).reshape(count, -1)
        alone = np.where(is_tied[:, None], common[:, None], alone)
        parts = 1 + most[:, None] * (2 * alone - 1)
        values = leaf[chosen].astype(np.float64) * parts.reshape(leaf.shape)
        bounds = (ranges or {}).get(number)
        if bounds is not None:
            values = np.clip(values, *bounds)
        moved.append(_rounded(values, str(leaf.dtype), bounds))
    return moved


def neighbours(points: Sequence[NDArray[Any]]) -> list[NDArray[Any]]:
    """Each point and eight close to it: x (1 + k eps), all leaves moved by the same k.

    Whole numbers and truth values stay.

    Args:
        points: Arrays of shape `(count, *shape)`.

    Returns:
        Arrays of shape `(count, 9, *shape)`, the point itself first.
    """
    moved = []
    for leaf in points:
        if leaf.dtype.kind != "f":
            moved.append(np.repeat(leaf[:, None], len(STEPS), axis=1))
            continue
        factors = 1 + np.asarray(STEPS) * float(np.finfo(leaf.dtype).eps)
        factors = factors.reshape(-1, *[1] * (leaf.ndim - 1))
        moved.append((leaf[:, None] * factors).astype(leaf.dtype))
    return moved


def _column(
    random: np.random.RandomState,
    size: int,
    count: int,
    width: str,
    bounds: tuple[float, float] | None,
) -> NDArray[Any]:
    """So many values for each of `size` elements, shuffled: shape `(count, size)`."""
    special, drawn = (
        _anywhere(random, size, count, width)
        if bounds is None
        else _inside(random, size, count, bounds)
    )
    repeated = np.repeat(np.asarray(special)[:, None], size, axis=1)
    values = np.concatenate([repeated, drawn])[:count]
    order = np.argsort(random.randint(2**30, size=values.shape), axis=0, kind="stable")
    return np.take_along_axis(values, order, axis=0)


def _anywhere(
    random: np.random.RandomState, size: int, count: int, width: str
) -> tuple[Sequence[float], NDArray[Any]]:
    """Special points, and magnitudes in three regions, one after the other."""
    largest = _magnitudes(random, (count, size), _LARGEST[width])
    large = _magnitudes(random, (count, size), 3)
    plain = 20 * _fractions(random, (count, size)) - 10
    sizes = np.stack([largest, large], axis=1)
    sizes *= 2.0 * random.randint(2, size=sizes.shape) - 1
    drawn = np.concatenate([sizes, plain[:, None]], axis=1)
    return SPECIAL, drawn.reshape(3 * count, size)


def _inside(
    random: np.random.RandomState, size: int, count: int, bounds: tuple[float, float]
) -> tuple[Sequence[float], NDArray[Any]]:
    """The ends, special points between them; points inside, and close to each end."""
    low, high = bounds
    special = [each for each in SPECIAL if low < each < high]
    inside = low + (high - low) * _fractions(random, (count, 2, size))
    close = (high - low) * _magnitudes(random, (count, 2, size), 0)
    close = np.stack([low + close[:, 0], high - close[:, 1]], axis=1)
    drawn = np.concatenate([inside, close], axis=1).reshape(4 * count, size)
    return [low, high, *special], drawn


def _fractions(
    random: np.random.RandomState, shape: tuple[int, ...]
) -> NDArray[np.float64]:
    """Numbers from 0 to 1."""
    numbers: NDArray[np.float64] = random.randint(2**30, size=shape) / 2.0**30
    return numbers


def _magnitudes(
    random: np.random.RandomState, shape: tuple[int, ...], top: int
) -> NDArray[np.float64]:
    """Positive numbers from 1e-5 to so many powers of ten, all of which are alike."""
    powers = np.array([float(f"1e{power}") for power in range(-5, top)])
    digits = random.randint(1_000_000, 10_000_000, size=shape) / 1e6
    numbers: NDArray[np.float64] = (
        digits * powers[random.randint(len(powers), size=shape)]
    )
    return numbers


def _rounded(
    values: NDArray[Any], width: str, bounds: tuple[float, float] | None
) -> NDArray[Any]:
    """In the wanted width; what rounding moved out of the bounds moves back in."""
    rounded = values.astype(width)
    if bounds is None:
        return rounded
    low, high = (np.float64(bound) for bound in bounds)
    infinity = np.asarray(np.inf, width)
    rounded = np.where(rounded < low, np.nextafter(rounded, infinity), rounded)
    return np.where(rounded > high, np.nextafter(rounded, -infinity), rounded)
