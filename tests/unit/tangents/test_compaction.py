"""Hidden axes exchanged for one of their seeds: the same matrix by fewer places."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from partialc.tangents import compaction
from partialc.tangents.arrays import Factor
from partialc.tangents.compaction import compacted
from partialc.tangents.maps import IndexMap
from partialc.tangents.term import Term
from tests.unit.tangents.dense_terms import (
    SEEDS,
    Ground,
    column,
    few,
    grids,
    shape_of,
    terms_on,
)
from tests.unit.tangents.numpy_arrays import FLOAT


@few
@given(st.data())
def test_compacted(data: st.DataObject) -> None:
    """Rows along one axis, columns by a table along others."""
    ground = Ground()
    sizes = (data.draw(st.integers(1, 3)), *data.draw(grids()))
    rows = (IndexMap.along(sizes, 0),)
    term = data.draw(terms_on(sizes, rows, ground))
    if data.draw(st.booleans()):
        first = [IndexMap.constant(sizes, 0)]
        first += [IndexMap.along(sizes, n) for n in range(1, len(sizes))]
        term = replace(term, cols=term.cols.after(first, sizes))
    found = compacted(term, ground.arrays)
    shape = shape_of(term)
    assert np.array_equal(
        ground.dense(found, shape, SEEDS), ground.dense(term, shape, SEEDS)
    )
    assert found.places <= term.places


def behind(cols: list[int], ground: Ground) -> Term:
    """Three rows, each of the same places of a hidden axis."""
    sizes = (3, len(cols))
    data = np.arange(1.0, 1 + 3 * len(cols)).reshape(sizes)
    return Term(
        sizes,
        (IndexMap.along(sizes, 0),),
        column(cols, 1, sizes),
        (Factor(ground.input(data), (0, 1)),),
        FLOAT,
    )


@pytest.mark.parametrize(
    ("cols", "sizes"),
    [
        ([4, 1, 4, 1, 4, 4], (3, 2)),
        ([4, 4, 4, -1, 4, 4], (3, 1)),
        ([4, -1, -1, -1, 4, 1], (3, 2)),
        ([4, 1, 4, 2, 3, 4], (3, 4)),
        ([0, 1, 2, 3, 4, 5], (3, 6)),
        ([4, 1, 4, 2, 3, 5], (3, 6)),
    ],
)
def test_few_seeds_behind_many_places(cols: list[int], sizes: tuple[int, ...]) -> None:
    ground = Ground()
    term = behind(cols, ground)
    found = compacted(term, ground.arrays)
    assert found.sizes == (sizes if sizes[1] > 1 else found.sizes)
    assert found.places == np.prod(sizes)
    assert np.array_equal(ground.dense(found, (3,), 6), ground.dense(term, (3,), 6))


def test_no_seed_at_all() -> None:
    ground = Ground()
    term = behind([-1, -1, -1, -1], ground)
    assert compacted(term, ground.arrays) is term


def test_seeds_that_vary_with_the_rows_stay() -> None:
    ground = Ground()
    term = behind([0, 0, 0, 0], ground)
    term = replace(term, cols=IndexMap.along(term.sizes, 0).plus(term.cols))
    assert compacted(term, ground.arrays) is term


def test_large_tables_are_not_made(monkeypatch: pytest.MonkeyPatch) -> None:
    ground = Ground()
    term = behind([4, 1, 4, 1, 4, 4], ground)
    monkeypatch.setattr(compaction, "LARGEST", 11)
    assert compacted(term, ground.arrays) is term
