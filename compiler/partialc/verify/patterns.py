"""Tests that sparse matrices are zero where no entry is listed."""

from __future__ import annotations

from partialc.reference.literals import positions_text
from partialc.reference.matrices import Beyond
from partialc.request.names import constant_name
from partialc.request.resolved import Kernel, Matrix


def pattern_test(kernel: Kernel, beyond: Beyond) -> str:
    """A test that finds nonzeros that the structural ones of a kernel do not list.

    Args:
        kernel: The kernel.
        beyond: What of its matrices is looked at.
    """
    lines = [
        f"def test_{kernel.name}_pattern():",
        '    """Where no entry is listed, the derivatives are zero."""',
        "    beyond = []",
    ]
    for field, rows, cols in beyond.parts:
        assert isinstance(field.parts, Matrix)  # nothing else is sparse
        columns = field.parts.pattern.shape[1]
        listed = [
            f"generated().{constant_name(kernel, field, suffix)}"
            for suffix in ("ROWS", "COLS")
        ]
        lines += [
            f"    rows, cols = {positions_text(rows)}[:, None], {positions_text(cols)}",
            f"    listed = {listed[0]} * {columns} + {listed[1]}",
            f"    unlisted = ~np.isin(rows * {columns} + cols, listed)",
        ]
        if field.parts.is_lower:
            lines.append("    unlisted &= rows >= cols")
        lines.append("    beyond.append(unlisted)")
    lines += [
        "    for sample in SAMPLES:",
        f'        found = matrices_{kernel.name}(*point(Draw(*sample, "float64")))',
        "        for matrix, unlisted in zip(found, beyond, strict=True):",
        "            assert not np.asarray(matrix)[unlisted].any()",
    ]
    return "\n".join(lines)
