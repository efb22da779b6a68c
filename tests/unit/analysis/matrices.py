"""Patterns that tests colour, and slow checks of colourings that are plainly right."""

from __future__ import annotations

from itertools import product

import numpy as np
from hypothesis import strategies as st

from partialc.analysis.colouring import UNCOLOURED
from partialc.ir.patterns import Pattern


def pattern(dense):
    """The pattern of the nonzeros of a matrix."""
    dense = np.asarray(dense)
    rows, cols = np.nonzero(dense)
    return Pattern.of(dense.shape, rows, cols)


def band(n, half_width):
    """The entries (i, j) with abs(i - j) up to the half-width."""
    i, j = np.indices((n, n))
    return abs(i - j) <= half_width


def arrow(n, tip=0):
    """A diagonal, and one dense row and column."""
    dense = np.eye(n, dtype=bool)
    dense[tip, :] = dense[:, tip] = True
    return dense


def stencil(high, wide):
    """The pattern of the five-point stencil on a grid, without making it dense."""
    numbers = np.arange(high * wide).reshape(high, wide)
    pairs = [(numbers, numbers)]
    for one, other in (
        (numbers[1:], numbers[:-1]),
        (numbers[:, 1:], numbers[:, :-1]),
    ):
        pairs += [(one, other), (other, one)]
    rows = np.concatenate([one.ravel() for one, _ in pairs])
    cols = np.concatenate([other.ravel() for _, other in pairs])
    return Pattern.of((numbers.size, numbers.size), rows, cols)


@st.composite
def rectangles(draw, most=9):
    """Small matrices of zeros and ones of any shape and density."""
    rows, columns = draw(st.integers(0, most)), draw(st.integers(0, most))
    entries = st.lists(st.booleans(), min_size=columns, max_size=columns)
    found = draw(st.lists(entries, min_size=rows, max_size=rows))
    return np.array(found, bool).reshape(rows, columns)


@st.composite
def symmetric(draw, most=9):
    """Small symmetric matrices of zeros and ones."""
    n = draw(st.integers(0, most))
    edges = st.tuples(st.integers(0, max(n - 1, 0)), st.integers(0, max(n - 1, 0)))
    dense = np.zeros((n, n), bool)
    for i, j in draw(st.lists(edges, max_size=3 * n)) if n else []:
        dense[i, j] = dense[j, i] = True
    return dense


def is_alone(dense, colours, row, column):
    """Whether no other entry of a row has a column of the same colour."""
    beside = [j for j in np.flatnonzero(dense[row]) if colours[j] == colours[column]]
    return beside == [column]


def check_columns(dense, colours):
    """Each entry stands alone in the product with the sum of a colour's columns."""
    for row, column in zip(*np.nonzero(dense), strict=True):
        assert is_alone(dense, colours, row, column)
    check_range(dense.any(axis=0), colours)


def check_symmetric(dense, colours):
    """Each entry, or its mirror image, stands alone; and it is a star colouring."""
    for i, j in zip(*np.nonzero(dense), strict=True):
        assert is_alone(dense, colours, i, j) or is_alone(dense, colours, j, i)
    assert is_star_colouring(dense, colours)
    check_range(dense.any(axis=0), colours)


def is_star_colouring(dense, colours):
    """Neighbours differ, and every path of four vertices has three colours."""
    n = len(dense)
    beside = [[j for j in np.flatnonzero(dense[i]) if j != i] for i in range(n)]
    edges = [(v, w) for v in range(n) for w in beside[v]]
    if any(colours[v] == colours[w] for v, w in edges):
        return False
    paths = ((v, w, x, y) for v, w in edges for x in beside[w] for y in beside[x])
    return all(
        len({colours[vertex] for vertex in path}) > 2
        for path in paths
        if len(set(path)) == 4
    )


def check_range(is_occupied, colours):
    """All colours up to the highest occur, and none where there are no entries."""
    assert (np.asarray(colours == UNCOLOURED) == ~is_occupied).all()
    used = set(colours.tolist()) - {UNCOLOURED}
    assert used == set(range(len(used)))


def fewest(n, is_valid):
    """The least number of colours of n vertices, by trying all."""
    count = 0
    while True:
        tried = product(range(count), repeat=n)
        if any(is_valid(np.array(colours)) for colours in tried):
            return count
        count += 1
