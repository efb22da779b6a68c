"""The swing-up of a cart and its pole, by trapezoidal collocation.

M. Kelly, An Introduction to Trajectory Optimization: How to Do Your Own Direct
Collocation, SIAM Review 59 (2017). A cart carries a pole that hangs. A force on the
cart is sought that brings the pole upright within two seconds, one metre to the right,
at rest, with the least integral of its square.
"""

import jax.numpy as jnp
import numpy as np

STEPS = 100
DURATION = 2.0
DISTANCE = 1.0
CART, POLE, LENGTH, GRAVITY = 1.0, 0.3, 0.5, 9.81
H = DURATION / STEPS
POINTS = STEPS + 1
UNKNOWNS = 5 * POINTS
START = np.zeros(4)
FINISH = np.array([DISTANCE, np.pi, 0.0, 0.0])


def acceleration(angle, spin, force):
    """Of the cart, and of the pole's angle, which is zero where it hangs."""
    sin, cos = jnp.sin(angle), jnp.cos(angle)
    pull = force + POLE * LENGTH * spin**2 * sin
    below = CART + POLE * (1.0 - cos**2)
    cart = (pull + POLE * GRAVITY * cos * sin) / below
    pole = -(pull * cos + (CART + POLE) * GRAVITY * sin) / (LENGTH * below)
    return cart, pole


def problem(z):
    """The effort, and what must be zero: defects of all steps, and both ends.

    z: the cart's place, the pole's angle, their speeds, and the force, at all points.
    """
    z = z.reshape(5, POINTS)
    state, force = z[:4], z[4]
    cart, pole = acceleration(state[1], state[3], force)
    slope = jnp.stack([state[2], state[3], cart, pole])
    defects = jnp.diff(state) - H / 2 * (slope[:, 1:] + slope[:, :-1])
    ends = jnp.concatenate([state[:, 0] - START, state[:, -1] - FINISH])
    weights = jnp.ones(POINTS).at[jnp.array([0, -1])].set(0.5)
    return {
        "effort": H * jnp.sum(weights * force**2),
        "rules": jnp.concatenate([defects.ravel(), ends]),
    }


def guess():
    """A straight line from start to finish, with no force."""
    along = np.linspace(0.0, 1.0, POINTS)
    return np.concatenate([np.outer(FINISH, along).ravel(), np.zeros(POINTS)])
