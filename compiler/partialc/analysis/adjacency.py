"""Which numbers belong to each number, in compressed rows: graphs for colouring."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from partialc.ir.patterns import Pattern


@dataclass(frozen=True, eq=False, slots=True)
class Adjacency:
    """A list of numbers for each of n numbers.

    Attributes:
        starts: Where each list starts in `members`, and the end of the last one; int64
            of shape (n + 1,).
        members: All lists, one after the other; integers of shape (entries,).
    """

    starts: NDArray[np.int64]
    members: NDArray[np.integer[Any]]

    @property
    def size(self) -> int:
        """How many lists there are."""
        return int(self.starts.size) - 1

    @property
    def degrees(self) -> NDArray[np.int64]:
        """The length of each list, of shape (n,)."""
        return np.diff(self.starts)

    def reader(self) -> Callable[[int], list[int]]:
        """What gives the list of a number: fast, and without a copy of all lists."""
        starts, members = self.starts.tolist(), self.members.data

        def read(number: int) -> list[int]:
            return members[starts[number] : starts[number + 1]].tolist()

        return read


def matrix_of(pattern: Pattern) -> Any:
    """A pattern as a `scipy.sparse.csr_array` of int32 ones, its indices sorted."""
    ones = np.ones(pattern.nonzeros, np.int32)
    return sparse.csr_array((ones, pattern.cols, pattern.indptr), shape=pattern.shape)


def columns_of(matrix: Any) -> Adjacency:
    """The rows of the entries of each column.

    Args:
        matrix: A `scipy.sparse` array.
    """
    return _lists(matrix.T.tocsr())


def intersections(matrix: Any) -> Adjacency:
    """The column intersection graph: columns that have an entry in one row are joined.

    Source: Coleman and Moré, "Estimation of Sparse Jacobian Matrices and Graph Coloring
    Problems", SIAM J. Numer. Anal. 20(1), 1983, pp. 187-209.

    Args:
        matrix: A `scipy.sparse` array of int32 ones.
    """
    return _lists(_without_diagonal(matrix.T.tocsr() @ matrix))


def adjacency_graph(pattern: Pattern) -> Adjacency:
    """The graph of a symmetric matrix: i and j are joined by an entry (i, j).

    An entry on one side of the diagonal counts as one on both; the diagonal is left
    out.

    Args:
        pattern: Of a square matrix.
    """
    matrix = matrix_of(pattern)
    return _lists(_without_diagonal(matrix + matrix.T))


def _without_diagonal(matrix: Any) -> Any:
    found = matrix.tocoo()
    apart = found.row != found.col
    kept = (found.data[apart], (found.row[apart], found.col[apart]))
    return sparse.coo_array(kept, shape=matrix.shape).tocsr()


def _lists(matrix: Any) -> Adjacency:
    matrix.sort_indices()
    return Adjacency(matrix.indptr.astype(np.int64), matrix.indices)
