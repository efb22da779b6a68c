"""Forward kinematics of a 6-joint arm with the link geometry of a UR5."""

import jax
import jax.numpy as jnp

# Denavit-Hartenberg parameters: link length a and offset d in metres, and the exact
# sine and cosine of the twist (every twist is a multiple of a quarter turn).
LENGTHS = (0.0, -0.425, -0.39225, 0.0, 0.0, 0.0)
OFFSETS = (0.089159, 0.0, 0.0, 0.10915, 0.09465, 0.0823)
SIN_TWISTS = (1.0, 0.0, 0.0, 1.0, -1.0, 0.0)
COS_TWISTS = (0.0, 1.0, 1.0, 0.0, 0.0, 1.0)


def link(
    q: jax.Array, a: float, d: float, sin_twist: float, cos_twist: float
) -> jax.Array:
    """The homogeneous transform of one joint, of shape (4, 4)."""
    s, c = jnp.sin(q), jnp.cos(q)
    zero, one = jnp.zeros_like(q), jnp.ones_like(q)
    return jnp.stack(
        [
            jnp.stack([c, -s * cos_twist, s * sin_twist, a * c]),
            jnp.stack([s, c * cos_twist, -c * sin_twist, a * s]),
            jnp.stack([zero, sin_twist * one, cos_twist * one, d * one]),
            jnp.stack([zero, zero, zero, one]),
        ]
    )


def end_effector(q: jax.Array) -> jax.Array:
    """The position of the end effector in metres, of shape (3,), for joint angles q."""
    pose = jnp.eye(4, dtype=q.dtype)
    for i in range(6):
        pose = pose @ link(q[i], LENGTHS[i], OFFSETS[i], SIN_TWISTS[i], COS_TWISTS[i])
    return pose[:3, 3]
