"""Terms stacked along a slot axis: the same sum, one term."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from partialc.ir.program import ArrayType, Constant
from partialc.tangents.arrays import Factor
from partialc.tangents.maps import IndexMap
from partialc.tangents.packing import packed
from partialc.tangents.term import Term
from tests.unit.tangents.dense_terms import (
    SEEDS,
    Ground,
    column,
    factors,
    few,
    grids,
    places,
    shape_of,
    terms_on,
)
from tests.unit.tangents.numpy_arrays import FLOAT

LENGTH = 4
LINE = IndexMap.along((LENGTH,), 0)


def by_table(cols: list[int], *found: Factor, is_negative: bool = False) -> Term:
    """A term on a line whose columns are a table."""
    return Term(
        (LENGTH,), (LINE,), column(cols, 0, (LENGTH,)), found, FLOAT, is_negative
    )


@few
@given(st.data())
def test_packed(data: st.DataObject) -> None:
    ground = Ground()
    sizes = data.draw(grids())
    rows = data.draw(places(sizes))
    pool = [data.draw(factors(sizes, ground)) for _ in range(3)]
    found = []
    for _ in range(data.draw(st.integers(1, 4))):
        own = rows if data.draw(st.booleans()) else data.draw(places(sizes))
        term = data.draw(terms_on(sizes, (own,), ground))
        if data.draw(st.booleans()):
            chosen = data.draw(st.lists(st.sampled_from(pool), max_size=3))
            term = replace(term, factors=tuple(chosen))
        found.append(term)
    shape = shape_of(*found)
    want = ground.dense(found, shape, SEEDS)
    assert np.array_equal(
        ground.dense(packed(found, ground.arrays), shape, SEEDS), want
    )


def test_tables_of_one_shape_are_one_term() -> None:
    ground = Ground()
    weights = [ground.input(np.arange(4.0) + n) for n in range(3)]
    found = [
        by_table(cols, Factor(weight, (0,)), is_negative=n == 1)
        for n, (cols, weight) in enumerate(
            zip([[0, 2, 1, 3], [3, 3, -1, 0], [2, 0, 0, 0]], weights, strict=True)
        )
    ]
    want = ground.dense(found, (LENGTH,), 4)
    (term,) = packed(found, ground.arrays)
    assert term.sizes == (3, LENGTH)
    assert term.rows[0].line() == (1, 0, 1)
    assert np.array_equal(ground.dense(term, (LENGTH,), 4), want)


def test_affine_terms_and_other_shapes_stay() -> None:
    ground = Ground()
    affine = Term((LENGTH,), (LINE,), LINE, (), FLOAT)
    short = Term(
        (3,), (IndexMap.along((3,), 0),), column([2, 0, 0], 0, (3,)), (), FLOAT
    )
    found = [affine, by_table([0, 2, 1, 3]), affine, short]
    assert packed(found, ground.arrays) == found


def test_numbers_make_a_constant() -> None:
    ground = Ground()
    two = Factor(ground.arrays.number(FLOAT, 2), ())
    found = [
        by_table([0, 2, 1, 3], two),
        by_table([3, 2, 1, 3], is_negative=True),
    ]
    (term,) = packed(found, ground.arrays)
    (factor,) = term.factors
    assert isinstance(factor.atom, Constant)
    assert factor.atom.data.tolist() == [2, -1]
    assert ground.arrays.equations == []


def test_what_all_share_is_not_stacked() -> None:
    ground = Ground()
    shared = Factor(ground.input([2.0, 3, 5, 7]), (0,))
    kind = ArrayType(FLOAT, ())
    others = [Factor(Constant.of(kind, number), ()) for number in (1.5, 4)]
    tables = [[0, 2, 1, 3], [3, 2, 1, 3]]
    found = [
        by_table(cols, other, shared)
        for cols, other in zip(tables, others, strict=True)
    ]
    want = ground.dense(found, (LENGTH,), 4)
    (term,) = packed(found, ground.arrays)
    assert [factor.axes for factor in term.factors] == [(1,), (0,)]
    assert np.array_equal(ground.dense(term, (LENGTH,), 4), want)


def test_a_factor_that_one_term_has_twice() -> None:
    ground = Ground()
    twice = Factor(ground.input([2.0, 3, 5, 7]), (0,))
    tables = [[0, 2, 1, 3], [3, 2, 1, 3]]
    for powers in ([1, 2], [2, 1], [2, 2]):
        found = [
            by_table(cols, *[twice] * power)
            for cols, power in zip(tables, powers, strict=True)
        ]
        want = ground.dense(found, (LENGTH,), 4)
        (term,) = packed(found, ground.arrays)
        assert np.array_equal(ground.dense(term, (LENGTH,), 4), want), powers
