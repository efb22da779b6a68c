"""The steady viscous Burgers equation on any number of points.

u u' = nu u'' on [-1, 1], held at both ends to the exact solution -tanh(x / (2 nu)).
"""

import jax.numpy as jnp
import numpy as np

VISCOSITY = 0.1
END = float(np.tanh(1 / (2 * VISCOSITY)))


def residual(u):
    """What is left of the equation at the inner points, by central differences."""
    h = 2 / (u.size + 1)
    wall = jnp.pad(u, 1, constant_values=(END, -END))
    slope = (wall[2:] - wall[:-2]) / (2 * h)
    return VISCOSITY * (wall[2:] - 2 * u + wall[:-2]) / h**2 - u * slope


def points(n):
    """The inner points."""
    return np.linspace(-1, 1, n + 2)[1:-1]


def exact(n):
    """The solution there."""
    return -np.tanh(points(n) / (2 * VISCOSITY))
