"""A network u(t, x) and the fields u, u_t, u_x, u_xx, u_xt, for 10,000 points.

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

ROWS: Final = 10_000
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


def field(params: Params, t: jax.Array, x: jax.Array) -> jax.Array:
    """A field u(t, x) that a network represents, of shape ()."""
    return mlp(params, jnp.stack([t, x]))


WIDTHS: Final = (2, 64, 64, 1)
FIELDS: Final = {
    "u": "value",
    "u_t": "partial(t)",
    "u_x": "partial(x)",
    "u_xx": "partial(x, x)",
    "u_xt": "partial(x, t)",
}
Fields: TypeAlias = tuple[jax.Array, ...]


@cache
def compiled() -> tuple[Module, float]:
    """The kernel of all fields, and how many seconds its build took."""
    return timed(
        lambda: partialc.compile(
            field,
            args={"params": layers(*WIDTHS), "t": "float", "x": "float"},
            kernels={"fields": FIELDS},
            name="pinn",
            batch=["t", "x"],
            domain={"t": [0, 1], "x": [-1, 1]},
        )
    )


def fields_by_nested_grad(params: Params, t: jax.Array, x: jax.Array) -> Fields:
    """One `jax.grad` for each letter, as most papers' code has it."""
    u_x = jax.grad(field, 2)
    return (
        field(params, t, x),
        jax.grad(field, 1)(params, t, x),
        u_x(params, t, x),
        jax.grad(u_x, 2)(params, t, x),
        jax.grad(u_x, 1)(params, t, x),
    )


def fields_by_hvp(params: Params, t: jax.Array, x: jax.Array) -> Fields:
    """One Hessian-vector product: it holds the gradient, u_xx and u_xt."""

    def both(t: jax.Array, x: jax.Array) -> tuple[jax.Array, Fields]:
        return jax.value_and_grad(field, (1, 2))(params, t, x)

    tangents = (jnp.zeros_like(t), jnp.ones_like(x))
    (u, (u_t, u_x)), (_, (u_xt, u_xx)) = jax.jvp(both, (t, x), tangents)
    return u, u_t, u_x, u_xx, u_xt


def fields_by_shared_jvp(params: Params, t: jax.Array, x: jax.Array) -> Fields:
    """Nested tangents that share their beginning."""
    one = jnp.ones_like(x)

    def along_x(t: jax.Array, x: jax.Array) -> tuple[jax.Array, jax.Array]:
        return jax.jvp(lambda z: field(params, t, z), (x,), (one,))

    (u, u_x), (_, u_xx) = jax.jvp(lambda z: along_x(t, z), (x,), (one,))
    _, (u_t, u_xt) = jax.jvp(lambda s: along_x(s, x), (t,), (one,))
    return u, u_t, u_x, u_xx, u_xt


def fields_by_linearize(params: Params, t: jax.Array, x: jax.Array) -> Fields:
    """The gradient linearised forward once, its tangents mapped over a basis."""
    one, zero = jnp.ones_like(x), jnp.zeros_like(x)

    def along_x(t: jax.Array, x: jax.Array) -> tuple[jax.Array, jax.Array]:
        return jax.jvp(lambda z: field(params, t, z), (x,), (one,))

    (u, u_x), push = jax.linearize(along_x, t, x)
    basis = (jnp.stack([one, zero]), jnp.stack([zero, one]))
    (u_t, _), (u_xt, u_xx) = jax.vmap(push)(*basis)
    return u, u_t, u_x, u_xx, u_xt


def fields_by_layers(params: Params, t: jax.Array, x: jax.Array) -> Fields:
    """Derivatives carried through the layers on paper, stacked for one product each."""
    zero, one = jnp.zeros_like(t), jnp.ones_like(t)
    # Rows: value, t, x, xx, xt.
    rows = jnp.stack(
        [
            jnp.stack([t, x]),
            jnp.stack([one, zero]),
            jnp.stack([zero, one]),
            jnp.stack([zero, zero]),
            jnp.stack([zero, zero]),
        ]
    )
    for layer in params[:-1]:
        v, v_t, v_x, v_xx, v_xt = rows @ layer["w"]
        y = jnp.tanh(v + layer["b"])
        slope = 1 - y * y
        bend = -2 * y * slope
        rows = jnp.stack(
            [
                y,
                slope * v_t,
                slope * v_x,
                bend * v_x * v_x + slope * v_xx,
                bend * v_x * v_t + slope * v_xt,
            ]
        )
    u, *others = (rows @ params[-1]["w"])[:, 0]
    return (u + params[-1]["b"][0], *others)


VARIANTS: Final = {
    "a grad a letter": fields_by_nested_grad,
    "hvp": fields_by_hvp,
    "shared jvp": fields_by_shared_jvp,
    "linearize": fields_by_linearize,
    "on paper, stacked": fields_by_layers,
}


def cases() -> Iterator[Case]:
    """All rows at once."""
    module, _ = compiled()
    return kernel_cases(
        module.compiled,
        module.load(),
        "fields",
        variant=Variant(ROWS, exact=True),
        more=tuple(Contender(name, call) for name, call in VARIANTS.items()),
        bars=tuple(Bar(name, "run", NOT_SLOWER) for name in VARIANTS),
    )


def measurements() -> Iterator[Measurement]:
    """How long the build took."""
    yield Measurement("build", compiled()[1], "s", 60.0)
