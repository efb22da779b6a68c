"""Optimal power flow of the IEEE 118-bus grid by IPOPT.

The unknowns are the angles and magnitudes at all buses and the active and reactive
power of all generators; what is least is the cost of generation. The grid's data has no
limits of generators: they are wide here, and magnitudes within six percent of one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any, Final, TypeAlias

import jax
import jax.numpy as jnp
import numpy as np

import partialc
from matrices.contests import asdex
from matrices.problems import Array
from partialc.benching.measurement import Measurement
from power_flow import BUSES, GENERATORS, IEEE118, UNKNOWNS, optimal_flow
from solving.racing import COLOURED, OURS, Functions, Solver, race

BALANCES: Final = 2 * BUSES
DENSE: Final = "dense JAX"

Places: TypeAlias = Mapping[str, tuple[Array, Array]]
"""Rows and columns of the `Jacobians` and of the `Hessians`, lower triangle."""


class Problem:
    """What IPOPT asks for: values at places that never change.

    Args:
        functions: Values and derivatives of x, the Hessian's of x and of weights.
        places: Where the derivatives are.
    """

    def __init__(self, functions: Functions, places: Places) -> None:
        self.functions = functions
        self.places = places

    def objective(self, x: Array) -> float:
        """The cost."""
        return float(self.functions["values"](x)[0])

    def constraints(self, x: Array) -> Array:
        """What is out of balance at each bus, which shall be zero."""
        return np.asarray(self.functions["values"](x))[1:]

    def gradient(self, x: Array) -> Array:
        """Of the cost."""
        return np.asarray(self.functions["gradients"](x))

    def jacobianstructure(self) -> tuple[Array, Array]:
        """Rows and columns."""
        return self.places["Jacobians"]

    def jacobian(self, x: Array) -> Array:
        """Of the balances."""
        return np.asarray(self.functions["Jacobians"](x))

    def hessianstructure(self) -> tuple[Array, Array]:
        """Rows and columns."""
        return self.places["Hessians"]

    def hessian(self, x: Array, multipliers: Array, factor: float) -> Array:
        """Of the cost times its factor and the balances times theirs."""
        weights = np.concatenate([[factor], multipliers])
        return np.asarray(self.functions["Hessians"](x, weights))


def bounds() -> tuple[Array, Array]:
    """The least and the largest of all unknowns; the slack bus has its angle."""
    slack = np.setdiff1d(np.arange(BUSES), IEEE118.free_angle)
    angles = np.full((2, BUSES), [[-np.pi], [np.pi]])
    angles[:, slack] = IEEE118.angles[slack]
    others = np.repeat(
        [[0.94, 0.0, -3.0], [1.06, 10.0, 3.0]], [BUSES, GENERATORS, GENERATORS], axis=1
    )
    low, high = np.concatenate([angles, others], axis=1)
    return low, high


def first() -> Array:
    """Where IPOPT starts."""
    flat = np.full(BUSES, IEEE118.angles[0]), np.ones(BUSES)
    return np.concatenate([*flat, np.full(GENERATORS, 0.5), np.zeros(GENERATORS)])


def by_ipopt(functions: Functions, places: Places) -> Array:
    """The optimum, by derivatives at these places."""
    import cyipopt  # noqa: PLC0415 (for this benchmark alone)

    low, high = bounds()
    zeros = np.zeros(BALANCES)
    problem = cyipopt.Problem(
        n=UNKNOWNS,
        m=BALANCES,
        problem_obj=Problem(functions, places),
        lb=low,
        ub=high,
        cl=zeros,
        cu=zeros,
    )
    problem.add_option("print_level", 0)
    problem.add_option("sb", "yes")
    problem.add_option("tol", 1e-8)
    x, status = problem.solve(first())
    if status["status"] not in (0, 1):
        raise RuntimeError(status["status_msg"])
    return x


def _ours() -> tuple[Functions, Places]:
    module = partialc.compile(
        optimal_flow,
        args={"x": f"float[{UNKNOWNS}]"},
        kernels={
            "value": "value",
            "gradient": "gradient(x, of=out[0])",
            "jacobian": f"sparse(jacobian(x, of=out[1:{1 + BALANCES}]))",
            "hessian": "sparse(lower(weighted(hessian(x))))",
        },
        name="optimal_flow",
    ).load()
    functions = {
        "values": module.value,
        "gradients": module.gradient,
        "Jacobians": module.jacobian,
        "Hessians": module.hessian,
    }
    return functions, {
        "Jacobians": (module.JACOBIAN_ROWS, module.JACOBIAN_COLS),
        "Hessians": (module.HESSIAN_ROWS, module.HESSIAN_COLS),
    }


def _cost(x: Array) -> Array:
    return optimal_flow(x)[0]


def _balances(x: Array) -> Array:
    return optimal_flow(x)[1:]


def _lagrangian(x: Array, weights: Array) -> Array:
    return jnp.vdot(weights, optimal_flow(x))


def _dense() -> tuple[Functions, Places]:
    """All entries of both matrices."""
    rows, cols = np.tril_indices(UNKNOWNS)
    jacobian = jax.jit(lambda x: jax.jacfwd(_balances)(x).ravel())
    hessian = jax.jit(lambda x, w: jax.hessian(_lagrangian)(x, w)[rows, cols])
    everywhere = np.indices((BALANCES, UNKNOWNS)).reshape(2, -1)
    return _plain(jacobian, hessian), {
        "Jacobians": (everywhere[0], everywhere[1]),
        "Hessians": (rows, cols),
    }


def _coloured(library: Any) -> tuple[Functions, Places]:
    """Both matrices by colours; of the Hessian, which has both halves, the lower."""
    x, weights = np.full(UNKNOWNS, 0.5), np.ones(1 + BALANCES)
    with jax.enable_x64(True):
        jacobian = jax.jit(library.jacobian(_balances, jnp.asarray(x)))
        hessian = jax.jit(
            library.hessian(_lagrangian, jnp.asarray(x), jnp.asarray(weights))
        )
        outer = np.asarray(jacobian(x).indices).T
        rows, cols = np.asarray(hessian(x, weights).indices).T
    lower = np.flatnonzero(rows >= cols)
    functions = _plain(
        lambda x: jacobian(x).data, lambda x, w: np.asarray(hessian(x, w).data)[lower]
    )
    return functions, {
        "Jacobians": (outer[0], outer[1]),
        "Hessians": (rows[lower], cols[lower]),
    }


def _plain(
    jacobian: Callable[..., Array], hessian: Callable[..., Array]
) -> dict[str, Callable[..., Array]]:
    return {
        "values": jax.jit(optimal_flow),
        "gradients": jax.jit(jax.grad(_cost)),
        "Jacobians": jacobian,
        "Hessians": hessian,
    }


def measurements() -> Iterator[Measurement]:
    """The solve in all ways that are there."""
    ways = {OURS: _ours(), DENSE: _dense()}
    library = asdex()
    if library is not None:
        ways[COLOURED] = _coloured(library)
    sources: dict[str, tuple[Solver, Functions]] = {
        name: (partial(by_ipopt, places=places), functions)
        for name, (functions, places) in ways.items()
    }
    called = ("gradients", "Jacobians", "Hessians")
    name = "optimal power flow, 118 buses, by IPOPT"
    yield from race(name, sources, derivatives=called, apart=1e-6)
