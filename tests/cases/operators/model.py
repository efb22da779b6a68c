"""Fields of which people ask for operators: a potential, a flow, a chain of springs."""

import jax
import jax.numpy as jnp


def potential(t: jax.Array, x: jax.Array, y: jax.Array) -> jax.Array:
    """A wave that decays."""
    return jnp.exp(-t) * jnp.sin(x + 0.5 * y**2)


def flow(p: jax.Array, strength: jax.Array) -> jax.Array:
    """A vortex along the third axis, with a little of everything else."""
    x, y, z = p
    return jnp.stack([-strength * y * z, strength * x, jnp.sin(x * y) + z**2])


def springs(q: jax.Array) -> jax.Array:
    """The energy of a chain: each mass is coupled to the next."""
    return jnp.sum(jnp.cosh(q[1:] - q[:-1])) + 0.25 * jnp.sum(q**4)
