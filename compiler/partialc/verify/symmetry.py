"""Tests that second derivatives do not depend on their order."""

from __future__ import annotations

import jax

from partialc.request.resolved import Block, Dense, Kernel
from partialc.request.shapes import axis_size, result_numbers


def symmetry_test(kernel: Kernel) -> str | None:
    """A test of every dense Hessian block over one selection; None without any.

    It is right only for functions without custom derivative rules.
    """
    parts = jax.tree.leaves([field.parts for field in kernel.fields])
    sizes = {
        number: axis_size(part.axes[0])
        for number, part in enumerate(parts)
        if isinstance(part, Block) and _is_square(part)
    }
    if not sizes:
        return None
    lines = [
        f"def test_{kernel.name}_is_symmetric():",
        '    """Second derivatives do not depend on their order."""',
        f'    for call in calls("{kernel.name}", "float64"):',
        f"        leaves = jax.tree.leaves(generated().{kernel.name}(*call))",
    ]
    numbers = result_numbers(kernel, whole=True)
    for part, size in sizes.items():
        number = numbers[part]
        shape = f"(-1, {size}, {size})"
        lines += [
            f"        square = np.asarray(leaves[{number}]).reshape{shape}",
            "        error = np.abs(square - square.transpose(0, 2, 1)).max(initial=0)",
            "        assert error <= 1e-6 * np.abs(square).max(initial=0)",
        ]
    return "\n".join(lines)


def _is_square(part: Block) -> bool:
    return (
        isinstance(part.layout, Dense)
        and part.order == 2
        and part.axes[0] == part.axes[1]
        and axis_size(part.axes[0]) > 1
    )
