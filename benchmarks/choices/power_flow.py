"""Electric grids: Jacobians of the balance of power, Hessians of its Lagrangian."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

import jax.numpy as jnp
import numpy as np
from jax import Array

from choices.pair import Pair, Problem, Range

Matrix: TypeAlias = np.ndarray[Any, Any]


def admittance(buses: int) -> tuple[Matrix, Matrix]:
    """Conductances and susceptances of a ring of buses with a line across."""
    conductance, susceptance = np.zeros((2, buses, buses), np.float32)
    lines = [(bus, (bus + 1) % buses) for bus in range(buses)]
    for one, other in [*lines, (0, buses // 2)]:
        g, b = 1.0 + 0.1 * one, -4.0 - 0.3 * other
        for table, line in ((conductance, g), (susceptance, b)):
            table[one, other] -= line
            table[other, one] -= line
            table[one, one] += line
            table[other, other] += line
    return conductance, susceptance


def balance(buses: int) -> Callable[[Array, Array], Array]:
    """Active and reactive power that flows into the grid at each bus."""
    conductance, susceptance = admittance(buses)

    def powers(t: Array, v: Array) -> Array:
        between = t[:, None] - t[None, :]
        c, s = jnp.cos(between), jnp.sin(between)
        active = v * ((conductance * c + susceptance * s) @ v)
        reactive = v * ((conductance * s - susceptance * c) @ v)
        return jnp.concatenate([active, reactive])

    return powers


def lagrangian(buses: int) -> Callable[[Array, Array, Array], Array]:
    """Losses and voltages out of bounds, with a price for each power."""
    powers = balance(buses)

    def function(t: Array, v: Array, p: Array) -> Array:
        found = powers(t, v)
        return jnp.sum(found[:buses]) + p @ found + 5 * jnp.sum((v - 1) ** 2)

    return function


def cartesian_balance(buses: int) -> Callable[[Array, Array], Array]:
    """The same powers by the parts of complex voltages."""
    conductance, susceptance = admittance(buses)

    def powers(e: Array, f: Array) -> Array:
        real = conductance @ e - susceptance @ f
        imaginary = conductance @ f + susceptance @ e
        return jnp.concatenate([e * real + f * imaginary, f * real - e * imaginary])

    return powers


def branch_flows(t: Array, v: Array) -> Array:
    """Squared currents of the lines of a ring."""
    after, beyond = jnp.roll(v, -1), jnp.roll(t, -1)
    return v**2 + after**2 - 2 * v * after * jnp.cos(t - beyond)


FIELD = "power flow"
ANGLES: Range = (-0.3, 0.3)


def _polar(name: str, function: Callable[..., Array], buses: int) -> Problem:
    args = {"t": f"float[{buses}]", "v": f"float[{buses}]"}
    return Problem(FIELD, f"{name}_{buses}", function, args, {"t": ANGLES})


def _balance(buses: int) -> Problem:
    return _polar("balance", balance(buses), buses)


def _lagrangian(buses: int) -> Problem:
    args = {"t": f"float[{buses}]", "v": f"float[{buses}]", "p": f"float[{2 * buses}]"}
    name = f"lagrangian_{buses}"
    return Problem(FIELD, name, lagrangian(buses), args, {"t": ANGLES})


def _cartesian(buses: int) -> Problem:
    args = {"e": f"float[{buses}]", "f": f"float[{buses}]"}
    name = f"cartesian_balance_{buses}"
    return Problem(FIELD, name, cartesian_balance(buses), args, {"f": ANGLES})


HESSIANS = ("hessian(t)", "hessian(t, v)", "hessian(v)")

PAIRS: tuple[Pair, ...] = (
    *_balance(3).calibration(jacobian=("jacobian(t)", "jacobian(v)")),
    *_balance(5).calibration(
        jacobian=("jacobian(t)", "jacobian(v)"), row="jacobian(t, of=out[2])"
    ),
    *_balance(9).calibration(
        jacobian="jacobian(t)",
        entries="entries(jacobian(v), [(out[0], v[1]), (out[9], v[8])])",
    ),
    *_lagrangian(3).calibration(hessians=HESSIANS),
    *_lagrangian(5).calibration(hessian="hessian(t)"),
    *_lagrangian(9).calibration(gradient=("gradient(t)", "gradient(v)")),
    *_cartesian(4).held_out(jacobian=("value", "jacobian(e)", "jacobian(f)")),
    *_cartesian(9).held_out(column="jacobian(e[3])"),
    *_balance(7).held_out(jacobian=("jacobian(t)", "jacobian(v)")),
    *_lagrangian(6).held_out(hessians=HESSIANS, hvp="hvp(v)"),
    *_polar("branch_flows", branch_flows, 12).held_out(jacobian="jacobian(t)"),
)
