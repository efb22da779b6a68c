"""The accuracy contract: a kernel errs little more than what it replaces.

At a point x a kernel keeps the contract if it is finite wherever its own chain and the
other references (nested forward mode, forward over reverse) are all finite there, and

    |kernel - T| <= 4 E + 4 u |T| + floor

T is the truth, E the largest error of any of the references at x and at eight float
neighbours of it (single points are right by luck), u half an eps. What is a value of
the function itself must be nan where the function is. Entries are judged one by one.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import chain as joined
from typing import Any, Final, TypeAlias

import numpy as np
from mpmath import mp
from numpy.typing import NDArray

from partialc.accuracy.truth import Truth
from partialc.sampling.stress import neighbours

Array: TypeAlias = NDArray[Any]
Runner: TypeAlias = Callable[[Sequence[Array]], Sequence[Array]]
"""Points, one array a leaf with the points along axis 0, to results alike."""

FACTOR: Final = 4
FLOORS: Final = {"float32": 2.0**-110, "float64": 2.0**-1000}
"""What CPUs flush to zero is not held against anyone."""

_NO_LIMIT: Final = float("inf")


@dataclass(frozen=True, slots=True)
class Breach:
    """One entry at one point where a kernel breaks the contract.

    Attributes:
        point: The leaves of the point.
        row: The number of the point.
        part: The number of the result.
        position: The flat position of the entry within it.
        kernel: What the kernel gives.
        truth: What is true; nan where the function's own value is, or where only the
            spread of the chain could be compared with.
        allowed: How far from it the kernel might be.
        width: `float32` or `float64`.
    """

    point: tuple[Array, ...]
    row: int
    part: int
    position: int
    kernel: float
    truth: float
    allowed: float
    width: str


@dataclass(frozen=True)
class Judgement:
    """A kernel and what it is held against, at some points.

    The references other than the chain are run only if kernel and chain differ by more
    than 8 u somewhere.

    Attributes:
        kernel: What is judged.
        references: What it is held against, its own chain first.
        truth: The truth; None where the program has none: then a kernel may be four
            times as far from the chain as the chain is from its neighbours.
        points: One array a leaf, shape (count, *shape of the leaf).
        width: The float width of the points: `float32` or `float64`.
        wide: The chain in float64, which is truth for float32 unless it condemns.
        values: The numbers of the results that are values of the function itself.
        limit: How many scalar operations may be spent on the truth, counted as of 50
            digits; the entries that differ most come first.
        share: Of what the contract allows, how much is allowed here.
    """

    kernel: Runner
    references: Sequence[Runner]
    truth: Truth | None
    points: Sequence[Array]
    width: str
    wide: Runner | None = None
    values: Collection[int] = ()
    limit: float = _NO_LIMIT
    share: float = 1.0

    def allowed(self, error: Any, size: Any) -> Any:
        """How far from a truth of that size a kernel may be."""
        eps = float(np.finfo(self.width).eps)
        return self.share * (FACTOR * error + 2 * eps * size) + FLOORS[self.width]

    def breaches(self) -> Iterator[Breach]:
        """Where the kernel breaks the contract, the worst first."""
        for part, row, position in self.suspects():
            breach = None
            if self.truth is None or self.truth.operations(part, position) is None:
                breach = self.against_spread(part, row, position)
            elif self.truth.work <= self.limit:
                breach = self.against_truth(self.truth, part, row, position)
            if breach is not None:
                yield breach

    def most_strained(self, count: int) -> list[int]:
        """The points that come nearest to a breach, for every part of the result.

        Args:
            count: How many in all; of every part as many.

        Returns:
            Their numbers; none if kernel and chain differ by more than 8 u nowhere.
        """
        if not any(wrong.any() for wrong in self.wrong):
            return []
        each = max(count // len(self.given), 1)
        rows: dict[int, None] = {}
        for part in range(len(self.given)):
            strain = self.strain(part).max(1, initial=0.0)
            worst = np.argsort(-strain, kind="stable")[:each].tolist()
            rows |= dict.fromkeys(row for row in worst if strain[row] > 0)
        return list(rows)[:count]

    def strain(self, part: int) -> Array:
        """How far from the truth the kernel is, in units of what is allowed; estimated.

        For float32 the chain in float64 is the truth. For float64 it is the chain, and
        what it differs by from its neighbours is its error.
        """
        given, modes = self.given[part], [self.around[0][part]]
        true = modes[0][:, :1]
        if self.wide_around is not None:
            true = self.wide_around[part]
            modes = [mode[part] for mode in self.all_around]
        with np.errstate(all="ignore"):
            errors = [np.abs(mode - true).max(1) for mode in modes]
            size = np.abs(true[:, 0])
            allowed = self.allowed(np.maximum.reduce(errors), size)
            strain = np.abs(given - true[:, 0]) / allowed
        return np.where(np.isfinite(strain), strain, 0.0)

    @cached_property
    def wrong(self) -> list[Array]:
        """Where a kernel might break the contract, by part: where the chain differs."""
        eps = float(np.finfo(self.width).eps)
        found = []
        for part, given in enumerate(self.given):
            chain = self.around[0][part][:, 0]
            with np.errstate(all="ignore"):
                off = np.where(given == chain, 0.0, np.abs(given - chain))
                larger = np.maximum(np.abs(given), np.abs(chain))
                wrong = np.isfinite(chain) & ~(off <= FACTOR * eps * larger)
            if part in self.values:
                wrong |= np.isnan(chain) & ~np.isnan(given)
            found.append(wrong)
        return found

    def suspects(self) -> list[tuple[int, int, int]]:
        """Part, point and position of what differs from the chain, the worst first.

        The worst are farther from the chain than the chain is from its neighbours.
        """
        found: list[tuple[float, tuple[int, int, int]]] = []
        for part, given in enumerate(self.given):
            near = self.around[0][part]
            chain = near[:, 0]
            with np.errstate(all="ignore"):
                spread = np.abs(near - chain[:, None]).max(1)
                larger = np.maximum(np.abs(given), np.abs(chain))
                excess = np.abs(given - chain) / self.allowed(spread, larger)
            excess = np.where(np.isfinite(given), np.nan_to_num(excess), np.inf)
            for row, position in np.argwhere(self.wrong[part]).tolist():
                found.append((-excess[row, position], (part, row, position)))
        return [place for _, place in sorted(found)]

    def against_truth(
        self, truth: Truth, part: int, row: int, position: int
    ) -> Breach | None:
        """Whether an entry is too far from the truth."""
        given = float(self.given[part][row, position])
        chain = self.around[0][part][row, 0, position]
        if part in self.values and np.isnan(chain):
            return self.breach(part, row, position, float("nan"), 0.0)
        if np.isfinite(given) and self.is_right_enough(part, row, position, given):
            return None
        true = truth.entry(part, position, self.at(row))
        if true is None or not self.all_finite(part, row, position):
            return None
        if not np.isfinite(given):
            return self.breach(part, row, position, float(true), 0.0)
        off = abs(mp.mpf(given) - true)
        # The chain's own error at the point is a lower bound of E, and often enough.
        if off <= self.allowed(abs(mp.mpf(float(chain)) - true), abs(true)):
            return None
        allowed = self.allowed(self.error(truth, part, row, position), abs(true))
        if off <= allowed:
            return None
        return self.breach(part, row, position, float(true), float(allowed))

    def is_right_enough(self, part: int, row: int, position: int, given: float) -> bool:
        """Whether the chain in float64 has nothing against a float32 result.

        The errors of the chain alone are often enough to allow it.
        """
        if self.wide_around is None:
            return False
        true = self.wide_around[part][row, :, position]
        if not np.isfinite(true).all():
            return False
        off = abs(given - true[0])
        errors = (
            _largest_error(mode[part][row, :, position], true)
            for mode in joined(self.around, self.other_modes())
        )
        return any(off <= self.allowed(error, abs(true[0])) for error in errors)

    def other_modes(self) -> Iterator[list[Array]]:
        """The results of the references besides the chain, once they are asked for."""
        yield from self.all_around[1:]

    def all_finite(self, part: int, row: int, position: int) -> bool:
        """Whether every reference is finite at a point."""
        return all(
            np.isfinite(mode[part][row, 0, position]) for mode in self.all_around
        )

    def error(self, truth: Truth, part: int, row: int, position: int) -> Any:
        """E: the largest error of any reference at a point and near it."""
        largest: Any = mp.zero
        for step in self.steps:
            near = [leaf[row, step] for leaf in self.near]
            true = truth.entry(part, position, near)
            for mode in self.all_around:
                found = float(mode[part][row, step, position])
                if true is None or not np.isfinite(found):
                    largest = mp.inf if true is not None else largest
                    continue
                largest = max(largest, abs(mp.mpf(found) - true))
        return largest

    def against_spread(self, part: int, row: int, position: int) -> Breach | None:
        """Where no truth can be had: whether an entry is far from all near the chain's.

        Args:
            part: The number of the result.
            row: The number of the point.
            position: The flat position of the entry.
        """
        chain = self.around[0][part][row, :, position].astype(float)
        given = float(self.given[part][row, position])
        if part in self.values and np.isnan(chain[0]):
            return self.breach(part, row, position, float("nan"), 0.0)
        if not self.all_finite(part, row, position):
            return None
        spread = np.abs(chain - chain[0]).max()
        allowed = self.allowed(spread, abs(chain[0]))
        if np.isnan(spread) or abs(given - chain[0]) <= allowed:
            return None
        return self.breach(part, row, position, float(chain[0]), float(allowed))

    def breach(
        self, part: int, row: int, position: int, true: float, allowed: float
    ) -> Breach:
        """A breach of that entry at that point."""
        given = float(self.given[part][row, position])
        point = tuple(self.at(row))
        return Breach(point, row, part, position, given, true, allowed, self.width)

    def at(self, row: int) -> list[Array]:
        """The leaves of a point."""
        return [leaf[row] for leaf in self.points]

    # --- what is run, each at most once

    @cached_property
    def near(self) -> list[Array]:
        """The points with their neighbours, shape (points, neighbours, *shape) each."""
        return neighbours(self.points)

    @property
    def steps(self) -> range:
        """The numbers of the neighbours; the point itself is the first."""
        return range(self.near[0].shape[1])

    @cached_property
    def given(self) -> list[Array]:
        """The kernel's results, shape (points, entries) each.

        It is run near the points as the chain is: alike shapes are compiled once.
        """
        return [array[:, 0] for array in self.run_near(self.kernel)]

    @cached_property
    def around(self) -> list[list[Array]]:
        """The chain's results near each point, shape (points, neighbours, entries)."""
        return [self.run_near(self.references[0])]

    @cached_property
    def all_around(self) -> list[list[Array]]:
        """Those of all references."""
        return self.around + [self.run_near(mode) for mode in self.references[1:]]

    @cached_property
    def wide_around(self) -> list[Array] | None:
        """The chain's results in float64 near each point of float32."""
        if self.wide is None or self.width == "float64":
            return None
        near = [_widened(leaf) for leaf in self.near]
        return self.run_near(self.wide, near)

    def run_near(self, run: Runner, near: Sequence[Array] | None = None) -> list[Array]:
        """Results near each point, shape (points, neighbours, entries) each."""
        near = self.near if near is None else near
        count, steps = near[0].shape[:2]
        every = [leaf.reshape(count * steps, *leaf.shape[2:]) for leaf in near]
        return [_flat(array, 1).reshape(count, steps, -1) for array in run(every)]


def _largest_error(found: Array, true: Array) -> float:
    """How far numbers are from the truth; infinitely where they are not finite."""
    errors = np.abs(found.astype(float) - true)
    return float(np.where(np.isfinite(errors), errors, np.inf).max())


def _flat(array: Array, axes: int) -> Array:
    return np.asarray(array).reshape(*np.shape(array)[:axes], -1)


def _widened(leaf: Array) -> Array:
    return leaf.astype(np.float64) if leaf.dtype.kind == "f" else leaf
