"""Colourings of columns and rows: valid, and as small as theory says."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given

from partialc.analysis import colouring
from partialc.analysis.adjacency import columns_of, matrix_of
from partialc.analysis.colouring import UNCOLOURED, colour_columns, colour_rows
from partialc.ir.patterns import Pattern
from tests.unit.analysis.matrices import (
    arrow,
    band,
    check_columns,
    fewest,
    pattern,
    rectangles,
    stencil,
)


@given(rectangles())
def test_any_matrix_is_coloured(dense) -> None:
    found = colour_columns(pattern(dense))
    check_columns(dense, found.colours)
    assert found.bound == max(dense.sum(axis=1), default=0) <= found.count
    of_rows = colour_rows(pattern(dense))
    check_columns(dense.T, of_rows.colours)
    assert of_rows.bound == max(dense.sum(axis=0), default=0) <= of_rows.count


@given(rectangles(most=5))
def test_no_valid_colouring_is_below_the_bound(dense) -> None:
    def is_valid(colours):
        beside = dense[:, :, None] & dense[:, None, :]
        clash = (colours[:, None] == colours) & ~np.eye(len(colours), dtype=bool)
        return not (beside & clash).any()

    least = fewest(dense.shape[1], is_valid) if dense.any() else 0
    found = colour_columns(pattern(dense))
    assert found.bound <= least <= found.count


@pytest.mark.parametrize("limit", ["_MOST_BITS", "_MOST_PAIRS", "_FEW_PAIRS"])
def test_large_matrices_take_the_cheap_ways(
    limit: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(colouring, limit, 0)
    rng = np.random.default_rng(0)
    for _ in range(20):
        dense = rng.random((12, 15)) < 0.2
        check_columns(dense, colour_columns(pattern(dense)).colours)


@given(rectangles())
def test_sets_and_bits_give_the_same_colours(dense) -> None:
    columns = columns_of(matrix_of(pattern(dense)))
    order = np.arange(columns.size)
    found = [
        fit(columns, dense.shape[0], order).tolist()
        for fit in (colouring._first_fit, colouring._first_fit_by_sets)
    ]
    assert found[0] == found[1]


@pytest.mark.parametrize("half_width", [0, 1, 2, 5])
def test_a_band_takes_its_width(half_width: int) -> None:
    banded = pattern(band(40, half_width))
    for found in (colour_columns(banded), colour_rows(banded)):
        assert found.count == found.bound == 2 * half_width + 1


def test_an_arrow_takes_a_colour_for_each_column() -> None:
    for tip in (0, 7, 29):
        found = colour_columns(pattern(arrow(30, tip)))
        assert found.count == found.bound == 30


def test_half_an_arrow_reuses_the_colours_of_its_row() -> None:
    dense = np.eye(30, dtype=bool)
    dense[0, :20] = True
    found = colour_columns(pattern(dense))
    assert found.count == found.bound == 20


@pytest.mark.parametrize(("high", "wide"), [(7, 9), (32, 32), (33, 33), (20, 50)])
def test_the_five_point_stencil_takes_five(high: int, wide: int) -> None:
    found = colour_columns(stencil(high, wide))
    assert found.count == found.bound == 5


def test_diagonal_blocks_take_the_size_of_one() -> None:
    found = colour_columns(pattern(np.kron(np.eye(6), np.ones((4, 4)))))
    assert found.count == found.bound == 4


@pytest.mark.parametrize("shape", [(0, 0), (0, 3), (3, 0), (3, 4)])
def test_a_matrix_of_zeros_takes_no_colours(shape: tuple[int, int]) -> None:
    for found in (
        colour_columns(pattern(np.zeros(shape))),
        colour_rows(pattern(np.zeros(shape[::-1]))),
    ):
        assert (found.count, found.bound) == (0, 0)
        assert found.colours.tolist() == [UNCOLOURED] * shape[1]
        assert found.colours.dtype == np.int64


def test_a_column_without_entries_has_no_colour() -> None:
    found = colour_columns(Pattern.of((2, 3), np.array([0, 1]), np.array([0, 2])))
    assert found.colours.tolist() == [0, UNCOLOURED, 0]


def test_a_hundred_thousand_columns() -> None:
    found = colour_columns(stencil(250, 400))
    assert found.count == found.bound == 5
