"""BRUSS-2D by BDF, the Jacobian exact, coloured, or by grouped differences."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import jax
import jax.numpy as jnp
import numpy as np
from scipy.integrate import solve_ivp
from scipy.sparse import csr_matrix

from matrices.contests import asdex, compiled
from matrices.problems import Array, brusselator_plane
from partialc.benching.measurement import Measurement
from solving.racing import COLOURED, OURS, Functions, Solver, placed, race

SIDE: Final = 64
SIZE: Final = 2 * SIDE**2
END: Final = 11.5
DIFFERENCES: Final = "scipy's differences"
TOLERANCES: Final = {"rtol": 1e-4, "atol": 1e-6}


def start() -> Array:
    """The state at t = 0: Hairer and Wanner, Solving ODEs II, IV.10."""
    x, y = np.meshgrid(np.arange(SIDE) / SIDE, np.arange(SIDE) / SIDE, indexing="ij")
    return np.stack([22.0 * y * (1 - y) ** 1.5, 27.0 * x * (1 - x) ** 1.5]).ravel()


def integrated(functions: Functions, options: dict[str, Any]) -> Array:
    """The state at the end, by BDF."""
    rates = functions["rates"]
    done = solve_ivp(
        lambda _, y: rates(y), (0.0, END), start(), "BDF", **options, **TOLERANCES
    )
    if not done.success:
        raise RuntimeError(done.message)
    return done.y[:, -1]


def by_jacobians(functions: Functions) -> Array:
    """With a function for the Jacobian."""
    jacobian = functions["Jacobians"]
    return integrated(functions, {"jac": lambda _, y: jacobian(y)})


def measurements() -> Iterator[Measurement]:
    """The solve in all ways that are there."""
    module, _ = compiled(brusselator_plane, SIZE, "sparse(jacobian({}))", "bruss_2d")
    derived = module.load()
    matrix = placed(derived.D_ROWS, derived.D_COLS, derived.D_SHAPE)
    pattern = matrix(np.ones(derived.D_ROWS.size))
    value = jax.jit(brusselator_plane)

    def rates(y: Array) -> Array:
        return np.asarray(value(y))

    def exact(y: Array) -> csr_matrix:
        return matrix(derived.d(y))

    def by_differences(functions: Functions) -> Array:
        return integrated(functions, {"jac_sparsity": pattern})

    sources: dict[str, tuple[Solver, Functions]] = {
        OURS: (by_jacobians, {"rates": rates, "Jacobians": exact}),
        DIFFERENCES: (by_differences, {"rates": rates}),
    }
    library = asdex()
    if library is not None:
        with jax.enable_x64(True):
            made = library.jacobian(brusselator_plane, jnp.full(SIZE, 0.5))
            own = placed(*np.asarray(made(jnp.ones(SIZE)).indices).T, derived.D_SHAPE)
        found = jax.jit(lambda y: made(y).data)
        functions = {"rates": rates, "Jacobians": lambda y: own(found(y))}
        sources[COLOURED] = (by_jacobians, functions)
    name = f"Brusselator {SIDE} x {SIDE} by BDF"
    yield from race(name, sources, derivatives=("Jacobians",), apart=1e-2)
