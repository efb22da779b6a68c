"""Differences on grids: bands, rows and columns of Jacobians, Hessians of energies."""

from __future__ import annotations

import jax.numpy as jnp
from jax import Array

from choices.pair import Pair, Problem, Range


def burgers_step(u: Array) -> Array:
    """An explicit step of Burgers' equation between walls."""
    still = jnp.zeros_like(u[:1])
    left, right = jnp.concatenate([still, u[:-1]]), jnp.concatenate([u[1:], still])
    return u - 0.1 * u * (right - left) + 0.2 * (left - 2 * u + right)


def padded_laplacian(u: Array) -> Array:
    """The divergence of a flow through a plate that conducts more where it is hot."""
    ends = jnp.pad(u, 1)
    around = ends[2:, 1:-1] + ends[:-2, 1:-1] + ends[1:-1, 2:] + ends[1:-1, :-2]
    return (1 + u * u) * (around - 4 * u)


def chain_energy(u: Array) -> Array:
    """The energy of Ginzburg and Landau on a line."""
    return jnp.sum((u * u - 1) ** 2) / 4 + jnp.sum(jnp.diff(u) ** 2) / 2


def dispersive_step(u: Array) -> Array:
    """A step of the equation of Korteweg and de Vries on a ring."""
    nearest = jnp.roll(u, -1) - jnp.roll(u, 1)
    third = jnp.roll(u, -2) - jnp.roll(u, 2) - 2 * nearest
    mean = (jnp.roll(u, -1) + u + jnp.roll(u, 1)) / 3
    return u - 0.1 * mean * nearest - 0.01 * third


def upwind_step(u: Array) -> Array:
    """A step of advection by a speed that changes sign, taken from upwind."""
    speed = jnp.sin(3 * u)
    behind = u - jnp.concatenate([u[:1], u[:-1]])
    ahead = jnp.concatenate([u[1:], u[-1:]]) - u
    return u - 0.2 * (jnp.maximum(speed, 0) * behind + jnp.minimum(speed, 0) * ahead)


def shallow_step(h: Array, v: Array) -> tuple[Array, Array]:
    """A step of shallow water in a canal: heights of cells, speeds at their sides."""
    middle = (h[1:] + h[:-1]) / 2
    flow = jnp.pad(middle * v, 1)
    return h - 0.1 * jnp.diff(flow), v - 0.1 * (9.81 * jnp.diff(h) + v * jnp.abs(v))


def plate_energy(u: Array) -> Array:
    """The energy of a plate that bends and rests on a stiffening ground."""
    bent = u[2:, 1:-1] + u[:-2, 1:-1] + u[1:-1, 2:] + u[1:-1, :-2] - 4 * u[1:-1, 1:-1]
    return jnp.sum(bent * bent) / 2 + jnp.sum(u**4) / 4


def _entries(n: int, offsets: tuple[int, ...]) -> str:
    """Entries of a Jacobian in the first rows that have all of some columns."""
    rows = range(2, n, max(1, n // 8))
    pairs = (
        f"(out[{row}], u[{row + offset}])"
        for row in rows
        for offset in offsets
        if row + offset < n
    )
    return f"entries(jacobian(u), [{', '.join(pairs)}])"


def _band(*offsets: int) -> tuple[str, ...]:
    return tuple(f"diagonal(jacobian(u), {offset})" for offset in offsets)


FIELD = "stencils"
AROUND: Range = (-1.0, 1.0)


def _burgers(n: int) -> Problem:
    return Problem(FIELD, f"burgers_step_{n}", burgers_step, {"u": f"float[{n}]"})


def _plate(n: int) -> Problem:
    args = {"u": f"float[{n}, {n}]"}
    return Problem(FIELD, f"padded_laplacian_{n}", padded_laplacian, args)


def _chain(n: int) -> Problem:
    args = {"u": f"float[{n}]"}
    return Problem(FIELD, f"chain_energy_{n}", chain_energy, args, {"u": AROUND})


def _dispersive(n: int) -> Problem:
    args = {"u": f"float[{n}]"}
    return Problem(FIELD, f"dispersive_step_{n}", dispersive_step, args)


UPWIND = Problem(FIELD, "upwind_step_80", upwind_step, {"u": "float[80]"})
SHALLOW = Problem(
    FIELD, "shallow_step_40", shallow_step, {"h": "float[40]", "v": "float[39]"}
)
BENDING = Problem(FIELD, "plate_energy_9", plate_energy, {"u": "float[9, 9]"})

PAIRS: tuple[Pair, ...] = (
    *_burgers(30).calibration(
        jacobian="jacobian(u)",
        jacobian_entries=_entries(30, (-1, 0, 1)),
        row="jacobian(u, of=out[12])",
    ),
    *_burgers(100).calibration(
        band=_band(-1, 0, 1), jacobian_entries=_entries(100, (-1, 0, 1))
    ),
    *_burgers(300).calibration(band=_band(-1, 0, 1), column="jacobian(u[150])"),
    *_plate(6).calibration(jacobian="jacobian(u)", column="jacobian(u[2, 3])"),
    *_plate(12).calibration(diagonal="diagonal(jacobian(u))"),
    *_chain(30).calibration(hessian="hessian(u)"),
    *_chain(100).calibration(
        band=("diagonal(hessian(u))", "diagonal(hessian(u), 1)"),
        entry="partial(u[41], u[42])",
    ),
    *_chain(300).calibration(gradient=("value", "gradient(u)"), hvp="hvp(u)"),
    *_dispersive(50).held_out(
        jacobian="jacobian(u)", jacobian_entries=_entries(50, (-2, 0, 1))
    ),
    *_dispersive(200).held_out(
        band=_band(-2, -1, 0, 1, 2), row="jacobian(u, of=out[77])"
    ),
    *UPWIND.held_out(band=_band(-1, 0, 1), jvp="jvp(u)"),
    *SHALLOW.held_out(column="jacobian(v[7])", rows="jacobian(h, of=out[1][10:13])"),
    *_burgers(400).held_out(corner="jacobian(u[0:4], of=out[0:4])"),
    *BENDING.held_out(
        hvp="hvp(u)", entries=("partial(u[4, 4], u[4, 5])", "partial(u[4, 4], u[4, 4])")
    ),
)
