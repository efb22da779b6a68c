"""An energy whose terms are of single elements and their neighbours: a chain."""

import jax
import jax.numpy as jnp

LENGTH = 64


def chain(x: jax.Array) -> jax.Array:
    """The energy of a chain of springs in a field, of positions of shape (64,)."""
    stretched = x[1:] - x[:-1]
    return jnp.sum(stretched**4) + jnp.sum(jnp.cos(x))
