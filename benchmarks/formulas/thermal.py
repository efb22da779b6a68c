"""Thermodynamics and statistical physics."""

from __future__ import annotations

import jax.numpy as jnp
from jax import Array

from formulas.formula import Formula, formulas

BOLTZMANN = 1.380649e-23
PLANCK = 6.62607015e-34
LIGHT = 299792458.0
STEFAN = 5.670374419e-8
ELECTRON_VOLT = 1.602176634e-19
ARGON = 6.6335e-26


def planck_law(x: Array) -> Array:
    """Planck's law in reduced frequency."""
    return x**3 / (jnp.exp(x) - 1)


def planck_radiance(nu: Array, T: Array) -> Array:
    """Planck's law in SI units."""
    return 2 * PLANCK * nu**3 / LIGHT**2 / jnp.expm1(PLANCK * nu / (BOLTZMANN * T))


def bose_occupation(x: Array) -> Array:
    """Bose-Einstein occupation."""
    return 1 / (jnp.exp(x) - 1)


def fermi_occupation(x: Array) -> Array:
    """Fermi-Dirac occupation."""
    return 1 / (jnp.exp(x) + 1)


def fermi_tail(x: Array) -> Array:
    """Fermi-Dirac occupation far above the Fermi level."""
    return 1 / (jnp.exp(x) + 1)


def fermi_dirac(E: Array, mu: Array, T: Array) -> Array:
    """Fermi-Dirac distribution in electron volts and kelvins."""
    return 1 / (jnp.exp((E - mu) / (8.617333262e-5 * T)) + 1)


def einstein_heat_capacity(x: Array) -> Array:
    """Einstein's heat capacity."""
    return x**2 * jnp.exp(x) / (jnp.exp(x) - 1) ** 2


def schottky_anomaly(d: Array, T: Array) -> Array:
    """Schottky anomaly of a two-level system."""
    u = d / T
    return u**2 * jnp.exp(u) / (1 + jnp.exp(u)) ** 2


def langevin_magnetisation(x: Array) -> Array:
    """Langevin function."""
    return 1 / jnp.tanh(x) - 1 / x


def brillouin_magnetisation(x: Array) -> Array:
    """Brillouin function of spin 5/2."""
    a, b = 6 / 5, 1 / 5
    return a / jnp.tanh(a * x) - b / jnp.tanh(b * x)


def oscillator_free_energy(w: Array, T: Array) -> Array:
    """Free energy of a harmonic oscillator."""
    return w / 2 + T * jnp.log(1 - jnp.exp(-w / T))


def maxwell_speed(v: Array, T: Array) -> Array:
    """Maxwell's distribution of speeds, argon in SI units."""
    a = ARGON / (2 * BOLTZMANN * T)
    return 4 * jnp.pi * (a / jnp.pi) ** 1.5 * v**2 * jnp.exp(-a * v**2)


def radiative_exchange(T: Array, S: Array) -> Array:
    """Stefan-Boltzmann exchange between two grey walls."""
    return 0.8 * STEFAN * (T**4 - S**4)


def saha_fraction(T: Array, n: Array) -> Array:
    """Saha ionisation of hydrogen, as the root of a quadratic."""
    s = 2.4146e21 * T**1.5 * jnp.exp(-157887.0 / T) / n
    return (-s + jnp.sqrt(s * s + 4 * s)) / 2


def mixing_entropy(x: Array) -> Array:
    """Entropy of mixing of two species."""
    return -x * jnp.log(x) - (1 - x) * jnp.log(1 - x)


FIELD = "statistical physics"
FORMULAS = (
    *formulas(FIELD, planck_law, bose_occupation, fermi_occupation, fermi_dirac),
    *formulas(FIELD, einstein_heat_capacity, schottky_anomaly),
    *formulas(FIELD, langevin_magnetisation, brillouin_magnetisation),
    *formulas(FIELD, oscillator_free_energy, maxwell_speed),
    *formulas(FIELD, radiative_exchange, saha_fraction),
    Formula(fermi_tail, FIELD, domain={"x": (20.0, 80.0)}),
    Formula(planck_radiance, FIELD, domain={"nu": (1e10, 1e15), "T": (3.0, 6000.0)}),
    Formula(mixing_entropy, FIELD, domain={"x": (0.001, 0.999)}),
)
