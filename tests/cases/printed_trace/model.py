"""A function whose source cannot be carried: it closes over an object."""

import jax
import jax.numpy as jnp


def spring_energy(stiffness):
    """A chain of springs, as a closure."""

    def energy(x: jax.Array) -> jax.Array:
        stretch = x[1:] - x[:-1] - 1.0
        return 0.5 * jnp.sum(stiffness["k"] * stretch**2) + jnp.sum(jnp.cos(x))

    return energy


energy = spring_energy({"k": 2.5})
