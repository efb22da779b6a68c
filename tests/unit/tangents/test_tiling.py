"""Terms that each stand in one row of a local matrix: stacked in the order of rows."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from partialc.tangents.arrays import Factor
from partialc.tangents.local import localised
from partialc.tangents.maps import IndexMap
from partialc.tangents.packing import packed
from partialc.tangents.term import Term
from partialc.tangents.tiling import stacked_rows, tiles
from tests.unit.tangents.dense_terms import Ground
from tests.unit.tangents.numpy_arrays import FLOAT

COUNT = 5
TABLE = np.array([[0, 3], [1, 0], [4, 2], [5, 1], [2, 6]])
SEEDS = 7
SHAPE = (COUNT, 2, 2)


def component(ground: Ground, row: tuple[int, int]) -> Term:
    """One of four components of each place, by both of its columns."""
    sizes = (COUNT, 2)
    number = 2 * row[0] + row[1]
    data = ground.input(np.arange(10.0).reshape(sizes) + 10 * number)
    rows = (IndexMap.along(sizes, 0), *(IndexMap.constant(sizes, n) for n in row))
    return Term(sizes, rows, IndexMap.of(TABLE, sizes), (Factor(data, (0, 1)),), FLOAT)


def whole(ground: Ground) -> Term:
    """All components at once."""
    sizes = (COUNT, 2, 2, 2)
    data = ground.input(np.arange(40.0).reshape(sizes))
    rows = tuple(IndexMap.along(sizes, axis) for axis in range(3))
    cols = IndexMap.of(TABLE[:, None, None], sizes)
    return Term(sizes, rows, cols, (Factor(data, (0, 1, 2, 3)),), FLOAT)


ROWS = list(product(range(2), repeat=2))
ORDERS = {
    "by rows": ROWS,
    "backwards": ROWS[::-1],
    "across": [ROWS[2], ROWS[1], ROWS[3], ROWS[0]],
    "twice": [*ROWS, ROWS[1]],
}


@pytest.mark.parametrize("name", ORDERS)
def test_components_are_stacked_by_rows(name: str) -> None:
    ground = Ground()
    found = [whole(ground), *(component(ground, row) for row in ORDERS[name])]
    want = ground.dense(found, SHAPE, SEEDS)
    terms: list[Term] = []
    for each in found:  # as padded components are added, one after the other
        terms = packed([*terms, each], ground.arrays)
    result = localised(terms, SHAPE, ground.arrays)
    assert np.array_equal(ground.dense(result, SHAPE, SEEDS), want)
    assert [term.sizes for term in result] == [(COUNT, 2, 2, 2)]
    assert all(each.op != "dot_general" for each in ground.arrays.equations)


def test_a_missing_row_is_not_filled_with_zeros_by_a_stack() -> None:
    ground = Ground()
    found = {row: component(ground, row) for row in ROWS[:3]}
    assert stacked_rows(found, (2, 2), ground.arrays) is None


def test_what_is_no_stack_is_not_cut() -> None:
    ground = Ground()
    sizes = (2, COUNT, 2)
    data = ground.input(np.ones(sizes))
    rows = (
        IndexMap.along(sizes, 1),
        IndexMap.along(sizes, 0),
        IndexMap.constant(sizes, 0),
    )
    cols = IndexMap.of(TABLE[None], sizes)
    term = Term(sizes, rows, cols, (Factor(data, (0, 1, 2)),), FLOAT)
    numbers = np.arange(2).reshape(1, 1, 2)
    assert tiles((term, numbers), [1, 2], ground.arrays) is None
    assert not ground.arrays.equations
