"""BRUSS-2D by an implicit integrator, with the sparse Jacobian and without it.

Run from the repository root: python examples/brusselator/solve.py [--plot FILE]
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
from scipy.integrate import solve_ivp
from scipy.sparse import csr_matrix

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "generated")]

import brusselator as derived  # noqa: E402 (found only now)

from examples.brusselator import model  # noqa: E402
from examples.clock import Clock  # noqa: E402

END = 11.5
TOLERANCES = {"rtol": 1e-4, "atol": 1e-6}


def matrix(values: Any) -> csr_matrix:
    """The matrix with these values at the nonzeros of the Jacobian."""
    indices = (derived.JACOBIAN_COLS, derived.JACOBIAN_INDPTR)
    return csr_matrix((values, *indices), shape=derived.JACOBIAN_SHAPE)


PATTERN = matrix(np.ones(derived.JACOBIAN_COLS.size))


def rate_of(t: float, y: Any) -> Any:
    """The right-hand side as NumPy's array.

    SciPy's times are of two types, and JAX would compile for each of them.
    """
    return np.asarray(derived.value(float(t), y))


def jacobian(t: float, y: Any) -> csr_matrix:
    """The Jacobian of the right-hand side in y."""
    return matrix(np.asarray(derived.jacobian(float(t), y)))


@dataclass(frozen=True)
class Solution:
    """An answer, the solver's counts, and where the time went."""

    y: Any
    steps: int
    rates: int
    jacobians: int
    seconds: float
    clock: Clock


def solve(
    *, exact: bool, end: float = END, tolerances: dict[str, float] = TOLERANCES
) -> Solution:
    """Integrate from 0 to the end, with the exact Jacobian or finite differences."""
    start = model.start()
    rate_of(0.0, start)  # compiled before the clock starts
    clock = Clock()
    rate = clock("rates", rate_of)
    if exact:
        jacobian(0.0, start)
        options = {"jac": clock("Jacobians", jacobian)}
    else:
        options = {"jac_sparsity": PATTERN}
    began = time.perf_counter()
    done = solve_ivp(rate, (0.0, end), start, "BDF", **options, **tolerances)
    seconds = time.perf_counter() - began
    if not done.success:
        raise RuntimeError(done.message)
    steps = done.t.size - 1
    return Solution(
        done.y[:, -1], steps, clock.calls["rates"], done.njev, seconds, clock
    )


def plot(y: Any, file: str) -> None:
    """The pattern of the Jacobian, and both species at the end."""
    import matplotlib as mpl  # noqa: PLC0415 (wanted only here)

    mpl.use("Agg")
    from matplotlib import pyplot  # noqa: PLC0415

    figure, axes = pyplot.subplots(1, 3, figsize=(9, 3.1), layout="constrained")
    axes[0].spy(PATTERN, markersize=0.4, color="black")
    axes[0].set_title(f"Jacobian: {PATTERN.nnz:,} nonzeros", fontsize=9)
    fields = y.reshape(2, model.N, model.N)
    for axis, name, field in zip(axes[1:], "uv", fields, strict=True):
        image = axis.imshow(field.T, origin="lower", extent=(0, 1, 0, 1))
        axis.set_title(f"{name} at the end", fontsize=9)
        figure.colorbar(image, ax=axis, shrink=0.8)
    figure.savefig(file, dpi=80)


def main(arguments: list[str] | None = None) -> None:
    """Solve it both ways, and say what each took."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--plot", metavar="FILE", help="draw the pattern and the end")
    parser.add_argument("--end", type=float, default=END, help="the last time")
    given = parser.parse_args(arguments)
    exact, differences = (solve(exact=each, end=given.end) for each in (True, False))
    print(f"BRUSS-2D on {model.N} x {model.N} points to t = {given.end} by BDF")
    for title, each in (("partialc", exact), ("differences", differences)):
        print(
            f"{title}: {each.seconds:.2f} s, {each.steps} steps, "
            f"{each.jacobians} Jacobians, {each.rates} rates"
        )
        print(each.clock.table(each.seconds, "scipy: the rest"))
    apart = np.max(np.abs(exact.y - differences.y) / (1e-6 + np.abs(exact.y)))
    print(f"the answers are {apart:.1e} apart (relative)")
    if given.plot:
        plot(exact.y, given.plot)


if __name__ == "__main__":
    jax.config.update("jax_enable_x64", True)
    main()
