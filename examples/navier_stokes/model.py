"""A physics-informed network of a flow in the plane: velocity and pressure at once."""

import itertools

import jax
import jax.numpy as jnp
import numpy as np

WIDTHS = (3, 20, 20, 3)


def example_params() -> list[dict[str, np.ndarray]]:
    """Weights of the right shapes; their values are not baked into anything."""
    rng = np.random.default_rng(0)
    return [
        {
            "w": rng.normal(size=(rows, columns)).astype(np.float32) / np.sqrt(rows),
            "b": np.zeros(columns, np.float32),
        }
        for rows, columns in itertools.pairwise(WIDTHS)
    ]


PARAMS = example_params()


def flow(
    params: list[dict[str, jax.Array]], t: jax.Array, x: jax.Array, y: jax.Array
) -> jax.Array:
    """The velocity along x, that along y, and the pressure; shape (3,)."""
    hidden = jnp.stack([t, x, y])
    for layer in params[:-1]:
        hidden = jnp.tanh(hidden @ layer["w"] + layer["b"])
    return hidden @ params[-1]["w"] + params[-1]["b"]
