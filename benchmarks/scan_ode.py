"""One entry of the Hessian of a 50-step simulation in its 20 parameters, for 500 rows.

The loop is a `jax.lax.scan`: nothing can look through it, so that indexing the whole
Hessian pays for all of its entries in every step.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Final

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

import partialc
from partialc.api import Module
from partialc.benching.case import Bar, Case, Contender
from partialc.benching.kernels import Variant, kernel_cases
from partialc.benching.measurement import Measurement, timed
from partialc.benching.rivals import FULL

ROWS: Final = 500
STEPS: Final = 50
STEP: Final = 0.05
SPECIES: Final = 4
PARAMETERS: Final = SPECIES + SPECIES**2
ENTRY: Final = (2, 11)
NOT_SLOWER: Final = 1.05


def slope(p: jax.Array, y: jax.Array) -> jax.Array:
    """Four species, each with its growth rate, that compete pairwise for space."""
    rates, competition = p[:SPECIES], p[SPECIES:].reshape(SPECIES, SPECIES)
    return y * (rates - competition @ y)


def final_population(p: jax.Array) -> jax.Array:
    """The first species after 50 steps of the midpoint rule, of shape ()."""

    def step(y: jax.Array, _: None) -> tuple[jax.Array, None]:
        middle = y + 0.5 * STEP * slope(p, y)
        return y + STEP * slope(p, middle), None

    return lax.scan(step, jnp.ones_like(p[:SPECIES]), length=STEPS)[0][0]


@cache
def compiled() -> tuple[Module, float]:
    """The compiled module, and how many seconds that took."""
    return timed(
        lambda: partialc.compile(
            final_population,
            args={"p": f"float[{PARAMETERS}]"},
            kernels={"entry": f"partial(p[{ENTRY[0]}], p[{ENTRY[1]}])"},
            name="scan_ode",
            batch=["p"],
        )
    )


def _unit(p: jax.Array, index: int) -> jax.Array:
    return jnp.asarray(np.eye(PARAMETERS)[index], p.dtype)


def by_two_tangents(p: jax.Array) -> tuple[jax.Array]:
    """Forward over forward, with whole vectors as tangents."""

    def along(q: jax.Array) -> jax.Array:
        return jax.jvp(final_population, (q,), (_unit(p, ENTRY[0]),))[1]

    return (jax.jvp(along, (p,), (_unit(p, ENTRY[1]),))[1],)


def by_two_scalars(p: jax.Array) -> tuple[jax.Array]:
    """Forward over forward in two scalars, all other parameters held constant."""
    zero, one = jnp.zeros((), p.dtype), jnp.ones((), p.dtype)

    def moved(a: jax.Array, b: jax.Array) -> jax.Array:
        return final_population(p + a * _unit(p, ENTRY[0]) + b * _unit(p, ENTRY[1]))

    def along(b: jax.Array) -> jax.Array:
        return jax.jvp(lambda a: moved(a, b), (zero,), (one,))[1]

    return (jax.jvp(along, (zero,), (one,))[1],)


def by_two_stacked_scalars(p: jax.Array) -> tuple[jax.Array]:
    """The same, the vector of parameters put together from scalars and constants."""
    one = jnp.ones((), p.dtype)
    fixed = list(p)

    def at(a: jax.Array, b: jax.Array) -> jax.Array:
        row = list(fixed)
        row[ENTRY[0]], row[ENTRY[1]] = a, b
        return final_population(jnp.stack(row))

    def along(b: jax.Array) -> jax.Array:
        return jax.jvp(lambda a: at(a, b), (p[ENTRY[0]],), (one,))[1]

    return (jax.jvp(along, (p[ENTRY[1]],), (one,))[1],)


def by_hvp(p: jax.Array) -> tuple[jax.Array]:
    """Forward over reverse: a Hessian-vector product, indexed."""
    gradient = jax.grad(final_population)
    return (jax.jvp(gradient, (p,), (_unit(p, ENTRY[0]),))[1][ENTRY[1]],)


VARIANTS: Final = {
    "two tangents": by_two_tangents,
    "two scalars": by_two_scalars,
    "stacked scalars": by_two_stacked_scalars,
    "hvp": by_hvp,
}


def cases() -> Iterator[Case]:
    """All rows at once."""
    module, _ = compiled()
    not_slower = tuple(Bar(name, "run", NOT_SLOWER) for name in VARIANTS)
    return kernel_cases(
        module.compiled,
        module.load(),
        "entry",
        variant=Variant(ROWS, exact=True),
        more=tuple(Contender(name, call) for name, call in VARIANTS.items()),
        bars=(*not_slower, Bar(FULL, "run", 1 / 50)),
    )


def measurements() -> Iterator[Measurement]:
    """How long the build took."""
    yield Measurement("build", compiled()[1], "s", 60.0)
