"""Covariances of Gaussian processes, with derivatives observed at both points."""

from __future__ import annotations

from collections.abc import Callable

import jax.numpy as jnp
import numpy as np
from jax import Array

from choices.pair import Pair, Problem


def squared_distance(x: Array, y: Array, s: Array) -> Array:
    """Of two points, numbers or vectors, in units of a length."""
    return jnp.sum(((x - y) / s) ** 2)


def rbf(x: Array, y: Array, s: Array) -> Array:
    """The covariance of a process that is smooth throughout."""
    return jnp.exp(-squared_distance(x, y, s) / 2)


def matern_five_halves(x: Array, y: Array, s: Array) -> Array:
    """The covariance of a process with two derivatives."""
    r = jnp.sqrt(5 * squared_distance(x, y, s))
    return (1 + r + r * r / 3) * jnp.exp(-r)


def matern_three_halves(x: Array, y: Array, s: Array) -> Array:
    """The covariance of a process with one derivative."""
    r = jnp.sqrt(3 * squared_distance(x, y, s))
    return (1 + r) * jnp.exp(-r)


def rational_quadratic(x: Array, y: Array, s: Array) -> Array:
    """The covariance of a mixture of lengths."""
    return (1 + squared_distance(x, y, s) / 3) ** -1.5


def periodic(x: Array, y: Array, s: Array) -> Array:
    """The covariance of a process that repeats itself."""
    return jnp.exp(-2 * (jnp.sin(1.7 * (x - y)) / s) ** 2)


def posterior_mean(points: int) -> Callable[[Array], Array]:
    """What a process expects at x after so many observations in space."""
    rng = np.random.default_rng(points)
    seen = rng.normal(size=(points, 3)).astype(np.float32)
    weights = rng.normal(size=points).astype(np.float32)

    def mean(x: Array) -> Array:
        return weights @ jnp.exp(-jnp.sum((x - seen) ** 2, axis=1) / 2)

    return mean


FIELD = "gaussian processes"


def _problem(function: Callable[..., Array], size: int, *, lengths: int = 0) -> Problem:
    point = "float" if size == 1 else f"float[{size}]"
    args = {"x": point, "y": point, "s": f"float[{lengths}]" if lengths else "float"}
    name = f"{function.__name__}_{size}"
    return Problem(FIELD, name, function, args, {"x": (0.0, 1.0), "y": (1.2, 2.0)})


def _posterior(points: int) -> Problem:
    name = f"posterior_mean_{points}"
    return Problem(FIELD, name, posterior_mean(points), {"x": "float[3]"})


OBSERVED = ("value", "gradient(x)", "gradient(y)", "hessian(x, y)")

PAIRS: tuple[Pair, ...] = (
    *_problem(rbf, 1).calibration(observed=OBSERVED, fourth="partial(x, x, y, y)"),
    *_problem(rbf, 3).calibration(
        observed=OBSERVED, length=("value", "partial(s)", "partial(s, s)")
    ),
    *_problem(matern_five_halves, 1).calibration(observed=OBSERVED),
    *_problem(matern_five_halves, 3).calibration(
        observed=OBSERVED, cross="hessian(x, y)"
    ),
    *_posterior(20).calibration(hessian=("value", "gradient(x)", "hessian(x)")),
    *_problem(matern_three_halves, 2).held_out(observed=OBSERVED),
    *_problem(rational_quadratic, 3).held_out(observed=OBSERVED),
    *_problem(periodic, 1).held_out(
        observed=OBSERVED, fourth="partial(x, x, y, y)", length="partial(x, y, s)"
    ),
    *_problem(matern_five_halves, 4, lengths=4).held_out(observed=OBSERVED),
    *_posterior(100).held_out(entry="partial(x[0], x[2])", gradient="gradient(x)"),
)
