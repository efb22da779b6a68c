"""Flow, heat and structures."""

from __future__ import annotations

import jax.numpy as jnp
from jax import Array

from formulas.formula import Formula, formulas


def manning_discharge(h: Array, S: Array) -> Array:
    """Discharge of a wide channel after Manning."""
    area, perimeter = 10.0 * h, 10.0 + 2 * h
    return area * (area / perimeter) ** (2 / 3) * jnp.sqrt(S) / 0.013


def friction_factor(Re: Array, k: Array) -> Array:
    """Friction factor of a pipe after Swamee and Jain."""
    return 0.25 / jnp.log10(k / 3.7 + 5.74 / Re**0.9) ** 2


def colebrook_residual(f: Array, Re: Array) -> Array:
    """Residual of Colebrook's equation."""
    root = 1 / jnp.sqrt(f)
    return root + 2 * jnp.log10(1e-4 / 3.7 + 2.51 * root / Re)


def sphere_drag(Re: Array) -> Array:
    """Drag coefficient of a sphere after Schiller and Naumann."""
    return 24 / Re * (1 + 0.15 * Re**0.687)


def blasius_friction(Re: Array) -> Array:
    """Turbulent friction after Blasius."""
    return 0.3164 * Re**-0.25


def isentropic_pressure(M: Array) -> Array:
    """Pressure ratio of isentropic flow."""
    return (1 + 0.2 * M**2) ** (-1.4 / 0.4)


def log_mean_temperature(a: Array, b: Array) -> Array:
    """Logarithmic mean temperature difference."""
    return (a - b) / jnp.log(a / b)


def fin_efficiency(m: Array) -> Array:
    """Efficiency of a cooling fin."""
    return jnp.tanh(m) / m


def norton_creep(s: Array, T: Array) -> Array:
    """Creep rate after Norton."""
    return 1e-10 * s**4.5 * jnp.exp(-280000.0 / (8.314462618 * T))


def mises_stress(x: Array, y: Array, t: Array) -> Array:
    """Von Mises stress in a plane."""
    return jnp.sqrt(x * x - x * y + y * y + 3 * t * t)


FIELD = "engineering"
FORMULAS = (
    *formulas(FIELD, manning_discharge, friction_factor, colebrook_residual),
    *formulas(FIELD, sphere_drag, blasius_friction, isentropic_pressure),
    *formulas(FIELD, log_mean_temperature, fin_efficiency),
    *formulas(FIELD, mises_stress),
    Formula(norton_creep, FIELD, domain={"s": (1.0, 200.0), "T": (500.0, 1500.0)}),
)
