"""Terms through operations that move elements, against dense matrices."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from partialc.tangents.arrays import Factor
from partialc.tangents.carry import pulled, pushed, reshaped
from partialc.tangents.maps import IndexMap
from partialc.tangents.term import Term
from tests.unit.tangents.dense_terms import (
    SEEDS,
    Ground,
    column,
    few,
    places,
    shape_of,
    terms,
)
from tests.unit.tangents.numpy_arrays import FLOAT

Matrix = NDArray[np.float64]


def read_by(
    matrix: Matrix, own: Sequence[int], maps: Sequence[IndexMap], shape: Sequence[int]
) -> Matrix:
    """Rows of a matrix as each element of a result reads them."""
    found = np.zeros((int(np.prod(shape)), matrix.shape[1]))
    for flat, place in enumerate(np.ndindex(*shape)):
        at = [int(each.values()[place]) for each in maps]
        if all(0 <= a < n for a, n in zip(at, own, strict=True)):
            found[flat] = matrix[np.ravel_multi_index(at, own) if own else 0]
    return found


def put_by(
    matrix: Matrix, own: Sequence[int], maps: Sequence[IndexMap], shape: Sequence[int]
) -> Matrix:
    """Rows of a matrix added up where each comes to."""
    found = np.zeros((int(np.prod(shape)), matrix.shape[1]))
    for flat, place in enumerate(np.ndindex(*own)):
        at = [int(each.values()[place]) for each in maps]
        if all(0 <= a < n for a, n in zip(at, shape, strict=True)):
            found[np.ravel_multi_index(at, shape) if shape else 0] += matrix[flat]
    return found


def bounded(found: IndexMap, size: int) -> IndexMap:
    """A map into an axis, as it is where it fits."""
    _, high = found.bounds()
    if high < size:
        return found
    return IndexMap.of(
        np.where(found.compact() < 0, -1, found.compact() % size), found.sizes
    )


@few
@given(st.data())
def test_pushed(data: st.DataObject) -> None:
    ground = Ground()
    term = data.draw(terms(data.draw(st.integers(0, 2)), ground))
    own = shape_of(term, spare=data.draw(st.integers(0, 1)))
    shape = tuple(data.draw(st.lists(st.integers(1, 4), max_size=2)))
    maps = [
        data.draw(places(own, lost=True)).shifted(data.draw(st.integers(-1, 1)))
        for _ in shape
    ]
    want = put_by(ground.dense(term, own, SEEDS), own, maps, shape)
    found = pushed(term, maps, shape, ground.arrays)
    assert np.array_equal(ground.dense(found, shape, SEEDS), want)


@few
@given(st.data())
def test_pulled(data: st.DataObject) -> None:
    ground = Ground()
    term = data.draw(terms(data.draw(st.integers(0, 2)), ground))
    own = shape_of(term, spare=data.draw(st.integers(0, 1)))
    shape = tuple(data.draw(st.lists(st.integers(1, 4), max_size=3)))
    maps = [bounded(data.draw(places(shape, lost=True)), size) for size in own]
    want = read_by(ground.dense(term, own, SEEDS), own, maps, shape)
    found = pulled(term, maps, shape, ground.arrays)
    assert np.array_equal(ground.dense(found, shape, SEEDS), want)


@few
@given(st.data())
def test_pulled_by_lines(data: st.DataObject) -> None:
    """Slices, reversals and repetitions; some start before the array."""
    ground = Ground()
    term = data.draw(terms(2, ground))
    own = shape_of(term)
    shape = tuple(data.draw(st.lists(st.integers(1, 5), min_size=2, max_size=3)))
    axes = data.draw(st.permutations(range(len(shape))))
    maps = [
        IndexMap.along(
            shape,
            axes[number],
            data.draw(st.integers(-2, size - 1)),
            data.draw(st.sampled_from([-2, -1, 1, 2, 3])),
        )
        for number, size in enumerate(own)
    ]
    want = read_by(ground.dense(term, own, SEEDS), own, maps, shape)
    found = pulled(term, maps, shape, ground.arrays)
    assert np.array_equal(ground.dense(found, shape, SEEDS), want)


@few
@given(st.data())
def test_reshaped(data: st.DataObject) -> None:
    ground = Ground()
    old = data.draw(st.sampled_from([(), (1,), (6,), (2, 6), (3, 4), (2, 3, 2), (12,)]))
    size = int(np.prod(old))
    new = data.draw(
        st.sampled_from(
            [
                each
                for each in (
                    *((), (1,), (1, 1), (6,), (2, 3), (3, 1, 2), (1, 6), (6, 1)),
                    *((12,), (2, 2, 3), (4, 3), (3, 4), (6, 2), (1, 2, 1, 6), (12, 1)),
                )
                if np.prod(each) == size
            ]
        )
    )
    term = data.draw(terms(len(old), ground))
    rows = tuple(
        bounded(row, length) for row, length in zip(term.rows, old, strict=True)
    )
    term = replace(term, rows=rows)
    found = reshaped(term, old, new, ground.arrays)
    assert np.array_equal(
        ground.dense(found, new, SEEDS), ground.dense(term, old, SEEDS)
    )


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ((12,), (3, 4)),
        ((3, 4), (12,)),
        ((2, 6), (4, 3)),
        ((2, 3, 4), (6, 2, 2)),
        ((24,), (2, 1, 3, 4)),
    ],
)
def test_reshapes_of_identities_stay_affine(
    old: tuple[int, ...], new: tuple[int, ...]
) -> None:
    ground = Ground()
    term = Term.seeds(old, FLOAT)
    axes = tuple(range(len(old)))
    data = np.arange(1.0, 1 + np.prod(old)).reshape(old)
    term = replace(term, factors=(Factor(ground.input(data), axes),))
    found = reshaped(term, old, new, ground.arrays)
    assert np.array_equal(ground.dense(found, new, term.places), np.diag(data.ravel()))
    if old != (2, 6):
        assert all(row.is_affine for row in found.rows)


def test_a_diagonal_of_a_diagonal() -> None:
    """Two rows that depend on one axis, read by two maps along one axis."""
    ground = Ground()
    sizes = (3,)
    line = IndexMap.along(sizes, 0)
    term = Term(sizes, (line, line), line, (), FLOAT)
    read = IndexMap.along((3,), 0)
    found = pulled(term, [read, read], (3,), ground.arrays)
    assert np.array_equal(ground.dense(found, (3,), 3), np.eye(3))
    crossed = IndexMap.along((3,), 0, 2, -1)
    found = pulled(term, [read, crossed], (3,), ground.arrays)
    assert np.array_equal(ground.dense(found, (3,), 3), np.diag([0.0, 1, 0]))


def test_what_a_slice_leaves_of_an_antidiagonal_is_put_by_a_table() -> None:
    """Rows that are sums of two axes: a slice loses some places, and rows stay in."""
    ground = Ground()
    sizes = (4, 2)
    row = IndexMap.along(sizes, 0).plus(IndexMap.along(sizes, 1))
    term = Term(sizes, (row,), IndexMap.along(sizes, 0), (), FLOAT)
    whole = ground.dense(term, (5,), 4)
    shape = (4,)
    first = pulled(term, [IndexMap.along(shape, 0)], shape, ground.arrays)
    assert first is not None
    assert np.array_equal(ground.dense(first, shape, 4), whole[:4])
    second = pushed(first, [column([2, 0, 1, 2], 0, shape)], (3,), ground.arrays)
    want = np.stack([whole[1], whole[2], whole[0] + whole[3]])
    assert np.array_equal(ground.dense(second, (3,), 4), want)


@pytest.mark.parametrize("shape", [(0,), (3, 0), (0, 3)])
def test_results_without_elements(shape: tuple[int, ...]) -> None:
    """A repetition, a slice, and what is put there: nothing is left."""
    ground = Ground()
    term = Term.seeds((3,), FLOAT)
    for axis, size in enumerate(shape):
        first = IndexMap.along(shape, axis, 0 if size else 1)
        assert pulled(term, [first], shape, ground.arrays) is None
    put = [IndexMap.along((3,), 0)] * len(shape)
    assert pushed(term, put, shape, ground.arrays) is None


@pytest.mark.parametrize("new", [(3, 2), (2, 3), (1, 6), (6, 1)])
def test_lines_in_a_vector_that_becomes_a_matrix(new: tuple[int, int]) -> None:
    """Wherever they start and end: within a row of it, across rows, in steps."""
    for start in range(6):
        for step in (-2, -1, 1, 2, 3):
            for count in range(1, 7):
                if not 0 <= start + step * (count - 1) < 6:
                    continue
                ground, sizes = Ground(), (count,)
                weights = Factor(ground.input(np.arange(1.0, 1 + count)), (0,))
                row = IndexMap.along(sizes, 0, start, step)
                cols = IndexMap.along(sizes, 0)
                term = Term(sizes, (row,), cols, (weights,), FLOAT)
                found = reshaped(term, (6,), new, ground.arrays)
                want = ground.dense(term, (6,), 6)
                assert np.array_equal(ground.dense(found, new, 6), want)
