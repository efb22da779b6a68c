"""Orders of vertices have the property that defines them."""

from __future__ import annotations

import numpy as np
from hypothesis import given

from partialc.analysis.adjacency import adjacency_graph, intersections, matrix_of
from partialc.analysis.vertex_orders import (
    incidence_degree,
    largest_first,
    smallest_last,
)
from tests.unit.analysis.matrices import pattern, rectangles, symmetric


def neighbours_before(dense, order):
    """For each prefix of an order, the edges of each vertex into it."""
    beside = dense & ~np.eye(len(dense), dtype=bool)
    return [beside[:, order[:count]].sum(axis=1) for count in range(len(order) + 1)]


@given(symmetric())
def test_largest_first(dense) -> None:
    degrees = adjacency_graph(pattern(dense)).degrees
    order = largest_first(degrees)
    assert sorted(order) == list(range(len(dense)))
    assert (np.diff(degrees[order]) <= 0).all()


@given(symmetric())
def test_smallest_last(dense) -> None:
    order = smallest_last(adjacency_graph(pattern(dense)))
    assert sorted(order) == list(range(len(dense)))
    counts = neighbours_before(dense, order)
    for place, vertex in enumerate(order):
        inside = counts[place + 1][order[: place + 1]]
        assert counts[place + 1][vertex] == inside.min()


@given(symmetric())
def test_incidence_degree(dense) -> None:
    order = incidence_degree(adjacency_graph(pattern(dense)))
    assert sorted(order) == list(range(len(dense)))
    counts = neighbours_before(dense, order)
    for place, vertex in enumerate(order):
        assert counts[place][vertex] == counts[place][order[place:]].max()


@given(rectangles())
def test_columns_that_meet_in_a_row_are_joined(dense) -> None:
    graph = intersections(matrix_of(pattern(dense)))
    read = graph.reader()
    meets = (dense[:, :, None] & dense[:, None, :]).any(axis=0)
    np.fill_diagonal(meets, val=False)
    want = [np.flatnonzero(row).tolist() for row in meets]
    assert [read(column) for column in range(graph.size)] == want
