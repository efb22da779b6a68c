"""The swing-up of a pole by two solvers, both with sparse derivatives.

Run from the repository root: python examples/constrained/solve.py [--plot FILE]
"""

from __future__ import annotations

import argparse
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cyipopt
import jax
import numpy as np
from scipy.optimize import NonlinearConstraint, minimize
from scipy.sparse import csr_matrix, diags_array

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "generated")]

import constrained as derived  # noqa: E402 (found only now)

from examples.clock import Clock  # noqa: E402
from examples.constrained import model  # noqa: E402

RULES = derived.JACOBIAN_SHAPE[0]


def effort(z: Any) -> float:
    """What is to be least."""
    return float(derived.value(z)["effort"])


def rules(z: Any) -> Any:
    """What must be zero."""
    return np.asarray(derived.value(z)["rules"])


def gradient(z: Any) -> Any:
    """Of the effort."""
    return np.asarray(derived.gradient(z))


def jacobian(z: Any) -> Any:
    """The nonzeros of the Jacobian of the rules."""
    return np.asarray(derived.jacobian(z))


def hessian(z: Any, weight: float, weights: Any) -> Any:
    """The lower nonzeros of the Hessian of the weighted effort and rules."""
    cotangent = {"effort": float(weight), "rules": weights}
    return np.asarray(derived.hessian(z, cotangent))


@dataclass(frozen=True)
class Solution:
    """An optimum, and how it was reached."""

    z: Any
    effort: float
    steps: int
    seconds: float
    clock: Clock


class Timed:
    """The functions above, compiled and on the clock."""

    def __init__(self) -> None:
        z, weights = model.guess(), np.zeros(RULES)
        effort(z), rules(z), gradient(z), jacobian(z), hessian(z, 0.0, weights)
        self.clock = Clock()
        self.effort = self.clock("values", effort)
        self.rules = self.clock("values", rules)
        self.gradient = self.clock("gradients", gradient)
        self.jacobian = self.clock("Jacobians", jacobian)
        self.hessian = self.clock("Hessians", hessian)


def whole(lower: Any) -> csr_matrix:
    """The symmetric matrix with this lower triangle."""
    places = (derived.HESSIAN_ROWS, derived.HESSIAN_COLS)
    half = csr_matrix((lower, places), shape=derived.HESSIAN_SHAPE)
    return half + half.T - diags_array(half.diagonal(), format="csr")


def by_trust_region() -> Solution:
    """SciPy's `trust-constr`, which asks for the Hessians in two parts."""
    timed, nothing = Timed(), np.zeros(RULES)

    def slopes(z: Any) -> csr_matrix:
        places = (derived.JACOBIAN_COLS, derived.JACOBIAN_INDPTR)
        return csr_matrix((timed.jacobian(z), *places), shape=derived.JACOBIAN_SHAPE)

    constraint = NonlinearConstraint(
        timed.rules,
        0.0,
        0.0,
        jac=slopes,
        hess=lambda z, weights: whole(timed.hessian(z, 0.0, weights)),
    )
    began = time.perf_counter()
    done = minimize(
        timed.effort,
        model.guess(),
        jac=timed.gradient,
        hess=lambda z: whole(timed.hessian(z, 1.0, nothing)),
        method="trust-constr",
        constraints=constraint,
        options={"gtol": 1e-8, "xtol": 1e-12, "maxiter": 2000},
    )
    seconds = time.perf_counter() - began
    if done.status not in (1, 2):
        raise RuntimeError(done.message)
    return Solution(done.x, done.fun, done.nit, seconds, timed.clock)


