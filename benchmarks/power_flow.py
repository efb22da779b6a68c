"""AC power flow of the IEEE 118-bus grid, beside generated C code and colouring.

The Jacobian is that of the mismatch of `examples/power_flow`; the Hessian is that of
the Lagrangian of an optimal power flow in the angles and magnitudes at all buses and
the active and reactive power of all generators: the cost of generation, and the balance
of active and reactive power at each bus.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from math import inf
from pathlib import Path
from types import ModuleType
from typing import Any, Final

import jax.numpy as jnp
import numpy as np

from matrices.c_code import Generated, beside_c, casadi, generated, in_loops
from matrices.contests import compiled, peer, weighted_peer
from matrices.problems import Array
from partialc.benching.case import Case
from partialc.benching.measurement import Measurement

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # for `examples`

from examples.power_flow.model import (
    IEEE118,
    ieee118,
    outflow,
)

JACOBIAN: Final = "sparse(jacobian({}))"
HESSIAN: Final = "sparse(lower(weighted(hessian({}))))"
BUSES: Final = IEEE118.angles.size
GENERATORS: Final = IEEE118.generator.size
UNKNOWNS: Final = 2 * (BUSES + GENERATORS)
MISMATCHES: Final = IEEE118.free_angle.size + IEEE118.free_magnitude.size
PLACES: Final = np.cumsum([BUSES, BUSES, GENERATORS])


def optimal_flow(x: Array) -> Array:
    """The cost of generation, then what is out of balance at each bus."""
    angle, v, active, reactive = jnp.split(x, PLACES)
    p, q = outflow(IEEE118, angle, v)
    load_p = IEEE118.load.real.astype(x.dtype)
    load_q = IEEE118.load.imag.astype(x.dtype)
    square, linear = IEEE118.cost.astype(x.dtype)
    cost = jnp.sum((square * (100.0 * active) + linear) * (100.0 * active))
    p = (p + load_p).at[IEEE118.generator].add(-active)
    q = (q + load_q).at[IEEE118.generator].add(-reactive)
    return jnp.concatenate([cost[None], p, q])


def _symbolic_outflow(library: Any, angle: Any, v: Any) -> tuple[Any, Any]:
    """`outflow` in CasADi's terms, bus by bus."""
    grid = IEEE118
    p = [float(y.real) * v[bus] ** 2 for bus, y in enumerate(grid.shunt)]
    q = [float(-y.imag) * v[bus] ** 2 for bus, y in enumerate(grid.shunt)]
    for start, end, *ys in zip(grid.start, grid.end, *grid.admittance, strict=True):
        one, across, back, other = (complex(y) for y in ys)
        between = angle[start] - angle[end]
        c = v[start] * v[end] * library.cos(between)
        s = v[start] * v[end] * library.sin(between)
        p[start] += one.real * v[start] ** 2 + across.real * c + across.imag * s
        q[start] += across.real * s - across.imag * c - one.imag * v[start] ** 2
        p[end] += other.real * v[end] ** 2 + back.real * c - back.imag * s
        q[end] += -back.real * s - back.imag * c - other.imag * v[end] ** 2
    return p, q


@cache
def jacobian_in_c() -> Generated:
    """CasADi's Jacobian of the mismatch."""
    library, grid = casadi(), IEEE118
    x = library.SX.sym("x", MISMATCHES)
    angle = [float(each) for each in grid.angles]
    v = [float(each) for each in grid.magnitudes]
    for place, bus in enumerate(grid.free_angle):
        angle[bus] = x[place]
    for place, bus in enumerate(grid.free_magnitude):
        v[bus] = x[grid.free_angle.size + place]
    p, q = _symbolic_outflow(library, angle, v)
    rows = [
        *(p[bus] for bus in grid.free_angle),
        *(q[at] for at in grid.free_magnitude),
    ]
    matrix = library.jacobian(library.vertcat(*rows), x)
    # Transposed: its columns are our rows.
    return generated(library.Function("flow_jacobian", [x], [matrix.T]))


@cache
def hessian_in_c() -> Generated:
    """CasADi's Hessian of the Lagrangian."""
    library, grid = casadi(), IEEE118
    x = library.SX.sym("x", UNKNOWNS)
    weight = library.SX.sym("w", 1 + 2 * BUSES)
    p, q = _symbolic_outflow(library, x[:BUSES], x[BUSES : 2 * BUSES])
    cost = 0.0
    for place, bus in enumerate(grid.generator):
        made = 100.0 * x[2 * BUSES + place]
        square, linear = (float(each) for each in grid.cost[:, place])
        cost += (square * made + linear) * made
        p[bus] -= x[2 * BUSES + place]
        q[bus] -= x[2 * BUSES + GENERATORS + place]
    total = library.dot(weight, library.vertcat(cost, *p, *q))
    matrix = library.triu(library.hessian(total, x)[0])
    return generated(library.Function("flow_hessian", [x, weight], [matrix]))


def draw(rows: int | None) -> tuple[Array]:
    """Angles and magnitudes, or magnitudes for all: any numbers near one will do."""
    lead = () if rows is None else (rows,)
    random = np.random.default_rng(0)
    return (jnp.asarray(random.uniform(0.8, 1.1, (*lead, MISMATCHES))),)


def draw_weighted(rows: int | None) -> tuple[Array, Array]:
    """The unknowns, and prices."""
    lead = () if rows is None else (rows,)
    random = np.random.default_rng(1)
    x = random.uniform(0.8, 1.1, (*lead, UNKNOWNS))
    return jnp.asarray(x), jnp.asarray(random.normal(size=(*lead, 1 + 2 * BUSES)))


def waves(x: Array) -> Array:
    """What no plan can do without: a sine and a cosine for each branch."""
    between = x[np.arange(IEEE118.start.size) % MISMATCHES]
    return jnp.concatenate([jnp.sin(between), jnp.cos(between)])


def _modules() -> tuple[ModuleType, ModuleType]:
    first, _ = compiled(ieee118, MISMATCHES, JACOBIAN, "flow_jacobian")
    second, _ = compiled(optimal_flow, UNKNOWNS, HESSIAN, "flow_hessian")
    return first.load(), second.load()


def cases() -> Iterator[Case]:
    """One evaluation each."""
    first, second = _modules()
    rows, cols = np.asarray(second.D_ROWS), np.asarray(second.D_COLS)
    yield beside_c(
        "ieee118_jacobian",
        first.d,
        jacobian_in_c,
        peer(ieee118, MISMATCHES, 1),
        draw,
    )
    yield beside_c(
        "ieee118_lagrangian",
        second.d,
        hessian_in_c,
        weighted_peer(optimal_flow, UNKNOWNS, 1 + 2 * BUSES, rows, cols),
        draw_weighted,
    )


def measurements() -> Iterator[Measurement]:
    """Without the start of calls."""
    if casadi() is None:
        return
    first, second = _modules()
    yield in_loops("ieee118_jacobian", first.d, jacobian_in_c(), draw)
    yield in_loops("ieee118_lagrangian", second.d, hessian_in_c(), draw_weighted)
    told = in_loops("ieee118, sines and cosines alone", waves, jacobian_in_c(), draw)
    yield replace(told, most=inf)
