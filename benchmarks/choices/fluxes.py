"""Fluxes of conservation laws, and what flows between two cells."""

from __future__ import annotations

from collections.abc import Callable

import jax.numpy as jnp
from jax import Array

from choices.pair import USUAL_RANGE, Pair, Problem, Range

GAMMA = 1.4


def gas_line(u: Array) -> Array:
    """The flux of a gas on a line: of density, momentum and energy."""
    speed = u[1] / u[0]
    pressure = (GAMMA - 1) * (u[2] - u[1] * speed / 2)
    return jnp.stack([u[1], u[1] * speed + pressure, (u[2] + pressure) * speed])


def gas(w: Array) -> tuple[Array, Array, Array, Array]:
    """Speed, total enthalpy, what is conserved and its flux, of a gas on a line.

    Args:
        w: Its density, speed and pressure.
    """
    energy = w[2] / (GAMMA - 1) + w[0] * w[1] ** 2 / 2
    conserved = jnp.stack([w[0], w[0] * w[1], energy])
    return w[1], (energy + w[2]) / w[0], conserved, gas_line(conserved)


def sound(enthalpy: Array, speed: Array) -> Array:
    """How fast sound is in a gas."""
    return jnp.sqrt((GAMMA - 1) * (enthalpy - speed * speed / 2))


def rusanov_line(left: Array, right: Array) -> Array:
    """Between two cells of a gas, smeared by the fastest wave."""
    (v, G, one, here), (w, H, other, there) = gas(left), gas(right)
    fastest = jnp.maximum(jnp.abs(v) + sound(G, v), jnp.abs(w) + sound(H, w))
    return (here + there - fastest * (other - one)) / 2


def roe_line(left: Array, right: Array) -> Array:
    """Between two cells of a gas, its three waves after Roe."""
    (v, G, one, here), (w, H, other, there) = gas(left), gas(right)
    a, b = jnp.sqrt(left[0]), jnp.sqrt(right[0])
    u = (a * v + b * w) / (a + b)
    h = (a * G + b * H) / (a + b)
    c, d = sound(h, u), other - one
    middle = (GAMMA - 1) / c**2 * ((h - u * u) * d[0] + u * d[1] - d[2])
    back = (d[0] * (u + c) - d[1] - c * middle) / (2 * c)
    waves = jnp.stack([back, middle, d[0] - back - middle])
    speeds = jnp.abs(jnp.stack([u - c, u, u + c]))
    shapes = jnp.stack(
        [
            jnp.stack([jnp.ones_like(u), u - c, h - u * c]),
            jnp.stack([jnp.ones_like(u), u, u * u / 2]),
            jnp.stack([jnp.ones_like(u), u + c, h + u * c]),
        ]
    )
    return (here + there - (speeds * waves) @ shapes) / 2


def conserved(w: Array) -> Array:
    """Density, momentum and energy of a gas in space, by density, speeds, pressure."""
    energy = w[4] / (GAMMA - 1) + w[0] * jnp.sum(w[1:4] ** 2) / 2
    return jnp.concatenate([w[:1], w[0] * w[1:4], energy[None]])


def gas_space(w: Array) -> Array:
    """The flux through a slanted face of a gas in space."""
    through = 0.6 * w[1] + 0.48 * w[2] + 0.64 * w[3]
    normal = jnp.array([0.0, 0.6, 0.48, 0.64, 0.0], w.dtype)
    work = w[4] * through * jnp.array([0.0, 0.0, 0.0, 0.0, 1.0], w.dtype)
    return conserved(w) * through + w[4] * normal + work


def rusanov_space(left: Array, right: Array) -> Array:
    """Between two cells of a gas in space, smeared by the fastest wave."""

    def fastest(w: Array) -> Array:
        through = 0.6 * w[1] + 0.48 * w[2] + 0.64 * w[3]
        return jnp.abs(through) + jnp.sqrt(GAMMA * w[4] / w[0])

    smear = jnp.maximum(fastest(left), fastest(right)) * (
        conserved(right) - conserved(left)
    )
    return (gas_space(left) + gas_space(right) - smear) / 2


