"""Direct collocation of 1,000 steps, beside generated C code and colouring.

A pole on a cart, pushed at the cart and turned at its pivot: four states, two controls.
The constraints are the defects of the trapezoidal rule (Betts, Practical Methods for
Optimal Control, 4.6; Kelly, An Introduction to Trajectory Optimization, SIAM Review
59); the Lagrangian adds the integral of squared controls. States and controls of one
moment stand together.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from itertools import pairwise
from types import ModuleType
from typing import Any, Final

import jax.numpy as jnp
import numpy as np

from matrices.c_code import Generated, beside_c, casadi, generated, in_loops
from matrices.contests import compiled, peer, weighted_peer
from matrices.problems import Array
from partialc.benching.case import Case
from partialc.benching.measurement import Measurement

JACOBIAN: Final = "sparse(jacobian({}))"
HESSIAN: Final = "sparse(lower(weighted(hessian({}))))"
STEPS: Final = 1_000
STATES: Final = 4
WIDTH: Final = STATES + 2
UNKNOWNS: Final = WIDTH * (STEPS + 1)
DEFECTS: Final = STATES * STEPS
STEP: Final = 0.01
CART, POLE, LENGTH, GRAVITY = 1.0, 0.3, 0.5, 9.81


def rates(z: Any, sin: Any, cos: Any) -> tuple[Any, ...]:
    """How fast place, angle and their rates change, from these and two controls."""
    _, angle, speed, turning, push, torque = z
    s, c = sin(angle), cos(angle)
    inner = push + POLE * LENGTH * turning**2 * s
    below = CART + POLE * s**2
    outer = torque / (POLE * LENGTH)
    faster = (inner + c * (POLE * GRAVITY * s - outer / LENGTH)) / below
    spin = (outer - c * faster - GRAVITY * s) / LENGTH
    return speed, turning, faster, spin


def defects(x: Array) -> Array:
    """What each step misses."""
    nodes = x.reshape(STEPS + 1, WIDTH)
    slopes = jnp.stack(rates(nodes.T, jnp.sin, jnp.cos), axis=1)
    states = nodes[:, :STATES]
    mean = 0.5 * STEP * (slopes[1:] + slopes[:-1])
    return (states[1:] - states[:-1] - mean).ravel()


def lagrangian(x: Array) -> Array:
    """The integral of squared controls, then the defects."""
    controls = x.reshape(STEPS + 1, WIDTH)[:, STATES:]
    effort = jnp.sum(controls**2, axis=1)
    cost = 0.5 * STEP * jnp.sum(effort[1:] + effort[:-1])
    return jnp.concatenate([cost[None], defects(x)])


def _symbolic(library: Any) -> tuple[Any, Any]:
    """All unknowns, and all defects, in CasADi's terms."""
    x = library.SX.sym("x", UNKNOWNS)
    nodes = [x[WIDTH * at : WIDTH * (at + 1)] for at in range(STEPS + 1)]
    slopes = [
        library.vertcat(*rates(library.vertsplit(z), library.sin, library.cos))
        for z in nodes
    ]
    found = [
        after[:STATES] - z[:STATES] - 0.5 * STEP * (second + first)
        for (z, after), (first, second) in zip(
            pairwise(nodes), pairwise(slopes), strict=True
        )
    ]
    return x, library.vertcat(*found)


@cache
def jacobian_in_c() -> Generated:
    """CasADi's Jacobian of the defects."""
    library = casadi()
    x, found = _symbolic(library)
    matrix = library.jacobian(found, x)
    return generated(library.Function("steps_jacobian", [x], [matrix.T]))


@cache
def hessian_in_c() -> Generated:
    """CasADi's Hessian of the Lagrangian."""
    library = casadi()
    x, found = _symbolic(library)
    weight = library.SX.sym("w", 1 + DEFECTS)
    effort = [
        library.sumsqr(x[WIDTH * at + STATES : WIDTH * (at + 1)])
        for at in range(STEPS + 1)
    ]
    cost = 0.5 * STEP * sum(a + b for a, b in pairwise(effort))
    total = library.dot(weight, library.vertcat(cost, found))
    matrix = library.triu(library.hessian(total, x)[0])
    return generated(library.Function("steps_hessian", [x, weight], [matrix]))


def draw(rows: int | None) -> tuple[Array]:
    """States and controls."""
    lead = () if rows is None else (rows,)
    random = np.random.default_rng(0)
    return (jnp.asarray(random.uniform(0.2, 1.0, (*lead, UNKNOWNS))),)


def draw_weighted(rows: int | None) -> tuple[Array, Array]:
    """The same, and multipliers."""
    lead = () if rows is None else (rows,)
    random = np.random.default_rng(1)
    return (*draw(rows), jnp.asarray(random.normal(size=(*lead, 1 + DEFECTS))))


def _modules() -> tuple[ModuleType, ModuleType]:
    first, _ = compiled(defects, UNKNOWNS, JACOBIAN, "steps_jacobian")
    second, _ = compiled(lagrangian, UNKNOWNS, HESSIAN, "steps_hessian")
    return first.load(), second.load()


def cases() -> Iterator[Case]:
    """One evaluation each."""
    first, second = _modules()
    rows, cols = np.asarray(second.D_ROWS), np.asarray(second.D_COLS)
    yield beside_c(
        "defects_jacobian",
        first.d,
        jacobian_in_c,
        peer(defects, UNKNOWNS, 1),
        draw,
    )
    yield beside_c(
        "defects_lagrangian",
        second.d,
        hessian_in_c,
        weighted_peer(lagrangian, UNKNOWNS, 1 + DEFECTS, rows, cols),
        draw_weighted,
    )


def measurements() -> Iterator[Measurement]:
    """Without the start of calls."""
    if casadi() is None:
        return
    first, second = _modules()
    yield in_loops("defects_jacobian", first.d, jacobian_in_c(), draw)
    yield in_loops("defects_lagrangian", second.d, hessian_in_c(), draw_weighted)
