"""Downsets of multi-indices, and sums of series."""

from __future__ import annotations

from itertools import product

import pytest

from partialc.ops.series import Downset, binomial, splits


def test_a_downset_has_all_parts_of_what_is_asked_for() -> None:
    found = Downset.of([(1, 0), (1, 1), (0, 4)])
    assert found.indices == (
        *((0, 0), (0, 1), (1, 0), (0, 2), (1, 1), (0, 3)),
        (0, 4),
    )
    assert found.maximal == ((1, 1), (0, 4))
    assert (found.zero, found.order) == ((0, 0), 4)
    assert found.higher == found.indices[1:]


def test_twins_are_one_multi_index() -> None:
    assert Downset.of([(1, 2), (1, 2)]) == Downset.of([(1, 2)])
    assert len(Downset.of([(1, 2)]).indices) == 6


@pytest.mark.parametrize("index", [(0,), (3,), (2, 1), (1, 0, 2)])
def test_splits_are_all_pairs_that_add_up(index: tuple[int, ...]) -> None:
    every = product(*(range(count + 1) for count in index))
    pairs = {
        (part, tuple(a - b for a, b in zip(index, part, strict=True))) for part in every
    }
    assert set(splits(index)) == pairs
    assert sum(binomial(index, part) for part, _ in pairs) == 2 ** sum(index)
