"""Terms that have no column at some places, beside others and summed over them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from partialc.ir.dtypes import BOOL
from partialc.ir.program import ArrayType, Constant
from partialc.tangents.arrays import Factor
from partialc.tangents.holes import closed, common_cols, masked
from partialc.tangents.maps import IndexMap
from partialc.tangents.merging import merged
from partialc.tangents.term import Term, scaled
from tests.unit.tangents.dense_terms import (
    SEEDS,
    Ground,
    few,
    grids,
    shape_of,
    terms_on,
)
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


@few
@given(st.data())
def test_holes_of_hidden_axes_are_zeros(data: st.DataObject) -> None:
    """Rows along the first axis, columns along the second, holes anywhere."""
    ground = Ground()
    sizes = (data.draw(st.integers(1, 3)), data.draw(st.integers(1, 4)))
    sizes += data.draw(grids(2))
    rows = (IndexMap.along(sizes, 0),)
    term = data.draw(terms_on(sizes, rows, ground))
    wide = [size if data.draw(st.booleans()) else 1 for size in sizes]
    lost = np.array(data.draw(flags(int(np.prod(wide))))).reshape(wide)
    along = IndexMap.along(sizes, 1).plus(IndexMap.constant(sizes, 0)).values()
    cols = IndexMap.of(np.where(np.broadcast_to(lost, sizes), -1, along), sizes)
    term = replace(term, cols=cols)
    found = closed(term, ground.arrays)
    shape = shape_of(term)
    assert np.array_equal(
        ground.dense(found, shape, SEEDS), ground.dense(term, shape, SEEDS)
    )
    assert found.places <= term.places


def flags(count: int) -> st.SearchStrategy[list[bool]]:
    return st.lists(st.booleans(), min_size=count, max_size=count)


def test_a_sum_over_a_triangle_has_no_place_for_what_is_summed() -> None:
    ground = Ground()
    sizes = (3, 4, 5)
    below = np.tril(np.ones((5, 4), bool)).T
    cols = IndexMap.of(np.where(below, np.arange(4)[:, None], -1)[None], sizes)
    factors = (
        Factor(ground.input(np.arange(1.0, 16.0).reshape(3, 5)), (0, 2)),
        Factor(ground.input(np.arange(1.0, 21.0).reshape(4, 5)), (1, 2)),
    )
    term = Term(sizes, (IndexMap.along(sizes, 0),), cols, factors, FLOAT)
    found = closed(term, ground.arrays)
    assert found.sizes == (3, 4)
    assert found.cols.is_affine
    assert ground.arrays.equations[-1].op == "dot_general"
    expected = ground.dense(term, (3,), 4)
    assert np.array_equal(ground.dense(found, (3,), 4), expected)


def test_columns_without_any_place_stay_holes() -> None:
    ground = Ground()
    sizes = (2, 3, 2)
    lost = np.array([[[False, True], [True, True], [False, False]]])
    cols = IndexMap.of(np.where(lost, -1, np.arange(3)[None, :, None]), sizes)
    term = Term(sizes, (IndexMap.along(sizes, 0),), cols, (), FLOAT)
    found = closed(term, ground.arrays)
    assert found.sizes == (2, 3)
    assert (found.cols.values()[:, 1] < 0).all()
    expected = ground.dense(term, (2,), 3)
    assert np.array_equal(ground.dense(found, (2,), 3), expected)


def test_masked_leaves_factors_along_other_axes() -> None:
    ground = Ground()
    sizes = (2, 3)
    cols = IndexMap.along(sizes, 1)
    first, second = ground.input([np.nan, 2.0]), ground.input([3.0, 4.0, 5.0])
    factors = (Factor(first, (0,)), Factor(second, (1,)))
    term = Term(sizes, (IndexMap.along(sizes, 0),), cols, factors, FLOAT, True)
    mask = Constant.of(ArrayType(BOOL, (2,)), np.array([False, True]))
    found = masked(term, Factor(mask, (0,)), ground.arrays)
    assert found.factors[0].atom is second
    expected = np.array([[0.0, 0.0, 0.0], [-6.0, -8.0, -10.0]])
    assert np.array_equal(ground.dense(found, (2,), 3), expected)
