"""Requests whose entries follow a rule: `derivatives`, `diagonal`, `lower`.

Each runs over a flattened axis: the elements of all named selections in row-major
order, one selection after the other, as `jax.flatten_util.ravel_pytree` has them.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain, combinations_with_replacement
from math import comb
from typing import Final

import numpy as np
from numpy.typing import NDArray

from partialc.request.answer import Answer
from partialc.request.resolved import Axis, Block, Coordinates, Entries, Output
from partialc.request.scope import Scope
from partialc.request.selection import Selection, text_of
from partialc.request.shapes import axis_size
from partialc.request.syntax import (
    Coordinate,
    Derivatives,
    Diagonal,
    Jacobian,
    Lower,
    SquareMatrix,
    Weighted,
)
from partialc.request.weighted import differentiated
from partialc.request.written import origin_of, origin_of_request

MOST_NUMBERS: Final = 20_000_000
"""Longer index lists would make modules of hundreds of megabytes: surely a mistake."""


def derivatives(request: Derivatives, scope: Scope) -> Answer:
    """Each distinct partial once, as `combinations_with_replacement` lists them."""
    output = scope.output(request.of, origin_of_request(request))
    wrt = tuple(map(scope.wrt, request.wrt))
    axis = flattened(wrt, scope)
    check_distinct(wrt, "derivatives gives each distinct partial once")
    n, order = axis_size(axis), request.order
    _check_count(comb(n + order - 1, order) * order if n else 0, request)
    tuples = combinations_with_replacement(range(n), order)
    indices = np.fromiter(chain.from_iterable(tuples), np.int64).reshape(-1, order)
    layout = Entries("derivatives", indices, None, (len(indices),))
    parts = output.map(lambda out: Block(out, (axis,) * order, layout))
    return Answer(parts, wrt, output, {"INDICES": indices})


def lower(request: Lower, scope: Scope) -> Answer:
    """The lower triangle in the order of `np.tril_indices`."""
    matrix = request.matrix
    output = differentiated(matrix, scope)
    wrt = scope.wrt(_only(matrix, "lower"))
    axis = flattened((wrt,), scope)
    n = axis_size(axis)
    _check_count(n * (n + 1), request)
    pairs = np.stack(np.tril_indices(n), axis=1).astype(np.int64)
    layout = Entries("lower", pairs, None, (len(pairs),))
    parts = output.map(lambda out: Block(out, (axis, axis), layout))
    return Answer(parts, (wrt,), output.selection, directions=output.directions)


def diagonal(request: Diagonal, scope: Scope) -> Answer:
    """The diagonal of a Hessian for each output, or the k-th one of a Jacobian."""
    matrix = request.matrix
    output = differentiated(matrix, scope)
    if isinstance(matrix, Jacobian):
        return _jacobian_diagonal(request, matrix, output.selection, scope)
    wrt = scope.wrt(_only(matrix, "diagonal"))
    if not request.offset:
        parts = output.map(
            lambda out: wrt.map_differentiable(lambda x: _main_diagonal(out, x))
        )
        return Answer(parts, (wrt,), output.selection, directions=output.directions)
    axis = flattened((wrt,), scope)
    pairs = _diagonal_positions(axis_size(axis), axis_size(axis), request)
    layout = Entries("diagonal", pairs, None, (len(pairs),))
    parts = output.map(lambda out: Block(out, (axis, axis), layout))
    return Answer(parts, (wrt,), output.selection, directions=output.directions)


def flattened(wrt: Sequence[Selection], scope: Scope) -> Axis:
    """All elements of some selections as one axis.

    Raises:
        RequestError: A leaf among them holds no floating-point numbers.
    """
    for selection in wrt:
        for coordinates, type_ in zip(
            selection.coordinates, selection.types, strict=True
        ):
            if not type_.dtype.is_float:
                name, leaf = scope.signature.leaves[coordinates.leaf]
                raise origin_of(selection.node).fault(
                    f"{selection.node} cannot be flattened into one axis",
                    why=f"its leaf {name}{text_of(leaf)} holds {type_.dtype} elements",
                    fix="name the floating-point leaves one by one",
                )
    return tuple(each for selection in wrt for each in selection.coordinates)


def single_array(selection: Selection, keyword: str) -> Coordinates:
    """The one array a selection is.

    Raises:
        RequestError: It is a container.
    """
    if not selection.is_array:
        raise origin_of(selection.node).fault(
            f"{keyword} wants one array, and {selection.node} is a container",
            fix="select one of its leaves, for the result with of=",
        )
    return selection.coordinates[0]


def _main_diagonal(output: Output, x: Coordinates) -> Block:
    positions = np.arange(axis_size((x,)), dtype=np.int64)
    layout = Entries("diagonal", np.stack([positions] * 2, axis=1), None, x.shape)
    return Block(output, ((x,), (x,)), layout)


def _jacobian_diagonal(
    request: Diagonal, matrix: Jacobian, output: Selection, scope: Scope
) -> Answer:
    """Of the matrix (flattened output) x (flattened argument).

    The main diagonal of an output shaped as its argument keeps that shape; every other
    diagonal is flat, as `np.diagonal` gives it.
    """
    if len(matrix.wrt) != 1:
        raise origin_of(matrix.wrt[1]).fault(
            "the diagonal of a Jacobian is along one argument",
            fix=f"write diagonal(jacobian({matrix.wrt[0]}))",
        )
    wrt = scope.wrt(matrix.wrt[0])
    out, x = single_array(output, "diagonal"), single_array(wrt, "diagonal")
    pairs = _diagonal_positions(axis_size((out,)), axis_size((x,)), request)
    keeps_shape = request.offset == 0 and out.shape == x.shape
    shape = x.shape if keeps_shape else (len(pairs),)
    layout = Entries("diagonal", pairs[:, 1:], pairs[:, 0], shape)
    return Answer(Block(out, ((x,),), layout), (wrt,), output)


def _diagonal_positions(
    rows: int, columns: int, request: Diagonal
) -> NDArray[np.int64]:
    """Row and column of each element of the k-th diagonal, shape (length, 2)."""
    k = request.offset
    length = min(rows, columns - k) if k >= 0 else min(rows + k, columns)
    if length < 1 and k:
        raise origin_of_request(request).fault(
            f"there is no diagonal {k}",
            why=f"the matrix is {rows} by {columns}: its diagonals are "
            f"{1 - rows} to {columns - 1}",
        )
    steps = np.arange(max(length, 0), dtype=np.int64)
    return np.stack([steps + max(-k, 0), steps + max(k, 0)], axis=1)


def _only(matrix: SquareMatrix, keyword: str) -> Coordinate:
    if len(matrix.wrt) == 1 or matrix.wrt[0] == matrix.wrt[1]:
        return matrix.wrt[0]
    square = f"hessian({matrix.wrt[0]})"
    square = f"weighted({square})" if isinstance(matrix, Weighted) else square
    raise origin_of(matrix.wrt[1]).fault(
        f"{keyword} is of a Hessian along one argument, not of a cross block",
        fix=f"write {keyword}({square}), or list what is wanted: "
        f"entries({matrix}, [...])",
    )


def check_distinct(wrt: Sequence[Selection], why: str) -> None:
    """Refuse selections that share an element.

    Args:
        wrt: What a flattened axis runs over.
        why: Why they may not.

    Raises:
        RequestError: Two of them, or two leaves of one, share an element.
    """
    seen: dict[int, NDArray[np.bool_]] = {}
    for selection in wrt:
        for coordinates, type_ in zip(
            selection.coordinates, selection.types, strict=True
        ):
            marks = seen.setdefault(coordinates.leaf, np.zeros(type_.shape, bool))
            if np.any(marks[coordinates.index]):
                raise origin_of(selection.node).fault(
                    f"{selection.node} is named twice",
                    why=why,
                )
            marks[coordinates.index] = True


def _check_count(numbers: int, request: Derivatives | Lower) -> None:
    if numbers <= MOST_NUMBERS:
        return
    raise origin_of_request(request).fault(
        f"{request} has far too many entries",
        why=f"its index list alone would hold {numbers:,} numbers",
        fix="name fewer coordinates, a lower order, or single entries",
    )
