"""Formulas of a few numbers: physics, finance and statistics."""

from __future__ import annotations

import jax.numpy as jnp
from jax import Array
from jax.scipy.special import gammaln
from jax.scipy.stats import norm

from choices.pair import Pair, Problem, scalars


def call_price(S: Array, K: Array, r: Array, s: Array, T: Array) -> Array:
    """A European call after Black and Scholes."""
    spread = s * jnp.sqrt(T)
    near = (jnp.log(S / K) + (r + s * s / 2) * T) / spread
    return S * norm.cdf(near) - K * jnp.exp(-r * T) * norm.cdf(near - spread)


def exchange_option(A: Array, B: Array, s: Array, z: Array, c: Array) -> Array:
    """The right to swap an asset for another, after Margrabe, one year ahead."""
    spread = jnp.sqrt(s * s + z * z - 2 * c * s * z)
    near = jnp.log(A / B) / spread + spread / 2
    return A * norm.cdf(near) - B * norm.cdf(near - spread)


def smile(F: Array, K: Array, a: Array, n: Array) -> Array:
    """Hagan's volatility of the SABR model, with a square root for backbone."""
    middle = jnp.sqrt(jnp.sqrt(F * K))
    z = n / a * middle * jnp.log(F / K)
    chi = jnp.log((jnp.sqrt(1 + 0.6 * z + z * z) + z + 0.3) / 1.3)
    return a / middle * z / chi * (1 + (a * a / 96 / middle**2 + n * n / 12) / 4)


def morse_energy(r: Array, D: Array, a: Array) -> Array:
    """The bond of a diatomic molecule after Morse."""
    return D * (1 - jnp.exp(-a * (r - 1.1))) ** 2


def argon_pair(x: Array) -> Array:
    """The potential of Lennard-Jones for one atom at the origin, another at x."""
    near = 1 / jnp.sum(x * x) ** 3
    return 4 * (near * near - near)


def buckingham_pair(x: Array, y: Array) -> Array:
    """Two ions that attract by charge and dispersion and repel exponentially."""
    r = jnp.sqrt(jnp.sum((x - y) ** 2))
    return 30 * jnp.exp(-3 * r) - 1 / r**6 - 0.5 / r


def point_mass(x: Array, y: Array, z: Array) -> Array:
    """Newton's potential of a unit mass."""
    return -1 / jnp.sqrt(x * x + y * y + z * z)


def screened_charge(x: Array, y: Array, z: Array) -> Array:
    """Yukawa's potential."""
    r = jnp.sqrt(x * x + y * y + z * z)
    return jnp.exp(-1.3 * r) / r


def spectral_radiance(f: Array, T: Array) -> Array:
    """Planck's law in natural units."""
    return f**3 / (jnp.exp(f / T) - 1)


def soave_pressure(V: Array, T: Array) -> Array:
    """A cubic equation of state after Soave, reduced."""
    root = 1 + 0.7 * (1 - jnp.sqrt(T))
    return T / (V - 0.1) - 0.45 * root * root / (V * (V + 0.1))


def double_pendulum(q: Array, w: Array) -> Array:
    """The Lagrangian of two pendulums in a row, by angles and their speeds."""
    kinetic = w[0] ** 2 + w[1] ** 2 / 2 + w[0] * w[1] * jnp.cos(q[0] - q[1])
    return kinetic + 9.81 * (2 * jnp.cos(q[0]) + jnp.cos(q[1]))


def normal_density(x: Array, m: Array, s: Array) -> Array:
    """The density of a normal variable."""
    return jnp.exp(-(((x - m) / s) ** 2) / 2) / (s * jnp.sqrt(2 * jnp.pi))


def student_loglik(x: Array, m: Array, s: Array, k: Array) -> Array:
    """The log density of Student's distribution with location and scale."""
    z = (x - m) / s
    start = gammaln((k + 1) / 2) - gammaln(k / 2) - jnp.log(jnp.pi * k) / 2
    return start - jnp.log(s) - (k + 1) / 2 * jnp.log1p(z * z / k)


