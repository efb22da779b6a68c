"""Terms that have no column where they are zero, beside terms that have one there."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from partialc.ir.program import ArrayType, Constant
from partialc.tangents.arrays import Factor
from partialc.tangents.holes import common_cols
from partialc.tangents.maps import IndexMap
from partialc.tangents.merging import merged
from partialc.tangents.term import Term, scaled
from tests.unit.tangents.dense_terms import Ground
from tests.unit.tangents.numpy_arrays import FLOAT, knowing

SIZES = (8, 2)
COLS = np.array([[2, 0], [1, 3], [0, 5], [4, 1], [3, 2], [5, 4], [0, 1], [2, 5]])


def numbers(data: list[float]) -> Constant:
    """A known array."""
    return Constant.of(ArrayType(FLOAT, (len(data),)), np.array(data))


def both(ground: Ground) -> Term:
    """Two columns for each of eight rows, from a table."""
    cols = IndexMap.of(COLS, SIZES)
    data = ground.input(np.arange(1.0, 17.0).reshape(SIZES))
    rows = (IndexMap.along(SIZES, 0),)
    return Term(SIZES, rows, cols, (Factor(data, (0, 1)),), FLOAT)


def holey(ground: Ground, *zeros: int) -> Term:
    """The same times a coefficient that is zero in some rows."""
    data = [0.0 if row in zeros else row + 1.0 for row in range(8)]
    found = scaled(both(ground), numbers(data), ground.arrays)
    assert found is not None
    assert [row for row in range(8) if (found.cols.values()[row] < 0).all()] == [*zeros]
    return found


@pytest.mark.parametrize("order", [1, -1])
def test_what_is_zero_at_holes_fills_them(order: int) -> None:
    ground = Ground(knowing())
    pair = [both(ground), holey(ground, 1)][::order]
    (found,) = merged(pair, ground.arrays)
    assert np.array_equal(found.cols.values(), COLS)
    expected = ground.dense(pair, (8,), 6)
    assert np.array_equal(ground.dense(found, (8,), 6), expected)


def test_holes_at_different_places() -> None:
    ground = Ground(knowing())
    pair = [holey(ground, 1, 6), holey(ground, 3, 6)]
    (found,) = merged(pair, ground.arrays)
    assert np.array_equal(found.cols.values()[:6], COLS[:6])
    assert (found.cols.values()[6] < 0).all()
    expected = ground.dense(pair, (8,), 6)
    assert np.array_equal(ground.dense(found, (8,), 6), expected)


def test_a_sum_is_zero_where_both_are() -> None:
    ground = Ground(knowing())
    pair = [holey(ground, 4) for _ in range(2)]
    (total,) = merged(pair, ground.arrays)
    assert len(merged([total, both(ground)], ground.arrays)) == 1


@pytest.mark.parametrize("order", [1, -1])
def test_other_holes_stay(order: int) -> None:
    """Where a term has no column and is not zero, nothing is added."""
    ground = Ground(knowing())
    lost = np.zeros(SIZES, bool)
    lost[0, 1] = lost[2, 0] = True
    cols = IndexMap.of(np.where(lost, -1, COLS), SIZES)
    one, other = [both(ground), replace(both(ground), cols=cols)][::order]
    assert common_cols(one, other, ground.arrays) is None
    expected = ground.dense([one, other], (8,), 6)
    found = merged([one, other], ground.arrays)
    assert np.array_equal(ground.dense(found, (8,), 6), expected)


def test_other_columns_are_no_holes() -> None:
    ground = Ground(knowing())
    one, moved = both(ground), COLS.copy()
    moved[7] = -1, 2
    other = replace(both(ground), cols=IndexMap.of(moved, SIZES))
    assert common_cols(one, other, ground.arrays) is None
    shifted = replace(both(ground), cols=one.cols.shifted(1))
    assert common_cols(one, shifted, ground.arrays) is None
