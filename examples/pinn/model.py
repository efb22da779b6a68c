"""A physics-informed network: an MLP u(t, x) with its weights as a pytree."""

import itertools

import jax
import jax.numpy as jnp
import numpy as np

WIDTHS = (2, 32, 32, 1)


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


def u(params: list[dict[str, jax.Array]], t: jax.Array, x: jax.Array) -> jax.Array:
    """The network's value at one point of time and space."""
    hidden = jnp.stack([t, x])
    for layer in params[:-1]:
        hidden = jnp.tanh(hidden @ layer["w"] + layer["b"])
    return (hidden @ params[-1]["w"] + params[-1]["b"])[0]
