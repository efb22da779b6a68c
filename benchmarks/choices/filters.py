"""Extended Kalman filters: how a state moves on, and what is measured of it."""

from __future__ import annotations

from collections.abc import Callable

import jax.numpy as jnp
from jax import Array

from choices.pair import Pair, Problem

STEP = 0.1


def cart_pole(s: Array, f: Array) -> Array:
    """A cart with a pole on it, pushed: place, angle and their speeds."""
    c, sine = jnp.cos(s[1]), jnp.sin(s[1])
    pushed = (f + 0.05 * s[3] ** 2 * sine) / 1.1
    turning = (9.81 * sine - c * pushed) / (0.67 - 0.045 * c * c)
    return s + STEP * jnp.stack([s[2], s[3], pushed - 0.045 * turning * c, turning])


def turning_target(s: Array) -> Array:
    """A target that turns steadily: place, speeds and the rate of turning."""
    angle = s[4] * STEP
    c, sine = jnp.cos(angle), jnp.sin(angle)
    ahead, aside = sine / s[4], (1 - c) / s[4]
    return jnp.stack(
        [
            s[0] + ahead * s[2] - aside * s[3],
            s[1] + aside * s[2] + ahead * s[3],
            c * s[2] - sine * s[3],
            sine * s[2] + c * s[3],
            s[4],
        ]
    )


def range_and_bearing(s: Array) -> Array:
    """What a radar sees of a target: range, bearing and how fast it goes away."""
    r = jnp.sqrt(s[0] ** 2 + s[1] ** 2)
    return jnp.stack([r, jnp.arctan2(s[1], s[0]), (s[0] * s[2] + s[1] * s[3]) / r])


def sliding_car(s: Array, u: Array) -> Array:
    """A car whose tyres slip: place, heading, speeds along and across, turning."""
    front = -8 * jnp.arctan((s[4] + 1.2 * s[5]) / s[3] - u[0])
    rear = -9 * jnp.arctan((s[4] - 1.5 * s[5]) / s[3])
    c, sine = jnp.cos(s[2]), jnp.sin(s[2])
    slope = [
        s[3] * c - s[4] * sine,
        s[3] * sine + s[4] * c,
        s[5],
        u[1] - front * jnp.sin(u[0]) + s[4] * s[5],
        front * jnp.cos(u[0]) + rear - s[3] * s[5],
        (1.2 * front * jnp.cos(u[0]) - 1.5 * rear) / 1.8,
    ]
    return s + STEP * jnp.stack(slope)


def attitude(s: Array, w: Array) -> Array:
    """A quaternion turned by gyroscopes, and what these are biased by: seven states."""
    a, b, c, d = s[:4]
    x, y, z = STEP / 2 * (w - s[4:])
    turned = jnp.stack(
        [
            a - b * x - c * y - d * z,
            b + a * x + c * z - d * y,
            c + a * y + d * x - b * z,
            d + a * z + b * y - c * x,
        ]
    )
    return jnp.concatenate([turned / jnp.sqrt(jnp.sum(turned**2)), s[4:]])


def dead_reckoning(s: Array, f: Array, w: Array) -> Array:
    """Place, speed and three angles, by accelerations and turning of the body."""
    c, sine = jnp.cos(s[6:]), jnp.sin(s[6:])
    frame = jnp.array(
        [
            [
                c[1] * c[2],
                sine[0] * sine[1] * c[2] - c[0] * sine[2],
                c[0] * sine[1] * c[2] + sine[0] * sine[2],
            ],
            [
                c[1] * sine[2],
                sine[0] * sine[1] * sine[2] + c[0] * c[2],
                c[0] * sine[1] * sine[2] - sine[0] * c[2],
            ],
            [-sine[1], sine[0] * c[1], c[0] * c[1]],
        ]
    )
    lean = w[1] * sine[0] + w[2] * c[0]
    angles = jnp.stack(
        [
            w[0] + lean * sine[1] / c[1],
            w[1] * c[0] - w[2] * sine[0],
            lean / c[1],
        ]
    )
    fall = jnp.stack([0 * f[0], 0 * f[0], 9.81 + 0 * f[0]])
    return s + STEP * jnp.concatenate([s[3:6], frame @ f - fall, angles])


def flattened_orbit(s: Array) -> Array:
    """A satellite about a flattened planet: place and speed, half a step each way."""

    def fall(x: Array) -> Array:
        r2 = jnp.sum(x * x)
        bulge = 5 * x[2] ** 2 / r2 - jnp.array([1.0, 1.0, 3.0], x.dtype)
        return x * (0.0016 * bulge / r2 - 1) / r2**1.5

    middle = s[:3] + STEP / 2 * s[3:]
    speed = s[3:] + STEP * fall(middle)
    return jnp.concatenate([middle + STEP / 2 * speed, speed])


def falling_body(s: Array) -> Array:
    """A body that enters the atmosphere: place, speeds and its drag."""
    height = jnp.sqrt(s[0] ** 2 + s[1] ** 2)
    speed = jnp.sqrt(s[2] ** 2 + s[3] ** 2)
    drag = -s[4] * jnp.exp((1.0 - height) / 0.2) * speed
    weight = -1 / height**3
    slope = [s[2], s[3], drag * s[2] + weight * s[0], drag * s[3] + weight * s[1]]
    return s + STEP * jnp.stack([*slope, jnp.zeros_like(s[4])])


def tank_levels(s: Array, u: Array) -> Array:
    """Four tanks that drain into each other, filled by two pumps."""
    out = jnp.sqrt(2 * s)
    slope = [
        out[2] - out[0] + 0.7 * u[0],
        out[3] - out[1] + 0.6 * u[1],
        0.4 * u[1] - out[2],
        0.3 * u[0] - out[3],
    ]
    return s + STEP * jnp.stack(slope)


FIELD = "filters"


def _problem(function: Callable[..., Array], states: int, **inputs: str) -> Problem:
    args = {"s": f"float[{states}]", **inputs}
    return Problem(FIELD, function.__name__, function, args)


RECKONING = _problem(dead_reckoning, 9, f="float[3]", w="float[3]")
MOVED = ("value", "jacobian(s)")

PAIRS: tuple[Pair, ...] = (
    *_problem(cart_pole, 4, f="float").calibration(
        linear=("jacobian(s)", "partial(f)"), jacobian="jacobian(s)"
    ),
    *_problem(turning_target, 5).calibration(moved=MOVED),
    *_problem(range_and_bearing, 5).calibration(jacobian="jacobian(s)"),
    *_problem(sliding_car, 6, u="float[2]").calibration(
        jacobian="jacobian(s)", linear=("value", "jacobian(s)", "jacobian(u)")
    ),
    *RECKONING.calibration(jacobian="jacobian(s)"),
    *_problem(attitude, 7, w="float[3]").held_out(
        moved=MOVED, noise="jacobian(w, of=out[0:4])"
    ),
    *_problem(flattened_orbit, 6).held_out(moved=MOVED),
    *_problem(falling_body, 5).held_out(jacobian="jacobian(s)"),
    *_problem(tank_levels, 4, u="float[2]").held_out(
        linear=("jacobian(s)", "jacobian(u)")
    ),
    *RECKONING.held_out(angles=("value", "jacobian(s[6:9])")),
)
