"""The Jacobian of a UR5 arm's kinematics, and a third derivative, in 4,096 poses.

The twist angles of the links are multiples of a quarter turn. Written with their exact
sines and cosines, half of the products in the chain of transforms are by 0, 1 or -1.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Final

import jax
import jax.numpy as jnp

import partialc
from partialc.api import Module
from partialc.benching.case import Bar, Case, Contender
from partialc.benching.kernels import Variant, kernel_cases
from partialc.benching.measurement import Measurement, timed
from partialc.benching.rivals import FORWARD, REVERSE

ROWS: Final = 4096
JOINTS: Final = 6
LENGTHS: Final = (0.0, -0.425, -0.39225, 0.0, 0.0, 0.0)
OFFSETS: Final = (0.089159, 0.0, 0.0, 0.10915, 0.09465, 0.0823)
SIN_TWISTS: Final = (1.0, 0.0, 0.0, 1.0, -1.0, 0.0)
COS_TWISTS: Final = (0.0, 1.0, 1.0, 0.0, 0.0, 1.0)


def link(q: jax.Array, joint: int) -> jax.Array:
    """The homogeneous transform of one joint, of shape (4, 4)."""
    s, c = jnp.sin(q), jnp.cos(q)
    sin_twist, cos_twist = SIN_TWISTS[joint], COS_TWISTS[joint]
    zero, one = jnp.zeros_like(q), jnp.ones_like(q)
    return jnp.stack(
        [
            jnp.stack([c, -s * cos_twist, s * sin_twist, LENGTHS[joint] * c]),
            jnp.stack([s, c * cos_twist, -c * sin_twist, LENGTHS[joint] * s]),
            jnp.stack([zero, sin_twist * one, cos_twist * one, OFFSETS[joint] * one]),
            jnp.stack([zero, zero, zero, one]),
        ]
    )


def pose(q: jax.Array) -> jax.Array:
    """Rotation matrix and position of the end effector, of shape (12,), row by row."""
    transform = link(q[0], 0)
    for joint in range(1, JOINTS):
        transform = transform @ link(q[joint], joint)
    return transform[:3].reshape(12)


def pose_by_scalars(q: jax.Array) -> jax.Array:
    """The same in scalars, row by row, as one writes it who knows the zeros."""
    sines, cosines = jnp.sin(q), jnp.cos(q)
    flat = []
    for row in ((1.0, 0.0, 0.0, 0.0), (0.0, 1.0, 0.0, 0.0), (0.0, 0.0, 1.0, 0.0)):
        x, y, z, position = row
        for joint in range(JOINTS):
            s, c = sines[joint], cosines[joint]
            turned, across = x * c + y * s, y * c - x * s
            position = position + LENGTHS[joint] * turned + OFFSETS[joint] * z
            if SIN_TWISTS[joint]:
                y, z = SIN_TWISTS[joint] * z, -SIN_TWISTS[joint] * across
            else:
                y, z = COS_TWISTS[joint] * across, COS_TWISTS[joint] * z
            x = turned
        flat += [x, y, z, position]
    return jnp.stack(flat)


OF_POSE: Final = {"jacfwd": jax.jacfwd(pose), "jacrev": jax.jacrev(pose)}
OF_SCALARS: Final = {
    "jacfwd of scalars": jax.jacfwd(pose_by_scalars),
    "jacrev of scalars": jax.jacrev(pose_by_scalars),
}


@cache
def compiled() -> tuple[Module, float]:
    """The compiled module, and how many seconds that took."""
    return timed(
        lambda: partialc.compile(
            pose,
            args={"q": f"float[{JOINTS}]"},
            kernels={
                "jacobian": "jacobian(q)",
                "d3_px": "partial(q[0], q[1], q[3], of=out[3])",
            },
            name="ur5_arm",
            batch=["q"],
            domain={"q": [-3.1, 3.1]},
        )
    )


def cases() -> Iterator[Case]:
    """The whole Jacobian; then how p_x bends with three of the joints."""
    module, _ = compiled()
    rivals = OF_POSE | OF_SCALARS
    yield from kernel_cases(
        module.compiled,
        module.load(),
        "jacobian",
        variant=Variant(ROWS, exact=True, rivals=()),
        more=tuple(Contender(name, call) for name, call in rivals.items()),
        bars=tuple(Bar(name, "run", 1 / 3) for name in OF_POSE),
    )
    yield from kernel_cases(
        module.compiled,
        module.load(),
        "d3_px",
        variant=Variant(ROWS, exact=True, rivals=(FORWARD, REVERSE)),
        bars=(Bar(None, "flops", 30.0 * ROWS),),
    )


def measurements() -> Iterator[Measurement]:
    """How long the build took."""
    yield Measurement("build of both kernels", compiled()[1], "s", 60.0)
