"""The founding example: one third-order mixed partial of a product, on six rows.

Run from the repository root, after `partialc build`: python examples/product/demo.py
"""

import sys
from pathlib import Path

import jax.numpy as jnp

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "generated"))

from product import d3_x0_x2_x4  # noqa: E402 (found only now)


def main() -> None:
    """Print d3 product / dx0 dx2 dx4 on rows 1..5, 6..10, ..., 26..30."""
    rows = jnp.arange(1.0, 31.0).reshape(6, 5)
    sys.stdout.write("d3 prod(x) / dx[0] dx[2] dx[4], on the rows\n")
    for row in rows.tolist():
        sys.stdout.write(f"  {row}\n")
    sys.stdout.write(f"{d3_x0_x2_x4(rows).tolist()}\n")


if __name__ == "__main__":
    main()
