"""What can be done with one term, against the term as a dense matrix."""

from __future__ import annotations

from dataclasses import replace
from math import prod

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from partialc.ir.program import ArrayType, Constant
from partialc.tangents.arrays import Factor
from partialc.tangents.maps import IndexMap
from partialc.tangents.term import (
    Term,
    kept,
    listed,
    payload,
    regridded,
    scaled,
    settled,
    within,
)
from tests.unit.tangents.dense_terms import (
    SEEDS,
    Ground,
    arrays_along,
    column,
    few,
    grids,
    places,
    shape_of,
    terms,
)
from tests.unit.tangents.numpy_arrays import FLOAT, knowing


def only_at(term: Term, keep: np.ndarray) -> Term:
    """A term with no columns elsewhere, made without any of its own functions."""
    values = np.where(np.broadcast_to(keep, term.sizes), term.cols.values(), -1)
    return replace(term, cols=IndexMap.of(values, term.sizes))


@pytest.mark.parametrize("shape", [(), (3,), (1,), (2, 3), (2, 1, 2)])
def test_seeds_are_an_identity(shape: tuple[int, ...]) -> None:
    term = Term.seeds(shape, FLOAT, first=2)
    size = prod(shape)
    want = np.hstack([np.zeros((size, 2)), np.eye(size)])
    assert np.array_equal(Ground().dense(term, shape, size + 2), want)
    assert term.places == size
    assert np.array_equal(term.row(shape).values().ravel(), np.arange(size))
    assert term.hidden() == tuple(n for n, size in enumerate(shape) if size == 1)


@few
@given(st.data())
def test_payload(data: st.DataObject) -> None:
    ground = Ground()
    term = data.draw(terms(1, ground))
    found = payload(term, ground.arrays)
    alone = replace(term, factors=(found,), is_negative=False)
    assert np.array_equal(ground.payload(alone), ground.payload(term))
    assert np.array_equal(ground.payload(term.negated), -ground.payload(term))


@few
@given(st.data())
def test_kept(data: st.DataObject) -> None:
    ground = Ground()
    term = data.draw(terms(data.draw(st.integers(0, 2)), ground))
    wide = [size if data.draw(st.booleans()) else 1 for size in term.sizes]
    count = prod(wide)
    truths = data.draw(st.lists(st.booleans(), min_size=count, max_size=count))
    keep = np.array(truths, bool).reshape(wide)
    shape = shape_of(term)
    want = ground.dense(only_at(term, keep), shape, SEEDS)
    found = kept(term, keep, ground.arrays)
    assert np.array_equal(ground.dense(found, shape, SEEDS), want)
    assert (found is None) == (not keep.any())
    assert found is None or found.places <= term.places


@pytest.mark.parametrize(
    ("keep", "sizes"),
    [
        ([0, 0, 1, 1, 1, 0], (3,)),
        ([1, 0, 1, 0, 1, 0], (3,)),
        ([0, 0, 0, 0, 1, 0], ()),
        ([1, 1, 0, 0, 0, 1], (6,)),
        ([1, 1, 0, 1, 1, 1], (6,)),
    ],
)
def test_how_much_is_kept(keep: list[int], sizes: tuple[int, ...]) -> None:
    """Even parts are cut out, of the others a third or more stays whole."""
    ground = Ground()
    term = Term.seeds((6,), FLOAT)
    found = kept(term, np.array(keep, bool), ground.arrays)
    assert found is not None
    assert found.sizes == (sizes or (1,))
    assert found.cols.is_affine == (found.sizes != (6,))
    want = np.eye(6) * np.array(keep)
    assert np.array_equal(ground.dense(found, (6,), 6), want)


def test_places_that_form_no_box_are_listed() -> None:
    ground = Ground()
    term = Term.seeds((4, 4), FLOAT)
    term = replace(term, factors=(Factor(ground.input(np.arange(4.0)), (1,)),))
    keep = np.eye(4, dtype=bool)
    found = kept(term, keep, ground.arrays)
    assert found is not None
    assert found.sizes == (4,)
    want = ground.dense(only_at(term, keep), (4, 4), 16)
    assert np.array_equal(ground.dense(found, (4, 4), 16), want)


@few
@given(st.data())
def test_regridded(data: st.DataObject) -> None:
    """Each place of the new grid has the row, column and payload that it reads."""
    ground = Ground()
    term = data.draw(terms(2, ground))
    sizes = data.draw(grids())
    read = [
        IndexMap.of(data.draw(places(sizes)).compact() % size, sizes)
        for size in term.sizes
    ]
    found = regridded(term, read, sizes, ground.arrays)
    index = tuple(each.values() for each in read)
    assert found.sizes == sizes
    for old, new in zip(term.rows, found.rows, strict=True):
        assert np.array_equal(new.values(), np.broadcast_to(old.values()[index], sizes))
    cols = np.broadcast_to(term.cols.values()[index], sizes)
    assert np.array_equal(np.maximum(found.cols.values(), -1), np.maximum(cols, -1))
    want = np.broadcast_to(ground.payload(term)[index], sizes)
    assert np.array_equal(ground.payload(found), want)


def test_listed_with_repetitions() -> None:
    ground = Ground()
    term = Term.seeds((3, 2), FLOAT)
    term = replace(term, factors=(Factor(ground.input(np.arange(6.0)), (0,)),))
    term = replace(term, factors=(Factor(ground.input([2.0, 3.0, 5.0]), (0,)),))
    found = listed(term, [0], [np.array([2, 0, 2, 2])], ground.arrays)
    assert found.sizes == (4, 2)
    want = np.diag([2.0, 2, 0, 0, 15, 15])
    assert np.array_equal(ground.dense(found, (3, 2), 6), want)


