"""The Brusselator with diffusion on a periodic square: Hairer and Wanner's BRUSS-2D.

Hairer, Wanner: Solving Ordinary Differential Equations II, second edition, IV.10. Two
species react and spread; from t = 1.1 on, the first is fed on a small disc.
"""

import jax.numpy as jnp
import numpy as np

N = 32
DIFFUSION = 0.1
X, Y = np.meshgrid(np.arange(N) / N, np.arange(N) / N, indexing="ij")
FED = np.where((X - 0.3) ** 2 + (Y - 0.6) ** 2 <= 0.1**2, 5.0, 0.0)


def spread(w):
    """The Laplacian by five points, times the diffusion constant."""
    neighbours = (
        jnp.roll(w, 1, 0) + jnp.roll(w, -1, 0) + jnp.roll(w, 1, 1) + jnp.roll(w, -1, 1)
    )
    return DIFFUSION * N**2 * (neighbours - 4.0 * w)


def rate(t, y):
    """The time derivative of y: of u on the grid, then of v."""
    u, v = y.reshape(2, N, N)
    reaction = u**2 * v
    u_t = 1.0 + reaction - 4.4 * u + spread(u) + jnp.where(t >= 1.1, FED, 0.0)
    v_t = 3.4 * u - reaction + spread(v)
    return jnp.stack([u_t, v_t]).ravel()


def start():
    """The state at t = 0."""
    u = 22.0 * Y * (1.0 - Y) ** 1.5
    v = 27.0 * X * (1.0 - X) ** 1.5
    return np.stack([u, v]).ravel()
