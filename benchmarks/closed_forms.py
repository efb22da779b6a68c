"""Derivatives with closed forms: Greeks, an equation of state; 100,000 points.

The kernels are those of the examples. By hand they are written as a
careful person does it: what the derivatives share is computed once, and identities
shorten the rest.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache
from math import pi, sqrt
from pathlib import Path
from typing import Any, Final, TypeAlias

import jax
import jax.numpy as jnp
from jax.scipy.special import erfc

from partialc.api import Module
from partialc.benching.case import Bar, Case, Contender
from partialc.benching.kernels import Variant, kernel_cases
from partialc.benching.measurement import Measurement, timed
from partialc.benching.rivals import FORWARD
from partialc.driver import compile_module
from partialc.spec.load import load_spec

Results: TypeAlias = tuple[jax.Array, ...]
Scalar: TypeAlias = Callable[[jax.Array, jax.Array], Any]
"""A function of the two arguments that are differentiated."""

ROOT: Final = Path(__file__).resolve().parent.parent
ROWS: Final = 100_000
AS_GOOD: Final = 1.35
FASTER: Final = 0.999
CLOSED: Final = "closed form"
SHARED: Final = "shared jvp"


@cache
def example(name: str) -> tuple[Module, float]:
    """An example, and how many seconds its build took."""
    spec = load_spec(ROOT / "partialc.toml")
    (module,) = (each for each in spec.modules if each.name == name)
    compiled, seconds = timed(lambda: compile_module(module, spec.folder))
    return Module(compiled), seconds


# --- tangents that share their beginning ---------------------------------------------


def along_first(function: Scalar) -> Scalar:
    """The function and its derivative in the first argument."""
    return lambda a, b: jax.jvp(lambda z: function(z, b), (a,), (jnp.ones_like(a),))


def along_second(function: Scalar) -> Scalar:
    """The function and its derivative in the second argument."""
    return lambda a, b: jax.jvp(lambda z: function(a, z), (b,), (jnp.ones_like(b),))


# --- Black-Scholes -------------------------------------------------------------------


def greeks(
    S: jax.Array, K: jax.Array, T: jax.Array, r: jax.Array, sigma: jax.Array
) -> Results:
    """Price, delta, gamma, vega, vanna, volga, speed and ultima of a call."""
    root = jnp.sqrt(T)
    spread = sigma * root
    d1 = (jnp.log(S / K) + r * T) / spread + 0.5 * spread
    d2 = d1 - spread
    delta = 0.5 * erfc(-sqrt(0.5) * d1)
    price = S * delta - K * jnp.exp(-r * T) * 0.5 * erfc(-sqrt(0.5) * d2)
    density = jnp.exp(-0.5 * d1 * d1) * (1 / sqrt(2 * pi))
    gamma = density / (S * spread)
    vega = S * density * root
    product = d1 * d2
    over_sigma = vega / sigma
    vanna = -density * d2 / sigma
    volga = over_sigma * product
    speed = -gamma / S * (d1 / spread + 1.0)
    ultima = over_sigma / sigma * (product * (product - 1.0) - d1 * d1 - d2 * d2)
    return price, delta, gamma, vega, vanna, volga, speed, ultima


def greeks_by_jvp(price: Callable[..., Any]) -> Callable[..., Results]:
    """The same by nested tangents along S and along sigma."""

    def found(
        S: jax.Array, K: jax.Array, T: jax.Array, r: jax.Array, sigma: jax.Array
    ) -> Results:
        def at(S: jax.Array, sigma: jax.Array) -> jax.Array:
            return price(S, K, T, r, sigma)

        first = along_first(at)
        ((value, delta), _), (_, (gamma, speed)) = along_first(along_first(first))(
            S, sigma
        )
        _, (vega, vanna) = along_second(first)(S, sigma)
        powers = along_second(along_second(along_second(at)))
        _, (_, (volga, ultima)) = powers(S, sigma)
        return value, delta, gamma, vega, vanna, volga, speed, ultima

    return found


# --- the equation of state -----------------------------------------------------------

R: Final = 8.31446261815324
CRITICAL_TEMPERATURE: Final = 304.1282
CRITICAL_PRESSURE: Final = 7377300.0
ACENTRIC: Final = 0.22394
A: Final = 0.45723552892138 * (R * CRITICAL_TEMPERATURE) ** 2 / CRITICAL_PRESSURE
B: Final = 0.07779607390389 * R * CRITICAL_TEMPERATURE / CRITICAL_PRESSURE
KAPPA: Final = 0.37464 + 1.54226 * ACENTRIC - 0.26992 * ACENTRIC**2
SCALE: Final = A / (2 * sqrt(2) * B * R * CRITICAL_TEMPERATURE)


def state(tau: jax.Array, delta: jax.Array) -> Results:
    """The reduced energy and its derivatives: value, d, t, dd, td, tt.

    It is `-log(1 - delta) - c(tau) l(delta)`: a factor of either variable alone, of
    which `c` is the square of a linear function of the root of tau.
    """
    root = jnp.sqrt(tau)
    linear = (1 + KAPPA) * root - KAPPA
    c = SCALE * linear * linear
    c_t = SCALE * (1 + KAPPA) * linear / root
    c_tt = 0.5 * SCALE * (1 + KAPPA) * KAPPA / (tau * root)
    free = 1 / (1 - delta)
    packing = 2 * sqrt(2) / (1 + 2 * delta - delta * delta)
    log_ratio = jnp.log((1 + (1 + sqrt(2)) * delta) / (1 + (1 - sqrt(2)) * delta))
    log_ratio_dd = packing * packing * (delta - 1) * (1 / sqrt(2))
    return (
        -jnp.log1p(-delta) - c * log_ratio,
        free - c * packing,
        -c_t * log_ratio,
        free * free - c * log_ratio_dd,
        -c_t * packing,
        -c_tt * log_ratio,
    )


def state_by_jvp(alphar: Scalar) -> Callable[..., Results]:
    """The same by nested tangents along delta and along tau."""

    def found(tau: jax.Array, delta: jax.Array) -> Results:
        second = along_second(alphar)
        (value, d), (_, dd) = along_second(second)(tau, delta)
        _, (t, td) = along_first(second)(tau, delta)
        _, (_, tt) = along_first(along_first(alphar))(tau, delta)
        return value, d, t, dd, td, tt

    return found


# --- the contests --------------------------------------------------------------------


def _case(name: str, kernel: str, *more: Contender) -> Case:
    module, _ = example(name)
    _, batch = kernel_cases(
        module.compiled,
        module.load(),
        kernel,
        folder=ROOT,
        variant=Variant(ROWS, exact=True),
        more=more,
        bars=(
            Bar(CLOSED, "run", AS_GOOD),
            Bar(SHARED, "run", FASTER),
            Bar(FORWARD, "run", FASTER),
        ),
    )
    return batch


def cases() -> Iterator[Case]:
    """The Greeks; the equation of state."""
    price = example("black_scholes")[0].load().black_scholes
    yield _case(
        "black_scholes",
        "greeks",
        Contender(CLOSED, greeks),
        Contender(SHARED, greeks_by_jvp(price)),
    )
    alphar = example("thermodynamics")[0].load().alphar
    yield _case(
        "thermodynamics",
        "derivatives",
        Contender(CLOSED, state),
        Contender(SHARED, state_by_jvp(alphar)),
    )


def measurements() -> Iterator[Measurement]:
    """How long the builds took."""
    for name in ("black_scholes", "thermodynamics"):
        yield Measurement(f"build of {name}", example(name)[1], "s", 60.0)
