"""One off-diagonal entry of the Hessian of a pairwise energy, of a few to many bodies.

A pair potential couples every body with every other one, so the whole Hessian is dense
and even `jvp of grad` visits all pairs. The entry of two bodies is that of one pair.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache
from typing import Final

import jax
import jax.numpy as jnp
import numpy as np

import partialc
from partialc.api import Module
from partialc.benching.case import Bar, Case, Contender
from partialc.benching.kernels import Variant, kernel_cases
from partialc.benching.measurement import Measurement, timed
from partialc.benching.rivals import FULL, NESTS, REVERSE

SIZES: Final = (100, 500, 5000)
BY_HAND: Final = "the pair alone"
SMALLEST: Final = "100 bodies"
BUILD_SECONDS: Final = 20.0


def potential(r2: jax.Array) -> jax.Array:
    """A smooth potential of the squared distance, with a well and a tail."""
    return jnp.exp(-r2) * jnp.cos(jnp.sqrt(1.0 + r2))


def energy_of_line(x: jax.Array) -> jax.Array:
    """The energy of bodies on a line: the sum over i < j, of shape ()."""
    r2 = (x[:, None] - x[None, :]) ** 2
    return jnp.sum(jnp.triu(potential(r2), 1))


def energy_of_space(x: jax.Array) -> jax.Array:
    """The energy of bodies in space, positions of shape (n, 3)."""
    r2 = jnp.sum((x[:, None] - x[None, :]) ** 2, axis=-1)
    return jnp.sum(jnp.triu(potential(r2), 1))


def energy_of_pairs(x: jax.Array) -> jax.Array:
    """The same, by an index of the pairs."""
    one, other = np.triu_indices(x.shape[0], 1)
    r2 = jnp.sum((x[one] - x[other]) ** 2, axis=-1)
    return jnp.sum(potential(r2))


@cache
def line(n: int) -> tuple[Module, float]:
    """The compiled kernel for bodies on a line, and how many seconds that took."""
    return timed(
        lambda: partialc.compile(
            energy_of_line,
            args={"x": f"float[{n}]"},
            kernels={"entry": "partial(x[3], x[7])"},
            name=f"pairwise_{n}",
        )
    )


@cache
def space(energy: Callable[[jax.Array], jax.Array]) -> tuple[Module, float]:
    """The same for 500 bodies in space."""
    return timed(
        lambda: partialc.compile(
            energy,
            args={"x": "float[500,3]"},
            kernels={"entry": "partial(x[3, 0], x[7, 2])"},
            name=energy.__name__,
        )
    )


def pair_of_line() -> Contender:
    """The second derivative of one pair's potential, as a person writes it."""

    def pair(a: jax.Array, b: jax.Array) -> jax.Array:
        return potential((a - b) ** 2)

    def entry(x: jax.Array) -> tuple[jax.Array]:
        return (jax.grad(jax.grad(pair), argnums=1)(x[3], x[7]),)

    return Contender(BY_HAND, entry)


def line_case(n: int) -> Case:
    """Bodies on a line; run time is not to grow with their number."""
    bars = [Bar(None, "flops", 100.0)]
    more = [pair_of_line()]
    if n != SIZES[0]:
        smallest = line(SIZES[0])[0].load().entry
        more.append(Contender(SMALLEST, lambda x: (smallest(x[: SIZES[0]]),)))
        bars.append(Bar(SMALLEST, "run", 1.25))
    if n == 500:
        bars.append(Bar(REVERSE, "run", 1 / 50))
    return _single(line(n)[0], n, tuple(more), tuple(bars))


def _single(
    module: Module, n: int, more: tuple[Contender, ...], bars: tuple[Bar, ...]
) -> Case:
    whole = (FULL,) if n == SIZES[0] else ()  # grows with the fourth power of n
    (case,) = kernel_cases(
        module.compiled,
        module.load(),
        "entry",
        variant=Variant(None, rivals=(*whole, REVERSE, NESTS)),
        more=more,
        bars=bars,
    )
    return case


def cases() -> Iterator[Case]:
    """Bodies on a line, of all sizes; then 500 in space."""
    yield from map(line_case, SIZES)
    bars = (Bar(None, "flops", 100.0), Bar(REVERSE, "run", 1 / 50))
    yield _single(space(energy_of_space)[0], 500, (), bars)
    yield _single(space(energy_of_pairs)[0], 500, (), ())


def measurements() -> Iterator[Measurement]:
    """How long the builds took."""
    for n in SIZES:
        what = f"build of the kernel for {n:,} bodies on a line"
        yield Measurement(what, line(n)[1], "s", BUILD_SECONDS)
    what = "build of the kernel for 500 bodies in space"
    yield Measurement(what, space(energy_of_space)[1], "s", BUILD_SECONDS)
