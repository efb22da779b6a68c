"""A kernel of one matrix beside its rivals."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from importlib import import_module
from typing import Any, Final

import jax
import jax.numpy as jnp
import numpy as np

import partialc
from matrices.problems import Array, Problem
from partialc.api import Module
from partialc.benching.case import Bar, Case, Contender
from partialc.benching.measurement import Measurement, timed

BEST: Final = "best by hand"
COLOURED: Final = "asdex"


@cache
def compiled(
    function: Problem, size: int, request: str, name: str
) -> tuple[Module, float]:
    """A module with one kernel `d`, and how many seconds its build took."""
    argument = function.__code__.co_varnames[0]
    return timed(
        lambda: partialc.compile(
            function,
            args={argument: f"float[{size}]"},
            kernels={"d": request.format(argument)},
            name=name,
        )
    )


def draw(size: int, low: float = 0.2, high: float = 1.0) -> Callable[..., Any]:
    """Arguments between two numbers."""

    def drawn(rows: int | None) -> tuple[Array]:
        lead = () if rows is None else (rows,)
        values = np.random.default_rng(0).uniform(low, high, (*lead, size))
        return (jnp.asarray(values),)

    return drawn


def case(
    name: str,
    function: Problem,
    size: int,
    request: str,
    rivals: Mapping[str, Callable[..., Any]],
    bars: Sequence[Bar],
    *,
    low: float = 0.2,
    high: float = 1.0,
    rows: int | None = None,
) -> Case:
    """One matrix.

    Args:
        name: What it is called.
        function: The function.
        size: The length of its argument.
        request: What is asked for, with `{}` for the argument.
        rivals: Others who compute the same numbers in the same order, for one row.
        bars: What the kernel must reach.
        low: What arguments are drawn from.
        high: The same.
        rows: The length of a batch axis.
    """
    module, _ = compiled(function, size, request, name)
    kernel = module.load().d
    contenders = tuple(
        Contender(rival, call if rows is None else jax.vmap(call))
        for rival, call in rivals.items()
    )
    return Case(
        name,
        rows,
        kernel if rows is None else jax.vmap(kernel),
        contenders,
        draw(size, low, high),
        x64=True,
        bars=tuple(bars),
    )


def build_measurements(
    name: str, function: Problem, size: int, request: str, *, seconds: float, lines: int
) -> list[Measurement]:
    """How long a build takes, and how long the module is."""
    module, spent = compiled(function, size, request, name)
    return [
        Measurement(f"{name}: build", spent, "s", seconds),
        Measurement(f"{name}: length", len(module.source.splitlines()), "lines", lines),
    ]


def asdex() -> Any:
    """The colouring library; None if it is not there."""
    try:
        return import_module("asdex")
    except ImportError:
        return None


def peer(
    function: Problem, size: int, order: int, **keywords: Any
) -> Callable[[Array], Array] | None:
    """The values by a colouring library, in its own order; None if it is not there.

    It traces in float64, as it is timed: JAX keeps a NumPy array that a function closes
    over in the width of its first trace, so `function` is best one of the rival's own.
    """
    library = asdex()
    if library is None:
        return None
    make = library.jacobian if order == 1 else library.hessian
    with jax.enable_x64(True):
        found = make(function, jnp.full(size, 0.5), **keywords)

    def values(x: Array) -> Array:
        return found(x).data

    return values


def weighted_peer(
    function: Problem, size: int, outputs: int, rows: Array, cols: Array
) -> Callable[[Array, Array], Array] | None:
    """Entries of a weighted Hessian by that library; None if it is not there."""
    library = asdex()
    if library is None:
        return None

    def total(x: Array, weights: Array) -> Array:
        return jnp.vdot(weights, function(x))

    found = library.hessian(total, jnp.full(size, 0.5), jnp.ones(outputs))
    indices = np.asarray(found(jnp.full(size, 0.5), jnp.ones(outputs)).indices)
    known = {(int(row), int(col)): place for place, (row, col) in enumerate(indices)}
    wanted = zip(rows.tolist(), cols.tolist(), strict=True)
    places = np.array([known[each] for each in wanted], np.uint32)

    def values(x: Array, weights: Array) -> Array:
        return found(x, weights).data[places]

    return values
