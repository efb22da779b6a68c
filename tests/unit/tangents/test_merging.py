"""Sums of terms by fewer terms: the same matrix."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from partialc.tangents import merging
from partialc.tangents.arrays import Factor
from partialc.tangents.maps import IndexMap
from partialc.tangents.merging import MANY, merged, ordered
from partialc.tangents.term import Term, parted
from tests.unit.tangents.dense_terms import SEEDS, Ground, factors, few, shape_of, terms
from tests.unit.tangents.numpy_arrays import FLOAT


def box(ground: Ground, start: int, count: int, shift: int = 0, step: int = 1) -> Term:
    """A part of a diagonal, with payloads of its own."""
    sizes = (count,)
    data = ground.input(np.arange(1.0, 1 + count) * (10 + start))
    return Term(
        sizes,
        (IndexMap.along(sizes, 0, start, step),),
        IndexMap.along(sizes, 0, start + shift, step),
        (Factor(data, (0,)),),
        FLOAT,
    )


@few
@given(st.data())
def test_ordered(data: st.DataObject) -> None:
    ground = Ground()
    term = data.draw(terms(2, ground))
    shape = shape_of(term)
    found = ordered(term)
    assert np.array_equal(
        ground.dense(found, shape, SEEDS), ground.dense(term, shape, SEEDS)
    )
    assert sorted(found.sizes) == sorted(term.sizes)


def test_one_order_for_all() -> None:
    rows = (IndexMap.along((3, 4), 0), IndexMap.along((3, 4), 1))
    one = Term((3, 4), rows, IndexMap.flat((3, 4)), (), FLOAT)
    turned = (IndexMap.along((4, 3), 1), IndexMap.along((4, 3), 0))
    cols = IndexMap.along((4, 3), 1, 0, 4).plus(IndexMap.along((4, 3), 0))
    other = Term((4, 3), turned, cols, (), FLOAT)
    assert ordered(one) is one
    assert ordered(other).sizes == (3, 4)
    assert ordered(other).cols.same(one.cols)


@few
@given(st.data())
def test_merged(data: st.DataObject) -> None:
    """Terms of one value, some of them with the maps of others."""
    ground = Ground()
    found = []
    for _ in range(data.draw(st.integers(1, 3))):
        term = data.draw(terms(1, ground, most=2))
        found.append(term)
        for _ in range(data.draw(st.integers(0, 2))):
            own = data.draw(st.lists(factors(term.sizes, ground), max_size=1))
            is_negative = data.draw(st.booleans())
            kept = term.factors[: data.draw(st.integers(0, 2))]
            found.append(replace(term, factors=(*kept, *own), is_negative=is_negative))
    shape = shape_of(*found)
    want = ground.dense(found, shape, SEEDS)
    result = merged(found, ground.arrays)
    assert len(result) <= len(found)
    assert np.array_equal(ground.dense(result, shape, SEEDS), want)


@few
@given(st.data())
def test_boxes_of_one_diagonal(data: st.DataObject) -> None:
    """Parts that follow on each other, overlap, hold each other, or are apart."""
    ground = Ground()
    step = data.draw(st.sampled_from([1, 2]))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(merging, "MANY", 0)
        found = [
            box(
                ground,
                step * data.draw(st.integers(0, 6)),
                data.draw(st.integers(1, 4)),
                shift=data.draw(st.integers(0, 1)),
                step=step,
            )
            for _ in range(data.draw(st.integers(1, 5)))
        ]
        shape = shape_of(*found)
        want = ground.dense(found, shape, 20)
        result = merged(found, ground.arrays)
    assert np.array_equal(ground.dense(result, shape, 20), want)


def test_boxes_on_a_plane() -> None:
    """Two parts of one grid, of which either axis may be the one that is cut."""
    ground = Ground()

    def part(rows: range, cols: range, *, falling: bool = False) -> Term:
        sizes = (len(rows), len(cols))
        step = -1 if falling else 1
        first = cols[-1] if falling else cols[0]
        flat = IndexMap.along(sizes, 0, 8 * rows[0], 8)
        flat = flat.plus(IndexMap.along(sizes, 1, first, step))
        data = ground.input(np.random.default_rng(len(rows)).normal(size=sizes))
        return Term(
            sizes,
            (IndexMap.along(sizes, 0, rows[0]), IndexMap.along(sizes, 1, first, step)),
            flat,
            (Factor(data, (0, 1)),),
            FLOAT,
        )

    pairs = [
        (part(range(3), range(4)), part(range(3, 5), range(4)), 1),
        (part(range(2, 5), range(4)), part(range(3), range(4)), 1),
        (part(range(3), range(2)), part(range(3), range(2, 7)), 1),
        (
            part(range(3), range(2), falling=True),
            part(range(3), range(2, 7), falling=True),
            1,
        ),
        (part(range(3), range(5)), part(range(3), range(2, 4)), 1),
        (part(range(3), range(4)), part(range(1, 4), range(1, 5)), 2),
        (part(range(3), range(2)), part(range(3), range(3, 5)), 2),
    ]
    for one, other, count in pairs:
        want = ground.dense([one, other], (8, 8), 64)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(merging, "MANY", 0)
            result = merged([one, other], ground.arrays)
        assert len(result) == count
        assert np.array_equal(ground.dense(result, (8, 8), 64), want)


def test_few_boxes_stay() -> None:
    ground = Ground()
    found = [box(ground, 3 * n, 3) for n in range(MANY + 1)]
    assert len(merged(found[:MANY], ground.arrays)) == MANY
    (term,) = merged(found, ground.arrays)
    size = 3 * len(found)
    assert term.sizes == (size,)
    assert np.array_equal(
        ground.dense(term, (size,), size), ground.dense(found, (size,), size)
    )


def test_what_cancels_is_gone() -> None:
    ground = Ground()
    term = box(ground, 0, 4)
    assert merged([term, term.negated], ground.arrays) == []
    bare = Term.seeds((3,), FLOAT)
    assert merged([bare, bare.negated], ground.arrays) == []
    (left,) = merged([bare, bare.negated, bare], ground.arrays)
    assert left is bare


def test_equal_terms_of_both_signs() -> None:
    ground = Ground()
    one, other = box(ground, 0, 3), box(ground, 0, 3)
    for signs in ([1, 1], [1, -1], [-1, 1], [-1, -1]):
        pair = [
            each if sign > 0 else each.negated
            for each, sign in zip((one, other), signs, strict=True)
        ]
        (term,) = merged(pair, ground.arrays)
        want = ground.dense(pair, (3,), 3)
        assert np.array_equal(ground.dense(term, (3,), 3), want)


def test_what_is_shared_is_multiplied_once() -> None:
    ground = Ground()
    shared = Factor(ground.input([2.0, 3, 5]), (0,))
    others = [Factor(ground.input([n, 1.0, 7]), (0,)) for n in (4, 6)]
    seeds = Term.seeds((3,), FLOAT)
    pair = [replace(seeds, factors=(shared, other)) for other in others]
    (term,) = merged(pair, ground.arrays)
    assert term.factors[0] is shared
    assert [equation.op for equation in ground.arrays.equations] == ["add"]
    want = ground.dense(pair, (3,), 3)
    assert np.array_equal(ground.dense(term, (3,), 3), want)


def test_parted() -> None:
    ground = Ground()
    one, other = (Factor(ground.input([1.0]), (0,)) for _ in range(2))
    turned = Factor(one.atom, (1,))
    shared, ones, others = parted([one, one, other], [turned, one, other])
    assert (shared, ones, others) == ([one, other], [one], [turned])
    assert parted([], [one]) == ([], [], [one])


@pytest.mark.parametrize("count", [MANY // 2, 40])
def test_scalars_are_looked_at_once(
    count: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Terms of one element each, of columns of their own, are none but themselves."""
    ground = Ground()
    terms = [
        Term((), (), IndexMap.constant((), place), (), FLOAT) for place in range(count)
    ]
    looked_at = 0
    check = merging._sum

    def counted(*arguments: object, **options: bool) -> object:
        nonlocal looked_at
        looked_at += 1
        return check(*arguments, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(merging, "_sum", counted)
    assert len(merged(terms, ground.arrays)) == count
    assert looked_at == 0
    twice = merged([*terms, *terms], ground.arrays)
    assert len(twice) == count
    assert looked_at == count
