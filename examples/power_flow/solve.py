"""Newton's method on the power flow of the IEEE grids, and where its time goes.

Run from the repository root, after `partialc build`:
python examples/power_flow/solve.py
"""

import sys
from pathlib import Path
from time import perf_counter
from types import ModuleType
from typing import Any, NamedTuple
from zlib import compress, crc32

import jax
import jax.numpy as jnp
import numpy as np
from scipy.sparse import csr_matrix
from scipy.sparse.linalg import splu

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "generated")]

import ieee14  # noqa: E402 (found only now)
import ieee118  # noqa: E402

from examples.power_flow.model import IEEE14, IEEE118, Grid  # noqa: E402

PRECISION = 1e-10  # of one unit of power
MOST_STEPS = 20
MILLISECONDS = 1e3


class Solution(NamedTuple):
    """What Newton's method found.

    Attributes:
        angles: The voltage angles at all buses, in radians.
        magnitudes: The voltage magnitudes.
        errors: The largest mismatch before each step, and after the last.
        seconds: How long the derivatives took, and the linear solves.
    """

    angles: Any
    magnitudes: Any
    errors: list[float]
    seconds: dict[str, float]


def solve(grid: Grid, module: ModuleType) -> Solution:
    """The voltages of a grid, by the kernel of its module."""
    columns, starts = module.NEWTON_JACOBIAN_COLS, module.NEWTON_JACOBIAN_INDPTR
    x = grid.flat
    seconds = {"mismatch and Jacobian": 0.0, "sparse LU and solve": 0.0}
    errors: list[float] = []
    for _ in range(MOST_STEPS):
        start = perf_counter()
        found = module.newton(jnp.asarray(x))
        mismatch, values = np.asarray(found.mismatch), np.asarray(found.jacobian)
        seconds["mismatch and Jacobian"] += perf_counter() - start
        errors.append(float(np.abs(mismatch).max()))
        if errors[-1] <= PRECISION:
            break
        start = perf_counter()
        matrix = csr_matrix((values, columns, starts), module.NEWTON_JACOBIAN_SHAPE)
        x = x - splu(matrix.tocsc()).solve(mismatch)
        seconds["sparse LU and solve"] += perf_counter() - start
    angles, magnitudes = grid.angles.copy(), grid.magnitudes.copy()
    angles[grid.free_angle] = x[: grid.free_angle.size]
    magnitudes[grid.free_magnitude] = x[grid.free_angle.size :]
    return Solution(angles, magnitudes, errors, seconds)


def report(name: str, grid: Grid, module: ModuleType) -> None:
    """Print what was found."""
    solve(grid, module)  # compiled before it is timed
    found = solve(grid, module)
    rows, columns = module.NEWTON_JACOBIAN_SHAPE
    nonzeros = module.NEWTON_JACOBIAN_COLS.size
    print(f"{name}: {rows} x {columns}, {nonzeros} nonzeros")
    for step, error in enumerate(found.errors):
        print(f"  after {step} steps: mismatch {error:.1e}")
    print("  bus   magnitude (published)     degrees (published)")
    free = np.union1d(grid.free_angle, grid.free_magnitude)[:13]
    for bus in free:
        print(
            f"  {bus + 1:3}   {found.magnitudes[bus]:9.4f}"
            f"   ({grid.magnitudes[bus]:.3f})   {np.degrees(found.angles[bus]):9.3f}"
            f"   ({np.degrees(grid.angles[bus]):.2f})"
        )
    if free.size < grid.free_angle.size:
        print(f"  ... and {grid.free_angle.size - free.size} more")
    for what, spent in found.seconds.items():
        print(f"  {what}: {MILLISECONDS * spent:.2f} ms")
    print()


def draw_pattern(path: Path, module: ModuleType, size: int = 2) -> None:
    """Write where the Jacobian is nonzero as a PNG of so many pixels for each entry."""
    cells = np.ones(module.NEWTON_JACOBIAN_SHAPE, np.uint8)
    cells[module.NEWTON_JACOBIAN_ROWS, module.NEWTON_JACOBIAN_COLS] = 0
    pixels = np.pad(np.kron(cells, np.ones((size, size), np.uint8)), 1)
    lines = np.pad(np.packbits(pixels, axis=1), ((0, 0), (1, 0)))  # no filter

    def chunk(kind: bytes, data: bytes) -> bytes:
        check = crc32(kind + data).to_bytes(4)
        return len(data).to_bytes(4) + kind + data + check

    height, width = pixels.shape
    header = width.to_bytes(4) + height.to_bytes(4) + bytes([1, 0, 0, 0, 0])
    parts = (b"IHDR", header), (b"IDAT", compress(lines.tobytes(), 9)), (b"IEND", b"")
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + b"".join(chunk(*each) for each in parts))


def main() -> None:
    """Solve both grids; with `--pattern FILE` draw the larger one's Jacobian."""
    jax.config.update("jax_enable_x64", True)
    if sys.argv[1:2] == ["--pattern"]:
        draw_pattern(Path(sys.argv[2]), ieee118)
        return
    report("IEEE 14", IEEE14, ieee14)
    report("IEEE 118", IEEE118, ieee118)


if __name__ == "__main__":
    main()
