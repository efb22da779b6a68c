"""Which of several sums places belong to, and which lines of a table are distinct."""

from __future__ import annotations

from math import prod

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays_of

from partialc.ir.dtypes import DType
from partialc.ir.program import Constant
from partialc.tangents.maps import NOWHERE
from partialc.tangents.selection import FEW, SAMPLE, are_few, belongs, distinct
from tests.unit.tangents.dense_terms import few
from tests.unit.tangents.numpy_arrays import FLOAT, evaluated, fresh

NUMBERS = st.one_of(
    st.integers(-3, 3),
    st.sampled_from([NOWHERE, NOWHERE + 1, NOWHERE - 5, 255, 256, 1 << 39, -(1 << 39)]),
)
"""Small ones, and what is nowhere, more or less."""

LINES = arrays_of.arrays(
    np.int64,
    st.tuples(st.integers(0, 12), st.integers(1, 4)),
    elements=NUMBERS,
)


@few
@given(LINES)
def test_distinct(lines: np.ndarray[tuple[int, int], np.dtype[np.int64]]) -> None:
    """What `numpy.unique` gives, in its order."""
    firsts, numbers = distinct(lines)
    _, want_firsts, want_numbers = np.unique(
        lines, axis=0, return_index=True, return_inverse=True
    )
    assert np.array_equal(firsts, want_firsts)
    assert np.array_equal(numbers, want_numbers.reshape(-1))


def test_distinct_lines_of_any_memory() -> None:
    """Columns of an array, and lines of nothing."""
    table = np.array([[5, 0, 5, 5], [-1, 3, -1, 2]])
    firsts, numbers = distinct(table.T)
    assert np.array_equal(table.T[firsts], [[0, 3], [5, -1], [5, 2]])
    assert np.array_equal(numbers, [1, 0, 1, 2])
    for shape in ((0, 3), (3, 0)):
        assert all(not each.size for each in distinct(np.zeros(shape, np.int64)))


@few
@given(LINES, st.integers(0, 12))
def test_few_lines(
    lines: np.ndarray[tuple[int, int], np.dtype[np.int64]], most: int
) -> None:
    """Short lines are looked at whole."""
    assert are_few(lines, most) == (len(np.unique(lines, axis=0)) <= most)


@pytest.mark.parametrize("place", [0, 1, 700, 999])
def test_few_long_lines(place: int) -> None:
    """Never said of few that they are many; the first and the last number count."""
    lines = np.zeros((9, 1000), np.int64)
    assert are_few(lines, 1)
    lines[:, place] = np.arange(9)
    assert are_few(lines, 9)
    looked_at = place in np.linspace(0, 999, SAMPLE).astype(int)
    assert are_few(lines, 8) != looked_at
    assert looked_at or place not in (0, 999)


@few
@given(st.data())
def test_belongs(data: st.DataObject) -> None:
    """One at the number of each place; nothing but zeros where it is negative."""
    shape = tuple(data.draw(st.lists(st.integers(1, 9), max_size=3)))
    count = data.draw(st.integers(1, 9))
    total = prod(shape)
    numbers = np.array(
        data.draw(st.lists(st.integers(-2, count - 1), min_size=total, max_size=total)),
        np.int64,
    ).reshape(shape)
    written = fresh()
    found = belongs(numbers, count, FLOAT, written)
    want = np.zeros((*shape, count))
    for place in np.ndindex(*shape):
        if numbers[place] >= 0:
            want[place][numbers[place]] = 1
    assert found.type.dtype == FLOAT
    assert np.array_equal(evaluated(written, found, {}), want)


def test_large_selections_are_computed() -> None:
    """They would fill pages as numbers."""
    for dtype in (FLOAT, DType.fixed("float32")):
        written = fresh()
        small = belongs(np.zeros(FEW // 4, np.int64), 4, dtype, written)
        assert isinstance(small, Constant)
        assert not written.equations
        large = belongs(np.zeros(FEW // 4 + 1, np.int64), 4, dtype, written)
        assert not isinstance(large, Constant)
        assert large.type.dtype == dtype
        constants = [
            atom
            for equation in written.equations
            for atom in equation.inputs
            if isinstance(atom, Constant)
        ]
        assert max(atom.type.size for atom in constants) == FEW // 4 + 1
