"""Sums of squares: curves fitted to data, and what optimisers are tried on."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import jax.numpy as jnp
import numpy as np
from jax import Array

from choices.pair import Pair, Problem

Curve: TypeAlias = Callable[[Array, Array], Array]


def misfit(curve: Curve, points: int) -> Callable[[Array], Array]:
    """Half the squared distance of a curve from noisy data, by its parameters."""
    rng = np.random.default_rng(points)
    t = np.linspace(0.1, 3.0, points).astype(np.float32)
    data = (np.exp(-t) + 0.1 * rng.normal(size=points)).astype(np.float32)

    def function(p: Array) -> Array:
        return jnp.sum((curve(p, jnp.asarray(t)) - data) ** 2) / 2

    return function


def decay(p: Array, t: Array) -> Array:
    """An exponential above a floor: three parameters."""
    return p[0] * jnp.exp(-p[1] * t) + p[2]


def peaks(p: Array, t: Array) -> Array:
    """Peaks, each with height, place and width."""
    height, place, width = p.reshape(3, -1, 1)
    return jnp.sum(height * jnp.exp(-(((t - place) / width) ** 2)), axis=0)


def mixed_decay(p: Array, t: Array) -> Array:
    """Five exponentials: ten parameters."""
    return jnp.exp(-jnp.outer(t, p[5:])) @ p[:5]


def growth(p: Array, t: Array) -> Array:
    """Richards' curve: four parameters."""
    return p[0] * (1 + p[3] * jnp.exp(-p[1] * (t - p[2]))) ** (-1 / p[3])


def ringing(p: Array, t: Array) -> Array:
    """A damped oscillation above a floor: five parameters."""
    return p[0] * jnp.exp(-p[1] * t) * jnp.cos(3 * p[2] * t + p[3]) + p[4]


def rational(p: Array, t: Array) -> Array:
    """A quotient of polynomials: seven parameters."""
    above = p[0] + t * (p[1] + t * (p[2] + t * p[3]))
    return above / (1 + t * (p[4] + t * (p[5] + t * p[6])))


def rosenbrock(x: Array) -> Array:
    """Rosenbrock's valley."""
    return jnp.sum(100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2)


def mixed_squares(x: Array) -> Array:
    """A sum of squares in which all variables meet."""
    rows = jnp.arange(1.0, x.shape[0] + 1).astype(x.dtype)
    mixed = jnp.sin(jnp.outer(rows, rows)) @ x
    return jnp.sum((mixed + x * x - 1) ** 2) + jnp.prod(jnp.cos(x))


def powell(x: Array) -> Array:
    """Powell's function, singular at its minimum, in groups of four."""
    a, b, c, d = x.reshape(-1, 4).T
    first = (a + 10 * b) ** 2 + 5 * (c - d) ** 2
    return jnp.sum(first + (b - 2 * c) ** 4 + 10 * (a - d) ** 4)


def robust_line(p: Array, x: Array, y: Array) -> Array:
    """A plane through points of which some are far off, by a softened square."""
    off = x @ p[:-1] + p[-1] - y
    return jnp.sum(jnp.sqrt(1 + off * off) - 1)


FIELD = "fits"


def _fit(curve: Curve, parameters: int, points: int) -> Problem:
    name = f"{curve.__name__}_{parameters}"
    return Problem(FIELD, name, misfit(curve, points), {"p": f"float[{parameters}]"})


def _trial(function: Callable[[Array], Array], n: int) -> Problem:
    args = {"x": f"float[{n}]"}
    return Problem(FIELD, f"{function.__name__}_{n}", function, args)


LINE = Problem(
    FIELD,
    "robust_line",
    robust_line,
    {"p": "float[5]", "x": "float[60, 4]", "y": "float[60]"},
)
NEWTON = ("value", "gradient(p)", "hessian(p)")

PAIRS: tuple[Pair, ...] = (
    *_fit(decay, 3, 20).calibration(newton=NEWTON, hessian="hessian(p)"),
    *_fit(peaks, 6, 40).calibration(hessian="hessian(p)", gradient="gradient(p)"),
    *_fit(mixed_decay, 10, 30).calibration(newton=NEWTON),
    *_trial(mixed_squares, 10).calibration(
        hessian="hessian(x)", entry="partial(x[2], x[7])"
    ),
    *_trial(rosenbrock, 10).calibration(
        hessian="hessian(x)", gradient=("value", "gradient(x)")
    ),
    *_trial(rosenbrock, 50).calibration(
        band=("diagonal(hessian(x))", "diagonal(hessian(x), 1)"), hvp="hvp(x)"
    ),
    *_fit(growth, 4, 25).held_out(newton=NEWTON),
    *_fit(ringing, 5, 50).held_out(hessian="hessian(p)"),
    *_fit(rational, 7, 30).held_out(
        lower="lower(hessian(p))", gradient=("value", "gradient(p)")
    ),
    *_fit(peaks, 9, 60).held_out(block="hessian(p[0:3], p[3:6])"),
    *_trial(powell, 20).held_out(hessian="hessian(x)", hvp="hvp(x)"),
    *_trial(rosenbrock, 25).held_out(
        entries="entries(hessian(x), [(x[3], x[3]), (x[3], x[4]), (x[20], x[19])])"
    ),
    *LINE.held_out(hessian=("gradient(p)", "hessian(p)")),
)
