"""Matrices of terms: their patterns and their values."""

from __future__ import annotations

from dataclasses import replace
from math import prod

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from partialc.ir.program import ArrayType, Constant
from partialc.tangents.arrays import Factor
from partialc.tangents.maps import IndexMap
from partialc.tangents.sparse import Matrix
from partialc.tangents.term import Term
from tests.unit.tangents.dense_terms import SEEDS, Ground, column, few, shape_of, terms
from tests.unit.tangents.numpy_arrays import FLOAT


def checked(
    ground: Ground, matrix: Matrix, want: NDArray[np.float64], wanted: NDArray[np.int64]
) -> None:
    """The values of some entries are those of a dense matrix."""
    atom = matrix.values(wanted, FLOAT, ground.arrays)
    assert atom.type.shape == wanted.shape
    assert np.array_equal(ground.of(atom), want.reshape(-1)[wanted])


def pattern_keys(matrix: Matrix) -> NDArray[np.int64]:
    """The numbers of the entries of a matrix's pattern."""
    found = matrix.pattern()
    return found.rows * max(matrix.shape[1], 1) + found.cols


@few
@given(st.data())
def test_random_matrices(data: st.DataObject) -> None:
    """Several values, either way round; all entries of the pattern, or any."""
    ground = Ground()
    values, shapes, blocks = [], [], []
    for _ in range(data.draw(st.integers(1, 2))):
        rank = data.draw(st.integers(0, 2))
        found = data.draw(st.lists(terms(rank, ground), max_size=2))
        shape = shape_of(*found) if found else (2,) * rank
        values.append(found)
        shapes.append(shape)
        blocks.append(ground.dense(found, shape, SEEDS))
    transposed = data.draw(st.booleans())
    matrix = Matrix.of(values, shapes, SEEDS, transposed=transposed)
    want = np.vstack(blocks)
    want = want.T if transposed else want
    assert matrix.shape == want.shape
    keys = pattern_keys(matrix)
    assert set(np.flatnonzero(want)) <= set(keys.tolist())
    checked(ground, matrix, want, keys)
    any_keys = data.draw(st.sets(st.integers(0, want.size - 1), max_size=8))
    checked(ground, matrix, want, np.array(sorted(any_keys), np.int64))


def stencil(ground: Ground, count: int, offsets: list[int]) -> list[Term]:
    """A band matrix, a term for each diagonal; the rows of its ends are shorter."""
    found = []
    for offset in offsets:
        low, high = max(0, -offset), min(count, count - offset)
        sizes = (high - low,)
        data = ground.input(100.0 * offset + np.arange(low, high))
        found.append(
            Term(
                sizes,
                (IndexMap.along(sizes, 0, low),),
                IndexMap.along(sizes, 0, low + offset),
                (Factor(data, (0,)),),
                FLOAT,
            )
        )
    return found


@pytest.mark.parametrize("transposed", [False, True])
@pytest.mark.parametrize("offsets", [[0], [-1, 0, 1], [1, 0, -1], [-3, 1, 2], [5]])
def test_bands_need_no_indices(offsets: list[int], transposed: bool) -> None:
    ground = Ground()
    found = stencil(ground, 7, offsets)
    want = ground.dense(found, (7,), 7)
    matrix = Matrix.of([found], [(7,)], 7, transposed=transposed)
    checked(ground, matrix, want.T if transposed else want, pattern_keys(matrix))
    ops = {equation.op for equation in ground.arrays.equations}
    assert not ops & {"gather", "scatter-add"}


def test_part_of_a_band() -> None:
    """Unwanted diagonals are not computed, others are cut."""
    ground = Ground()
    found = stencil(ground, 7, [-1, 0, 1])
    matrix = Matrix.of([found], [(7,)], 7)
    want = ground.dense(found, (7,), 7)
    diagonal = np.arange(7) * 8
    atom = matrix.values(diagonal, FLOAT, ground.arrays)
    assert np.array_equal(ground.of(atom), np.diag(want))
    assert {equation.op for equation in ground.arrays.equations} <= {"reshape"}
    checked(ground, matrix, want, np.flatnonzero(np.tril(want)))
    checked(ground, matrix, want, np.flatnonzero(want[:3]))
    checked(ground, matrix, want, np.array([0, 5, 6, 9, 48]))


