"""Two small functions: one with a Jacobian, one with a Hessian."""

import jax
import jax.numpy as jnp


def f(x: jax.Array) -> jax.Array:
    """The map (x0, x1, x2) -> (x0^2 x1, sin x2)."""
    return jnp.array([x[0] ** 2 * x[1], jnp.sin(x[2])])


def g(x: jax.Array) -> jax.Array:
    """The scalar x0^2 x1 + x1^3."""
    return x[0] ** 2 * x[1] + x[1] ** 3
