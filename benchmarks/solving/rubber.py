"""Rubber that swings: implicit Euler, each step a minimum of energy and inertia."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

import jax
import jax.numpy as jnp
import numpy as np
from scipy.sparse import csr_matrix
from scipy.sparse.linalg import splu

import partialc
from matrices.contests import asdex
from matrices.problems import Array, element_energy, rest
from partialc.benching.measurement import Measurement
from solving.racing import COLOURED, OURS, Functions, Solver, placed, race

HEIGHT, WIDTH = 99, 100
FREE: Final = (HEIGHT + 1) * WIDTH
SIZE: Final = 2 * FREE
"""Unknowns: two for each node, but those of the first column, which is clamped."""

TIMES: Final = 5
ITERATIONS: Final = 2
"""Newton steps for each time step."""

STEP: Final = 2.0
PULL: Final = 1e-4
"""The weight of a node."""


def energy() -> Callable[[Array, Array], Array]:
    """What a time step makes least: of displacements, and of where inertia leads."""
    corners, places, inverse, area = rest(HEIGHT, WIDTH)
    clamped = np.arange(places.shape[0]) % (WIDTH + 1) == 0
    free = np.flatnonzero(~clamped)

    def total(u: Array, ahead: Array) -> Array:
        moved = jnp.asarray(places, u.dtype).at[free].add(u.reshape(-1, 2))
        elastic = jnp.sum(jax.vmap(element_energy)(moved[corners], inverse, area))
        inertia = jnp.sum((u - ahead) ** 2) / (2.0 * STEP**2)
        return elastic + inertia - PULL * jnp.sum(u.reshape(-1, 2)[:, 1])

    return total


def swing(functions: Functions) -> Array:
    """Where the rubber is after all time steps."""
    u = before = np.zeros(SIZE)
    for _ in range(TIMES):
        ahead = 2.0 * u - before
        before = u
        for _ in range(ITERATIONS):
            gradient = np.asarray(functions["gradients"](u, ahead))
            u = u - functions["LU"](functions["Hessians"](u, ahead), gradient)
    return u


def solution(matrix: csr_matrix, right: Array) -> Array:
    """Of a symmetric system, whose rows may pass for columns."""
    options = {"SymmetricMode": True}
    factors = splu(
        matrix.T, permc_spec="MMD_AT_PLUS_A", diag_pivot_thresh=0.0, options=options
    )
    return factors.solve(right)


def measurements() -> Iterator[Measurement]:
    """The solve in all ways that are there."""
    vector = f"float[{SIZE}]"
    module = partialc.compile(
        energy(),
        args={"u": vector, "ahead": vector},
        kernels={"gradient": "gradient(u)", "hessian": "sparse(hessian(u))"},
        name="rubber",
        domain={"u": [-0.05, 0.05], "ahead": [-0.05, 0.05]},
    )
    derived = module.load()
    matrix = placed(derived.HESSIAN_ROWS, derived.HESSIAN_COLS, (SIZE, SIZE))

    def hessian(u: Array, ahead: Array) -> csr_matrix:
        return matrix(derived.hessian(u, ahead))

    ours = {"gradients": derived.gradient, "Hessians": hessian, "LU": solution}
    sources: dict[str, tuple[Solver, Functions]] = {OURS: (swing, ours)}
    library = asdex()
    if library is not None:
        own, zeros = energy(), np.zeros(SIZE)
        with jax.enable_x64(True):
            made = library.hessian(own, jnp.asarray(zeros), jnp.asarray(zeros))
            indices = np.asarray(made(jnp.asarray(zeros), jnp.asarray(zeros)).indices)
        coloured = placed(*indices.T, (SIZE, SIZE))
        found = jax.jit(lambda u, ahead: made(u, ahead).data)
        functions = {
            "gradients": jax.jit(jax.grad(own)),
            "Hessians": lambda u, ahead: coloured(found(u, ahead)),
            "LU": solution,
        }
        sources[COLOURED] = (swing, functions)
    name = f"rubber, {SIZE:,} unknowns, {TIMES * ITERATIONS} Newton steps"
    yield from race(name, sources, derivatives=("gradients", "Hessians"), apart=1e-8)
