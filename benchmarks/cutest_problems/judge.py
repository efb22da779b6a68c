"""One problem: built, its numbers against plain JAX, its nonzeros against asdex."""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import import_module
from typing import Any, Final

import jax
import jax.numpy as jnp
import numpy as np

import partialc
from cutest_problems.collection import Array, Objective, points
from partialc.errors import PartialcError, PartialcWarning

REQUEST: Final = "sparse(lower(hessian(y)))"
POINTS: Final = 20
DENSE: Final = 200
"""Up to so many unknowns the whole Hessian is compared, at every point."""

_DIRECTIONS: Final = 3
_COLUMNS: Final = 6
_COMPARED: Final = 4
_RELATIVE: Final = 1e-9
_OF_LARGEST: Final = 1e-11
_NEIGHBOURS: Final = 8.0

Matrix = Callable[[Array], Array]


@dataclass(frozen=True, slots=True)
class Lower:
    """A symmetric matrix by the nonzeros of its lower triangle.

    Attributes:
        rows: Their rows, int (nnz,).
        cols: Their columns, int (nnz,).
        size: How many rows it has.
    """

    rows: Array
    cols: Array
    size: int

    def dense(self, values: Array) -> Array:
        """The matrix, (size, size)."""
        matrix = np.zeros((self.size, self.size))
        matrix[self.rows, self.cols] = values
        matrix[self.cols, self.rows] = values
        return matrix

    def times(self, values: Array, vector: Array) -> Array:
        """The matrix times a vector, (size,)."""
        down = np.bincount(self.rows, values * vector[self.cols], self.size)
        off = self.rows != self.cols
        up = np.where(off, values, 0.0) * vector[self.rows]
        return down + np.bincount(self.cols, up, self.size)


def judged(problem: Objective) -> Iterator[dict[str, Any]]:
    """What becomes known of a problem, step by step, as fields of a `Record`."""
    size = problem.start.size
    yield {"n": size, "stage": "build"}
    start = time.perf_counter()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", PartialcWarning)
            module = partialc.compile(
                problem.function,
                args={"y": f"float[{size}]"},
                kernels={"h": REQUEST},
                name="problem",
            )
    except PartialcError as error:
        yield {"failure": str(error)}
        return
    seconds = time.perf_counter() - start
    loaded = module.load()
    rows, cols = np.asarray(loaded.H_ROWS), np.asarray(loaded.H_COLS)
    yield {
        "seconds": seconds,
        "way": module.plan.kernels["h"].summary(),
        "lines": len(module.source.splitlines()),
        "nonzeros": rows.size,
        "stage": "judge",
    }
    yield _compared(problem, loaded.h, Lower(rows, cols, size))
    yield {"stage": "peer"}
    yield {"peers": peer_nonzeros(problem), "stage": "done"}


def peer_nonzeros(problem: Objective) -> int | None:
    """How many nonzeros of the lower triangle asdex lists; None if it refuses."""
    try:
        asdex = import_module("asdex")
        pattern = asdex.hessian_sparsity(problem.function, jnp.asarray(problem.start))
    except Exception:  # Whatever it raises: it has no pattern.
        return None
    return int(np.sum(np.asarray(pattern.rows) >= np.asarray(pattern.cols)))


def _compared(problem: Objective, kernel: Matrix, pattern: Lower) -> dict[str, Any]:
    at = points(problem, POINTS)
    values = [np.asarray(kernel(jnp.asarray(point))) for point in at]
    met = np.any([(each != 0.0) & np.isfinite(each) for each in values[1:]], axis=0)
    if pattern.size <= DENSE:
        found = _against_hessian(problem, at, values, pattern)
    else:
        found = _against_products(problem, at, values, pattern)
    return {"met": int(np.sum(met)), **found}


def _against_hessian(
    problem: Objective, at: Array, values: list[Array], pattern: Lower
) -> dict[str, Any]:
    """The whole matrix, at all points; neighbours tell how rounding is magnified."""
    full = jax.jit(jax.hessian(problem.function))
    compared, faults = 0, []
    for number, (point, kernel) in enumerate(zip(at, values, strict=True)):
        truth = np.asarray(full(jnp.asarray(point)))
        finite = np.isfinite(truth)
        if not np.any(finite):
            continue
        compared += 1
        ours, clean = pattern.dense(kernel), np.where(finite, truth, 0.0)
        allowed = _RELATIVE * np.abs(clean) + _OF_LARGEST * np.max(np.abs(clean))
        breach = finite & ~(np.abs(ours - clean) <= allowed)
        if np.any(breach):
            allowed += _NEIGHBOURS * _shaken(full, point, clean)
            breach = finite & ~(np.abs(ours - clean) <= allowed)
        if np.any(breach):
            place = tuple(int(each[0]) for each in np.nonzero(breach))
            faults.append(f"point {number}, {_apart(place, ours, clean)}")
    return {"points": compared, "wrong": "; ".join(faults[:3])}


def _apart(place: tuple[int, ...], ours: Array, truth: Array) -> str:
    return f"{list(place)}: {float(ours[place])!r}, not {float(truth[place])!r}"


def _shaken(full: Matrix, point: Array, truth: Array) -> Array:
    """How much the reference changes at float neighbours of a point."""
    most = np.zeros_like(truth)
    random = np.random.default_rng(1)
    for _ in range(4):
        near = point * (1.0 + 2.2e-16 * random.choice([-1.0, 1.0], point.shape))
        change = np.abs(np.asarray(full(jnp.asarray(near))) - truth)
        most = np.maximum(most, np.where(np.isfinite(change), change, 0.0))
    return most


def _against_products(
    problem: Objective, at: Array, values: list[Array], pattern: Lower
) -> dict[str, Any]:
    """Products with random directions, and random columns, at a few points."""
    gradient = jax.grad(problem.function)

    @jax.jit
    def product(x: Array, direction: Array) -> Array:
        return jax.jvp(gradient, (x,), (direction,))[1]

    random = np.random.default_rng(2)
    chosen = random.choice(pattern.size, _COLUMNS, replace=False)
    columns = [np.eye(1, pattern.size, each)[0] for each in chosen]
    normal = random.normal(size=(_DIRECTIONS, pattern.size))
    directions = [*normal, *columns]
    compared, faults = 0, []
    for number in np.linspace(0, len(at) - 1, _COMPARED, dtype=int):
        point, kernel, is_compared = jnp.asarray(at[number]), values[number], False
        for turn, direction in enumerate(directions):
            truth = np.asarray(product(point, jnp.asarray(direction)))
            finite = np.isfinite(truth)
            ours = pattern.times(kernel, direction)
            scale = pattern.times(np.abs(kernel), np.abs(direction))
            if not np.any(finite):
                continue
            is_compared = True
            clean = np.where(finite, truth, 0.0)
            allowed = _RELATIVE * (np.abs(clean) + scale)
            allowed += _OF_LARGEST * np.max(np.abs(clean))
            breach = finite & ~(np.abs(ours - clean) <= allowed)
            if np.any(breach):
                place = (int(np.nonzero(breach)[0][0]),)
                faults.append(
                    f"point {number}, direction {turn}, {_apart(place, ours, clean)}"
                )
        compared += is_compared
    return {"points": compared, "wrong": "; ".join(faults[:3])}
