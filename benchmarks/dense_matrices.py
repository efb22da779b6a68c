"""Dense matrices with structure: behind known matrices, of reactions.

What one writes by hand knows that the derivative of `A @ exp(v)` is `A * exp(v)`.
"""

from __future__ import annotations

from collections.abc import Iterator

import jax
import jax.numpy as jnp

from matrices.contests import build_measurements, case
from matrices.problems import (
    Array,
    kinetics,
    matrix,
    mixed_exponentials,
    stoichiometry,
    two_of_sines,
)
from partialc.benching.case import Bar, Case
from partialc.benching.measurement import Measurement

ROWS = 5000


def exponentials_by_hand(v: Array) -> Array:
    """`A * exp(v)`."""
    return matrix(300, 300, 1) * jnp.exp(v)


def sines_by_hand(x: Array) -> Array:
    """Two weighted sums of the rows, by the product of cosines."""
    known = matrix(500, 500, 2)
    y, slope = known @ x, jnp.ones(500)
    for _ in range(20):
        y, slope = jnp.sin(y), slope * jnp.cos(y)
    return jnp.stack([slope, 2.0 * y * slope]) @ known


def cases() -> Iterator[Case]:
    """One evaluation each, and many rows of the reactions."""
    yield case(
        "mixed_exponentials",
        mixed_exponentials,
        300,
        "jacobian({})",
        {"by hand": exponentials_by_hand},
        [Bar("by hand", "run", 1.3)],
    )
    rivals = {"by hand": sines_by_hand, "jacrev": jax.jacrev(two_of_sines)}
    bars = [Bar(name, "run", 1.2) for name in rivals]
    yield case("two_of_sines", two_of_sines, 500, "jacobian({})", rivals, bars)
    species = len(stoichiometry())
    yield case(
        "kinetics",
        kinetics,
        species,
        "jacobian({})",
        {"jacfwd": jax.jacfwd(kinetics)},
        [Bar("jacfwd", "run", 1 / 3), Bar("jacfwd", "build", 1.0)],
        rows=ROWS,
    )


def measurements() -> Iterator[Measurement]:
    """Builds and lengths of the reactions, dense and sparse."""
    species = len(stoichiometry())
    for name, request in (
        ("kinetics", "jacobian({})"),
        ("kinetics_sparse", "sparse(jacobian({}))"),
    ):
        yield from build_measurements(
            name, kinetics, species, request, seconds=8.0, lines=300
        )
