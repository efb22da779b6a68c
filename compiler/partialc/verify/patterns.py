"""Tests that sparse matrices are zero where no entry is listed."""

from __future__ import annotations

from partialc.reference.literals import positions_text
from partialc.reference.matrices import Beyond, Part
from partialc.request.names import constant_name
from partialc.request.resolved import Kernel, Matrix


def pattern_test(kernel: Kernel, beyond: Beyond) -> str:
    """A test that finds nonzeros that the structural ones of a kernel do not list.

    Args:
        kernel: The kernel.
        beyond: What of its matrices is looked at.
    """
    point = f"point_{kernel.name}" if kernel.directions else "point"
    lines = [
        f"def test_{kernel.name}_pattern():",
        '    """Where no entry is listed, the derivatives are zero."""',
        "    parts = [",
        *(f"        ({_part_text(kernel, part)})," for part in beyond.parts),
        "    ]",
        "    for sample in SAMPLES:",
        f'        found = matrices_{kernel.name}(*{point}(Draw(*sample, "float64")))',
        "        for matrix, (rows, cols, listed) in zip(found, parts, strict=True):",
        "            unlisted = ~np.isin(rows[:, None] + cols, listed)",
        "            assert not np.asarray(matrix)[unlisted].any()",
    ]
    return "\n".join(lines)


def _part_text(kernel: Kernel, part: Part) -> str:
    """Its rows and columns, and the entries that are listed, as numbers.

    The entry in row i and column j has the number i * columns + j. Of a matrix of which
    the lower triangle is wanted its mirror image is taken for listed as well.
    """
    matrix = part.field.parts
    assert isinstance(matrix, Matrix)  # nothing else is sparse
    columns = matrix.pattern.shape[1]
    rows, cols = (
        f"generated().{constant_name(kernel, part.field, suffix)}"
        for suffix in ("ROWS", "COLS")
    )
    listed = f"{rows} * {columns} + {cols}"
    if matrix.is_lower:
        listed = f"np.append({listed}, {cols} * {columns} + {rows})"
    places = f"{positions_text(part.rows)} * {columns}, {positions_text(part.cols)}"
    return f"{places}, {listed}"
