"""Kinetics, equilibria and equations of state."""

from __future__ import annotations

import jax.numpy as jnp
from jax import Array

from formulas.formula import Formula, formulas

GAS = 8.314462618
FARADAY = 96485.33212


def arrhenius_rate(T: Array, E: Array) -> Array:
    """Arrhenius rate."""
    return 1e13 * jnp.exp(-E / (GAS * T))


def michaelis_menten(s: Array, K: Array) -> Array:
    """Michaelis-Menten kinetics."""
    return s / (K + s)


def hill_response(x: Array, K: Array) -> Array:
    """Hill equation with a coefficient of 2.8."""
    return x**2.8 / (K**2.8 + x**2.8)


def cooperative_binding(x: Array) -> Array:
    """Hill equation of four sites."""
    return x**4 / (1 + x**4)


def nernst_potential(a: Array, b: Array) -> Array:
    """Nernst potential."""
    return GAS * 310.0 / FARADAY * jnp.log(a / b)


def goldman_potential(k: Array, n: Array) -> Array:
    """Goldman potential of two ions."""
    return 26.7 * jnp.log((5.0 * k + 145.0 * n) / (140.0 * k + 12.0 * n))


def goldman_current(V: Array) -> Array:
    """Goldman current of one ion through a membrane."""
    u = V * FARADAY / (GAS * 310.0)
    return u * (0.14 - 0.005 * jnp.exp(-u)) / (1 - jnp.exp(-u))


def debye_hueckel(c: Array) -> Array:
    """Extended law of Debye and Hueckel."""
    return -0.509 * jnp.sqrt(c) / (1 + 1.5 * jnp.sqrt(c))


def van_der_waals(v: Array, T: Array) -> Array:
    """Van der Waals' equation, reduced."""
    return 8 * T / (3 * v - 1) - 3 / v**2


def redlich_kwong(v: Array, T: Array) -> Array:
    """Redlich and Kwong's equation for nitrogen."""
    return GAS * T / (v - 2.68e-5) - 1.55 / (jnp.sqrt(T) * v * (v + 2.68e-5))


def peng_robinson(v: Array, T: Array) -> Array:
    """Peng and Robinson's equation for carbon dioxide."""
    alpha = (1 + 0.7075 * (1 - jnp.sqrt(T / 304.13))) ** 2
    b = 2.666e-5
    return GAS * T / (v - b) - 0.3960 * alpha / (v * v + 2 * b * v - b * b)


def antoine_pressure(T: Array) -> Array:
    """Vapour pressure of water after Antoine."""
    return 10 ** (8.07131 - 1730.63 / (233.426 + T))


def bet_isotherm(x: Array) -> Array:
    """Isotherm of Brunauer, Emmett and Teller."""
    return 100.0 * x / ((1 - x) * (1 + 99.0 * x))


def consecutive_reactions(t: Array, k: Array) -> Array:
    """Intermediate of two reactions in a row."""
    return (jnp.exp(-t) - jnp.exp(-k * t)) / (k - 1)


def butler_volmer(u: Array) -> Array:
    """Current at an electrode after Butler and Volmer."""
    return jnp.exp(0.5 * u / 0.0257) - jnp.exp(-0.5 * u / 0.0257)


FIELD = "chemistry"
FORMULAS = (
    *formulas(FIELD, arrhenius_rate, michaelis_menten),
    *formulas(FIELD, hill_response, cooperative_binding),
    *formulas(FIELD, nernst_potential, goldman_potential, goldman_current),
    *formulas(FIELD, debye_hueckel, van_der_waals, antoine_pressure, bet_isotherm),
    *formulas(FIELD, consecutive_reactions, butler_volmer),
    Formula(redlich_kwong, FIELD, domain={"v": (1e-4, 1e-1), "T": (80.0, 900.0)}),
    Formula(peng_robinson, FIELD, domain={"v": (5e-5, 1e-1), "T": (220.0, 900.0)}),
)
