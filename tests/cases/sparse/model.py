import jax.numpy as jnp
import numpy as np

ENDS = np.array([[0, 1], [1, 2], [2, 3], [4, 5], [5, 6], [6, 7], [0, 4], [3, 7]])
WEIGHTS = np.cos(np.arange(144.0)).reshape(12, 12)


def burgers(u):
    return u[1:-1] * (u[2:] - u[:-2]) + u[2:] - 2 * u[1:-1] + u[:-2]


def rosenbrock(x):
    return jnp.sum(100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2)


def springs(x):
    between = x[ENDS[:, 1]] - x[ENDS[:, 0]]
    return jnp.sum((jnp.sum(between**2, axis=1) - 1) ** 2)


def mixing(v):
    return WEIGHTS @ jnp.exp(v)
