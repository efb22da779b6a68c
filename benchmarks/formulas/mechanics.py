"""Mechanics, relativity and astronomy."""

from __future__ import annotations

import jax.numpy as jnp
from jax import Array

from formulas.formula import Formula, formulas

LIGHT = 299792458.0


def lorentz_factor(b: Array) -> Array:
    """Lorentz factor."""
    return 1 / jnp.sqrt(1 - b * b)


def relativistic_energy(p: Array, m: Array) -> Array:
    """Energy of a relativistic particle."""
    return jnp.sqrt(p * p + m * m)


def kinetic_energy(v: Array) -> Array:
    """Relativistic kinetic energy of an electron in SI units."""
    return 9.1093837e-31 * LIGHT**2 * (1 / jnp.sqrt(1 - (v / LIGHT) ** 2) - 1)


def doppler_shift(b: Array) -> Array:
    """Relativistic Doppler shift."""
    return jnp.sqrt((1 - b) / (1 + b))


def velocity_addition(u: Array, v: Array) -> Array:
    """Relativistic addition of velocities."""
    return (u + v) / (1 + u * v)


def kepler_equation(E: Array, e: Array) -> Array:
    """Kepler's equation."""
    return E - e * jnp.sin(E)


def kepler_orbit(t: Array, e: Array) -> Array:
    """Radius of a Kepler orbit by the true anomaly."""
    return (1 - e * e) / (1 + e * jnp.cos(t))


def true_anomaly(E: Array, e: Array) -> Array:
    """True anomaly by the eccentric one."""
    y = jnp.sqrt(1 - e * e) * jnp.sin(E)
    return jnp.arctan2(y, jnp.cos(E) - e)


def damped_oscillation(t: Array, g: Array) -> Array:
    """Damped oscillation."""
    return jnp.exp(-g * t) * jnp.cos(2 * jnp.sqrt(1 - g * g) * t)


def driven_amplitude(w: Array, g: Array) -> Array:
    """Amplitude of a driven oscillator."""
    return 1 / jnp.sqrt((1 - w * w) ** 2 + (g * w) ** 2)


def gravity_of_point(x: Array, y: Array, z: Array) -> Array:
    """Newton's potential in space."""
    return -1 / jnp.sqrt(x**2 + y**2 + z**2)


def plummer_potential(r: Array, a: Array) -> Array:
    """Plummer's potential."""
    return -((r * r + a * a) ** -0.5)


def navarro_profile(r: Array) -> Array:
    """Potential of a halo after Navarro, Frenk and White."""
    return -jnp.log(1 + r) / r


def schwarzschild_potential(r: Array, L: Array) -> Array:
    """Effective potential around a black hole."""
    return (1 - 2 / r) * (1 + L * L / r**2)


FIELD = "mechanics"
FORMULAS = (
    *formulas(FIELD, lorentz_factor, relativistic_energy, doppler_shift),
    *formulas(FIELD, velocity_addition, kepler_equation, kepler_orbit, true_anomaly),
    *formulas(FIELD, damped_oscillation, driven_amplitude),
    *formulas(FIELD, gravity_of_point, plummer_potential),
    *formulas(FIELD, navarro_profile, schwarzschild_potential),
    Formula(kinetic_energy, FIELD, domain={"v": (1.0, 2.9e8)}),
)
