"""Matrices of functions with loops, beside what one writes with plain JAX."""

from __future__ import annotations

from collections.abc import Iterator
from time import perf_counter
from typing import Final

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from matrices.contests import case, compiled
from matrices.problems import Array
from partialc.benching.case import Bar, Case
from partialc.benching.measurement import Measurement
from partialc.frontends.load import load_primal
from partialc.planning.patterns import pattern_of
from partialc.request.shapes import whole

JACOBIAN: Final = "sparse(jacobian({}))"
ELEMENTS: Final = 2_000
BAND: Final = 2_000
STEPS: Final = 5
LONG: Final = 1_000
SHORT: Final = 200


def element(row: Array) -> Array:
    """A function of four numbers."""
    a = jnp.tanh(row[0] * row[1] + row[2])
    return jnp.sin(a) * row[3] + a**2


def elements(x: Array) -> Array:
    """It, for one row after the other."""
    return lax.map(element, x.reshape(-1, 4))


def gradients(x: Array) -> Array:
    """What one writes: the gradient of each."""
    return jax.vmap(jax.grad(element))(x.reshape(-1, 4)).ravel()


def step(v: Array) -> Array:
    """A step of an explicit method: each place and those next to it."""
    p = jnp.pad(v, 1)
    return v + 0.1 * jnp.sin(p[2:] - 2.0 * v + p[:-2]) * v


def few_steps(x: Array) -> Array:
    """Five steps."""
    return lax.scan(lambda v, _: (step(v), None), x, None, length=STEPS)[0]


def many_steps(x: Array) -> Array:
    """A thousand steps."""
    return lax.scan(lambda v, _: (step(v), None), x, None, length=LONG)[0]


def fitted(p: Array) -> Array:
    """Fifty steps of a small system with twenty parameters."""

    def turn(v: Array, _: None) -> tuple[Array, None]:
        inner = p[:4] * v[::-1] + p[4:8] * v + p[8:12] * jnp.sin(v)
        return v + 0.01 * jnp.tanh(inner + p[12:16] + p[16:]), None

    return lax.scan(turn, jnp.ones(4), None, length=50)[0]


def coloured(x: Array) -> Array:
    """One product for each of eleven diagonals, and the entries by index."""
    width = 2 * STEPS + 1
    seeds = jnp.asarray(np.eye(width)[np.arange(BAND) % width].T.copy())
    passes = jax.vmap(lambda seed: jax.jvp(few_steps, (x,), (seed,))[1])(seeds)
    rows = np.repeat(np.arange(BAND), width)
    cols = rows + np.tile(np.arange(width) - STEPS, BAND)
    inside = (cols >= 0) & (cols < BAND)
    places = (cols[inside] % width).astype(np.uint32), rows[inside].astype(np.uint32)
    return passes[places[0], places[1]]


def cases() -> Iterator[Case]:
    """One evaluation each."""
    yield case(
        "mapped_elements",
        elements,
        4 * ELEMENTS,
        JACOBIAN,
        {"vmapped gradient": gradients},
        [Bar("vmapped gradient", "run", 1.3)],
    )
    yield case(
        "few_steps",
        few_steps,
        BAND,
        JACOBIAN,
        {"coloured jvp": coloured},
        [Bar("coloured jvp", "run", 1.2)],
    )
    plain = {"jacfwd": jax.jacfwd, "jacrev": jax.jacrev}
    yield case(
        "many_steps",
        many_steps,
        SHORT,
        "jacobian({})",
        {name: way(many_steps) for name, way in plain.items()},
        [Bar(name, "run", 1.0) for name in plain],
    )
    yield case(
        "fitted",
        fitted,
        20,
        "jacobian({})",
        {name: way(fitted) for name, way in plain.items()},
        [Bar("jacrev", "run", 1.1)],
    )


def measurements() -> Iterator[Measurement]:
    """How long it takes to find patterns, and whether they are exact."""
    for name, function, size, entries in (
        ("mapped_elements", elements, 4 * ELEMENTS, 4 * ELEMENTS),
        (
            "few_steps",
            few_steps,
            BAND,
            BAND * (2 * STEPS + 1) - STEPS * (STEPS + 1),
        ),
        ("many_steps", many_steps, SHORT, SHORT**2),
    ):
        argument = function.__code__.co_varnames[0]
        primal = load_primal(function, {argument: f"float[{size}]"}, name=name)
        rows = primal.signature.result.leaves[0].type.shape
        start = perf_counter()
        found = pattern_of(primal, (whole(0, rows),), (whole(0, (size,)),), 1)
        spent = perf_counter() - start
        yield Measurement(f"{name}: pattern", spent, "s", 1.0)
        extra = found.nonzeros - entries
        yield Measurement(f"{name}: nonzeros too many", extra, "", 0)
    module, _ = compiled(elements, 4 * ELEMENTS, JACOBIAN, "mapped_elements")
    lines = len(module.source.splitlines())
    yield Measurement("mapped_elements: length", lines, "lines", 150)
