import jax.numpy as jnp
import numpy as np
from jax import lax

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


def plate(u):
    v = jnp.pad(u.reshape(12, 12), 1)
    around = v[2:, 1:-1] + v[:-2, 1:-1] + v[1:-1, 2:] + v[1:-1, :-2]
    return (4 * v[1:-1, 1:-1] - around - jnp.exp(v[1:-1, 1:-1])).ravel()


def marching(u):
    def step(v, _):
        p = jnp.pad(v, 1)
        return v + 0.1 * jnp.sin(p[2:] - 2 * v + p[:-2]), None

    return lax.scan(step, u, None, length=2)[0]


def rows(x):
    return lax.map(lambda r: jnp.tanh(r[0] * r[1]) + r[2] ** 2, x.reshape(-1, 3))
