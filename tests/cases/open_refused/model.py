"""A function that is another one for long arrays."""

import jax
import jax.numpy as jnp


def norm(x: jax.Array) -> jax.Array:
    """The sum of squares; of many elements that of absolute values."""
    return jnp.sum(jnp.abs(x)) if x.size > 40 else jnp.sum(x**2)
