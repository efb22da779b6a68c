"""Index maps against plain tables of numbers."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from partialc.ir.boxes import row_major
from partialc.tangents.maps import (
    NOWHERE,
    IndexMap,
    raveled,
    same_maps,
)
from tests.unit.tangents.dense_terms import column, few, grids, places


def lost(values: NDArray[Any]) -> NDArray[Any]:
    """Numbers, the same one for all that are nowhere."""
    return np.where(values < 0, -1, values)


def agree(found: IndexMap, want: Any) -> None:
    """A map has these values, and its other views of them agree with them."""
    values = found.values()
    assert values.shape == found.sizes
    assert np.array_equal(lost(values), lost(np.asarray(want)))
    compact = found.compact()
    assert np.array_equal(np.broadcast_to(compact, found.sizes), values)
    assert all(
        (size == found.sizes[axis]) if found.depends(axis) else size == 1
        for axis, size in enumerate(compact.shape)
    )
    for axis in set(range(found.rank)) - set(found.axes):
        assert (values == np.take(values, [0], axis)).all()
    if values.size:
        low, high = found.bounds()
        assert low <= values.min()
        assert high >= values.max()


@few
@given(st.data())
def test_any_table(data: st.DataObject) -> None:
    sizes = data.draw(grids())
    wide = [size if data.draw(st.booleans()) else 1 for size in sizes]
    numbers = st.integers(-2, 5)
    count = int(np.prod(wide))
    values = np.array(
        data.draw(st.lists(numbers, min_size=count, max_size=count)), np.int64
    ).reshape(wide)
    agree(IndexMap.of(values, sizes), np.broadcast_to(values, sizes))


@few
@given(st.data())
def test_affine_tables_need_no_table(data: st.DataObject) -> None:
    sizes = data.draw(grids())
    want = IndexMap.constant(sizes, 40)
    for axis in range(len(sizes)):
        step = data.draw(st.integers(-3, 3))
        want = want.plus(IndexMap.along(sizes, axis, 0, step))
    found = IndexMap.of(want.values(), sizes)
    assert found.is_affine
    assert found.same(want)
    low, high = found.bounds()
    assert (low, high) == (want.values().min(), want.values().max())


def test_a_table_keeps_to_the_axes_along_which_it_is_not_affine() -> None:
    rows = np.array([0, 1, 5])[:, None] + 2 * np.arange(4)
    found = IndexMap.of(rows, (3, 4))
    assert found.strides == (0, 2)
    assert found.table is not None
    assert found.table.shape == (3, 1)
    agree(found, rows)


@pytest.mark.parametrize("broken", [0, 2, 4])
def test_nearly_affine_is_not_affine(broken: int) -> None:
    values = np.arange(5) * 3
    values[broken] += 1
    found = IndexMap.of(values, (5,))
    assert not found.is_affine
    assert found.line() is None
    agree(found, values)


@pytest.mark.parametrize("hole", [0, 1, 3])
def test_a_line_with_a_hole(hole: int) -> None:
    values = np.arange(4)
    values[hole] = -1
    found = IndexMap.of(values, (4,))
    agree(found, values)
    agree(found.shifted(7), np.where(values < 0, -1, values + 7))
    agree(found.scaled(5), np.where(values < 0, -1, values * 5))


def test_nowhere_everywhere() -> None:
    found = IndexMap.of(np.full((2, 3), -4), (2, 3))
    assert (found.values() < 0).all()
    assert (found.shifted(1000).scaled(1000).values() < 0).all()
    assert (found.plus(IndexMap.flat((2, 3))).values() < 0).all()


@few
@given(st.data())
def test_sums_and_multiples(data: st.DataObject) -> None:
    sizes = data.draw(grids())
    one = data.draw(places(sizes, lost=True))
    other = data.draw(places(sizes, lost=True))
    ones, others = one.values(), other.values()
    agree(one.plus(other), np.where((ones < 0) | (others < 0), -1, ones + others))
    by = data.draw(st.integers(1, 9))
    agree(one.scaled(by), by * ones)
    shift = data.draw(st.integers(0, 9))
    agree(one.shifted(shift), np.where(ones < 0, -1, ones + shift))


@few
@given(st.data())
def test_on_another_grid(data: st.DataObject) -> None:
    sizes, others = data.draw(grids()), data.draw(grids())
    found = data.draw(places(sizes, lost=True))
    digits = []
    for size in sizes:
        values = data.draw(places(others)).compact() % size
        digits.append(IndexMap.of(values, others))
    index = tuple(np.broadcast_to(each.values(), others) for each in digits)
    want = found.values()[index] if sizes else np.broadcast_to(found.start, others)
    agree(found.after(digits, others), want)


def test_differences_on_another_grid() -> None:
    """A map that falls along an axis, read in an order that a table says."""
    found = IndexMap.along((4,), 0, 3, -1)
    read = column([2, 0, 3], 0, (3,))
    agree(found.after([read], (3,)), [1, 3, 0])
    shuffled = column([3, 0, 2, 1], 0, (4,))
    agree(shuffled.after([read], (3,)), [2, 3, 1])


def test_a_table_in_the_order_of_another_becomes_affine() -> None:
    table = column([0, 5, 1, 6, 2], 0, (5,))
    even = IndexMap.along((3,), 0, 0, 2)
    assert table.after([even], (3,)).is_affine
    agree(table.after([even], (3,)), [0, 1, 2])
    falling = column([9, 0, 5, 0, 1], 0, (5,)).after([even], (3,))
    assert falling.line() == (0, 9, -4)


def test_a_table_at_one_place_of_no_axes() -> None:
    table = column([4, 0, 9], 0, (3,))
    assert table.after([IndexMap.constant((), 2)], ()).number() == 9
    holed = column([4, -1, 9], 0, (3,))
    assert (holed.after([IndexMap.constant((), 1)], ()).values() < 0).all()


@pytest.mark.parametrize("sizes", [(0,), (3, 0), (0, 2)])
def test_empty_grids(sizes: tuple[int, ...]) -> None:
    flat = IndexMap.flat(sizes)
    assert flat.values().shape == sizes
    table = IndexMap.of(np.zeros(sizes, np.int64), sizes)
    assert table.values().shape == sizes
    assert table.bounds() == (0, 0)
    axis = sizes.index(0)
    line = IndexMap.along(sizes, axis, 4, -1)
    assert line.bounds() == (4, 4)
    full = column([1, 0, 7], 0, (3,))
    still = IndexMap.constant(sizes, 1)
    assert full.after([still], sizes).values().shape == sizes


def test_size_one_axes_have_no_strides() -> None:
    sizes = (1, 4, 1)
    assert IndexMap.flat(sizes).axes == (1,)
    assert IndexMap.along(sizes, 0, 3, 5).number() == 3
    assert IndexMap.along(sizes, 1, 3, 5).line() == (1, 3, 5)
    assert IndexMap.of(np.full((1, 1, 1), 6), sizes).number() == 6


def test_lines_and_numbers() -> None:
    sizes = (2, 3)
    assert IndexMap.flat(sizes).line() is None
    assert IndexMap.flat(sizes).number() is None
    assert IndexMap.constant(sizes, 3).number() == 3
    table = column([0, 1, 5], 1, sizes)
    assert table.line() is None
    assert table.number() is None
    assert table.axes == (1,)


@few
@given(st.data())
def test_raveled(data: st.DataObject) -> None:
    sizes = data.draw(grids())
    shape = (3, 1, 4)
    digits = [
        IndexMap.of(data.draw(places(sizes)).compact() % size, sizes) for size in shape
    ]
    want = np.ravel_multi_index([each.values() for each in digits], shape)
    agree(raveled(digits, shape), want)


def test_row_major() -> None:
    assert row_major(()) == []
    assert row_major((5,)) == [1]
    assert row_major((2, 3, 4)) == [12, 4, 1]
    assert row_major((2, 0, 4)) == [0, 4, 1]


def test_same() -> None:
    sizes = (3, 2)
    one = IndexMap.flat(sizes)
    assert one.same(IndexMap.of(np.arange(6).reshape(sizes), sizes))
    assert not one.same(one.shifted(1))
    assert not one.same(IndexMap.flat((2, 3)))
    table = column([0, 1, 5], 0, sizes)
    assert table.same(column([0, 1, 5], 0, sizes))
    assert not table.same(column([0, 1, 6], 0, sizes))
    assert not table.same(IndexMap.constant(sizes, 0))
    assert not table.same(column([0, 1], 1, sizes))
    assert same_maps([one, table], [one, table])
    assert not same_maps([one, table], [table, one])


def test_nowhere_survives_what_is_added_to_it() -> None:
    found = column([0, -1, 2], 0, (3,)).scaled(1 << 20).shifted(1 << 30)
    assert (found.values() < 0).tolist() == [False, True, False]
    assert NOWHERE < -(1 << 30)


def test_nowhere_added_up_is_still_to_be_told_from_differences() -> None:
    """Maps that fall are differences of tables: their holes stay holes."""
    holed = column([4, -1, 9], 0, (3,))
    total = holed
    for _ in range(5):
        total = total.plus(holed)
    assert total.table is not None
    assert total.table.min() == NOWHERE
    agree(total.shifted(50), [74, -1, 104])
