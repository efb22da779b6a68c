"""A training step: fields of a network up to u_xxxx, differentiated by its weights.

The fields are u, u_t, u_x, u_xx, u_xt and u_xxxx of a network u(t, x) at 4,096 points;
the kernel is built with `differentiable = true`. Forward it must not be slower than
nested tangents that share their beginnings; the step must be 2.5 times as fast as with
these (less than twice would be a failure), and as with a `jax.grad` for each letter.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache
from itertools import pairwise
from typing import Any, Final, TypeAlias

import jax
import jax.numpy as jnp
import numpy as np

import partialc
from partialc.api import Module
from partialc.benching.case import Bar, Case, Contender
from partialc.benching.measurement import Measurement, timed

Params: TypeAlias = list[dict[str, Any]]
Fields: TypeAlias = tuple[jax.Array, ...]
Kernel: TypeAlias = Callable[[Params, jax.Array, jax.Array], Fields]

ROWS: Final = 4096
WIDTHS: Final = (2, 64, 64, 64, 1)
NOT_SLOWER: Final = 1.05
STEP: Final = 1 / 2.5
WANTED: Final = {
    "u": "value",
    "u_t": "partial(t)",
    "u_x": "partial(x)",
    "u_xx": "partial(x, x)",
    "u_xt": "partial(x, t)",
    "u_xxxx": "partial(x, x, x, x)",
}


def layers() -> Params:
    """Weights of a network with three hidden layers."""
    rng = np.random.default_rng(0)
    return [
        {
            "w": (rng.normal(size=(one, other)) / np.sqrt(one)).astype(np.float32),
            "b": (rng.normal(size=other) / 10).astype(np.float32),
        }
        for one, other in pairwise(WIDTHS)
    ]


def field(params: Params, t: jax.Array, x: jax.Array) -> jax.Array:
    """A field u(t, x) that a network represents, of shape ()."""
    hidden = jnp.stack([t, x])
    for layer in params[:-1]:
        hidden = jnp.tanh(hidden @ layer["w"] + layer["b"])
    return (hidden @ params[-1]["w"] + params[-1]["b"])[0]


@cache
def compiled() -> tuple[Module, float]:
    """The kernel of all fields, and how many seconds its build took."""
    return timed(
        lambda: partialc.compile(
            field,
            args={"params": layers(), "t": "float", "x": "float"},
            kernels={"fields": WANTED},
            name="training",
            batch=["t", "x"],
            domain={"t": [0, 1], "x": [-1, 1]},
            differentiable=True,
        )
    )


def by_shared_jvps(params: Params, t: jax.Array, x: jax.Array) -> Fields:
    """Nested tangents that share their beginnings."""
    one = jnp.ones_like(x)

    def first(t: jax.Array, x: jax.Array) -> Fields:
        return jax.jvp(lambda z: field(params, t, z), (x,), (one,))

    def second(x: jax.Array) -> Fields:
        (u, u_x), (_, u_xx) = jax.jvp(lambda z: first(t, z), (x,), (one,))
        return u, u_x, u_xx

    def third(x: jax.Array) -> Fields:
        found, (_, _, u_xxx) = jax.jvp(second, (x,), (one,))
        return (*found, u_xxx)

    (u, u_x, u_xx, _), (*_, u_xxxx) = jax.jvp(third, (x,), (one,))
    _, (u_t, u_xt) = jax.jvp(lambda s: first(s, x), (t,), (one,))
    return u, u_t, u_x, u_xx, u_xt, u_xxxx


def by_nested_grad(params: Params, t: jax.Array, x: jax.Array) -> Fields:
    """One `jax.grad` for each letter, as most papers' code has it."""
    u_x = jax.grad(field, 2)
    u_xx = jax.grad(u_x, 2)
    u_xxxx = jax.grad(jax.grad(u_xx, 2), 2)
    u_t, u_xt = jax.grad(field, 1), jax.grad(u_x, 1)
    return tuple(each(params, t, x) for each in (field, u_t, u_x, u_xx, u_xt, u_xxxx))


RIVALS: Final[dict[str, Kernel]] = {
    "shared jvps": by_shared_jvps,
    "a grad a letter": by_nested_grad,
}


def step(fields: Kernel) -> Callable[..., Any]:
    """The loss of a training step, and its gradient by all weights."""

    def loss(params: Params, t: jax.Array, x: jax.Array) -> jax.Array:
        found = fields(params, t, x)
        return sum((jnp.mean(each**2) for each in found), start=jnp.zeros(()))

    return jax.value_and_grad(loss)


def draw(rows: int | None) -> tuple[Any, ...]:
    """Weights, and points."""
    rng = np.random.default_rng(1)
    t, x = rng.uniform(0, 1, rows), rng.uniform(-1, 1, rows)
    leaves = jax.tree.map(lambda leaf: leaf.astype(np.float64), layers())
    return jax.tree.map(jnp.asarray, (leaves, t, x))


def cases() -> Iterator[Case]:
    """Forward, and within a training step."""
    module, _ = compiled()
    fields: Kernel = module.load().fields
    mapped = {name: jax.vmap(call, (None, 0, 0)) for name, call in RIVALS.items()}
    yield Case(
        "training.fields",
        ROWS,
        fields,
        tuple(Contender(name, call) for name, call in mapped.items()),
        draw,
        bars=tuple(Bar(name, "run", NOT_SLOWER) for name in RIVALS),
    )
    yield Case(
        "training.step",
        ROWS,
        step(fields),
        tuple(Contender(name, step(call)) for name, call in mapped.items()),
        draw,
        bars=tuple(Bar(name, "run", STEP) for name in RIVALS),
    )


def measurements() -> Iterator[Measurement]:
    """How long the build took."""
    yield Measurement("build", compiled()[1], "s", 60.0)
