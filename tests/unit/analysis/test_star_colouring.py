"""Star colourings of symmetric patterns: valid, and as small as theory says."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from partialc.analysis import star_colouring
from partialc.analysis.adjacency import adjacency_graph
from partialc.analysis.colouring import UNCOLOURED
from partialc.analysis.star_colouring import colour_symmetric
from tests.unit.analysis.matrices import (
    arrow,
    band,
    check_symmetric,
    fewest,
    is_star_colouring,
    pattern,
    stencil,
    symmetric,
)


@given(symmetric())
def test_any_symmetric_matrix_is_coloured(dense) -> None:
    found = colour_symmetric(pattern(dense))
    check_symmetric(dense, found.colours)
    assert found.bound <= found.count


@given(symmetric(), st.data(), st.booleans())
def test_every_order_gives_a_star_colouring(dense, data, is_careful: bool) -> None:
    order = np.array(data.draw(st.permutations(range(len(dense)))), np.int64)
    graph = adjacency_graph(pattern(dense))
    colours = star_colouring._first_fit(graph, order, is_careful=is_careful)
    assert is_star_colouring(dense, colours)


@given(symmetric(most=6))
def test_no_star_colouring_is_below_the_bound(dense) -> None:
    least = 0
    if dense.any():
        least = fewest(len(dense), lambda colours: is_star_colouring(dense, colours))
    found = colour_symmetric(pattern(dense))
    assert found.bound <= least <= found.count


@pytest.mark.parametrize("half_width", [0, 1, 2, 5])
def test_a_band_takes_its_width(half_width: int) -> None:
    # Coleman and Moré, 1984; b + 1 colours are enough where entries are not read
    # directly but solved for by substitution.
    found = colour_symmetric(pattern(band(40, half_width)))
    assert found.count == 2 * half_width + 1
    assert half_width + 1 <= found.bound


@pytest.mark.parametrize(("n", "half_width"), [(4, 1), (6, 1), (7, 2)])
def test_no_band_takes_less_than_its_width(n: int, half_width: int) -> None:
    dense = band(n, half_width)
    least = fewest(n, lambda colours: is_star_colouring(dense, colours))
    assert least == 2 * half_width + 1


@pytest.mark.parametrize("tip", [0, 7, 29])
def test_an_arrow_takes_two(tip: int) -> None:
    found = colour_symmetric(pattern(arrow(30, tip)))
    assert found.count == found.bound == 2


def test_a_dense_matrix_takes_a_colour_for_each_column() -> None:
    found = colour_symmetric(pattern(np.ones((7, 7))))
    assert found.count == found.bound == 7


def test_a_dense_block_tells_the_bound() -> None:
    dense = band(60, 1)
    dense[20:28, 20:28] = True
    assert colour_symmetric(pattern(dense)).bound >= 8


def test_the_five_point_stencil() -> None:
    found = colour_symmetric(stencil(12, 15))
    assert (found.count, found.bound) == (5, 4)


def test_a_diagonal_matrix_takes_one() -> None:
    dense = np.diag([1, 0, 1])
    found = colour_symmetric(pattern(dense))
    assert found.colours.tolist() == [0, UNCOLOURED, 0]
    assert found.count == found.bound == 1


def test_a_matrix_of_zeros_takes_no_colours() -> None:
    for n in (0, 3):
        found = colour_symmetric(pattern(np.zeros((n, n))))
        assert (found.count, found.bound) == (0, 0)


def test_one_side_of_the_diagonal_is_enough() -> None:
    dense = arrow(9)
    found = colour_symmetric(pattern(np.triu(dense)))
    check_symmetric(dense, found.colours)


def test_large_graphs_take_the_cheap_orders(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(star_colouring, "_FEW_EDGES", 0)
    rng = np.random.default_rng(0)
    for _ in range(20):
        half = rng.random((15, 15)) < 0.1
        dense = half | half.T
        check_symmetric(dense, colour_symmetric(pattern(dense)).colours)
