"""Robot arms: where the hand is, and how the arm resists being moved."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import jax.numpy as jnp
from jax import Array

from choices.pair import Pair, Problem, Range

Link: TypeAlias = tuple[float, float, float, float]


def planar_hand(q: Array) -> Array:
    """Where the hand of an arm in the plane is, and points: place and direction."""
    heading = jnp.cumsum(q)
    links = 1.0 / (1.0 + jnp.arange(q.shape[0], dtype=q.dtype))
    place = jnp.stack([links @ jnp.cos(heading), links @ jnp.sin(heading)])
    return jnp.concatenate([place, heading[-1:]])


def hand_pose(links: tuple[Link, ...]) -> Callable[[Array], Array]:
    """Rotation and position of a hand, (3, 4), by Denavit and Hartenberg's rule.

    Args:
        links: Length, offset, cosine and sine of the twist of each.
    """

    def pose(q: Array) -> Array:
        found = jnp.eye(4, dtype=q.dtype)
        for (length, offset, c_twist, s_twist), angle in zip(links, q, strict=True):
            c, s = jnp.cos(angle), jnp.sin(angle)
            rows = [
                [c, -s * c_twist, s * s_twist, length * c],
                [s, c * c_twist, -c * s_twist, length * s],
                [0.0, s_twist, c_twist, offset],
                [0.0, 0.0, 0.0, 1.0],
            ]
            found = found @ jnp.array(rows, dtype=q.dtype)
        return found[:3]

    return pose


def kinetic_energy(q: Array, v: Array) -> Array:
    """Of an arm of thin rods in the plane, by angles and their speeds."""
    heading, turning = jnp.cumsum(q), jnp.cumsum(v)
    across = jnp.stack([-jnp.sin(heading), jnp.cos(heading)]) * turning
    before = jnp.cumsum(across, axis=1) - across
    middles = before + across / 2
    return jnp.sum(middles**2) / 2 + jnp.sum(turning**2) / 24


def elbow_inertia(q: Array) -> Array:
    """The inertia matrix of an arm with shoulder and elbow."""
    cosine = jnp.cos(q[1])
    corner = 0.3 + 0.25 * cosine
    near = 1.4 + 0.5 * cosine
    return jnp.array([[near, corner], [corner, 0.3 * jnp.ones_like(cosine)]])


def elbow_torques(q: Array, v: Array, a: Array) -> Array:
    """What moves an arm with shoulder and elbow under gravity."""
    pull = 0.25 * jnp.sin(q[1]) * jnp.stack([-v[1] * (2 * v[0] + v[1]), v[0] ** 2])
    far = 4.9 * jnp.cos(q[0] + q[1])
    weight = jnp.stack([14.7 * jnp.cos(q[0]) + far, far])
    return elbow_inertia(q) @ a + pull + weight


def waist_arm(q: Array) -> Array:
    """The hand of an arm that turns on its waist, with shoulder and elbow."""
    reach = jnp.cos(q[1]) + 0.8 * jnp.cos(q[1] + q[2])
    height = 0.4 + jnp.sin(q[1]) + 0.8 * jnp.sin(q[1] + q[2])
    return jnp.stack([reach * jnp.cos(q[0]), reach * jnp.sin(q[0]), height])


def sliding_arm(q: Array) -> Array:
    """A waist, a lift and an arm that slides out, with three turns of the wrist."""
    c, s = jnp.cos(q), jnp.sin(q)
    tip = jnp.stack([c[4] * c[5], c[4] * s[5], s[4]])
    rolled = jnp.stack(
        [tip[0], c[3] * tip[1] - s[3] * tip[2], s[3] * tip[1] + c[3] * tip[2]]
    )
    out = q[2] + 0.3 * rolled[0]
    side = 0.3 * rolled[1]
    return jnp.stack(
        [c[0] * out - s[0] * side, s[0] * out + c[0] * side, q[1] + 0.3 * rolled[2]]
    )


FIELD = "robots"
TURNS: Range = (-1.5, 1.5)
SIX: tuple[Link, ...] = (
    (0.0, 0.15, 0.0, 1.0),
    (0.43, 0.0, 1.0, 0.0),
    (0.02, 0.12, 0.0, -1.0),
    (0.0, 0.43, 0.0, 1.0),
    (0.0, 0.0, 0.0, -1.0),
    (0.0, 0.06, 1.0, 0.0),
)
THREE: tuple[Link, ...] = SIX[:3]
FIVE: tuple[Link, ...] = tuple((0.2, 0.1, 0.8, 0.6) for _ in range(5))


def _problem(name: str, function: Callable[..., Array], joints: int) -> Problem:
    args = {"q": f"float[{joints}]"}
    return Problem(FIELD, name, function, args, {"q": TURNS})


def _energy(joints: int) -> Problem:
    args = {"q": f"float[{joints}]", "v": f"float[{joints}]"}
    name = f"kinetic_energy_{joints}"
    return Problem(FIELD, name, kinetic_energy, args, {"q": TURNS})


def _planar(joints: int) -> Problem:
    return _problem(f"planar_hand_{joints}", planar_hand, joints)


TORQUES = Problem(
    FIELD,
    "elbow_torques",
    elbow_torques,
    {"q": "float[2]", "v": "float[2]", "a": "float[2]"},
    {"q": TURNS},
)

PAIRS: tuple[Pair, ...] = (
    *_planar(2).calibration(jacobian="jacobian(q)", hessian="hessian(q)"),
    *_planar(3).calibration(
        jacobian=("value", "jacobian(q)"),
        entries="entries(hessian(q, of=out[0]), [(q[0], q[1]), (q[2], q[2])])",
    ),
    *_problem("hand_pose_3", hand_pose(THREE), 3).calibration(jacobian="jacobian(q)"),
    *_problem("hand_pose_6", hand_pose(SIX), 6).calibration(
        jacobian="jacobian(q)",
        place="jacobian(q, of=out[:, 3])",
        entry="partial(q[1], q[4], of=out[0, 3])",
    ),
    *_problem("elbow_inertia", elbow_inertia, 2).calibration(
        jacobian=("value", "jacobian(q)")
    ),
    *_energy(3).calibration(
        inertia="hessian(v)", mixed=("hessian(v)", "hessian(v, q)")
    ),
    *_problem("waist_arm", waist_arm, 3).held_out(
        jacobian=("value", "jacobian(q)"), hessian="hessian(q, of=out[1])"
    ),
    *_problem("sliding_arm", sliding_arm, 6).held_out(
        jacobian="jacobian(q)", column="jacobian(q[3])"
    ),
    *_planar(6).held_out(hessian="hessian(q, of=out[1])"),
    *_problem("hand_pose_5", hand_pose(FIVE), 5).held_out(jacobian="jacobian(q)"),
    *TORQUES.held_out(linear=("jacobian(q)", "jacobian(v)", "jacobian(a)")),
    *_energy(6).held_out(inertia="hessian(v)"),
)