def gamma_loglik(x: Array, k: Array, t: Array) -> Array:
    """The log density of a gamma variable with shape and scale."""
    return (k - 1) * jnp.log(x) - x / t - gammaln(k) - k * jnp.log(t)


FIELD = "scalar formulas"
CALL = Problem(FIELD, "call_price", call_price, scalars(*"SKrsT"))
EXCHANGE = Problem(
    FIELD,
    "exchange_option",
    exchange_option,
    scalars(*"ABszc"),
    sample={"s": (0.1, 0.5), "z": (0.2, 0.6), "c": (-0.5, 0.5)},
)
SMILE = Problem(
    FIELD,
    "smile",
    smile,
    scalars(*"FKan"),
    sample={"F": (1.1, 1.5), "K": (0.6, 0.9), "n": (0.2, 0.6)},
)
MORSE = Problem(FIELD, "morse_energy", morse_energy, scalars(*"rDa"))
ARGON = Problem(FIELD, "argon_pair", argon_pair, {"x": "float[3]"})
BUCKINGHAM = Problem(
    FIELD,
    "buckingham_pair",
    buckingham_pair,
    {"x": "float[3]", "y": "float[3]"},
    sample={"y": (2.0, 3.0)},
)
MASS = Problem(FIELD, "point_mass", point_mass, scalars(*"xyz"))
CHARGE = Problem(FIELD, "screened_charge", screened_charge, scalars(*"xyz"))
RADIANCE = Problem(FIELD, "spectral_radiance", spectral_radiance, scalars(*"fT"))
SOAVE = Problem(FIELD, "soave_pressure", soave_pressure, scalars(*"VT"))
PENDULUM = Problem(
    FIELD, "double_pendulum", double_pendulum, {"q": "float[2]", "w": "float[2]"}
)
NORMAL = Problem(FIELD, "normal_density", normal_density, scalars(*"xms"))
STUDENT = Problem(FIELD, "student_loglik", student_loglik, scalars(*"xmsk"))
GAMMA = Problem(FIELD, "gamma_loglik", gamma_loglik, scalars(*"xkt"))

PAIRS: tuple[Pair, ...] = (
    *CALL.calibration(
        greeks=(
            *("value", "partial(S)", "partial(S, S)"),
            *("partial(s)", "partial(T)", "partial(r)"),
        ),
        vanna="partial(S, s)",
    ),
    *MORSE.calibration(
        to_second=("value", "partial(r)", "partial(r, r)"),
        fourth="partial(r, r, r, r)",
    ),
    *ARGON.calibration(to_second=("value", "gradient(x)", "hessian(x)")),
    *MASS.calibration(fourth="partial(x, x, y, y)"),
    *RADIANCE.calibration(
        mixed=("value", "partial(f)", "partial(T)", "partial(f, T)"),
    ),
    *PENDULUM.calibration(equations=("gradient(q)", "hessian(w)", "hessian(w, q)")),
    *NORMAL.calibration(fourth="partial(x, x, m, s)"),
    *STUDENT.calibration(score=("partial(m)", "partial(s)", "partial(k)")),
    *CALL.held_out(ultima="partial(s, s, s)"),
    *EXCHANGE.held_out(
        greeks=("value", "partial(A)", "partial(B)", "partial(A, B)", "partial(c)"),
    ),
    *SMILE.held_out(third="partial(F, K, a)"),
    *BUCKINGHAM.held_out(cross=("gradient(x)", "hessian(x, y)")),
    *CHARGE.held_out(fourth="partial(x, x, y, z)"),
    *SOAVE.held_out(
        to_second=("value", "partial(V)", "partial(V, V)", "partial(V, T)"),
    ),
    *GAMMA.held_out(information=("partial(k, k)", "partial(k, t)", "partial(t, t)")),
)