def test_entries_that_no_term_has_are_zero() -> None:
    ground = Ground()
    matrix = Matrix.of([stencil(ground, 4, [0])], [(4,)], 4)
    atom = matrix.values(np.array([1, 2, 10, 11]), FLOAT, ground.arrays)
    assert ground.of(atom).tolist() == [0, 0, 2, 0]
    none = matrix.values(np.zeros(0, np.int64), FLOAT, ground.arrays)
    assert none.type.shape == (0,)
    empty = Matrix.of([[]], [(2,)], 3)
    assert empty.pattern().nonzeros == 0
    zeros = empty.values(np.array([0, 5]), FLOAT, ground.arrays)
    assert ground.of(zeros).tolist() == [0, 0]


@pytest.mark.parametrize("shape", [(1,), (5,), ()])
def test_one_row_or_one_column(shape: tuple[int, ...]) -> None:
    ground = Ground()
    count = prod(shape)
    sizes = (count, 3)
    data = np.arange(1.0, 1 + 3 * count).reshape(sizes)
    rows = (IndexMap.along(sizes, 0),) if shape else ()
    full = Term(
        sizes,
        rows,
        IndexMap.along(sizes, 1),
        (Factor(ground.input(data), (0, 1)),),
        FLOAT,
    )
    narrow = replace(full, cols=IndexMap.constant(sizes, 0))
    for term, seeds in ((full, 3), (narrow, 1)):
        for transposed in (False, True):
            matrix = Matrix.of([[term]], [shape], seeds, transposed=transposed)
            want = ground.dense(term, shape, seeds)
            want = want.T if transposed else want
            checked(ground, matrix, want, pattern_keys(matrix))


def test_duplicates_in_several_terms_are_added() -> None:
    ground = Ground()
    found = [*stencil(ground, 5, [0, 1]), *stencil(ground, 5, [1, 0, 0])]
    matrix = Matrix.of([found], [(5,)], 5)
    checked(ground, matrix, ground.dense(found, (5,), 5), pattern_keys(matrix))
    crossed = [stencil(ground, 5, [0])[0], by_antidiagonal(ground)]
    matrix = Matrix.of([crossed], [(5,)], 5)
    checked(ground, matrix, ground.dense(crossed, (5,), 5), pattern_keys(matrix))


def by_antidiagonal(ground: Ground) -> Term:
    sizes = (5,)
    return Term(
        sizes,
        (IndexMap.along(sizes, 0),),
        IndexMap.along(sizes, 0, 4, -1),
        (Factor(ground.input(np.arange(5.0)), (0,)),),
        FLOAT,
    )


def test_constants_are_known_in_the_pattern() -> None:
    ground = Ground()
    fixed = Factor(Constant.of(ArrayType(FLOAT, (3,)), [2.0, 3, 4]), (0,))
    seeds = Term.seeds((3,), FLOAT)
    moved = replace(seeds, cols=column([0, 2, 1], 0, (3,)))
    pair = [
        replace(seeds, factors=(fixed,)),
        replace(moved, factors=(Factor(ground.input([1.0, 2, 3]), (0,)),)),
    ]
    found = Matrix.of([pair], [(3,)], 3).pattern()
    assert list(zip(found.rows, found.cols, found.is_constant, strict=True)) == [
        (0, 0, False),
        (1, 1, True),
        (1, 2, False),
        (2, 1, False),
        (2, 2, True),
    ]


def test_places_in_no_column_are_in_no_entry() -> None:
    ground = Ground()
    term = Term.seeds((4,), FLOAT)
    term = replace(term, cols=column([1, -1, 0, -1], 0, (4,)))
    for transposed in (False, True):
        matrix = Matrix.of([[term]], [(4,)], 2, transposed=transposed)
        assert pattern_keys(matrix).tolist() == ([2, 4] if transposed else [1, 4])
        want = ground.dense(term, (4,), 2)
        checked(ground, matrix, want.T if transposed else want, pattern_keys(matrix))


def test_a_matrix_without_columns() -> None:
    matrix = Matrix.of([[]], [(3,)], 0)
    assert matrix.shape == (3, 0)
    assert matrix.pattern().nonzeros == 0
