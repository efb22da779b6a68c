"""A problem of optimisation: what is to be small, and what must be zero."""

import jax
import jax.numpy as jnp


def problem(x: jax.Array, t: jax.Array) -> dict[str, jax.Array]:
    """Each constraint couples two neighbours."""
    return {
        "objective": jnp.sum(jnp.cosh(x)),
        "constraints": x[1:] - x[:-1] - t * jnp.sin(x[:-1]) * x[1:] ** 2,
    }