@few
@given(st.data())
def test_within(data: st.DataObject) -> None:
    ground = Ground()
    term = data.draw(terms(2, ground))
    shift = [data.draw(st.integers(-2, 2)) for _ in range(2)]
    rows = tuple(row.shifted(by) for row, by in zip(term.rows, shift, strict=True))
    shape = tuple(data.draw(st.integers(1, 4)) for _ in range(2))
    inside = np.ones(term.sizes, bool)
    for row, size in zip(rows, shape, strict=True):
        inside &= (row.values() >= 0) & (row.values() < size)
    clipped = tuple(
        IndexMap.of(np.clip(row.values(), 0, size - 1), term.sizes)
        for row, size in zip(rows, shape, strict=True)
    )
    want = only_at(replace(term, rows=clipped), inside)
    found = within(replace(term, rows=rows), shape, ground.arrays)
    assert (found is None) <= (not inside.any())
    assert np.array_equal(
        ground.dense(found, shape, SEEDS), ground.dense(want, shape, SEEDS)
    )


@few
@given(st.data())
def test_settled(data: st.DataObject) -> None:
    ground = Ground()
    term = data.draw(terms(data.draw(st.integers(0, 2)), ground, most=4))
    shape = shape_of(term)
    found = settled(term, ground.arrays)
    assert np.array_equal(
        ground.dense(found, shape, SEEDS), ground.dense(term, shape, SEEDS)
    )
    used = {axis for each in (*found.rows, found.cols) for axis in each.axes}
    assert used == set(range(len(found.sizes)))


@few
@given(st.data())
def test_scaled(data: st.DataObject) -> None:
    ground = Ground(knowing())
    term = data.draw(terms(2, ground))
    shape = shape_of(term, spare=data.draw(st.integers(0, 1)))
    own = data.draw(st.sampled_from([shape, (), (shape[0], 1), (1, shape[1]), (1, 1)]))
    atom = data.draw(arrays_along(own, ground))
    divided = data.draw(st.booleans())
    elements = ground.of(atom)
    if divided:
        atom = ground.input(elements + 0.5)
        elements = 1 / (elements + 0.5)
    found = scaled(term, atom, ground.arrays, divided=divided)
    by = np.broadcast_to(elements, shape).reshape(-1, 1)
    want = by * ground.dense(term, shape, SEEDS)
    # Quotients are rounded before they are added up, and may cancel.
    np.testing.assert_allclose(ground.dense(found, shape, SEEDS), want, 1e-12, 1e-13)


@few
@given(st.data())
def test_scaled_by_what_is_read_elsewhere(data: st.DataObject) -> None:
    """Outside of the array a zero is read."""
    ground = Ground(knowing())
    term = data.draw(terms(2, ground))
    shape = shape_of(term)
    own = tuple(data.draw(st.integers(1, 3)) for _ in range(2))
    maps = [data.draw(places(shape, lost=True)) for _ in own]
    atom = data.draw(arrays_along(own, ground))
    found = scaled(term, atom, ground.arrays, maps=maps)
    padded = np.zeros((10 + own[0] + 20, 10 + own[1] + 20))
    padded[: own[0], : own[1]] = ground.of(atom)
    index = [np.clip(each.values(), -1, 25) for each in maps]
    by = padded[tuple(index)].reshape(-1, 1)
    want = by * ground.dense(term, shape, SEEDS)
    assert np.array_equal(ground.dense(found, shape, SEEDS), want)


def test_zeros_that_are_known_are_left_out() -> None:
    ground = Ground(knowing())
    term = Term.seeds((4,), FLOAT)

    def by(numbers: list[float]) -> Term | None:
        kind = ArrayType(FLOAT, (4,))
        return scaled(term, Constant.of(kind, numbers), ground.arrays)

    assert by([0, 0, 0, 0]) is None
    found = by([0, 3, 4, 0])
    assert found is not None
    assert found.sizes == (2,)
    assert by([1, 1, 1, 1]) is term
    negative = by([-1, -1, -1, -1])
    assert negative is not None
    assert (negative.is_negative, negative.factors) == (True, ())


def test_scaling_by_a_window_that_stands_out() -> None:
    """Places that read beyond a constant with zeros, few of all."""
    ground = Ground(knowing())
    term = Term.seeds((5,), FLOAT)
    atom = Constant.of(ArrayType(FLOAT, (5,)), [0.0, 2, 3, 4, 5])
    maps = [column([-1, 0, 1, 2, 3], 0, (5,))]
    found = scaled(term, atom, ground.arrays, maps=maps)
    assert np.array_equal(ground.dense(found, (5,), 5), np.diag([0.0, 0, 2, 3, 4]))


def test_scaling_keeps_lost_places_lost() -> None:
    ground = Ground()
    cols = IndexMap.of(np.array([0, -1, 2, 3]), (4,))
    term = Term((4,), (IndexMap.along((4,), 0),), cols, (), FLOAT)
    found = scaled(term, ground.input([5.0, np.nan, 6, 7]), ground.arrays)
    assert np.array_equal(ground.dense(found, (4,), 4), np.diag([5.0, 0, 6, 7]))
