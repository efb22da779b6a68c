"""Loops: steps of differential equations, and recurrences."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import jax.numpy as jnp
import numpy as np
from jax import Array, lax

from choices.pair import Pair, Problem, Range, scalars

Slope: TypeAlias = Callable[[Array], Array]


def stepped(slope: Slope, start: Array, size: float, steps: int) -> Array:
    """A state after steps of Runge and Kutta's rule of fourth order."""

    def step(y: Array, _: None) -> tuple[Array, None]:
        a = slope(y)
        b = slope(y + size / 2 * a)
        c = slope(y + size / 2 * b)
        d = slope(y + size * c)
        return y + size / 6 * (a + 2 * b + 2 * c + d), None

    return lax.scan(step, start, length=steps)[0]


def oscillator(steps: int) -> Callable[[Array, Array, Array], Array]:
    """Van der Pol's oscillator: where it is after steps from a place and a speed."""

    def place(m: Array, x: Array, v: Array) -> Array:
        def slope(y: Array) -> Array:
            return jnp.stack([y[1], m * (1 - y[0] ** 2) * y[1] - y[0]])

        return stepped(slope, jnp.stack([x, v]), 0.1, steps)[0]

    return place


def rivals(p: Array) -> Array:
    """The first of three species that compete, after twenty steps, by twelve rates."""
    rates, losses = p[:3], p[3:].reshape(3, 3)

    def slope(y: Array) -> Array:
        return y * (rates - losses @ y)

    return stepped(slope, jnp.ones_like(rates), 0.05, 20)[0]


def butterfly(x: Array) -> Array:
    """Lorenz's three quantities after 25 steps."""

    def slope(y: Array) -> Array:
        flow = [10 * (y[1] - y[0]), y[0] * (28 - y[2]) - y[1], y[0] * y[1] - 2.7 * y[2]]
        return jnp.stack(flow)

    return stepped(slope, x, 0.01, 25)


def epidemic(p: Array) -> Array:
    """How many are ill after 40 steps, by rates of infection, recovery and loss."""

    def slope(y: Array) -> Array:
        caught, healed, lost = p[0] * y[0] * y[1], p[1] * y[1], p[2] * y[2]
        return jnp.stack([lost - caught, caught - healed, healed - lost])

    return stepped(slope, jnp.array([0.9, 0.1, 0.0], p.dtype), 0.1, 40)[1]


def planet(steps: int) -> Callable[[Array], Array]:
    """Place and speed of a planet after leapfrogs."""

    def fly(s: Array) -> Array:
        def step(now: tuple[Array, Array], _: None) -> tuple[tuple[Array, Array], None]:
            x, v = now
            x = x + 0.025 * v
            v = v - 0.05 * x / jnp.sum(x * x) ** 1.5
            return (x + 0.025 * v, v), None

        return jnp.concatenate(lax.scan(step, (s[:2], s[2:]), length=steps)[0])

    return fly


def logistic_map(steps: int) -> Callable[[Array, Array], Array]:
    """The logistic map after so many steps."""

    def last(r: Array, x: Array) -> Array:
        return lax.fori_loop(0, steps, lambda _, y: r * y * (1 - y), x)

    return last


def legendre(order: int) -> Callable[[Array], Array]:
    """Legendre's polynomial by its recurrence."""

    def last(x: Array) -> Array:
        def step(n: Array, two: tuple[Array, Array]) -> tuple[Array, Array]:
            before, now = two
            return now, ((2 * n + 1) * x * now - n * before) / (n + 1)

        return lax.fori_loop(1, order, step, (jnp.ones_like(x), x))[1]

    return last


def cube_root(a: Array) -> Array:
    """A cube root by eight steps of Newton's."""
    return lax.fori_loop(0, 8, lambda _, y: (2 * y + a / (y * y)) / 3, (1 + a) / 2)


