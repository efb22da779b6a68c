"""The row-major order of the entries of stencils, woven of payloads."""

from __future__ import annotations

import itertools
from math import prod

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from partialc.tangents import weave
from partialc.tangents.arrays import Factor
from partialc.tangents.maps import IndexMap, raveled
from partialc.tangents.term import Term
from partialc.tangents.weave import (
    Keys,
    Payloads,
    column_at,
    strands,
    woven,
)
from tests.unit.tangents.dense_terms import Ground, column, few
from tests.unit.tangents.numpy_arrays import FLOAT


def shifted(ground: Ground, shape: tuple[int, ...], by: tuple[int, ...]) -> Term:
    """Each element's derivative by its neighbour in one direction, inside the box."""
    starts = [max(0, -move) for move in by]
    sizes = tuple(size - abs(move) for size, move in zip(shape, by, strict=True))
    rows = tuple(IndexMap.along(sizes, n, start) for n, start in enumerate(starts))
    ends = [
        IndexMap.along(sizes, n, start + move)
        for n, (start, move) in enumerate(zip(starts, by, strict=True))
    ]
    data = 1.0 + np.arange(prod(sizes)).reshape(sizes) + 1000 * len(ground.given)
    axes = tuple(range(len(shape)))
    return Term(
        sizes, rows, raveled(ends, shape), (Factor(ground.input(data), axes),), FLOAT
    )


def in_order(
    ground: Ground, found: list[Term], shape: tuple[int, ...]
) -> tuple[NDArray[np.int64], NDArray[np.float64]] | None:
    """The numbers and the values of all entries in the order in which they come."""
    size = prod(shape)
    rows = [term.row(shape) for term in found]
    cols = [term.cols for term in found]
    threads = strands(rows, cols, size)
    if threads is None:
        return None
    keys = [
        row.values() * size + col.values() for row, col in zip(rows, cols, strict=True)
    ]
    order = woven(threads, column_at(cols), Keys(keys))
    if order is None:
        return None
    atom = woven(threads, column_at(cols), Payloads(found, ground.arrays))
    assert atom is not None
    return order.reshape(-1), ground.of(atom).reshape(-1)


def checked(ground: Ground, found: list[Term], shape: tuple[int, ...]) -> None:
    """All entries come in order, with their values."""
    result = in_order(ground, found, shape)
    assert result is not None
    order, values = result
    want = ground.dense(found, shape, prod(shape))
    assert np.array_equal(order, np.flatnonzero(want))
    assert np.array_equal(values, want.ravel()[order])


STENCILS = {
    "line": ((6,), [(0,), (-1,), (1,)]),
    "one sided": ((6,), [(0,), (2,), (5,)]),
    "without the diagonal": ((4,), [(-1,), (1,)]),
    "plane": ((4, 5), [(0, 0), (1, 0), (-1, 0), (0, 1), (0, -1)]),
    "diagonal neighbours": ((3, 4), list(itertools.product((-1, 0, 1), repeat=2))),
    "long and thin": ((7, 2), [(0, 0), (1, 0), (0, 1), (-1, 0)]),
    "lines of one": ((4, 1), [(0, 0), (1, 0), (-1, 0)]),
    "space": (
        (3, 3, 4),
        [(0, 0, 0), (1, 0, 0), (-1, 0, 0), (0, 1, 0), (0, 0, -1)],
    ),
    "space one way": ((2, 3, 2), [(0, 0, 0), (1, 0, 0), (0, -1, 0), (0, 0, 1)]),
}


