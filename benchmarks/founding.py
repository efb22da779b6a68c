"""The founding example: d3/dx0 dx2 dx4 of prod(x), for 10,000 rows of length n."""

from __future__ import annotations

from collections.abc import Iterator

import jax
import jax.numpy as jnp
import numpy as np

import partialc
from partialc.benching.case import Bar, Case, Contender
from partialc.benching.kernels import Variant, kernel_cases

ROWS = 10_000
SIZES = (5, 20, 100)
BY_HAND = "closed form"


def product(x: jax.Array) -> jax.Array:
    """The product of all components of x."""
    return jnp.prod(x)


def closed_form(n: int) -> Contender:
    """The answer as a person writes it who does the differentiation on paper."""
    others = np.delete(np.arange(n), [0, 2, 4])
    return Contender(BY_HAND, lambda x: (jnp.prod(x[others]),))


def bars(n: int) -> tuple[Bar, ...]:
    """As good as the closed form: at n = 5 with the very same operations."""
    if n == 5:
        return (Bar(BY_HAND, "flops", 1.0), Bar(BY_HAND, "run", 1.25))
    return (Bar(BY_HAND, "run", 1.3), Bar(BY_HAND, "build", 1.3))


def case(n: int, rows: int = ROWS) -> Case:
    """The example for rows of length n."""
    module = partialc.compile(
        product,
        args={"x": f"float[{n}]"},
        kernels={"d3": "partial(x[0], x[2], x[4])"},
        name=f"product_{n}",
        batch=["x"],
    )
    (made,) = kernel_cases(
        module.compiled,
        module.load(),
        "d3",
        variant=Variant(rows, exact=True),
        more=(closed_form(n),),
        bars=bars(n),
    )
    return made


def cases() -> Iterator[Case]:
    """Rows of all lengths."""
    return map(case, SIZES)
