"""Terms that meet in the same entries as one array of local matrices."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from math import prod

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from partialc.ir.program import ArrayType, Constant
from partialc.tangents import local
from partialc.tangents.arrays import Factor
from partialc.tangents.local import SMALL, localised
from partialc.tangents.maps import IndexMap
from partialc.tangents.term import Term
from tests.unit.tangents.dense_terms import SEEDS, Draw, Ground, factors, few
from tests.unit.tangents.numpy_arrays import FLOAT

Entries = set[tuple[int, int]]


def entries(
    terms: Iterable[Term], shape: tuple[int, ...], *, moving: bool = False
) -> Entries:
    """The rows and columns that terms have places in; of `moving` ones by inputs."""
    found: Entries = set()
    for term in terms:
        if moving and all(isinstance(each.atom, Constant) for each in term.factors):
            continue
        rows, cols = term.row(shape).values().ravel(), term.cols.values().ravel()
        found |= {(int(r), int(c)) for r, c in zip(rows, cols, strict=True) if c >= 0}
    return found


def places(terms: Iterable[Term]) -> int:
    return sum(term.places for term in terms)


@st.composite
def element_terms(draw: Draw, ground: Ground) -> tuple[list[Term], tuple[int, ...]]:
    """Terms of one value, of which most see the same columns place by place."""
    shape = tuple(draw(st.lists(st.integers(1, 4), min_size=1, max_size=3)))
    counting = draw(st.sets(st.integers(0, len(shape) - 1), min_size=1))
    wide = [size if axis in counting else 1 for axis, size in enumerate(shape)]
    seed = st.integers(-1 if draw(st.booleans()) else 0, SEEDS - 1)
    pool = [
        np.array(draw(st.lists(seed, min_size=prod(wide), max_size=prod(wide))))
        for _ in range(draw(st.integers(1, 4)))
    ]
    count = draw(st.integers(2, 5))
    found = [draw(element_term(shape, counting, pool, ground)) for _ in range(count)]
    return found, shape


@st.composite
def element_term(
    draw: Draw,
    shape: tuple[int, ...],
    counting: set[int],
    pool: list[np.ndarray[tuple[int, ...], np.dtype[np.int64]]],
    ground: Ground,
) -> Term:
    """One of them: rows within a place along an axis, by a table, or one."""
    order = draw(st.permutations(range(len(shape))))
    hidden = draw(st.lists(st.integers(1, 3), max_size=2))
    ways = [
        "counting"
        if axis in counting
        else draw(st.sampled_from(["along", "table", "one"]))
        for axis in range(len(shape))
    ]
    own = [axis for axis in order if ways[axis] in ("counting", "along")]
    sizes = (*(shape[axis] for axis in own), *hidden)
    within = [n for n in range(len(sizes)) if n >= len(own) or own[n] not in counting]

    def table(values: st.SearchStrategy[int], axes: list[int]) -> IndexMap:
        wide = [size if n in axes else 1 for n, size in enumerate(sizes)]
        drawn = draw(st.lists(values, min_size=prod(wide), max_size=prod(wide)))
        return IndexMap.of(np.array(drawn).reshape(wide), sizes)

    rows = []
    for axis, size in enumerate(shape):
        if axis in own:
            rows.append(IndexMap.along(sizes, own.index(axis)))
        elif ways[axis] == "table":
            rows.append(table(st.integers(0, size - 1), within[-2:]))
        else:
            rows.append(IndexMap.constant(sizes, draw(st.integers(0, size - 1))))
    chosen = table(st.integers(0, len(pool) - 1), within[: draw(st.integers(0, 3))])
    wide = [size if axis in counting else 1 for axis, size in enumerate(shape)]
    place = np.zeros((1,) * len(sizes), np.int64)
    for axis in sorted(counting):
        step = prod(wide[axis + 1 :])
        place = place + step * rows[axis].compact()
    cols = np.array(pool)[chosen.compact(), place]
    payload = tuple(draw(st.lists(factors(sizes, ground), max_size=2)))
    return Term(
        sizes,
        tuple(rows),
        IndexMap.of(cols, sizes),
        payload,
        FLOAT,
        draw(st.booleans()),
    )


@few
@given(st.data())
def test_the_same_matrix(data: st.DataObject) -> None:
    """The same numbers, nowhere a new nonzero, no constant less, and fewer places."""
    ground = Ground()
    found, shape = data.draw(element_terms(ground))
    result = localised(found, shape, ground.arrays)
    want = ground.dense(found, shape, SEEDS)
    assert np.array_equal(ground.dense(result, shape, SEEDS), want)
    assert places(result) <= places(found)
    assert entries(result, shape) <= entries(found, shape)
    changing = entries(found, shape, moving=True)
    assert entries(result, shape, moving=True) <= changing


@few
@given(st.data())
def test_the_same_matrix_where_it_saves_nothing(data: st.DataObject) -> None:
    """As one whatever that costs: so all ways of putting terms together are met."""
    ground = Ground()
    found, shape = data.draw(element_terms(ground))
    want = ground.dense(found, shape, SEEDS)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(local, "SAVED", 1e-3)
        patch.setattr(local, "_met", lambda *_: np.ones(1, bool))
        result = localised(found, shape, ground.arrays)
    assert len(result) <= len(found)
    assert np.array_equal(ground.dense(result, shape, SEEDS), want)


TABLE = np.array([[4, 1, 6], [1, 6, 0], [2, 3, 5], [0, 5, 2]])
"""The columns of three corners of four elements."""


def corners(ground: Ground, *numbers: int, known: bool = False) -> Term:
    """A vector of two of each element, by some of its corners."""
    sizes = (len(TABLE), 2, len(numbers))
    rows = IndexMap.along(sizes, 0), IndexMap.along(sizes, 1)
    cols = IndexMap.of(TABLE[:, None, list(numbers)], sizes)
    data = np.random.default_rng(len(numbers)).integers(1, 9, sizes) * 1.0
    atom = ground.input(data)
    if not known:
        return Term(sizes, rows, cols, (Factor(atom, (0, 1, 2)),), FLOAT)
    constant = Constant.of(ArrayType(FLOAT, sizes), data)
    return Term(sizes, rows, cols, (Factor(constant, (0, 1, 2)),), FLOAT)


def component(term: Term, number: int, ground: Ground) -> Term:
    """Only one component of the vector, which all columns have a part in."""
    sizes = (term.sizes[0], term.sizes[2])
    rows = IndexMap.along(sizes, 0), IndexMap.constant(sizes, number)
    old = [IndexMap.along(sizes, 0), rows[1], IndexMap.along(sizes, 1)]
    data = ground.input(np.arange(1.0, 1 + prod(sizes)).reshape(sizes))
    return Term(
        sizes, rows, term.cols.after(old, sizes), (Factor(data, (0, 1)),), FLOAT
    )


SHAPE = (len(TABLE), 2)


@pytest.mark.parametrize(
    ("groups", "count", "most"),
    [
        ([(0, 1, 2), (0, 1), (1, 2)], 1, 24),  # the matrix of the element
        ([(0, 1), (1, 0), (0, 1)], 1, 16),  # corners that no term has are not there
        ([(0, 0, 1), (1, 0)], 1, 16),
        ([(0, 1), (2,)], 2, 24),  # nothing is met twice
        ([(0, 1, 2)], 1, 24),
    ],
)
def test_local_matrices(groups: list[tuple[int, ...]], count: int, most: int) -> None:
    ground = Ground()
    found = [corners(ground, *each) for each in groups]
    want = ground.dense(found, SHAPE, SEEDS)
    result = localised(found, SHAPE, ground.arrays)
    assert (len(result), places(result)) == (count, most)
    assert np.array_equal(ground.dense(result, SHAPE, SEEDS), want)
    if len(result) == len(found):
        assert result == found
        assert not ground.arrays.equations


def test_columns_keep_the_axes_that_a_term_has() -> None:
    """Corners by components stay so; so do what else is read by them."""
    ground = Ground()
    sizes = (4, 2, 2, 2)
    rows = IndexMap.along(sizes, 0), IndexMap.along(sizes, 1)
    cols = IndexMap.of(np.arange(16).reshape(4, 1, 2, 2) % SEEDS, sizes)
    data = ground.input(np.arange(32.0).reshape(sizes))
    wide = Term(sizes, rows, cols, (Factor(data, (0, 1, 2, 3)),), FLOAT)
    flat = corners(ground, 0, 1, 2)
    few_cols = np.arange(16).reshape(4, 1, 4)[:, :, [3, 1, 2]] % SEEDS
    flat = replace(flat, cols=IndexMap.of(few_cols, flat.sizes))
    want = ground.dense([flat, wide], SHAPE, SEEDS)
    (term,) = localised([flat, wide], SHAPE, ground.arrays)
    assert term.sizes == sizes
    assert np.array_equal(ground.dense(term, SHAPE, SEEDS), want)


def test_no_new_nonzeros() -> None:
    """One component depends on all corners, the other on one: they stay apart."""
    ground = Ground()
    whole = corners(ground, 0, 1, 2)
    found = [component(whole, 0, ground) for _ in range(3)]
    result = localised(found, SHAPE, ground.arrays)
    assert result == found, "a local matrix has the other component too"
    both = [*found, component(whole, 1, ground)]
    (term,) = localised(both, SHAPE, ground.arrays)
    assert entries([term], SHAPE) == entries(both, SHAPE)


def test_constants_stay_known() -> None:
    """Entries of constants alone are constant; what changes anyway takes them along."""
    ground = Ground()
    stiff = corners(ground, 0, 1, 2, known=True)
    moving = [corners(ground, 0, 1), corners(ground, 1, 0)]
    result = localised([stiff, *moving], SHAPE, ground.arrays)
    assert result[0] is stiff
    assert [term.sizes for term in result[1:]] == [(4, 2, 2)]
    assert entries(result, SHAPE, moving=True) == entries(moving, SHAPE)
    assert (
        len(localised([stiff, *moving, corners(ground, 2)], SHAPE, ground.arrays)) == 1
    )
    known = [stiff, corners(ground, 0, 1, known=True)]
    assert localised(known, SHAPE, ground.arrays) == known


def test_what_cancels_is_gone() -> None:
    ground = Ground()
    term = corners(ground, 0, 1)
    assert localised([term, term.negated], SHAPE, ground.arrays) == []


def test_others_stay_as_they_are() -> None:
    """A term whose rows are those of no place alone takes no part."""
    ground = Ground()
    sizes = (3,)
    rows = IndexMap.of(np.array([3, 1, 1]), sizes), IndexMap.constant(sizes, 1)
    data = ground.input([1.0, 2, 3])
    lone = Term(sizes, rows, IndexMap.along(sizes, 0), (Factor(data, (0,)),), FLOAT)
    found = [corners(ground, 0, 1), lone, corners(ground, 1, 0)]
    result = localised(found, SHAPE, ground.arrays)
    assert result[0] is lone
    assert [term.sizes for term in result[1:]] == [(4, 2, 2)]
    want = ground.dense(found, SHAPE, SEEDS)
    assert np.array_equal(ground.dense(result, SHAPE, SEEDS), want)


def test_large_local_matrices_are_not_made() -> None:
    """Rows of a matrix times several vectors are no elements."""
    for columns in (SMALL, SMALL + 1):
        ground = Ground()
        sizes = (2, columns)
        cols = np.stack([np.arange(columns), np.arange(columns)[::-1]])
        found = [
            Term(
                sizes,
                (IndexMap.along(sizes, 0),),
                IndexMap.of(cols, sizes),
                (Factor(ground.input(np.ones(sizes) * n), (0, 1)),),
                FLOAT,
            )
            for n in (1, 2)
        ]
        assert len(localised(found, (2,), ground.arrays)) == 1 + (columns > SMALL)


@pytest.mark.parametrize(("step", "count"), [(1, 2), (2, 2), (3, 1), (4, 1)])
def test_windows_that_overlap_stay(step: int, count: int) -> None:
    """Those of stencils are diagonals; blocks side by side are local matrices."""
    ground = Ground()
    sizes = (4, 2, 3)
    cols = IndexMap.along(sizes, 0, 0, step).plus(IndexMap.along(sizes, 2))
    found = [
        replace(corners(ground, 0, 1, 2), cols=cols),
        component(replace(corners(ground, 0, 1, 2), cols=cols), 1, ground),
    ]
    want = ground.dense(found, SHAPE, 16)
    result = localised(found, SHAPE, ground.arrays)
    assert len(result) == count
    assert np.array_equal(ground.dense(result, SHAPE, 16), want)
