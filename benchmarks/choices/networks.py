"""Networks that stand for fields: entries of their derivatives, and sets of them."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any, TypeAlias

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from choices.pair import Pair, Problem, Range, scalars

Activation: TypeAlias = Callable[[Array], Array]


def network(*widths: int, activation: Activation = jnp.tanh) -> Callable[..., Array]:
    """A network with one output, its weights fixed, of as many scalars as inputs."""
    rng = np.random.default_rng(sum(widths))
    layers = [
        (
            (rng.normal(size=(one, other)) / np.sqrt(one)).astype(np.float32),
            (rng.normal(size=other) / 10).astype(np.float32),
        )
        for one, other in pairwise((*widths, 1))
    ]

    def run(x: Array) -> Array:
        for weights, shift in layers[:-1]:
            x = activation(x @ weights + shift)
        weights, shift = layers[-1]
        return (x @ weights + shift)[0]

    def line(t: Array, x: Array) -> Array:
        return run(jnp.stack([t, x]))

    def plane(t: Array, x: Array, y: Array) -> Array:
        return run(jnp.stack([t, x, y]))

    if widths[0] == 2:
        return line
    return plane if widths[0] == 3 else run


def trained(w: Array, b: Array, v: Array, x: Array) -> Array:
    """A hidden layer whose weights are arguments, as in training."""
    return jnp.tanh(x @ w + b) @ v


def trained_twice(w: Array, z: Array, v: Array, t: Array, x: Array) -> Array:
    """Two hidden layers whose weights are arguments, over time and place."""
    hidden = jnp.tanh(t * w[0] + x * w[1] + w[2])
    return jnp.tanh(hidden @ z) @ v


def squared_residual(w: Array, b: Array, v: Array, x: Array) -> Array:
    """What a network at three points misses of given values, squared."""
    found = jnp.tanh(x @ w + b) @ v
    return jnp.sum((found - jnp.sum(x, axis=1)) ** 2)


FIELD = "networks"
AROUND: Range = (-1.0, 1.0)
LINE, PLANE = scalars(*"tx"), scalars(*"txy")


def _problem(name: str, function: Callable[..., Any], args: dict[str, str]) -> Problem:
    return Problem(FIELD, name, function, args, dict.fromkeys(args, AROUND))


def _trained(name: str, function: Callable[..., Any], width: int, x: str) -> Problem:
    args = {"w": f"float[3, {width}]", "b": f"float[{width}]", "v": f"float[{width}]"}
    return _problem(name, function, {**args, "x": x})


SMALL = _problem("line_16", network(2, 16), LINE)
LINE_32 = _problem("line_32_32", network(2, 32, 32), LINE)
LINE_64 = _problem("line_64_64", network(2, 64, 64), LINE)
DEEP = _problem("line_64_64_64", network(2, 64, 64, 64), LINE)
PLANE_32 = _problem("plane_32_32", network(3, 32, 32), PLANE)
PLANE_64 = _problem("plane_64", network(3, 64), PLANE)
SPACE_32 = _problem("space_32_32", network(4, 32, 32), {"x": "float[4]"})
SOFTPLUS = _problem(
    "softplus_plane_24_24", network(3, 24, 24, activation=jax.nn.softplus), PLANE
)
WAVES = _problem("waves_line_48_48", network(2, 48, 48, activation=jnp.sin), LINE)
GELU = _problem(
    "gelu_space_24_24", network(4, 24, 24, activation=jax.nn.gelu), {"x": "float[4]"}
)
SIGMOID = _problem(
    "sigmoid_plane_16_16_16",
    network(3, 16, 16, 16, activation=jax.nn.sigmoid),
    PLANE,
)
TWICE = _problem(
    "trained_twice_24",
    trained_twice,
    {"w": "float[3, 24]", "z": "float[24, 24]", "v": "float[24]", **LINE},
)
HEAT = ("value", "partial(t)", "partial(x)", "partial(x, x)")
DIFFUSION = ("value", "partial(t)", "partial(x, x)", "partial(y, y)")
PLATE = ("partial(x, x, x, x)", "partial(x, x, y, y)", "partial(y, y, y, y)")

PAIRS: tuple[Pair, ...] = (
    *SMALL.calibration(
        u_xx="partial(x, x)",
        heat=HEAT,
    ),
    *LINE_32.calibration(
        heat=HEAT,
        u_tx="partial(t, x)",
    ),
    *LINE_64.calibration(
        u_xx="partial(x, x)",
        heat=HEAT,
    ),
    *DEEP.calibration(u_xxxx="partial(x, x, x, x)"),
    *PLANE_32.calibration(
        u_xy="partial(x, y)",
        diffusion=DIFFUSION,
    ),
    *SPACE_32.calibration(hessian="hessian(x)", forces=("value", "gradient(x)")),
    *_trained("trained_32", trained, 32, "float[3]").calibration(
        x_xx=("gradient(x)", "partial(x[0], x[0])"),
        weights=("gradient(w)", "gradient(b)", "gradient(v)"),
    ),
    *SOFTPLUS.held_out(
        diffusion=DIFFUSION,
        u_xxy="partial(x, x, y)",
    ),
    *WAVES.held_out(
        wave=("value", "partial(t, t)", "partial(x, x)"), u_txx="partial(t, x, x)"
    ),
    *GELU.held_out(hessian="hessian(x)", u_xy="partial(x[0], x[3])"),
    *SIGMOID.held_out(plate=PLATE),
    *PLANE_64.held_out(u_xx="partial(x, x)"),
    *TWICE.held_out(heat=HEAT),
    *_trained("squared_residual_16", squared_residual, 16, "float[3, 3]").held_out(
        hvp="hvp(w)", weights=("gradient(w)", "gradient(v)")
    ),
)
