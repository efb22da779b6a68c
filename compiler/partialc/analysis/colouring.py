"""Colourings of columns: which of them one pass of a derivative computes together.

Columns of one colour have no row in common, so a product of the matrix with the sum of
their unit vectors holds each of their entries alone (Curtis, Powell, Reid, "On the
Estimation of Sparse Jacobian Matrices", J. Inst. Maths Applics 13, 1974, pp. 117-119).
In the bipartite graph of rows and columns that is a partial distance-2 colouring.

All are found greedily, each column given the lowest colour that is free (Gebremedhin,
Manne, Pothen, "What Color Is Your Jacobian?", SIAM Review 47(4), 2005, algorithm 3.2),
in several orders, of which the best is kept. No colouring has fewer colours than the
densest row has entries.

The colours that a row has used are the bits of one integer: a column costs an operation
for each of its entries, however many columns are beside it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from partialc.analysis.adjacency import (
    Adjacency,
    columns_of,
    intersections,
    matrix_of,
)
from partialc.analysis.vertex_orders import (
    incidence_degree,
    largest_first,
    smallest_last,
)
from partialc.ir.patterns import Pattern

UNCOLOURED: Final = -1
"""The colour of a column without entries, which no pass needs to compute."""

_MOST_BITS: Final = 2**31
"""How many bits the colours used in all rows may take (256 MB); then sets hold them."""

_MOST_PAIRS: Final = 30_000_000
"""How many pairs of columns that meet in a row may be listed: ten seconds of work."""

_FEW_PAIRS: Final = 4_000_000
"""How many there may be for the orders that take longest."""


@dataclass(frozen=True, eq=False, slots=True)
class Colouring:
    """A colour for each column of a matrix.

    Attributes:
        colours: Numbers from 0, or `UNCOLOURED`; int64 of shape (columns,).
        bound: No colouring of the same kind has fewer colours.
        order: The order in which it was found.
    """

    colours: NDArray[np.int64]
    bound: int
    order: str

    @property
    def count(self) -> int:
        """How many colours there are."""
        return int(self.colours.max(initial=UNCOLOURED)) + 1


def colour_columns(pattern: Pattern) -> Colouring:
    """Colours such that columns of one colour have no row in common.

    Returns:
        The colouring with the fewest colours among those of several orders; its bound
        is the number of entries of the densest row.
    """
    return _best(matrix_of(pattern))


def colour_rows(pattern: Pattern) -> Colouring:
    """Colours such that rows of one colour have no column in common.

    Returns:
        The same of the transpose: `colours` has the shape (rows,), and the bound is the
        number of entries of the densest column.
    """
    return _best(matrix_of(pattern).T.tocsr())


def _best(matrix: Any) -> Colouring:
    """The colouring of columns with the fewest colours that was found.

    Args:
        matrix: A `scipy.sparse.csr_array` of int32 ones.
    """
    sizes = np.diff(matrix.indptr)
    bound = int(sizes.max(initial=0))
    is_occupied = np.bincount(matrix.indices, minlength=matrix.shape[1]) > 0
    if bound == is_occupied.sum():  # one row has them all
        colours = np.where(is_occupied, np.cumsum(is_occupied) - 1, UNCOLOURED)
        return Colouring(colours.astype(np.int64), bound, "natural")
    best: Colouring | None = None
    for order, colours in _attempts(matrix[sizes > 1], bound):
        colours[~is_occupied] = UNCOLOURED
        found = Colouring(colours, bound, order)
        if best is None or found.count < best.count:
            best = found
        if best.count == bound:
            break
    assert best is not None, "there is always the natural order"
    return best


def _attempts(matrix: Any, bound: int) -> Iterator[tuple[str, NDArray[np.int64]]]:
    """The colours in each order, the cheapest first.

    Args:
        matrix: The rows of at least two entries, which alone forbid anything.
        bound: The entries of the densest row.
    """
    columns = columns_of(matrix)
    is_light = matrix.shape[0] * bound <= _MOST_BITS
    fit = _first_fit if is_light else _first_fit_by_sets
    sizes = np.diff(matrix.indptr).astype(np.int64)
    yield "natural", fit(columns, matrix.shape[0], np.arange(columns.size))
    beside = matrix.T.astype(np.int64) @ (sizes - 1)
    yield "largest first", fit(columns, matrix.shape[0], largest_first(beside))
    pairs = float((sizes.astype(float) ** 2).sum())
    if pairs > _MOST_PAIRS:
        return
    graph = intersections(matrix)
    yield "saturation degree", _by_saturation(graph)
    if pairs > _FEW_PAIRS:
        return
    for name, order in (
        ("smallest last", smallest_last),
        ("incidence degree", incidence_degree),
    ):
        yield name, _first_fit(columns, matrix.shape[0], order(graph))


def _first_fit(
    columns: Adjacency, rows: int, order: NDArray[np.int64]
) -> NDArray[np.int64]:
    """The lowest colour that is free for each column in turn.

    Args:
        columns: The rows of each column.
        rows: How many rows there are.
        order: The columns in the order in which they are coloured, of shape (columns,).

    Returns:
        A colour for each column, of the same shape.
    """
    rows_of = columns.reader()
    used = [0] * rows
    colours = [0] * columns.size
    for column in order.tolist():
        its_rows = rows_of(column)
        forbidden = 0
        for row in its_rows:
            forbidden |= used[row]
        free = ~forbidden & (forbidden + 1)  # the lowest bit that is not set
        for row in its_rows:
            used[row] |= free
        colours[column] = free.bit_length() - 1
    return np.array(colours, np.int64)


def _first_fit_by_sets(
    columns: Adjacency, rows: int, order: NDArray[np.int64]
) -> NDArray[np.int64]:
    """The same where rows are so dense that bits would take too much memory."""
    rows_of = columns.reader()
    used: list[set[int]] = [set() for _ in range(rows)]
    lowest = [0] * rows  # the lowest colour that each row has not used
    colours = [0] * columns.size
    for column in order.tolist():
        its_rows = rows_of(column)
        colour = max((lowest[row] for row in its_rows), default=0)
        while any(colour in used[row] for row in its_rows):
            colour += 1
        for row in its_rows:
            used[row].add(colour)
            while lowest[row] in used[row]:
                lowest[row] += 1
        colours[column] = colour
    return np.array(colours, np.int64)


def _by_saturation(graph: Adjacency) -> NDArray[np.int64]:
    """The lowest free colour, always for a vertex beside the most different colours.

    Source: Brélaz, "New Methods to Color the Vertices of a Graph", Communications of
    the ACM 22(4), 1979, pp. 251-256; ties are broken by what was reached last.

    Args:
        graph: The column intersection graph.

    Returns:
        A colour for each vertex, of shape (n,).
    """
    neighbours, size = graph.reader(), graph.size
    forbidden = [0] * size
    saturations = [0] * size
    colours = [UNCOLOURED] * size
    buckets = [list(reversed(range(size)))]
    saturation = 0
    for _ in range(size):
        while True:
            while not buckets[saturation]:
                saturation -= 1
            vertex = buckets[saturation].pop()
            if colours[vertex] == UNCOLOURED and saturations[vertex] == saturation:
                break
        free = ~forbidden[vertex] & (forbidden[vertex] + 1)
        colours[vertex] = free.bit_length() - 1
        for other in neighbours(vertex):
            if colours[other] == UNCOLOURED and not forbidden[other] & free:
                forbidden[other] |= free
                saturations[other] += 1
                if saturations[other] == len(buckets):
                    buckets.append([])
                buckets[saturations[other]].append(other)
                saturation = max(saturation, saturations[other])
    return np.array(colours, np.int64)
