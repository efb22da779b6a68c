"""One argument only."""

import jax.numpy as jnp


def f(x):
    """The sum of squares."""
    return jnp.sum(x**2)
