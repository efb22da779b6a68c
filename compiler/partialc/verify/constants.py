"""Tests of the module constants that describe the layout of a kernel's result."""

from __future__ import annotations

import numpy as np

from partialc.reference.literals import indices_text
from partialc.request.names import constant_name
from partialc.request.resolved import Block, Entries, Field, Kernel, Matrix
from partialc.request.shapes import axis_size

_CHECKED = 16


def constants_test(kernel: Kernel) -> str | None:
    """A test of the constants of all fields; None if there are none."""
    lines: list[str] = []
    for item in kernel.fields:
        if isinstance(item.parts, Matrix):
            lines += _matrix_claims(kernel, item, item.parts)
            continue
        for suffix, constant in item.constants.items():
            array = np.asarray(constant)
            name = constant_name(kernel, item, suffix)
            lines.append(f"    constant = np.asarray(generated().{name})")
            lines += [f"    assert {text}" for text in _claims(array, item.parts)]
    if not lines:
        return None
    head = [
        f"def test_{kernel.name}_constants():",
        '    """They list the entries in the order of the result."""',
    ]
    return "\n".join([*head, *lines])


def _matrix_claims(kernel: Kernel, field: Field, matrix: Matrix) -> list[str]:
    """What holds of the rows, columns, and row pointers of a sparse matrix."""
    names = {suffix: constant_name(kernel, field, suffix) for suffix in field.constants}
    rows, cols = matrix.pattern.shape
    lines = [
        f"    rows, cols = generated().{names['ROWS']}, generated().{names['COLS']}",
        f"    assert generated().{names['SHAPE']} == {matrix.pattern.shape}",
        f"    assert rows.shape == cols.shape == ({matrix.pattern.nonzeros},)",
        f"    assert ((0 <= rows) & (rows < {rows})).all()",
        f"    assert ((0 <= cols) & (cols < {cols})).all()",
        f"    assert (np.diff(rows * {cols} + cols) > 0).all()  # row-major, each once",
    ]
    if "INDPTR" in names:
        lines += [
            f"    starts = np.searchsorted(rows, np.arange({rows + 1}))",
            f"    assert np.array_equal(generated().{names['INDPTR']}, starts)",
        ]
    return lines


def _claims(array: np.ndarray, parts: object) -> list[str]:
    """What holds of a constant: all of it, or its shape and some of its rows."""
    claims = [f"constant.shape == {array.shape}"]
    text = None
    if array.ndim == 2:
        text = indices_text(array, _length(parts, array))
    if text is not None:
        claims.append(f"np.array_equal(constant.T, {text})")
        return claims
    random = np.random.RandomState(0)
    rows = np.unique(random.randint(0, max(1, len(array)), _CHECKED))[: len(array)]
    listed = {int(row): array[row].tolist() for row in rows}
    claims += [f"constant[{row}].tolist() == {value}" for row, value in listed.items()]
    return claims


def _length(parts: object, array: np.ndarray) -> int:
    """How long the axis is that the rows index."""
    if isinstance(parts, Block) and isinstance(parts.layout, Entries) and parts.axes:
        return max(map(axis_size, parts.axes))
    return int(array.max(initial=-1)) + 1
