"""The Jacobian of the inverse dynamics of a robot arm, of 4 and of 6 joints.

Recursive Newton-Euler: velocities and accelerations are carried outwards from joint to
joint, forces inwards. In scalar code of this kind every result is used many times, and
where a compiler fuses it computes much of it over and over.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any, Final, TypeAlias

import jax
import jax.numpy as jnp

import partialc
from partialc.api import Module
from partialc.benching.case import Bar, Case, Contender
from partialc.benching.kernels import Variant, kernel_cases
from partialc.benching.measurement import Measurement, timed

Vector: TypeAlias = tuple[Any, Any, Any]
"""Three scalars: traced ones, or Python's where they are constants."""

ROWS: Final = 4096
ROW_SECONDS: Final = 3e-6
JACFWD: Final = "jacfwd"
UNFUSED: Final = "jacfwd, unfused"

GRAVITY: Final = 9.81
# Denavit-Hartenberg parameters of each joint, the twist by its exact sine and cosine.
LENGTHS: Final = (0.0, -0.425, -0.39225, 0.0, 0.0, 0.0)
OFFSETS: Final = (0.089159, 0.0, 0.0, 0.10915, 0.09465, 0.0823)
SIN_TWISTS: Final = (1.0, 0.0, 0.0, 1.0, -1.0, 0.0)
COS_TWISTS: Final = (0.0, 1.0, 1.0, 0.0, 0.0, 1.0)
# Mass, centre of mass and principal moments of inertia of each link.
MASSES: Final = (3.7, 8.393, 2.33, 1.219, 1.219, 0.1879)
CENTRES: Final = (
    (0.0, -0.02561, 0.00193),
    (0.2125, 0.0, 0.11336),
    (0.15, 0.0, 0.0265),
    (0.0, -0.0018, 0.01634),
    (0.0, 0.0018, 0.01634),
    (0.0, 0.0, -0.001159),
)
INERTIAS: Final = (
    (0.0084, 0.0064, 0.0084),
    (0.0078, 0.21, 0.21),
    (0.0016, 0.0462, 0.0462),
    (0.0016, 0.0016, 0.0009),
    (0.0016, 0.0016, 0.0009),
    (0.0001, 0.0001, 0.0001),
)


def add(*vectors: Vector) -> Vector:
    """The sum of vectors."""
    x, y, z = vectors[0]
    for other in vectors[1:]:
        x, y, z = x + other[0], y + other[1], z + other[2]
    return x, y, z


def scaled(factors: Any, v: Vector) -> Vector:
    """Times a number, or times a number for each component."""
    x, y, z = factors if isinstance(factors, tuple) else (factors,) * 3
    return x * v[0], y * v[1], z * v[2]


def cross(u: Vector, v: Vector) -> Vector:
    """The vector product."""
    return (
        u[1] * v[2] - u[2] * v[1],
        u[2] * v[0] - u[0] * v[2],
        u[0] * v[1] - u[1] * v[0],
    )


def into(joint: int, s: Any, c: Any, v: Vector) -> Vector:
    """A vector of the frame before a joint, in the frame behind it."""
    turned = c * v[1] - s * v[0]
    return (
        c * v[0] + s * v[1],
        COS_TWISTS[joint] * turned + SIN_TWISTS[joint] * v[2],
        COS_TWISTS[joint] * v[2] - SIN_TWISTS[joint] * turned,
    )


def back(joint: int, s: Any, c: Any, v: Vector) -> Vector:
    """A vector of the frame behind a joint, in the frame before it."""
    turned = COS_TWISTS[joint] * v[1] - SIN_TWISTS[joint] * v[2]
    return (
        c * v[0] - s * turned,
        s * v[0] + c * turned,
        SIN_TWISTS[joint] * v[1] + COS_TWISTS[joint] * v[2],
    )


