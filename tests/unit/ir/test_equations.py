"""Equations that are made have the types and the elements that numpy gives."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from numpy.typing import NDArray

from partialc.ir import equations
from partialc.ir.dtypes import DType
from partialc.ir.program import ArrayType, Constant, Equation, Value
from partialc.ops.registry import find

INTEGER = DType.fixed("int64")


def constant(data: Any) -> Constant:
    elements = np.asarray(data, np.int64)
    return Constant.of(ArrayType(INTEGER, elements.shape), elements)


X = constant(np.arange(12).reshape(3, 4))
ROW = constant(np.arange(3))
COLUMN = constant(np.arange(4).reshape(1, 4, 1))
PLACES = np.array([2, 0])

MADE: dict[str, tuple[Equation, NDArray[Any]]] = {
    "a slice": (equations.sliced(X, (range(1, 2), range(0, 4, 3))), X.data[1:2, ::3]),
    "dropped axes": (equations.squeezed(COLUMN, [0, 2]), COLUMN.data[0, :, 0]),
    "a shape": (equations.reshaped(X, (2, 6)), X.data.reshape(2, 6)),
    "an order": (equations.transposed(X, (1, 0)), X.data.T),
    "backwards": (equations.turned(X, [1]), X.data[:, ::-1]),
    "new axes": (
        equations.spread(ROW, (2, 3, 4), [1]),
        np.broadcast_to(ROW.data[None, :, None], (2, 3, 4)),
    ),
    "one after the other": (
        equations.concatenated([X, X], 1),
        np.concatenate([X.data, X.data], 1),
    ),
    "side by side": (equations.stacked([X, X], 1), np.stack([X.data, X.data], 1)),
    "a border": (
        equations.padded(ROW, constant(7), [(1, 2, 1)]),
        np.array([7, 0, 7, 1, 7, 2, 7, 7]),
    ),
    "rows": (equations.rows_of(X, PLACES), X.data[PLACES]),
    "other elements": (
        equations.with_elements(ROW, constant([8, 9]), PLACES),
        np.array([9, 1, 8]),
    ),
    "sums": (
        equations.with_added(ROW, constant([8, 9]), np.array([1, 1])),
        np.array([0, 18, 2]),
    ),
}


@pytest.mark.parametrize("name", MADE)
def test_made(name: str) -> None:
    equation, want = MADE[name]
    op = find(equation.op)
    assert op is not None
    operands = [jnp.asarray(atom.data) for atom in equation.inputs]  # type: ignore[union-attr]
    with jax.enable_x64(True):
        (found,) = op.evaluate(equation, operands)
    (value,) = equation.outputs
    assert value.type == ArrayType(INTEGER, want.shape)
    assert np.array_equal(found, want)


def test_what_is_read_back() -> None:
    wide = equations.spread(ROW, (3, 2), [0])
    flat = equations.reshaped(X, (12,))
    assert equations.spread_by(wide) is ROW
    assert equations.reshaped_by(flat) is X
    assert equations.spread_by(flat) is None
    assert equations.reshaped_by(wide) is None
    assert equations.spread_by(None) is None


def test_pieces_are_given_values() -> None:
    rows = tuple(Value(ArrayType(INTEGER, (4,))) for _ in range(3))
    assert equations.unstacked(X, rows).outputs == rows
