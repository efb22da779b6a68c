"""A separable solution of the heat equation in two dimensions."""

import jax
import jax.numpy as jnp

DIFFUSIVITY = 0.3


def u(t: jax.Array, x: jax.Array) -> jax.Array:
    """Temperature at time t and place x."""
    return jnp.exp(-2 * DIFFUSIVITY * t) * jnp.sin(x[0]) * jnp.cos(x[1])
