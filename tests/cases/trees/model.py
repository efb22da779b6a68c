"""A loss over a dict of weights and a NamedTuple of data with integer labels."""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np


class Data(NamedTuple):
    """A batch."""

    inputs: jax.Array
    labels: jax.Array


PARAMS = {"dense": {"w": np.zeros((2, 3), np.float32)}, "bias": np.zeros(3, np.float32)}
DATA = Data(np.zeros((4, 2), np.float32), np.zeros(4, np.int32))


def loss(params, data: Data) -> jax.Array:
    """Mean cross entropy."""
    logits = jnp.tanh(data.inputs @ params["dense"]["w"] + params["bias"])
    chosen = jnp.take_along_axis(logits, data.labels[:, None], axis=1)[:, 0]
    return jnp.mean(jax.nn.logsumexp(logits, axis=1) - chosen)