def torques(x: jax.Array) -> jax.Array:
    """Torques for angles, velocities and accelerations, all in one vector x of 3n."""
    joints = x.shape[0] // 3
    sines, cosines = jnp.sin(x[:joints]), jnp.cos(x[:joints])
    turn: Vector = (0.0, 0.0, 0.0)  # angular velocity
    swing: Vector = (0.0, 0.0, 0.0)  # angular acceleration
    pull: Vector = (0.0, 0.0, GRAVITY)  # linear acceleration
    links = []
    for joint in range(joints):
        s, c = sines[joint], cosines[joint]
        speed, speedup = x[joints + joint], x[2 * joints + joint]
        sideways = (turn[1] * speed, -turn[0] * speed, 0.0)
        swing = into(joint, s, c, add(swing, sideways, (0.0, 0.0, speedup)))
        turn = into(joint, s, c, add(turn, (0.0, 0.0, speed)))
        arm = (
            LENGTHS[joint],
            OFFSETS[joint] * SIN_TWISTS[joint],
            OFFSETS[joint] * COS_TWISTS[joint],
        )
        pull = add(
            into(joint, s, c, pull), cross(swing, arm), cross(turn, cross(turn, arm))
        )
        centre = CENTRES[joint]
        middle = add(pull, cross(swing, centre), cross(turn, cross(turn, centre)))
        spin = scaled(INERTIAS[joint], turn)
        moment = add(scaled(INERTIAS[joint], swing), cross(turn, spin))
        links.append((s, c, arm, centre, scaled(MASSES[joint], middle), moment))
    found = []
    force: Vector = (0.0, 0.0, 0.0)
    torque: Vector = (0.0, 0.0, 0.0)
    for joint in reversed(range(joints)):
        s, c, arm, centre, inertial, moment = links[joint]
        lever = cross(add(arm, centre), inertial)
        torque = add(torque, cross(arm, force), lever, moment)
        force = add(force, inertial)
        found.append(SIN_TWISTS[joint] * torque[1] + COS_TWISTS[joint] * torque[2])
        torque, force = back(joint, s, c, torque), back(joint, s, c, force)
    return jnp.stack(found[::-1])


@cache
def arm(joints: int) -> tuple[Module, float]:
    """The compiled Jacobian of so many joints, and how many seconds that took."""
    return timed(
        lambda: partialc.compile(
            torques,
            args={"x": f"float[{3 * joints}]"},
            kernels={"jacobian": "jacobian(x)"},
            name=f"dynamics_{joints}",
            batch=["x"],
            domain={"x": [-2.0, 2.0]},
        )
    )


def by_jacfwd(x: jax.Array) -> tuple[jax.Array]:
    """The whole Jacobian by forward mode."""
    return (jax.jacfwd(torques)(x),)


def _case(
    joints: int,
    rows: int,
    rivals: tuple[Contender, ...],
    bars: tuple[Bar, ...] = (),
) -> Case:
    module, _ = arm(joints)
    (case,) = kernel_cases(
        module.compiled,
        module.load(),
        "jacobian",
        variant=Variant(rows, exact=True, rivals=()),
        more=rivals,
        bars=bars,
    )
    return case


def cases() -> Iterator[Case]:
    """Four joints; six, beside a rival that takes part in a batch only unfused."""
    fused = Contender(JACFWD, by_jacfwd)
    no_fusion = {"xla_disable_hlo_passes": "fusion"}
    unfused = Contender(UNFUSED, by_jacfwd, compiler_options=no_fusion)
    yield _case(4, ROWS, (fused, unfused), (Bar(JACFWD, "run", 1 / 40),))
    yield _case(
        6,
        ROWS,
        (unfused,),
        (Bar(None, "run", ROW_SECONDS * ROWS), Bar(UNFUSED, "run", 1 / 10)),
    )
    yield _case(6, 1, (fused, unfused))


def measurements() -> Iterator[Measurement]:
    """How long the builds took."""
    for joints in (4, 6):
        what = f"build of the Jacobian of {joints} joints"
        yield Measurement(what, arm(joints)[1], "s", 60.0)
