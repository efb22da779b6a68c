"""Populations, nerves and epidemics."""

from __future__ import annotations

import jax.numpy as jnp
from jax import Array

from formulas.formula import formulas


def logistic_map(x: Array, r: Array) -> Array:
    """Logistic map, twice."""
    y = r * x * (1 - x)
    return r * y * (1 - y)


def gompertz_growth(t: Array) -> Array:
    """Growth after Gompertz."""
    return jnp.exp(-3 * jnp.exp(-0.5 * t))


def predator_prey(x: Array, y: Array) -> Array:
    """Invariant of Lotka and Volterra."""
    return x - jnp.log(x) + 0.5 * y - 0.7 * jnp.log(y)


def potassium_rate(V: Array) -> Array:
    """Opening rate of potassium channels after Hodgkin and Huxley."""
    return 0.01 * (V + 55) / (1 - jnp.exp(-(V + 55) / 10))


def ricker_recruitment(x: Array, b: Array) -> Array:
    """Recruitment after Ricker."""
    return x * jnp.exp(2 - b * x)


FORMULAS = formulas(
    "biology",
    *(logistic_map, gompertz_growth, predator_prey),
    *(potassium_rate, ricker_recruitment),
)