def water(u: Array) -> Array:
    """The flux of shallow water with two speeds: of height and momenta."""
    speed = u[1] / u[0]
    return jnp.stack([u[1], u[1] * speed + 4.905 * u[0] ** 2, u[2] * speed])


def hll_water(left: Array, right: Array) -> Array:
    """Between two cells of shallow water, within its slowest and fastest wave."""

    def waves(u: Array) -> tuple[Array, Array]:
        speed, c = u[1] / u[0], jnp.sqrt(9.81 * u[0])
        return speed - c, speed + c

    slow = jnp.minimum(jnp.minimum(waves(left)[0], waves(right)[0]), 0.0)
    fast = jnp.maximum(jnp.maximum(waves(left)[1], waves(right)[1]), 0.0)
    mixed = fast * water(left) - slow * water(right) + slow * fast * (right - left)
    return mixed / (fast - slow)


def plasma(u: Array) -> Array:
    """The flux of a magnetised gas along a constant field: seven quantities."""
    density, momentum, energy, field = u[0], u[1:4], u[4], u[5:]
    speed = momentum / density
    squared = 0.5625 + jnp.sum(field**2)
    pressure = (2 / 3) * (energy - momentum @ speed / 2 - squared / 2)
    total = pressure + squared / 2
    along = speed[0]
    carried = 0.75 * speed[0] + field @ speed[1:]
    return jnp.concatenate(
        [
            momentum[:1],
            (momentum[0] * along + total - 0.5625)[None],
            momentum[1:] * along - 0.75 * field,
            ((energy + total) * along - 0.75 * carried)[None],
            field * along - 0.75 * speed[1:],
        ]
    )


def traffic(left: Array, right: Array) -> Array:
    """Between two cells of roads with three kinds of cars, smeared evenly."""

    def flux(u: Array) -> Array:
        return u * (1 - jnp.sum(u) / 6) * jnp.array([1.0, 0.8, 0.5], u.dtype)

    return (flux(left) + flux(right) - (right - left)) / 2


FIELD = "fluxes"
CLOSE: Range = (0.9, 1.1)
CALM: Range = (0.2, 0.8)


def _cell(function: Callable[[Array], Array], size: int, where: Range) -> Problem:
    args = {"u": f"float[{size}]"}
    return Problem(FIELD, function.__name__, function, args, {"u": where})


def _face(
    function: Callable[[Array, Array], Array], size: int, where: Range = USUAL_RANGE
) -> Problem:
    args = {"left": f"float[{size}]", "right": f"float[{size}]"}
    sample = {"left": where, "right": where}
    return Problem(FIELD, function.__name__, function, args, sample)


SPACE = Problem(FIELD, "gas_space", gas_space, {"w": "float[5]"})
PLASMA = Problem(FIELD, "plasma", plasma, {"u": "float[7]"}, {"u": (0.4, 0.6)})
BOTH = ("jacobian(left)", "jacobian(right)")

PAIRS: tuple[Pair, ...] = (
    *_cell(gas_line, 3, CLOSE).calibration(jacobian=("value", "jacobian(u)")),
    *_face(rusanov_line, 3).calibration(jacobians=BOTH),
    *_face(roe_line, 3).calibration(jacobians=BOTH, column="jacobian(left[2])"),
    *SPACE.calibration(jacobian="jacobian(w)", jvp="jvp(w)"),
    *_face(rusanov_space, 5).calibration(
        jacobians=BOTH, row="jacobian(left, of=out[4])"
    ),
    *_face(hll_water, 3, CALM).held_out(jacobians=("value", *BOTH)),
    *PLASMA.held_out(jacobian="jacobian(u)", bent="hessian(u, of=out[4])"),
    *_face(traffic, 3, CALM).held_out(jacobians=BOTH),
    *_face(roe_line, 3).held_out(row=("value", "jacobian(right, of=out[1])")),
)
