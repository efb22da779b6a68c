"""Star colourings: one-directional colourings of a symmetric matrix.

Of an entry (i, j) and its mirror image (j, i) one is enough. The columns of a Hessian
may share a pass if each entry stands alone in its row or its column, which is so where
their colours are a star colouring of the adjacency graph: neighbours have different
colours, and every path of four vertices has at least three (Coleman and Moré,
"Estimation of Sparse Hessian Matrices and Graph Coloring Problems", Mathematical
Programming 28, 1984, pp. 243-270; Gebremedhin, Manne, Pothen, "What Color Is Your
Jacobian?", SIAM Review 47(4), 2005, pp. 629-705). The vertices of any two colours then
are stars: a hub, and leaves around it.

The greedy algorithm keeps the hubs of these stars, as algorithm 4.1 of Gebremedhin,
Tarafdar, Manne, Pothen does ("New Acyclic and Star Coloring Algorithms with Application
to Computing Hessians", SIAM J. Sci. Comput. 29(3), 2007, pp. 1042-1072), as bits of one
integer for each vertex: a vertex costs a few operations for each of its neighbours.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np
from numpy.typing import NDArray

from partialc.analysis.adjacency import Adjacency, adjacency_graph
from partialc.analysis.colouring import UNCOLOURED, Colouring
from partialc.analysis.vertex_orders import (
    incidence_degree,
    largest_first,
    smallest_last,
)
from partialc.ir.patterns import Pattern

_FEW_EDGES: Final = 1_000_000
"""How many edges there may be for the orders that take longest."""


def colour_symmetric(pattern: Pattern) -> Colouring:
    """Colours from which every entry of a symmetric matrix is read directly.

    An entry on one side of the diagonal alone is taken for one on both.

    Args:
        pattern: Of a square matrix.

    Returns:
        The star colouring with the fewest colours among those of several orders.
    """
    graph = adjacency_graph(pattern)
    is_occupied = np.zeros(graph.size, bool)
    is_occupied[pattern.rows] = is_occupied[pattern.cols] = True
    bound = max(int(is_occupied.any()), _hub_bound(graph))
    best: Colouring | None = None
    for name, order in _orders(graph):
        bound = max(bound, _forest_bound(graph, order))
        for is_careful in (False, True):
            colours = _first_fit(graph, order, is_careful=is_careful)
            colours[~is_occupied] = UNCOLOURED
            found = Colouring(colours, bound, name)
            if best is None or found.count < best.count:
                best = found
            if best.count == bound or graph.members.size > 2 * _FEW_EDGES:
                break
        assert best is not None, "the first order has given one"
        if best.count == bound:
            break
    assert best is not None, "there is always the natural order"
    return Colouring(best.colours, bound, best.order)


def _orders(graph: Adjacency) -> Iterator[tuple[str, NDArray[np.int64]]]:
    """The vertices in each order, the cheapest first."""
    yield "natural", np.arange(graph.size)
    yield "largest first", largest_first(graph.degrees)
    if graph.members.size <= 2 * _FEW_EDGES:
        yield "smallest last", smallest_last(graph)
        yield "incidence degree", incidence_degree(graph)


def _first_fit(
    graph: Adjacency, order: NDArray[np.int64], *, is_careful: bool
) -> NDArray[np.int64]:
    """The lowest colour for each vertex in turn that leaves a star colouring.

    Forbidden for a vertex v are

        the colours of its neighbours;
        the colour of x in every path v, w, x, y where w and y have one colour;
        where neighbours w and w' of v have one colour, those of their other neighbours.

    Args:
        graph: The adjacency graph.
        order: The vertices in the order in which they are coloured, of shape (n,).
        is_careful: Whether the colours of vertices at distance two are forbidden too
            where the vertex between has no colour yet. Nothing needs it, but it gives
            fewer colours for some graphs.

    Returns:
        A colour for each vertex, of shape (n,).
    """
    neighbours, size = graph.reader(), graph.size
    bits = [0] * size  # the colour of each vertex, as a bit; 0 where it has none yet
    once = [0] * size  # the colours among its neighbours
    twice = [0] * size  # those which several of them have: it is the hub of their star
    hubs = [0] * size  # the colours of the hubs that it is a leaf of
    for vertex in order.tolist():
        beside = neighbours(vertex)
        forbidden, shared = once[vertex], twice[vertex]
        for other in beside:
            bit = bits[other]
            if bit:
                forbidden |= hubs[other]
                if bit & shared:
                    forbidden |= once[other]
            elif is_careful:
                forbidden |= once[other]
        free = ~forbidden & (forbidden + 1)  # the lowest bit that is not set
        bits[vertex] = free
        for other in beside:
            bit = bits[other]
            if bit & shared:
                hubs[other] |= free
            if not once[other] & free:
                once[other] |= free
                continue
            if not twice[other] & free:
                twice[other] |= free
                if bit:
                    for leaf in neighbours(other):
                        if bits[leaf] == free:
                            hubs[leaf] |= bit
            hubs[vertex] |= bit
    return np.array([bit.bit_length() - 1 for bit in bits], np.int64)


def _forest_bound(graph: Adjacency, order: NDArray[np.int64]) -> int:
    """A lower bound of the colours, by counting edges.

    The vertices of two colours, a and b of them, are a forest and have at most a + b -
    1 edges. Over all pairs of k colours these are (k - 1) n - k (k - 1) / 2, for n
    vertices together. A part of the graph needs no more colours than all of it: the
    first vertices of an order are tried, however many.

    Source: Fertin, Raspaud, Reed, "Star Coloring of Graphs", Journal of Graph Theory
    47(3), 2004, pp. 163-182.

    Args:
        graph: The adjacency graph.
        order: Its vertices, the densest part first for a good bound; of shape (n,).
    """
    if not graph.members.size:
        return 0
    places = np.empty(graph.size, np.int64)
    places[order] = np.arange(graph.size)
    ends = np.maximum(np.repeat(places, graph.degrees), places[graph.members])
    edges = np.cumsum(np.bincount(ends, minlength=graph.size)) / 2
    sizes = np.arange(1, graph.size + 1, dtype=float)
    # The lower root of k^2 - (2 n + 1) k + 2 (n + m), without cancellation.
    root = np.sqrt(np.maximum((2 * sizes + 1) ** 2 - 8 * (sizes + edges), 0))
    least = 4 * (sizes + edges) / (2 * sizes + 1 + root)
    return int(np.ceil(least.max() - 1e-6))


def _hub_bound(graph: Adjacency) -> int:
    """A lower bound of the colours, by counting the leaves of stars.

    With k colours a vertex of degree d >= k is the hub of stars, for its neighbours
    have k - 1 colours: at least d - k + 2 of its edges lead to leaves of these. An edge
    leads from a hub to a leaf in one direction only, so these are no more than all
    edges.

    Args:
        graph: The adjacency graph.
    """
    edges = graph.members.size // 2
    if not edges:
        return 0
    counts = np.bincount(graph.degrees)
    degrees = np.arange(counts.size)
    colours = 1
    while True:
        leaves = np.where(degrees >= colours, degrees - colours + 2, 0)
        if (counts * leaves).sum() <= edges:
            return colours
        colours += 1
