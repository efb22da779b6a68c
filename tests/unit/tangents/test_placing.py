"""Payloads put together in one array."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from partialc.ir.dtypes import DType
from partialc.tangents.arrays import Factor
from partialc.tangents.maps import IndexMap
from partialc.tangents.placing import dense, inlaid, placed, seeds_of
from partialc.tangents.term import Term
from tests.unit.tangents.dense_terms import SEEDS, Ground, column, few, shape_of, terms
from tests.unit.tangents.numpy_arrays import FLOAT


@few
@given(st.data())
def test_placed(data: st.DataObject) -> None:
    ground = Ground()
    found = data.draw(st.lists(terms(0, ground, most=2), max_size=3))
    total = data.draw(st.integers(0, 12))
    is_once = data.draw(st.booleans())
    free = data.draw(st.permutations(range(48)))
    targets, want, used = [], np.zeros(total), 0
    for term in found:
        numbers = free[used : used + term.places]
        used += term.places
        if not is_once:
            numbers = [number % max(total, 1) for number in numbers]
        target = np.array(numbers, np.int64).reshape(term.sizes)
        target = np.where(target < total, target, -1)
        targets.append(target)
        inside = target >= 0
        np.add.at(want, target[inside], ground.payload(term)[inside])
    atom = placed(found, targets, total, FLOAT, ground.arrays)
    assert np.array_equal(ground.of(atom), want)
    ops = {equation.op for equation in ground.arrays.equations}
    assert not (is_once and "scatter-add" in ops)


@few
@given(st.data())
def test_dense(data: st.DataObject) -> None:
    ground = Ground()
    rank = data.draw(st.integers(0, 2))
    found = data.draw(st.lists(terms(rank, ground), min_size=1, max_size=2))
    shape = shape_of(*found)
    seeds = seeds_of(found)
    matrix = ground.dense(found, shape, SEEDS)
    others = np.setdiff1d(np.arange(SEEDS), seeds)
    assert not matrix[:, others].any()
    atom = dense(found, shape, seeds, FLOAT, ground.arrays)
    assert atom.type.shape == (*shape, seeds.size)
    got = ground.of(atom).reshape(matrix.shape[0], seeds.size)
    assert np.array_equal(got, matrix[:, seeds])


def line(ground: Ground, numbers: list[float]) -> Term:
    sizes = (len(numbers),)
    return Term(
        sizes,
        (IndexMap.along(sizes, 0),),
        IndexMap.along(sizes, 0),
        (Factor(ground.input(numbers), (0,)),),
        FLOAT,
    )


def test_dense_of_what_is_in_no_column() -> None:
    ground = Ground()
    nowhere = replace(line(ground, [1.0, 2.0]), cols=IndexMap((2,), -3, (0,)))
    atom = dense([nowhere], (2,), seeds_of([nowhere]), FLOAT, ground.arrays)
    assert atom.type.shape == (2, 0)


@pytest.mark.parametrize(
    ("targets", "total", "ops"),
    [
        ([0, 1, 2], 3, []),
        ([2, 0, 1], 3, ["gather"]),
        ([0, -1, 1], 2, ["gather"]),
        ([0, 1, 3], 4, ["broadcast_in_dim", "concatenate", "gather"]),
        ([-1, -1, -1], 1, ["broadcast_in_dim", "concatenate", "gather"]),
        ([0, 0, 2], 3, ["broadcast_in_dim", "scatter-add"]),
        ([2, 0, 2], 3, ["broadcast_in_dim", "scatter-add"]),
        ([1, -1, 1], 3, ["broadcast_in_dim", "gather", "scatter-add"]),
        ([-1, -1, -1], 0, ["gather"]),
    ],
)
def test_as_little_as_it_takes(targets: list[int], total: int, ops: list[str]) -> None:
    ground = Ground()
    term, at = line(ground, [3.0, 5, 7]), np.array(targets)
    atom = placed([term], [at], total, FLOAT, ground.arrays)
    assert [equation.op for equation in ground.arrays.equations] == ops
    want = np.zeros(total)
    np.add.at(want, at[at >= 0], np.array([3.0, 5, 7])[at >= 0])
    assert np.array_equal(ground.of(atom), want)


def test_nothing_to_place() -> None:
    ground = Ground()
    atom = placed([], [], 3, FLOAT, ground.arrays)
    assert ground.of(atom).tolist() == [0, 0, 0]
    empty = dense([], (2,), np.zeros(0, np.int64), FLOAT, ground.arrays)
    assert empty.type.shape == (2, 0)


def test_another_element_type() -> None:
    ground = Ground()
    narrow = DType.fixed("float32")
    atom = placed(
        [line(ground, [1.5, 2])], [np.array([1, 0])], 2, narrow, ground.arrays
    )
    assert atom.type.dtype == narrow
    assert ground.of(atom).tolist() == [2, 1.5]


def test_seeds_of() -> None:
    sizes = (4,)
    rows = (IndexMap.along(sizes, 0),)
    one = Term(sizes, rows, column([5, -1, 2, 5], 0, sizes), (), FLOAT)
    other = Term(sizes, rows, IndexMap.constant(sizes, 3), (), FLOAT)
    assert seeds_of([one, other]).tolist() == [2, 3, 5]
    assert seeds_of([]).tolist() == []


def diagonal(ground: Ground, start: int, data: object) -> tuple[Term, np.ndarray]:
    """A term along every other place from a start on, and these places."""
    elements = np.asarray(data, np.float64)
    sizes = (elements.size,)
    number = ground.arrays.number(FLOAT, elements[0])
    is_number = (elements == elements[0]).all()
    factor = Factor(number, ()) if is_number else Factor(ground.input(elements), (0,))
    line = IndexMap.along(sizes, 0)
    term = Term(sizes, (line,), line, (factor,), FLOAT)
    return term, start + 2 * np.arange(elements.size)


def test_set_among_constants() -> None:
    """Diagonals of which one depends on the inputs; a second number is set too."""
    ground = Ground()
    parts = [
        diagonal(ground, 0, np.full(10, -1.0)),
        diagonal(ground, 1, [0.5, 0.7, 0.2, 0.1]),
        diagonal(ground, 9, [3.0, 3.0]),
    ]
    found, targets = map(list, zip(*parts, strict=True))
    want = np.full(20, np.nan)
    for term, target in parts:
        want[target] = ground.payload(term)
    inside = np.flatnonzero(np.isfinite(want))
    places = [np.searchsorted(inside, target) for target in targets]
    atom = inlaid(found, places, [0, 1, 1], inside.size, FLOAT, ground.arrays)
    assert atom is not None
    assert np.array_equal(ground.of(atom), want[inside])
    ops = [equation.op for equation in ground.arrays.equations]
    assert ops.count("scatter") == 1  # those of one diagonal together


@pytest.mark.parametrize(
    ("counts", "places"),
    [
        ((4, 4), [np.arange(4), 4 + np.arange(4)]),  # too many that are not the number
        ((8, 2), [np.arange(8), np.array([7, 8])]),  # two in one place
        ((8, 1), [np.arange(8), np.array([9])]),  # a place without any
    ],
)
def test_not_set_among_constants(counts: tuple[int, int], places: list) -> None:
    ground = Ground()
    number, _ = diagonal(ground, 0, np.full(counts[0], 2.0))
    other, _ = diagonal(ground, 0, np.arange(1.0, 1 + max(counts[1], 2)))
    other = other if counts[1] > 1 else diagonal(ground, 0, [1.0, 5.0])[0]
    if counts[1] == 1:
        places = [places[0], np.array([9, -1])]
    total = sum(counts) + (counts[1] == 1)
    found = inlaid([number, other], places, [0, 1], total, FLOAT, ground.arrays)
    assert found is None
