"""Prices, rates and utilities."""

from __future__ import annotations

import jax.numpy as jnp
import numpy as np
from jax import Array
from jax.scipy.special import erf
from jax.scipy.stats import norm

from formulas.formula import Formula, formulas


def black_scholes_call(S: Array, s: Array, T: Array) -> Array:
    """Price of a call after Black and Scholes."""
    root = s * jnp.sqrt(T)
    d = (jnp.log(S / 100.0) + (0.03 + s**2 / 2) * T) / root
    return S * norm.cdf(d) - 100.0 * jnp.exp(-0.03 * T) * norm.cdf(d - root)


def textbook_call(S: Array, r: Array, s: Array) -> Array:
    """Price of a call in terms of erf, as a text book has it."""
    d1 = (jnp.log(S) + (r + s * s / 2)) / s
    d2 = d1 - s
    return S * erf(d1 / jnp.sqrt(2.0)) - jnp.exp(-r) * erf(d2 / jnp.sqrt(2.0))


def wide_literals_put(S: Array, s: Array) -> Array:
    """Price of a put with NumPy numbers, which are wide where x64 is on."""
    d1 = (jnp.log(S) + s * s / np.float64(2.0)) / s
    half, root = np.float64(0.5), np.sqrt(np.float64(2.0))
    far = half * (np.float64(1.0) - erf(d1 / root))
    return half * (np.float64(1.0) - erf((d1 - s) / root)) - S * far


def bond_price(y: Array) -> Array:
    """Price of a bond with ten coupons."""
    v = 1 / (1 + y)
    return 0.04 * (1 - v**10) / y + v**10


def nelson_siegel(t: Array, k: Array) -> Array:
    """Yield curve of Nelson and Siegel."""
    u = t / k
    slope = (1 - jnp.exp(-u)) / u
    return 0.04 - 0.02 * slope + 0.01 * (slope - jnp.exp(-u))


def vasicek_bond(r: Array, a: Array) -> Array:
    """Price of a bond after Vasicek."""
    B = (1 - jnp.exp(-5 * a)) / a
    A = (B - 5) * (a * a * 0.04 - 0.0002) / a**2 - 0.0001 * B**2 / a
    return jnp.exp(A - B * r)


def cir_bond(r: Array, a: Array) -> Array:
    """Price of a bond after Cox, Ingersoll and Ross."""
    h = jnp.sqrt(a * a + 0.02)
    e = jnp.expm1(5 * h)
    bottom = 2 * h + (a + h) * e
    return (2 * h * jnp.exp((a + h) * 2.5) / bottom) ** (0.04 * a) * jnp.exp(
        -2 * e / bottom * r
    )


def sabr_volatility(z: Array, rho: Array) -> Array:
    """Smile factor of the SABR model."""
    root = jnp.sqrt(1 - 2 * rho * z + z * z)
    return z / jnp.log((root + z - rho) / (1 - rho))


def kelly_growth(f: Array) -> Array:
    """Growth of a bet after Kelly."""
    return 0.6 * jnp.log(1 + f) + 0.4 * jnp.log(1 - f)


def crra_utility(c: Array, g: Array) -> Array:
    """Utility of constant relative risk aversion."""
    return (c ** (1 - g) - 1) / (1 - g)


def cobb_douglas(k: Array, n: Array) -> Array:
    """Production after Cobb and Douglas."""
    return 1.2 * k**0.3 * n**0.7


def ces_production(k: Array, n: Array) -> Array:
    """Production with constant elasticity of substitution."""
    return (0.4 * k**0.5 + 0.6 * n**0.5) ** 2


FIELD = "finance"
FORMULAS = (
    *formulas(FIELD, textbook_call, wide_literals_put, bond_price),
    *formulas(FIELD, nelson_siegel, vasicek_bond, sabr_volatility, kelly_growth),
    *formulas(FIELD, crra_utility, cobb_douglas, ces_production),
    Formula(
        black_scholes_call,
        FIELD,
        domain={"S": (20.0, 400.0), "s": (0.05, 1.0), "T": (0.05, 5.0)},
    ),
    Formula(cir_bond, FIELD, domain={"r": (0.0, 0.2), "a": (0.05, 2.0)}),
)