class Problem:
    """What IPOPT asks for: values at places, which never change."""

    def __init__(self) -> None:
        self.timed = Timed()
        self.objective = self.timed.effort
        self.gradient = self.timed.gradient
        self.constraints = self.timed.rules
        self.jacobian = self.timed.jacobian
        self.steps = 0

    def jacobianstructure(self) -> Any:
        return derived.JACOBIAN_ROWS, derived.JACOBIAN_COLS

    def hessianstructure(self) -> Any:
        return derived.HESSIAN_ROWS, derived.HESSIAN_COLS

    def hessian(self, z: Any, multipliers: Any, factor: float) -> Any:
        return self.timed.hessian(z, factor, multipliers)

    def intermediate(self, _mode: int, step: int, *_: Any) -> bool:
        self.steps = step
        return True


def by_ipopt() -> Solution:
    """IPOPT, by its Python interface."""
    problem = Problem()
    zero = np.zeros(RULES)
    solver = cyipopt.Problem(model.UNKNOWNS, RULES, problem, cl=zero, cu=zero)
    for option in (("print_level", 0), ("sb", "yes"), ("tol", 1e-10)):
        solver.add_option(*option)
    began = time.perf_counter()
    z, told = solver.solve(model.guess())
    seconds = time.perf_counter() - began
    if told["status"] != 0:
        raise RuntimeError(told["status_msg"].decode())
    clock = problem.timed.clock
    return Solution(z, told["obj_val"], problem.steps, seconds, clock)


def plot(z: Any, file: str) -> None:
    """The patterns of both matrices, the force, and the pole in motion."""
    import matplotlib as mpl  # noqa: PLC0415 (wanted only here)

    mpl.use("Agg")
    from matplotlib import pyplot  # noqa: PLC0415

    figure, axes = pyplot.subplots(1, 4, figsize=(10, 2.9), layout="constrained")
    ones = np.ones(derived.JACOBIAN_COLS.size)
    places = (derived.JACOBIAN_COLS, derived.JACOBIAN_INDPTR)
    slopes = csr_matrix((ones, *places), shape=derived.JACOBIAN_SHAPE)
    curvature = whole(np.ones(derived.HESSIAN_ROWS.size))
    for axis, name, matrix in zip(
        axes, ("Jacobian", "Hessian"), (slopes, curvature), strict=False
    ):
        axis.spy(matrix, markersize=0.6, color="black")
        axis.set_title(f"{name}: {matrix.nnz:,} nonzeros", fontsize=9)
    place, angle, _, _, force = z.reshape(5, -1)
    axes[2].plot(np.linspace(0.0, model.DURATION, model.POINTS), force)
    axes[2].set_title("force (N) over time (s)", fontsize=9)
    ends = place + model.LENGTH * np.sin(angle), -model.LENGTH * np.cos(angle)
    for number in range(0, model.POINTS, 5):
        shade = str(0.9 - 0.9 * number / model.STEPS)
        x, y = (place[number], ends[0][number]), (0.0, ends[1][number])
        axes[3].plot(x, y, color=shade, linewidth=1)
    axes[3].set_aspect("equal")
    axes[3].set_title("the pole, dark at the end", fontsize=9)
    figure.savefig(file, dpi=75)


def main(arguments: list[str] | None = None) -> None:
    """Find the optimum by both solvers, and say what each took."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--plot", metavar="FILE", help="draw patterns and the optimum")
    file = parser.parse_args(arguments).plot
    print(f"swing-up: {model.UNKNOWNS} unknowns, {RULES} constraints")
    found = []
    for name, solver in (("trust-constr", by_trust_region), ("IPOPT", by_ipopt)):
        each = solver()
        found.append(each)
        print(f"{name}: effort {each.effort:.8f}, {each.steps} steps, ", end="")
        broken = np.abs(rules(each.z)).max()
        print(f"rules broken by {broken:.0e}, {each.seconds:.2f} s")
        print(each.clock.table(each.seconds, "the solver itself"))
    print(f"the optima are {np.abs(found[0].z - found[1].z).max():.0e} apart")
    if file:
        plot(found[1].z, file)


if __name__ == "__main__":
    jax.config.update("jax_enable_x64", True)
    main()
