"""Hessians of element energies, beside vmapped element Hessians summed by hand."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import jax
import numpy as np

from matrices.contests import (
    COLOURED,
    build_measurements,
    case,
    compiled,
    peer,
)
from matrices.problems import Array, Problem, element_energy, hyperelastic, rest
from partialc.benching.case import Bar, Case
from partialc.benching.measurement import Measurement

HESSIAN: Final = "sparse(hessian({}))"
BY_HAND: Final = "elements by hand"
SIDES: Final = {"rubber_800": 19, "rubber_80000": 199}
DENSE_SIDES: Final = (2, 4)


def by_hand(side: int) -> Problem:
    """All element Hessians by one vmap, then a sum for each entry, sorted."""
    corners, places, inverse, area = rest(side, side)
    unknowns = (2 * corners[..., None] + np.arange(2)).reshape(len(corners), 6)
    size = 2 * len(places)
    keys = (unknowns[:, :, None] * size + unknowns[:, None, :]).reshape(-1)
    distinct, numbers = np.unique(keys, return_inverse=True)
    order = np.argsort(numbers, kind="stable")

    def local(moved: Array, inverse: Array, area: Array) -> Array:
        def flat(x: Array) -> Array:
            return element_energy(x.reshape(3, 2), inverse, area)

        return jax.hessian(flat)(moved.reshape(-1))

    def hessian(u: Array) -> Array:
        moved = (places + u.reshape(-1, 2))[corners]
        values = jax.vmap(local)(moved, inverse, area).reshape(-1)
        return jax.ops.segment_sum(
            values[order],
            numbers[order],
            num_segments=distinct.size,
            indices_are_sorted=True,
        )

    return hessian


ENERGIES: Final = {name: hyperelastic(side, side) for name, side in SIDES.items()}


def _size(side: int) -> int:
    return 2 * (side + 1) ** 2


def cases() -> Iterator[Case]:
    """One evaluation each; modules first: JAX keeps arrays as a held trace has them."""
    for name, side in SIDES.items():
        compiled(ENERGIES[name], _size(side), HESSIAN, name)
    for name, side in SIDES.items():
        rivals = {BY_HAND: by_hand(side)}
        bars = [Bar(BY_HAND, "run", 1.2)]
        coloured = peer(hyperelastic(side, side), _size(side), 2)
        if coloured is not None:
            rivals[COLOURED] = coloured
            bars.append(Bar(COLOURED, "run", 0.5))
        yield case(
            name,
            ENERGIES[name],
            _size(side),
            HESSIAN,
            rivals,
            bars,
            low=-0.05,
            high=0.05,
        )
    yield _dense()


DENSE: Final = hyperelastic(*DENSE_SIDES)
DENSE_SIZE: Final = 2 * (DENSE_SIDES[0] + 1) * (DENSE_SIDES[1] + 1)


def _dense() -> Case:
    """The same energy on sixteen triangles, as a dense matrix."""
    bars = [Bar("jax.hessian", "run", 1.0), Bar("jax.hessian", "build", 1.2)]
    return case(
        "rubber_dense",
        DENSE,
        DENSE_SIZE,
        "hessian({})",
        {"jax.hessian": jax.hessian(DENSE)},
        bars,
        low=-0.05,
        high=0.05,
    )


def measurements() -> Iterator[Measurement]:
    """Builds, first calls, and lengths."""
    name, side = "rubber_80000", SIDES["rubber_80000"]
    yield from build_measurements(
        name, ENERGIES[name], _size(side), HESSIAN, seconds=15.0, lines=200
    )
    module, _ = compiled(DENSE, DENSE_SIZE, "hessian({})", "rubber_dense")
    lines = len(module.source.splitlines())
    yield Measurement("rubber_dense: length", lines, "lines", 150)
