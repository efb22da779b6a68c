"""Cook's membrane by Newton's method, with the sparse Hessian of its energy.

Run from the repository root: python examples/elasticity/solve.py [--plot FILE]
"""

from __future__ import annotations

import argparse
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jax
import numpy as np
from scipy.sparse import csc_matrix
from scipy.sparse.linalg import spsolve

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "generated")]

import elasticity as derived  # noqa: E402 (found only now)

from examples.clock import Clock  # noqa: E402
from examples.elasticity import model  # noqa: E402

LOADS = (0.25, 0.5, 0.75, 1.0)
LITTLE = 1e-3
SMALL = 1e-11
"""Equilibrium is where no more force than this is left."""


def energy_and_gradient(u: Any, load: float) -> tuple[float, Any]:
    """The energy and its gradient: the forces out of balance."""
    energy, gradient = derived.energy_and_gradient(u, load)
    return float(energy), np.asarray(gradient)


def hessian(u: Any, load: float) -> csc_matrix:
    """The stiffness matrix; it is symmetric, so its rows may pass for columns."""
    values = np.asarray(derived.hessian(u, load))
    indices = (derived.HESSIAN_COLS, derived.HESSIAN_INDPTR)
    return csc_matrix((values, *indices), shape=derived.HESSIAN_SHAPE)


@dataclass(frozen=True)
class Solution:
    """Displacements, the forces left after each step of each load, and the time."""

    u: Any
    residuals: dict[float, list[float]]
    seconds: float
    clock: Clock


def solve(loads: tuple[float, ...] = LOADS) -> Solution:
    """Raise the load step by step, and find the equilibrium under each."""
    u = np.zeros(model.UNKNOWNS)
    energy_and_gradient(u, 0.0), hessian(u, 0.0)  # compiled before the clock starts
    clock = Clock()
    forces = clock("energies and gradients", energy_and_gradient)
    stiffness = clock("Hessians", hessian)
    solved = clock("scipy: spsolve", spsolve)
    residuals: dict[float, list[float]] = {}
    began = time.perf_counter()
    for load in loads:
        energy, gradient = forces(u, load)
        residuals[load] = [float(np.linalg.norm(gradient))]
        while residuals[load][-1] > SMALL:
            if len(residuals[load]) > 40:
                raise RuntimeError(f"no equilibrium under a load of {load}")
            step = -solved(stiffness(u, load), gradient)
            slope, length = gradient @ step, 1.0
            if slope > 0.0:  # the panel would buckle: go down the other way
                step, slope = -step, -slope
            while True:  # too long a step turns a triangle over: its energy is nan
                moved = u + length * step
                new, gradient = forces(moved, load)
                rounding = 1e-14 * abs(energy)
                if new <= energy + 1e-4 * length * slope + rounding:
                    break
                length /= 2.0
            u, energy = moved, new
            residuals[load].append(float(np.linalg.norm(gradient)))
    return Solution(u, residuals, time.perf_counter() - began, clock)


def rise(u: Any) -> float:
    """How far the middle of the right edge has risen."""
    return float(u.reshape(-1, 2)[model.MIDDLE, 1])


def plot(u: Any, file: str) -> None:
    """The pattern of the Hessian, and the panel before and under the load."""
    import matplotlib as mpl  # noqa: PLC0415 (wanted only here)

    mpl.use("Agg")
    from matplotlib import pyplot  # noqa: PLC0415

    figure, axes = pyplot.subplots(1, 2, figsize=(6.4, 3.3), layout="constrained")
    matrix = hessian(u, 0.0)
    axes[0].spy(matrix, markersize=0.4, color="black")
    axes[0].set_title(f"Hessian: {matrix.nnz:,} nonzeros", fontsize=9)
    moved = model.PLACES.copy()
    moved[model.FREE] += u.reshape(-1, 2)
    for places, color in ((model.PLACES, "0.8"), (moved, "tab:blue")):
        axes[1].triplot(*places.T, model.CORNERS, color=color, linewidth=0.4)
    axes[1].set_aspect("equal")
    axes[1].set_title("at rest, and under a load of 1", fontsize=9)
    figure.savefig(file, dpi=75)


def main(arguments: list[str] | None = None) -> None:
    """Find the equilibrium, and say how fast it was found."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--plot", metavar="FILE", help="draw the pattern and the panel")
    file = parser.parse_args(arguments).plot
    solution = solve()
    size, count = model.UNKNOWNS, model.CORNERS.shape[0]
    print(f"Cook's membrane: {size:,} unknowns, {count:,} triangles")
    for load, left in solution.residuals.items():
        print(f"load {load}: forces left {', '.join(f'{each:.0e}' for each in left)}")
    print(f"the right edge rises by {rise(solution.u):.3f}")
    print(f"{solution.seconds:.2f} s, of these")
    print(solution.clock.table(solution.seconds, "the rest"))
    linear = rise(solve((LITTLE,)).u) / LITTLE
    print(f"under a load of {LITTLE} by {linear:.2f} times that (benchmark: 23.96)")
    if file:
        plot(solution.u, file)


if __name__ == "__main__":
    jax.config.update("jax_enable_x64", True)
    main()
