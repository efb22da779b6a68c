"""Quantum, atomic and nuclear physics."""

from __future__ import annotations

import jax.numpy as jnp
from jax import Array

from formulas.formula import Formula, formulas


def lennard_jones_argon(r: Array) -> Array:
    """Lennard-Jones potential of argon in SI units."""
    return 4 * 1.65e-21 * ((3.4e-10 / r) ** 12 - (3.4e-10 / r) ** 6)


def lennard_jones(r: Array, s: Array) -> Array:
    """Lennard-Jones potential in reduced units."""
    return 4 * ((s / r) ** 12 - (s / r) ** 6)


def morse_potential(r: Array, a: Array) -> Array:
    """Morse potential."""
    return 4.6 * (1 - jnp.exp(-a * (r - 0.74))) ** 2


def buckingham_potential(r: Array) -> Array:
    """Buckingham potential."""
    return 1.69e3 * jnp.exp(-3.66 * r) - 102.0 / r**6


def stillinger_pair(r: Array) -> Array:
    """Pair term of Stillinger and Weber, zero from its cut-off on."""
    inside = 7.05 * (0.602 / r**4 - 1) * jnp.exp(1 / jnp.minimum(r - 1.8, -1e-3))
    return jnp.where(r < 1.8, inside, 0.0)


def yukawa_potential(r: Array, m: Array) -> Array:
    """Yukawa potential."""
    return -jnp.exp(-m * r) / r


def woods_saxon(r: Array, a: Array) -> Array:
    """Woods-Saxon potential."""
    return -50.0 / (1 + jnp.exp((r - 4.6) / a))


def breit_wigner(E: Array, g: Array) -> Array:
    """Relativistic Breit-Wigner resonance."""
    return g * g / ((E**2 - 91.19**2) ** 2 + 91.19**2 * g * g)


def oscillator_state(x: Array) -> Array:
    """Third excited state of a harmonic oscillator."""
    return (8 * x**3 - 12 * x) * jnp.exp(-x * x / 2)


def tunnelling(E: Array, V: Array) -> Array:
    """Transmission through a rectangular barrier."""
    k = jnp.sqrt(2 * (V - E))
    return 1 / (1 + V**2 * jnp.sinh(k) ** 2 / (4 * E * (V - E)))


def well_condition(z: Array) -> Array:
    """Condition for even states of a finite square well."""
    return z * jnp.tan(z) - jnp.sqrt(16.0 - z**2)


def binding_energy(A: Array, Z: Array) -> Array:
    """Semi-empirical formula of nuclear masses."""
    surface = 15.8 * A - 18.3 * A ** (2 / 3)
    return surface - 0.714 * Z * (Z - 1) / A ** (1 / 3) - 23.2 * (A - 2 * Z) ** 2 / A


def gamow_factor(E: Array, T: Array) -> Array:
    """Gamow's window: tunnelling against the tail of Maxwell and Boltzmann."""
    return jnp.exp(-E / T - 22.2 / jnp.sqrt(E))


def dipole_pair(r: Array, a: Array, b: Array) -> Array:
    """Energy of two dipoles in a plane."""
    return (jnp.cos(a - b) - 3 * jnp.cos(a) * jnp.cos(b)) / r**3


def madelung_shell(x: Array, y: Array, z: Array) -> Array:
    """Screened Coulomb potential of a point in space."""
    r = jnp.sqrt(x * x + y * y + z * z)
    return jnp.exp(-r) / r


FIELD = "quantum physics"
FORMULAS = (
    *formulas(FIELD, lennard_jones, morse_potential, buckingham_potential),
    *formulas(FIELD, stillinger_pair, yukawa_potential, woods_saxon, breit_wigner),
    *formulas(FIELD, oscillator_state, tunnelling),
    *formulas(FIELD, gamow_factor),
    *formulas(FIELD, dipole_pair, madelung_shell),
    Formula(lennard_jones_argon, FIELD, domain={"r": (2.5e-10, 2e-9)}),
    Formula(well_condition, FIELD, domain={"z": (0.1, 3.9)}),
    Formula(binding_energy, FIELD, domain={"A": (4.0, 250.0), "Z": (2.0, 100.0)}),
)
