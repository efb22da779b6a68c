"""Residual Helmholtz energy of the Peng-Robinson equation of state, for CO2."""

import jax
import jax.numpy as jnp

R = 8.31446261815324  # J / (mol K)
CRITICAL_TEMPERATURE = 304.1282  # K
CRITICAL_PRESSURE = 7377300.0  # Pa
ACENTRIC_FACTOR = 0.22394
ROOT_TWO = 1.4142135623730951

A = 0.45723552892138 * R**2 * CRITICAL_TEMPERATURE**2 / CRITICAL_PRESSURE
B = 0.07779607390389 * R * CRITICAL_TEMPERATURE / CRITICAL_PRESSURE
KAPPA = 0.37464 + 1.54226 * ACENTRIC_FACTOR - 0.26992 * ACENTRIC_FACTOR**2


def alphar(tau: jax.Array, delta: jax.Array) -> jax.Array:
    """Reduced residual Helmholtz energy.

    tau = Tc / T is the inverse reduced temperature, delta = rho * B the packing: the
    molar density times the co-volume. Both are dimensionless, and so is the result.
    """
    temperature = CRITICAL_TEMPERATURE / tau
    attraction = A * (1.0 + KAPPA * (1.0 - jnp.sqrt(1.0 / tau))) ** 2
    repulsive = -jnp.log1p(-delta)
    ratio = (1.0 + (1.0 + ROOT_TWO) * delta) / (1.0 + (1.0 - ROOT_TWO) * delta)
    attractive = attraction / (2.0 * ROOT_TWO * B * R * temperature) * jnp.log(ratio)
    return repulsive - attractive
