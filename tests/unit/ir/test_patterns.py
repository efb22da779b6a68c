"""Where matrices may be nonzero, against dense arrays of truth values."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from partialc.ir.patterns import Pattern


def dense(pattern: Pattern, values: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Some truth values of the entries, as a matrix."""
    found = np.zeros(pattern.shape, bool)
    found[pattern.rows, pattern.cols] = values
    return found


@st.composite
def entries(draw: st.DrawFn, shape: tuple[int, int]) -> list[tuple[int, int, bool]]:
    """Places in a matrix, some of them several times."""
    if 0 in shape:
        return []
    row, col = st.integers(0, shape[0] - 1), st.integers(0, shape[1] - 1)
    return draw(st.lists(st.tuples(row, col, st.booleans()), max_size=12))


def pattern_of(shape: tuple[int, int], found: list[tuple[int, int, bool]]) -> Pattern:
    array = np.array(found, np.int64).reshape(-1, 3)
    return Pattern.of(shape, array[:, 0], array[:, 1], array[:, 2].astype(bool))


SHAPES = st.sampled_from([(0, 0), (3, 0), (0, 4), (1, 1), (1, 5), (4, 1), (3, 4)])


@settings(max_examples=50)
@given(st.data())
def test_of(data: st.DataObject) -> None:
    shape = data.draw(SHAPES)
    found = data.draw(entries(shape))
    pattern = pattern_of(shape, found)
    where, varying = np.zeros(shape, bool), np.zeros(shape, bool)
    for row, col, is_constant in found:
        where[row, col] = True
        varying[row, col] |= not is_constant
    rows, cols = np.nonzero(where)
    assert np.array_equal(pattern.rows, rows)
    assert np.array_equal(pattern.cols, cols)
    assert pattern.nonzeros == where.sum()
    fixed = dense(pattern, pattern.is_constant)
    assert np.array_equal(fixed, where & ~varying)
    assert pattern.indptr.shape == (shape[0] + 1,)
    assert np.array_equal(np.diff(pattern.indptr), where.sum(1))


@settings(max_examples=50)
@given(st.data())
def test_and(data: st.DataObject) -> None:
    shape = data.draw(SHAPES)
    one, other = (pattern_of(shape, data.draw(entries(shape))) for _ in range(2))
    found = one & other
    every = [dense(each, np.ones(each.nonzeros, bool)) for each in (one, other, found)]
    assert found.shape == shape
    assert np.array_equal(every[2], every[0] & every[1])
    fixed = [dense(each, each.is_constant) for each in (one, other, found)]
    assert np.array_equal(fixed[2], every[2] & (fixed[0] | fixed[1]))
    assert np.array_equal(np.lexsort((found.cols, found.rows)), range(found.nonzeros))


def test_nothing_known_of_constants() -> None:
    rows, cols = np.array([1, 0, 1]), np.array([2, 0, 2])
    pattern = Pattern.of((2, 3), rows, cols)
    assert pattern.is_constant.tolist() == [False, False]
    assert pattern.indptr.tolist() == [0, 1, 2]


@pytest.mark.parametrize("dtype", [np.int32, np.int64])
def test_matrices_of_many_elements(dtype: type[np.signedinteger]) -> None:
    """Numbers of entries do not fit the type of rows and columns."""
    rows, cols = np.array([2**20, 0], dtype), np.array([5, 2**20], dtype)
    pattern = Pattern.of((2**21, 2**21), rows, cols)
    assert pattern.rows.tolist() == [0, 2**20]
    assert pattern.cols.tolist() == [2**20, 5]