@pytest.mark.parametrize("name", STENCILS)
def test_stencils(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(weave, "MOST_PARTS", 100)
    shape, moves = STENCILS[name]
    ground = Ground()
    checked(ground, [shifted(ground, shape, by) for by in moves], shape)


@few
@given(st.data())
def test_random_stencils(data: st.DataObject) -> None:
    """What is woven is right, in whatever order the terms come."""
    ground = Ground()
    shape = tuple(data.draw(st.lists(st.integers(2, 4), min_size=1, max_size=3)))
    moves = st.tuples(*(st.integers(1 - size, size - 1) for size in shape))
    chosen = data.draw(st.lists(moves, min_size=1, max_size=4))
    found = [shifted(ground, shape, by) for by in chosen]
    result = in_order(ground, found, shape)
    if result is None:
        return
    order, values = result
    want = ground.dense(found, shape, prod(shape))
    if np.array_equal(order, np.flatnonzero(want)):
        assert np.array_equal(values, want.ravel()[order])


def test_blocks_of_entries() -> None:
    """A dense block in each row, beside a diagonal behind it."""
    ground = Ground()
    block = Term(
        (5, 2),
        (IndexMap.along((5, 2), 0),),
        IndexMap.along((5, 2), 1),
        (Factor(ground.input(np.arange(1.0, 11).reshape(2, 5)), (1, 0)),),
        FLOAT,
    )
    tail = Term(
        (3,),
        (IndexMap.along((3,), 0, 2),),
        IndexMap.along((3,), 0, 2),
        (Factor(ground.input([11.0, 12, 13]), (0,)),),
        FLOAT,
    )
    checked(ground, [tail, block], (5,))


def test_what_is_in_the_same_places_is_added() -> None:
    ground = Ground()
    found = [shifted(ground, (5,), by) for by in ((0,), (1,), (0,))]
    checked(ground, found, (5,))


def test_two_axes_of_entries() -> None:
    """Hidden axes in the order of their columns, not of the grid."""
    ground = Ground()
    sizes = (2, 2, 3)
    cols = IndexMap.along(sizes, 1).plus(IndexMap.along(sizes, 2, 0, 2))
    data = np.arange(1.0, 13).reshape(sizes)
    term = Term(
        sizes,
        (IndexMap.along(sizes, 0),),
        cols,
        (Factor(ground.input(data), (0, 1, 2)),),
        FLOAT,
    )
    threads = strands([term.row((2,))], [cols], 2)
    assert threads is not None
    assert threads[0].hidden == (2, 1)
    atom = woven(threads, column_at([cols]), Payloads([term], ground.arrays))
    assert atom is not None
    want = ground.dense(term, (2,), 6)
    assert np.array_equal(ground.of(atom).ravel(), want.ravel())


def test_payloads_that_do_not_vary() -> None:
    """Factors along some axes only, and none at all."""
    ground = Ground()
    rows = tuple(IndexMap.along((3, 4), n) for n in range(2))
    flat = IndexMap.flat((3, 4))
    along = Factor(ground.input([2.0, 3, 5, 7]), (1,))
    alone = Term((3, 4), rows, flat, (), FLOAT, is_negative=True)
    checked(ground, [alone], (3, 4))
    checked(ground, [Term((3, 4), rows, flat, (along,), FLOAT)], (3, 4))
    inner = tuple(IndexMap.along((3, 3), n) for n in range(2))
    ahead = IndexMap.along((3, 3), 0, 1, 4).plus(IndexMap.along((3, 3), 1))
    short = Factor(ground.input([2.0, 3, 5]), (0,))
    checked(ground, [alone, Term((3, 3), inner, ahead, (short,), FLOAT)], (3, 4))


def one(rows: IndexMap, cols: IndexMap | None = None) -> object:
    return strands([rows], [rows if cols is None else cols], 8)


def test_what_forms_no_boxes() -> None:
    sizes = (4,)
    assert one(IndexMap.along(sizes, 0)) is not None
    assert one(column([0, 2, 1, 3], 0, sizes)) is None
    assert one(IndexMap.along(sizes, 0), column([0, 2, 1, 3], 0, sizes)) is None
    assert one(IndexMap.along(sizes, 0, 3, -1)) is None
    assert one(IndexMap.along(sizes, 0, 1, 2)) is None
    pair = (2, 2)
    assert one(IndexMap.along(pair, 0).plus(IndexMap.along(pair, 1))) is None
    uneven = IndexMap.along(pair, 0, 0, 3).plus(IndexMap.along(pair, 1, 0, 2))
    assert one(uneven) is None
    over = IndexMap.along(pair, 0, 1, 2).plus(IndexMap.along(pair, 1))
    assert one(over) is None
    wide = (2, 3)
    assert one(IndexMap.along(wide, 0, 0, 2).plus(IndexMap.along(wide, 1))) is None


def test_rows_of_other_terms_decide_the_axes() -> None:
    """A line within a plane, and a single row."""
    plane, line = IndexMap.flat((2, 4)), IndexMap.along((2,), 0, 1, 4)
    row = IndexMap.constant((3,), 6)
    cols = [plane, line, IndexMap.along((3,), 0)]
    threads = strands([plane, line, row], cols, 8)
    assert threads is not None
    assert [each.starts for each in threads] == [(0, 0), (0, 1), (1, 2)]
    assert [each.counts for each in threads] == [(2, 4), (2, 1), (1, 1)]
    assert [each.axes for each in threads] == [(0, 1), (0, None), (None, None)]
    assert [each.hidden for each in threads] == [(), (), (0,)]


def test_many_parts_are_not_woven() -> None:
    ground = Ground()
    shape = (3, 3, 3)
    moves = list(itertools.product((-1, 0, 1), repeat=3))
    assert in_order(ground, [shifted(ground, shape, by) for by in moves], shape) is None
