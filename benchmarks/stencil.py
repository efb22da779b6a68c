"""The three diagonals of the Jacobian of a nonlinear 1-D stencil of 1,000 points.

By hand one colours the columns: three JVPs with every third component as the tangent
hold all entries, and picking brings them into place.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Final, TypeAlias

import jax
import jax.numpy as jnp
import numpy as np

import partialc
from partialc.api import Module
from partialc.benching.case import Bar, Case, Contender
from partialc.benching.kernels import Variant, kernel_cases
from partialc.benching.measurement import Measurement, timed

Diagonals: TypeAlias = tuple[jax.Array, ...]

POINTS: Final = 1000
OFFSETS: Final = (-1, 0, 1)
COLOURS: Final = len(OFFSETS)
NOT_SLOWER: Final = 1.05
COLOURED: Final = "3 coloured jvps"
MAPPED: Final = "3 coloured jvps, mapped"


def residual(x: jax.Array) -> jax.Array:
    """Steady reaction, diffusion and convection between walls at 0 and 1."""
    left = jnp.concatenate([jnp.zeros_like(x[:1]), x[:-1]])
    right = jnp.concatenate([x[1:], jnp.ones_like(x[:1])])
    diffusion = (1.0 + x**2) * (left - 2.0 * x + right)
    return diffusion - 0.5 * x * (right - left) + jnp.exp(-x) * left * right


@cache
def compiled() -> tuple[Module, float]:
    """The compiled module, and how many seconds that took."""
    return timed(
        lambda: partialc.compile(
            residual,
            args={"x": f"float[{POINTS}]"},
            kernels={
                "band": {
                    name: f"diagonal(jacobian(x), {offset})"
                    for name, offset in zip(
                        ("lower", "main", "upper"), OFFSETS, strict=True
                    )
                }
            },
            name="stencil",
        )
    )


def _places(offset: int) -> tuple[np.ndarray, np.ndarray]:
    """Rows and columns of a diagonal."""
    rows = np.arange(max(0, -offset), POINTS - max(0, offset))
    return rows, rows + offset


def _seeds(dtype: jnp.dtype) -> jax.Array:
    columns = np.arange(POINTS)
    return jnp.asarray(columns % COLOURS == np.arange(COLOURS)[:, None], dtype)


def _picked(products: jax.Array) -> Diagonals:
    """Entries (i, j) stand in the product of j's colour, at i."""
    places = [_places(offset) for offset in OFFSETS]
    return tuple(products[columns % COLOURS, rows] for rows, columns in places)


def coloured(x: jax.Array) -> Diagonals:
    """Three JVPs, one after the other."""
    seeds = _seeds(x.dtype)
    products = [jax.jvp(residual, (x,), (seed,))[1] for seed in seeds]
    return _picked(jnp.stack(products))


def mapped(x: jax.Array) -> Diagonals:
    """Three JVPs in one mapped pass, selected by masks instead of picked by index."""
    products = jax.vmap(lambda seed: jax.jvp(residual, (x,), (seed,))[1])(
        _seeds(x.dtype)
    )
    found = []
    for offset in OFFSETS:
        rows, columns = _places(offset)
        mask = jnp.asarray(columns % COLOURS == np.arange(COLOURS)[:, None], x.dtype)
        found.append(jnp.sum(products[:, rows[0] : rows[-1] + 1] * mask, axis=0))
    return tuple(found)


def cases() -> Iterator[Case]:
    """One evaluation."""
    module, _ = compiled()
    rivals = {COLOURED: coloured, MAPPED: mapped}
    return kernel_cases(
        module.compiled,
        module.load(),
        "band",
        variant=Variant(None),
        more=tuple(Contender(name, call) for name, call in rivals.items()),
        bars=(
            *(Bar(name, "run", NOT_SLOWER) for name in rivals),
            *(Bar(name, "flops", 0.999) for name in rivals),
        ),
    )


def measurements() -> Iterator[Measurement]:
    """How long the build took."""
    yield Measurement("build", compiled()[1], "s", 60.0)
