"""Solves the steady Burgers equation on finer and finer meshes, with one module.

    python examples/burgers/solve.py [--meshes 8]

Newton's method starts from the answer on the mesh before. The kernel is traced once for
each mesh; its text, and the file it stands in, is the same for all.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import jax
import numpy as np
from scipy.sparse import csr_matrix
from scipy.sparse.linalg import spsolve

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "generated")]

import burgers as derived  # noqa: E402

from examples.burgers.model import exact, points  # noqa: E402

COARSEST = 15
MOST_STEPS = 20


@dataclass(frozen=True)
class Answer:
    """The solution on one mesh.

    Attributes:
        u: The solution.
        steps: How many Newton steps it took.
        error: How far it is from the exact one.
    """

    u: np.ndarray
    steps: int
    error: float


def jacobian(u: np.ndarray) -> csr_matrix:
    """The Jacobian of the residual, of any size."""
    pattern = derived.jacobian_pattern(u.size)
    values = np.asarray(derived.jacobian(u))
    return csr_matrix((values, pattern.cols, pattern.indptr), pattern.shape)


def newton(u: np.ndarray) -> Answer:
    """Newton's method until a step changes nothing that could be seen."""
    for step in range(1, MOST_STEPS + 1):
        moved = spsolve(jacobian(u), np.asarray(derived.residual(u)))
        u = u - moved
        if np.abs(moved).max() < 1e-10:
            return Answer(u, step, float(np.abs(u - exact(u.size)).max()))
    raise RuntimeError(f"no convergence on {u.size} points")


def refined(meshes: int) -> Iterator[Answer]:
    """The answers on meshes that double each time."""
    n = COARSEST
    u = -points(n)
    for _ in range(meshes):
        answer = newton(u)
        yield answer
        u = np.interp(points(2 * n + 1), points(n), answer.u)
        n = 2 * n + 1


def main(arguments: Sequence[str] | None = None) -> None:
    """Print a line for each mesh."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--meshes", type=int, default=8)
    given = parser.parse_args(arguments)
    with jax.enable_x64(True):
        print("     n  steps  error")
        for answer in refined(given.meshes):
            print(f"{answer.u.size:6}  {answer.steps:5}  {answer.error:.2e}")


if __name__ == "__main__":
    main()
