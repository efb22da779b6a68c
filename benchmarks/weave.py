"""Sparse matrices with a million rows, beside the best that one writes by hand.

By hand one knows the diagonals. Their values are brought into row-major order in the
ways that come to mind: stacked side by side, gathered, or put among the constants.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from time import perf_counter
from typing import Final

import jax
import jax.numpy as jnp
import numpy as np

from matrices.contests import build_measurements, case, compiled
from matrices.problems import Array, bratu, burgers, rosenbrock
from partialc.benching.case import Bar, Case
from partialc.benching.measurement import Measurement

MILLION: Final = 10**6
SIDE: Final = 1000
SLOWER: Final = 1.2
SECONDS: Final = 10.0
LINES: Final = 120

JACOBIAN: Final = "sparse(jacobian({}))"
HESSIAN: Final = "sparse(hessian({}))"


def burgers_diagonals(u: Array) -> list[Array]:
    """The three diagonals of Burgers' equation."""
    inner = u[1:-1]
    return [1.0 - inner, u[2:] - u[:-2] - 2.0, 1.0 + inner]


def stacked(u: Array) -> Array:
    """Burgers, side by side and transposed."""
    return jnp.stack(burgers_diagonals(u)).T.ravel()


def stacked_last(u: Array) -> Array:
    """Burgers, side by side along the last axis."""
    return jnp.stack(burgers_diagonals(u), 1).ravel()


def rosenbrock_diagonals(x: Array) -> tuple[Array, Array]:
    """The main diagonal of Rosenbrock's Hessian, and the one beside it."""
    off = -400.0 * x[:-1]
    first = 1200.0 * x[:-1] ** 2 - 400.0 * x[1:] + 2.0
    main = jnp.concatenate([first, jnp.zeros(1)])
    return main + jnp.concatenate([jnp.zeros(1), jnp.full(x.size - 1, 200.0)]), off


def in_three_parts(x: Array) -> Array:
    """Rosenbrock: the first row, the inner rows, the last one."""
    main, off = rosenbrock_diagonals(x)
    inner = jnp.stack([off[:-1], main[1:-1], off[1:]]).T.ravel()
    ends = jnp.stack([main[0], off[0]]), jnp.stack([off[-1], main[-1]])
    return jnp.concatenate([ends[0], inner, ends[1]])


def gathered(x: Array) -> Array:
    """Rosenbrock: all diagonals one after the other, then by index."""
    main, off = rosenbrock_diagonals(x)
    n = x.size
    rows = np.repeat(np.arange(n), [2, *[3] * (n - 2), 2])
    starts = np.concatenate([[0], np.arange(n - 1)])
    cols = np.arange(rows.size) - np.searchsorted(rows, rows) + starts[rows]
    place = np.where(cols == rows, rows, n + np.minimum(rows, cols))
    return jnp.concatenate([main, off])[place]


def bratu_main(u: Array) -> Array:
    """The main diagonal of the Bratu problem; all else is minus one."""
    return 4.0 - jnp.exp(u)


def _bratu_places() -> tuple[Array, Array]:
    """Which row each entry is in, and which entries are on the main diagonal."""
    row, column = np.divmod(np.arange(MILLION), SIDE)
    present = [row > 0, column > 0, row >= 0, column < SIDE - 1, row < SIDE - 1]
    mask = np.stack(present, 1)
    rows, entry = np.nonzero(mask)
    return rows, entry == 2


def selected(u: Array) -> Array:
    """Bratu: the main diagonal of each entry's row, or a constant."""
    rows, is_main = _bratu_places()
    return jnp.where(is_main, bratu_main(u)[rows], -1.0)


def scattered(u: Array) -> Array:
    """Bratu: the main diagonal put among constants."""
    rows, is_main = _bratu_places()
    places = np.flatnonzero(is_main)
    return (
        jnp.full(rows.size, -1.0)
        .at[places]
        .set(bratu_main(u), indices_are_sorted=True, unique_indices=True)
    )


def cases() -> Iterator[Case]:
    """One evaluation each."""
    hand: dict[str, Callable[[Array], Array]]
    for name, function, request, hand in (
        ("burgers", burgers, JACOBIAN, {"stack": stacked, "stack last": stacked_last}),
        (
            "rosenbrock",
            rosenbrock,
            HESSIAN,
            {"three parts": in_three_parts, "gather": gathered},
        ),
        ("bratu", bratu, JACOBIAN, {"select": selected, "scatter": scattered}),
    ):
        bars = [Bar(rival, "run", SLOWER) for rival in hand]
        yield case(f"{name}_million", function, MILLION, request, hand, bars)


def measurements() -> Iterator[Measurement]:
    """Builds, lengths, and what they have to do with the number of rows."""
    for name, function, request, slower in (
        ("burgers", burgers, JACOBIAN, 1.3),
        ("rosenbrock", rosenbrock, HESSIAN, 1.3),
        ("bratu", bratu, JACOBIAN, 2.0),
    ):
        yield from build_measurements(
            f"{name}_million", function, MILLION, request, seconds=SECONDS, lines=LINES
        )
        small = 1024 if function is bratu else 1000
        sizes = {small: f"{name}_small", MILLION: f"{name}_million"}
        modules = [compiled(function, n, request, key)[0] for n, key in sizes.items()]
        texts = [len(module.source.splitlines()) for module in modules]
        yield Measurement(f"{name}: lines more", abs(texts[1] - texts[0]), "lines", 0)
        first = [
            _first_call(m.load().d, n) for m, n in zip(modules, sizes, strict=True)
        ]
        ratio = first[1] / first[0]
        yield Measurement(f"{name}: trace and compile, large/small", ratio, "x", slower)


def _first_call(call: Callable[[Array], Array], size: int) -> float:
    """Seconds to trace and compile; the least of three times."""
    spent = []
    for _ in range(3):
        jax.clear_caches()
        start = perf_counter()
        jax.jit(call).lower(jax.ShapeDtypeStruct((size,), jnp.float32)).compile()
        spent.append(perf_counter() - start)
    return min(spent)