def memory(x: Array) -> Array:
    """What a recurrent network of 16 units makes of a sequence of numbers."""
    rng = np.random.default_rng(16)
    weights = (rng.normal(size=(16, 16)) / 4).astype(np.float32)
    taken = rng.normal(size=16).astype(np.float32)

    def step(h: Array, seen: Array) -> tuple[Array, None]:
        return jnp.tanh(weights @ h + taken * seen), None

    start = jnp.zeros(16, x.dtype)
    return jnp.sum(lax.scan(step, start, x)[0])


def cooling_rod(u: Array, k: Array) -> Array:
    """Temperatures of a rod after ten steps; it conducts more where it is hot."""

    def step(_: Array, y: Array) -> Array:
        flow = (k + 0.1 * (y[1:] + y[:-1])) * jnp.diff(y)
        return y + 0.2 * jnp.diff(jnp.pad(flow, 1))

    return lax.fori_loop(0, 10, step, u)


def agm(a: Array, b: Array) -> Array:
    """The arithmetic-geometric mean by five steps."""

    def step(_: Array, two: tuple[Array, Array]) -> tuple[Array, Array]:
        return (two[0] + two[1]) / 2, jnp.sqrt(two[0] * two[1])

    return lax.fori_loop(0, 5, step, (a, b))[0]


FIELD = "loops"
CHAOS: Range = (2.5, 3.5)
WITHIN: Range = (0.2, 0.8)


def _oscillator(steps: int) -> Problem:
    return Problem(FIELD, f"oscillator_{steps}", oscillator(steps), scalars(*"mxv"))


def _logistic(steps: int) -> Problem:
    sample = {"r": CHAOS, "x": WITHIN}
    name = f"logistic_map_{steps}"
    return Problem(FIELD, name, logistic_map(steps), scalars(*"rx"), sample)


def _legendre(order: int) -> Problem:
    function = legendre(order)
    return Problem(FIELD, f"legendre_{order}", function, {"x": "float"}, {"x": WITHIN})


def _planet(steps: int) -> Problem:
    return Problem(FIELD, f"planet_{steps}", planet(steps), {"s": "float[4]"})


RIVALS = Problem(FIELD, "rivals", rivals, {"p": "float[12]"})
EPIDEMIC = Problem(FIELD, "epidemic", epidemic, {"p": "float[3]"})
BUTTERFLY = Problem(FIELD, "butterfly", butterfly, {"x": "float[3]"})
MEMORY = Problem(FIELD, "memory_12", memory, {"x": "float[12]"})
ROD = Problem(FIELD, "cooling_rod_20", cooling_rod, {"u": "float[20]", "k": "float"})

PAIRS: tuple[Pair, ...] = (
    *_oscillator(5).calibration(second=("value", "partial(m)", "partial(m, m)")),
    *_oscillator(50).calibration(mixed="partial(m, x)"),
    *RIVALS.calibration(gradient="gradient(p)", entry="partial(p[1], p[5])"),
    *_logistic(5).calibration(second=("value", "partial(r)", "partial(r, r)")),
    *_logistic(50).calibration(slope="partial(r)"),
    *_legendre(10).calibration(equation=("value", "partial(x)", "partial(x, x)")),
    *Problem(FIELD, "cube_root", cube_root, {"a": "float"}).calibration(
        third="partial(a, a, a)"
    ),
    *MEMORY.calibration(gradient=("value", "gradient(x)"), hvp="hvp(x)"),
    *BUTTERFLY.held_out(jacobian="jacobian(x)", column="jacobian(x[1])"),
    *EPIDEMIC.held_out(hessian=("gradient(p)", "hessian(p)")),
    *_planet(30).held_out(jacobian="jacobian(s)"),
    *_legendre(24).held_out(third="partial(x, x, x)"),
    *ROD.held_out(entry="partial(u[9], of=out[10])", conduction="partial(k)"),
    *_oscillator(20).held_out(gradients=("partial(m)", "partial(x)", "partial(v)")),
    *Problem(FIELD, "agm", agm, scalars(*"ab")).held_out(mixed="partial(a, b)"),
)
