"""Sparse matrices of derivatives: `sparse(jacobian(x))`, `sparse(lower(hessian(x)))`.

One matrix, whatever is named: its rows run over the flattening of all selected outputs
(of all named arguments for a Hessian), its columns over that of all named arguments,
leaf after leaf, as `jax.flatten_util.ravel_pytree` has them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal

import numpy as np

from partialc.errors import InternalError, RequestError
from partialc.ir.patterns import Pattern
from partialc.request.answer import Answer
from partialc.request.layouts import check_distinct, flattened
from partialc.request.resolved import (
    Axis,
    Block,
    Constant,
    Coordinates,
    Entries,
    Matrix,
    Output,
)
from partialc.request.scope import Scope
from partialc.request.selection import Selection
from partialc.request.shapes import axis_size
from partialc.request.syntax import (
    AnyMatrix,
    Coordinate,
    Hessian,
    Jacobian,
    Lower,
    Sparse,
    Weighted,
)
from partialc.request.weighted import differentiated
from partialc.request.written import origin_of, origin_of_request

MOST_ENTRIES: Final = 20_000_000
"""More structural nonzeros than this are not listed: the matrix is hardly sparse."""


def sparse(request: Sparse, scope: Scope) -> Answer:
    """The structural nonzeros of one matrix.

    Raises:
        RequestError: There is no such matrix, it is no matrix but a number, it has far
            too many structural nonzeros, or nothing can find them.
    """
    is_lower = isinstance(request.matrix, Lower)
    matrix = _whole(request.matrix)
    found = differentiated(matrix, scope)
    output = found.selection
    if isinstance(matrix, Hessian):
        _check_scalar(request, matrix, output, scope)
    wrt = tuple(map(scope.wrt, _distinct(matrix)))
    axis = flattened(wrt, scope)
    check_distinct(wrt, "a matrix has each of its columns once")
    is_scalar = output.is_scalar or found.weighted is not None
    if is_scalar and len(wrt) == 1 and wrt[0].is_scalar:
        raise _no_matrix(request, matrix)
    pattern = _pattern(request, found.outputs, axis, scope, matrix)
    if is_lower:
        pattern = _lower(pattern)
    if pattern.nonzeros > MOST_ENTRIES:
        raise origin_of_request(request).fault(
            f"{request} has far too many entries",
            why=f"{pattern.nonzeros:,} of its entries may be nonzero, and a module "
            f"lists at most {MOST_ENTRIES:,}",
            fix="name fewer coordinates, or fewer outputs",
        )
    blocks: tuple[Block, ...]
    if isinstance(matrix, Jacobian):
        blocks = _jacobians(output.coordinates, axis, pattern)
    else:
        blocks = (_hessian(found.outputs[0], axis, pattern),)
    parts = Matrix(blocks, found.outputs, pattern, is_lower, request.format)
    constants = _constants(request, pattern)
    return Answer(parts, wrt, output, constants, found.directions)


def _whole(matrix: AnyMatrix | Lower) -> AnyMatrix:
    """The matrix itself, of which perhaps only the lower triangle is wanted."""
    return matrix.matrix if isinstance(matrix, Lower) else matrix


def _distinct(matrix: AnyMatrix) -> tuple[Coordinate, ...]:
    """What is named; `hessian(x, x)` is `hessian(x)`."""
    if isinstance(matrix, Jacobian):
        return matrix.wrt
    return tuple(dict.fromkeys(matrix.wrt))


def _check_scalar(
    request: Sparse, matrix: Hessian, output: Selection, scope: Scope
) -> None:
    """Refuse the Hessians of several outputs: they are no one matrix.

    Raises:
        RequestError: What is differentiated is more than one scalar.
    """
    if len(output.coordinates) == 1 and not output.coordinates[0].shape:
        return
    wrt = ", ".join(map(str, matrix.wrt))
    shape = f"has shape {output.shape}" if output.is_array else "is a container"
    one = f"hessian({wrt}, of={scope.some_scalar(output)})"
    both = f"weighted({matrix})"
    if isinstance(request.matrix, Lower):
        one, both = f"lower({one})", f"lower({both})"
    raise origin_of(output.node).fault(
        f"sparse wants the Hessian of a scalar, and {output.node} {shape}",
        why="each output has a Hessian of its own",
        fix=f"select one scalar: sparse({one}), or add all up, each times a weight "
        f"that the caller gives: sparse({both})",
    )


def _no_matrix(request: Sparse, matrix: AnyMatrix) -> RequestError:
    """The error where one number is differentiated along one number."""
    order = 1 if isinstance(matrix, Jacobian) else 2
    named = [str(matrix.wrt[0])] * order
    of = [] if matrix.of is None else [f"of={matrix.of}"]
    partial = f"partial({', '.join([*named, *of])})"
    instead = str(matrix) if isinstance(matrix, Weighted) else partial
    return origin_of_request(request).fault(
        f"{request} is no matrix but one number",
        why=f"{matrix.wrt[0]} and the output are scalars",
        fix=f"ask for {instead}",
    )


def _pattern(
    request: Sparse,
    outputs: tuple[Output, ...],
    axis: Axis,
    scope: Scope,
    matrix: AnyMatrix,
) -> Pattern:
    """What the scope finds.

    Raises:
        RequestError: The scope finds no patterns.
        InternalError: The pattern is that of another matrix.
    """
    if scope.patterns is None:
        raise origin_of_request(request).fault(
            f"{request} cannot be answered here: nothing finds its structural nonzeros",
            fix=f"list them: entries({matrix}, [...])",
        )
    order: Literal[1, 2] = 1 if isinstance(matrix, Jacobian) else 2
    found = scope.patterns(outputs, axis, order)
    columns = axis_size(axis)
    shape = (axis_size(outputs) if order == 1 else columns, columns)
    if found.shape != shape:
        raise InternalError(f"the pattern of {request} is {found.shape}, not {shape}")
    return found


def _lower(pattern: Pattern) -> Pattern:
    """The entries on and below the diagonal."""
    kept = pattern.rows >= pattern.cols
    return Pattern(
        pattern.shape,
        pattern.rows[kept],
        pattern.cols[kept],
        pattern.is_constant[kept],
    )


def _hessian(output: Output, axis: Axis, pattern: Pattern) -> Block:
    inputs = np.stack([pattern.rows, pattern.cols], axis=1)
    layout = Entries("sparse", inputs, None, (pattern.nonzeros,))
    return Block(output, (axis, axis), layout)


def _jacobians(
    outputs: tuple[Coordinates, ...], axis: Axis, pattern: Pattern
) -> tuple[Block, ...]:
    """The rows of each output; outputs without any nonzero are left out.

    All entries of a scalar output are in its one row, as those of a gradient.
    """
    ends = np.cumsum([axis_size((output,)) for output in outputs])
    bounds = np.searchsorted(pattern.rows, [0, *ends])
    blocks = []
    for number, output in enumerate(outputs):
        start, stop = int(bounds[number]), int(bounds[number + 1])
        first_row = int(ends[number]) - axis_size((output,))
        rows = pattern.rows[start:stop] - first_row if output.shape else None
        inputs = pattern.cols[start:stop, None]
        layout = Entries("sparse", inputs, rows, (stop - start,))
        blocks.append(Block(output, (axis,), layout))
    kept = [block for block, size in zip(blocks, np.diff(bounds), strict=True) if size]
    return tuple(kept or blocks[:1])


def _constants(request: Sparse, pattern: Pattern) -> Mapping[str, Constant]:
    constants: dict[str, Constant] = {
        "ROWS": pattern.rows,
        "COLS": pattern.cols,
        "SHAPE": pattern.shape,
    }
    if request.format == "csr":
        constants["INDPTR"] = pattern.indptr.astype(np.int64)
    return constants
