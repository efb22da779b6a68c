"""The rms error of results in units in the last place of the truth."""

from __future__ import annotations

from collections.abc import Sequence
from math import frexp, sqrt
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from judging.running import Points, Runner
from partialc.accuracy.contract import FLOORS
from partialc.accuracy.truth import Truth
from partialc.sampling.stress import neighbours

EVERY: Final = 6
"""The rms is taken over every so many of the points that are judged."""

SAME: Final = 4
"""Results that differ by so many eps of theirs are not told apart."""


def rms_errors(
    kernel: Runner, references: Sequence[Runner], truth: Truth, points: Points
) -> tuple[float, float] | None:
    """The rms errors of a kernel and of its chain.

    An error is counted in units in the last place of max(|T|, E): E, the largest error
    of any reference at the point and near it, says how much of T can be had at all. The
    references other than the chain are run only if kernel and chain differ.

    Args:
        kernel: What is measured.
        references: What it is held against, its own chain first; scalar results.
        truth: The truth of the one result.
        points: One array a leaf.

    Returns:
        Both errors, over the points at which both are finite and the truth is known;
        None if there is no such point.
    """
    near = neighbours(points)
    given = kernel(points)[0][::EVERY]
    around = [_run_near(references[0], near)[::EVERY]]
    if not _are_same(given, around[0][:, 0]):
        around += [_run_near(mode, near)[::EVERY] for mode in references[1:]]
    chosen = [leaf[::EVERY] for leaf in near]
    squares = []
    for row in range(len(given)):
        found = _errors(given[row], [mode[row] for mode in around], truth, chosen, row)
        if found is not None:
            squares.append([error * error for error in found])
    if not squares:
        return None
    ours, theirs = np.mean(squares, axis=0)
    return sqrt(ours), sqrt(theirs)


def _are_same(given: NDArray[Any], chain: NDArray[Any]) -> bool:
    """Whether there is nothing to tell a kernel and its chain apart by."""
    finite = np.isfinite(given) & np.isfinite(chain)
    ours, theirs = given[finite], chain[finite]
    eps = float(np.finfo(given.dtype).eps)
    return bool((np.abs(ours - theirs) <= SAME * eps * np.abs(ours)).all())


def _errors(
    given: Any, around: list[NDArray[Any]], truth: Truth, near: Points, row: int
) -> tuple[float, float] | None:
    """The errors of kernel and chain at a point, in units in the last place."""
    if not (np.isfinite(given) and all(np.isfinite(mode).all() for mode in around)):
        return None
    true = truth.entry(0, 0, [leaf[row, 0] for leaf in near])
    if true is None:
        return None
    width = str(given.dtype)
    size = abs(true)
    if any(abs(float(each) - true) > size / 2 for mode in around for each in mode):
        size = max(size, _largest_error(around, truth, near, row))
    off = [abs(float(each) - true) for each in (given, around[0][0])]
    if size == 0 and max(off) > 0:
        return None  # all references are zero, as is the truth: nothing to count in
    unit = _unit(max(float(size), FLOORS[width]), width)
    ours, theirs = (
        float(error) / unit if error > FLOORS[width] else 0.0 for error in off
    )
    return ours, theirs


def _largest_error(
    around: list[NDArray[Any]], truth: Truth, near: Points, row: int
) -> Any:
    """E: the largest error of any reference at a point and near it."""
    largest: Any = 0
    for step in range(len(around[0])):
        true = truth.entry(0, 0, [leaf[row, step] for leaf in near])
        if true is not None:
            errors = [abs(float(mode[step]) - true) for mode in around]
            largest = max(largest, *errors)
    return largest


def _unit(size: float, width: str) -> float:
    """The unit in the last place of a number."""
    return float(np.finfo(width).eps) * 2.0 ** (frexp(size)[1] - 1)


def _run_near(run: Runner, near: Points) -> NDArray[Any]:
    """A scalar result near each point, shape (points, neighbours)."""
    count, steps = near[0].shape[:2]
    every = [leaf.reshape(count * steps, *leaf.shape[2:]) for leaf in near]
    return run(every)[0].reshape(count, steps)
