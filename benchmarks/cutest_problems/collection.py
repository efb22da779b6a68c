"""The problems, by name."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from types import ModuleType
from typing import Any, Final, TypeAlias

import numpy as np

Array: TypeAlias = Any

_UNUSED: Final = "sif2jax.cutest._constrained_minimisation"
_FAMILIES: Final = {
    "unconstrained": "unconstrained_minimisation_problems",
    "bounded": "bounded_minimisation_problems",
}


@dataclass(frozen=True, slots=True)
class Objective:
    """One problem.

    Attributes:
        name: What CUTEst calls it.
        family: `unconstrained` or `bounded`.
        function: The objective: float (n,) to a scalar.
        start: Where a solver starts, float64 (n,).
        low: The lower bounds, float64 (n,); minus infinity where there is none.
        high: The upper bounds, likewise.
    """

    name: str
    family: str
    function: Callable[[Array], Array]
    start: Array
    low: Array
    high: Array


class _Empty(tuple[Any, ...]):
    """Stands in for a tuple of problems, and for the class of one."""

    def __call__(self) -> None:
        return None


class _Nothing(ModuleType):
    """Stands in for a module of problems: there are none."""

    def __getattr__(self, name: str) -> _Empty:
        if name.startswith("__"):
            raise AttributeError(name)
        return _Empty()


def problems() -> dict[str, tuple[str, Any]]:
    """Family and problem by name, in the collection's order; x64 has to be on.

    Raises:
        ImportError: sif2jax is not installed.
    """
    # One constrained problem fills a matrix entry by entry when it is imported, which
    # takes two minutes; none of them is needed.
    is_ours = "sif2jax" not in sys.modules
    if is_ours:
        sys.modules[_UNUSED] = _Nothing(_UNUSED)
    try:
        collection = import_module("sif2jax")
    finally:
        if is_ours:
            del sys.modules[_UNUSED]
    return {
        problem.name: (family, problem)
        for family, name in _FAMILIES.items()
        for problem in getattr(collection, name)
    }


def objective(name: str, family: str, problem: Any) -> Objective:
    """A problem at its usual size, its data bound."""
    data = problem.args

    def function(y: Array) -> Array:
        return problem.objective(y, data)

    start = np.asarray(problem.y0, np.float64)
    low, high = np.full(start.shape, -np.inf), np.full(start.shape, np.inf)
    if family == "bounded":
        given_low, given_high = problem.bounds
        low = np.broadcast_to(np.asarray(given_low, np.float64), start.shape)
        high = np.broadcast_to(np.asarray(given_high, np.float64), start.shape)
    return Objective(name, family, function, start, low, high)


def points(problem: Objective, number: int) -> Array:
    """The start, then random points within the bounds: float64 (1 + number, n).

    One half lies near the start, the other anywhere around it.
    """
    random = np.random.default_rng(0)
    start, spread = problem.start, 1.0 + np.abs(problem.start)
    near = number // 2
    first = start + 0.1 * spread * random.normal(size=(near, start.size))
    low = np.clip(start - spread, problem.low, problem.high)
    high = np.clip(start + spread, problem.low, problem.high)
    second = random.uniform(low, high, (number - near, start.size))
    inside = np.clip(np.concatenate([first, second]), problem.low, problem.high)
    return np.concatenate([start[None], inside])
