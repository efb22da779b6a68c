"""Orders in which greedy algorithms colour the vertices of a graph.

Source: Gebremedhin, Manne, Pothen, "What Color Is Your Jacobian?", SIAM Review 47(4),
2005, pp. 629-705, which compares them. No order is the best for all graphs.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from partialc.analysis.adjacency import Adjacency


def largest_first(degrees: NDArray[np.int64]) -> NDArray[np.int64]:
    """Vertices by falling degree; among equals the lower number first.

    Source: Welsh and Powell, "An upper bound for the chromatic number of a graph", The
    Computer Journal 10(1), 1967, pp. 85-86.

    Args:
        degrees: The degree of each vertex, of shape (n,).

    Returns:
        The vertices in their order, of shape (n,).
    """
    return np.argsort(-degrees, kind="stable")


def smallest_last(graph: Adjacency) -> NDArray[np.int64]:
    """Each vertex has the least degree among itself and those before it.

    The order is found from its end: what has the least degree is taken away.

    Source: Matula and Beck, "Smallest-Last Ordering and Clustering and Graph Coloring
    Algorithms", Journal of the ACM 30(3), 1983, pp. 417-427.

    Returns:
        The vertices in their order, of shape (n,).
    """
    neighbours, size = graph.reader(), graph.size
    degrees = graph.degrees.tolist()
    buckets: list[list[int]] = [[] for _ in range(max(degrees, default=0) + 1)]
    for vertex in reversed(range(size)):
        buckets[degrees[vertex]].append(vertex)
    found: list[int] = []
    is_taken = [False] * size
    degree = 0
    while len(found) < size:
        while not buckets[degree]:
            degree += 1
        vertex = buckets[degree].pop()
        if is_taken[vertex] or degrees[vertex] != degree:
            continue  # it has moved to another bucket since
        is_taken[vertex] = True
        found.append(vertex)
        for other in neighbours(vertex):
            if not is_taken[other]:
                degrees[other] -= 1
                buckets[degrees[other]].append(other)
        degree = max(degree - 1, 0)
    return np.array(found[::-1], np.int64)


def incidence_degree(graph: Adjacency) -> NDArray[np.int64]:
    """Each vertex has the most neighbours among those before it.

    Source: Coleman and Moré, "Estimation of Sparse Jacobian Matrices and Graph Coloring
    Problems", SIAM J. Numer. Anal. 20(1), 1983, pp. 187-209.

    Returns:
        The vertices in their order, of shape (n,).
    """
    neighbours, size = graph.reader(), graph.size
    degrees = [0] * size
    buckets: list[list[int]] = [[] for _ in range(graph.degrees.max(initial=0) + 1)]
    buckets[0] = list(reversed(range(size)))
    found: list[int] = []
    is_taken = [False] * size
    degree = 0
    while len(found) < size:
        while not buckets[degree]:
            degree -= 1
        vertex = buckets[degree].pop()
        if is_taken[vertex] or degrees[vertex] != degree:
            continue  # it has moved to another bucket since
        is_taken[vertex] = True
        found.append(vertex)
        for other in neighbours(vertex):
            if not is_taken[other]:
                degrees[other] += 1
                buckets[degrees[other]].append(other)
        degree = min(degree + 1, len(buckets) - 1)
    return np.array(found, np.int64)
