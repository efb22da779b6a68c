"""Sparse matrices of usual sizes, beside a colouring library and closed forms.

The library is asdex: it detects the pattern, colours it, and decompresses one pass of
as many tangents as there are colours. It is in the extra `bench`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

import jax
import jax.numpy as jnp
import numpy as np

from matrices.contests import COLOURED, case, peer
from matrices.problems import (
    Array,
    Problem,
    arrowhead,
    bratu,
    brusselator_line,
    brusselator_plane,
    edges,
    messages,
    padded_stencils,
    rosenbrock,
)
from partialc.benching.case import Bar, Case
from weave import in_three_parts

JACOBIAN: Final = "sparse(jacobian({}))"
HESSIAN: Final = "sparse(hessian({}))"
CLOSED: Final = "closed form"
FASTER: Final = 0.8
SLOWER: Final = 1.3
NODES: Final = 300


def arrow_by_hand(x: Array) -> Array:
    """One VJP for the first row, two JVPs for the first column and the diagonal."""
    n = x.size
    first = jnp.zeros(n).at[0].set(1.0)
    row = jax.vjp(arrowhead, x)[1](first)[0]
    column = jax.jvp(arrowhead, (x,), (first,))[1]
    main = jax.jvp(arrowhead, (x,), (1.0 - first,))[1]
    return jnp.concatenate([row, jnp.stack([column[1:], main[1:]]).T.ravel()])


def dense_columns(function: Problem, rows: Array, cols: Array) -> Problem:
    """`jax.jacfwd`, then the entries."""
    return lambda x: jax.jacfwd(function)(x)[rows, cols]


def dense_rows(function: Problem, rows: Array, cols: Array) -> Problem:
    """`jax.jacrev`, then the entries."""
    return lambda x: jax.jacrev(function)(x)[rows, cols]


def cases() -> Iterator[Case]:
    """One evaluation each."""
    for name, function, size, request, closed in (
        ("brusselator_line", brusselator_line, 2000, JACOBIAN, None),
        ("brusselator_plane", brusselator_plane, 2048, JACOBIAN, None),
        ("bratu", bratu, 1024, JACOBIAN, None),
        ("rosenbrock", rosenbrock, 1000, HESSIAN, in_three_parts),
    ):
        order = 2 if request == HESSIAN else 1
        rivals: dict[str, Callable[[Array], Array]] = {}
        bars = []
        coloured = peer(function, size, order)
        if coloured is not None:
            rivals[COLOURED] = coloured
            bars.append(Bar(COLOURED, "run", FASTER))
        if closed is not None:
            rivals[CLOSED] = closed
            bars.append(Bar(CLOSED, "run", SLOWER))
        yield case(name, function, size, request, rivals, bars)
    yield _arrowhead()
    yield _padded()
    yield _messages()


def _arrowhead() -> Case:
    size = 1000
    rows = np.concatenate([np.zeros(size, int), np.repeat(np.arange(1, size), 2)])
    inner = np.stack([np.zeros(size - 1, int), np.arange(1, size)], 1).ravel()
    cols = np.concatenate([np.arange(size), inner])
    rivals = {
        "by hand": arrow_by_hand,
        "jacrev": dense_rows(arrowhead, rows, cols),
    }
    bars = [Bar("by hand", "run", 1.5), Bar("jacrev", "run", 0.01)]
    coloured = peer(arrowhead, size, 1, mode="fwd")
    if coloured is not None:
        rivals[COLOURED] = coloured
        bars.append(Bar(COLOURED, "run", 0.01))
    return case("arrowhead", arrowhead, size, JACOBIAN, rivals, bars)


def _padded() -> Case:
    """Eight stencils in a row: 17 diagonals, and so many colours."""
    size, width = 1000, 8
    row = np.repeat(np.arange(size), 2 * width + 1)
    col = row + np.tile(np.arange(-width, width + 1), size)
    inside = (col >= 0) & (col < size)
    row, col = row[inside], col[inside]
    count = 2 * width + 1

    def coloured(x: Array) -> Array:
        seeds = jnp.asarray(np.arange(size) % count == np.arange(count)[:, None], float)
        push = jax.linearize(padded_stencils, x)[1]
        return jax.vmap(push)(seeds)[col % count, row]

    bars = [Bar("coloured jvp", "run", 1.0), Bar("coloured jvp", "build", 1.0)]
    rivals = {"coloured jvp": coloured}
    return case("padded_stencils", padded_stencils, size, JACOBIAN, rivals, bars)


def _messages() -> Case:
    """Two rounds of message passing; the pattern is that of two steps in the graph."""
    function = messages(NODES)
    start, end = edges(NODES)
    step = np.eye(NODES, dtype=bool)
    step[end, start] = True
    step[end, end] = True
    rows, cols = np.nonzero(step.astype(int) @ step.astype(int))
    rivals: dict[str, Callable[[Array], Array]] = {
        "jacfwd": dense_columns(function, rows, cols),
        "jacrev": dense_rows(function, rows, cols),
    }
    bars = [Bar(name, "run", 1.0) for name in rivals]
    coloured = peer(function, NODES, 1)
    if coloured is not None:
        rivals[COLOURED] = coloured
        bars.append(Bar(COLOURED, "run", 1.0))
    return case("messages", function, NODES, JACOBIAN, rivals, bars)
