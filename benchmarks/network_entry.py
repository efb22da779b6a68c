"""One entry of the Hessian of an MLP 20-64-64-1, for 500 rows.

The rivals by hand are what people write: they differ in what is pushed through what,
and in what is shared. The kernel must keep up with the best of them.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from itertools import pairwise
from typing import Any, Final, TypeAlias

import jax
import jax.numpy as jnp
import numpy as np

import partialc
from partialc.api import Module
from partialc.benching.case import Bar, Case, Contender
from partialc.benching.kernels import Variant, kernel_cases
from partialc.benching.measurement import Measurement, timed

Params: TypeAlias = list[dict[str, Any]]

ROWS: Final = 500
NOT_SLOWER: Final = 1.05


def layers(*widths: int) -> Params:
    """Weights of an MLP with these widths."""
    rng = np.random.default_rng(0)
    return [
        {
            "w": (rng.normal(size=(one, other)) / np.sqrt(one)).astype(np.float32),
            "b": (rng.normal(size=other) / 10).astype(np.float32),
        }
        for one, other in pairwise(widths)
    ]


def mlp(params: Params, x: jax.Array) -> jax.Array:
    """A network with one output, at one point x, of shape ()."""
    hidden = x
    for layer in params[:-1]:
        hidden = jnp.tanh(hidden @ layer["w"] + layer["b"])
    return (hidden @ params[-1]["w"] + params[-1]["b"])[0]


WIDTHS: Final = (20, 64, 64, 1)
ENTRY: Final = (3, 4)


@cache
def compiled() -> tuple[Module, float]:
    """The kernel of one Hessian entry, and how many seconds its build took."""
    return timed(
        lambda: partialc.compile(
            mlp,
            args={"params": layers(*WIDTHS), "x": "float[20]"},
            kernels={"entry": f"partial(x[{ENTRY[0]}], x[{ENTRY[1]}])"},
            name="mlp",
            batch=["x"],
        )
    )


def _unit(x: jax.Array, index: int) -> jax.Array:
    return jnp.asarray(np.eye(x.shape[0])[index], x.dtype)


def entry_by_two_tangents(params: Params, x: jax.Array) -> tuple[jax.Array]:
    """Forward over forward, with whole vectors as tangents."""

    def along(z: jax.Array) -> jax.Array:
        return jax.jvp(lambda y: mlp(params, y), (z,), (_unit(x, ENTRY[0]),))[1]

    return (jax.jvp(along, (x,), (_unit(x, ENTRY[1]),))[1],)


def _with(x: jax.Array, a: jax.Array, b: jax.Array) -> jax.Array:
    return x + a * _unit(x, ENTRY[0]) + b * _unit(x, ENTRY[1])


def entry_by_two_scalars(params: Params, x: jax.Array) -> tuple[jax.Array]:
    """Forward over forward in two scalars, all else held constant."""
    zero, one = jnp.zeros((), x.dtype), jnp.ones((), x.dtype)

    def along(b: jax.Array) -> jax.Array:
        return jax.jvp(lambda a: mlp(params, _with(x, a, b)), (zero,), (one,))[1]

    return (jax.jvp(along, (zero,), (one,))[1],)


def entry_by_hvp(params: Params, x: jax.Array) -> tuple[jax.Array]:
    """Forward over reverse: a Hessian-vector product, indexed."""
    gradient = jax.grad(lambda z: mlp(params, z))
    return (jax.jvp(gradient, (x,), (_unit(x, ENTRY[0]),))[1][ENTRY[1]],)


def entry_by_reverse(params: Params, x: jax.Array) -> tuple[jax.Array]:
    """Reverse over forward: the gradient of a directional derivative, indexed."""

    def along(z: jax.Array) -> jax.Array:
        return jax.jvp(lambda y: mlp(params, y), (z,), (_unit(x, ENTRY[0]),))[1]

    return (jax.grad(along)(x)[ENTRY[1]],)


def entry_by_polarisation(params: Params, x: jax.Array) -> tuple[jax.Array]:
    """Two pure second derivatives, of the sum and the difference of the directions."""
    zero, one = jnp.zeros((), x.dtype), jnp.ones((), x.dtype)

    def pure(direction: jax.Array) -> jax.Array:
        def along(s: jax.Array) -> jax.Array:
            return jax.jvp(lambda r: mlp(params, x + r * direction), (s,), (one,))[1]

        return jax.jvp(along, (zero,), (one,))[1]

    first, second = (_unit(x, each) for each in ENTRY)
    return ((pure(first + second) - pure(first - second)) / 4,)


VARIANTS: Final = {
    "two tangents": entry_by_two_tangents,
    "two scalars": entry_by_two_scalars,
    "hvp": entry_by_hvp,
    "reverse over forward": entry_by_reverse,
    "polarisation": entry_by_polarisation,
}


def cases() -> Iterator[Case]:
    """All rows at once."""
    module, _ = compiled()
    return kernel_cases(
        module.compiled,
        module.load(),
        "entry",
        variant=Variant(ROWS, exact=True),
        more=tuple(Contender(name, call) for name, call in VARIANTS.items()),
        bars=tuple(Bar(name, "run", NOT_SLOWER) for name in VARIANTS),
    )


def measurements() -> Iterator[Measurement]:
    """How long the build took."""
    yield Measurement("build", compiled()[1], "s", 60.0)
