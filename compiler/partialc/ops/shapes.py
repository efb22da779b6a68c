"""Operations that move elements without choosing any: shapes, axes, copies."""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from typing import Any

import jax.numpy as jnp
import numpy as np
from jax import lax
from numpy.typing import NDArray

from partialc.ir.boxes import Box, Flat, unravel
from partialc.ir.dtypes import DEFAULT_INT
from partialc.ir.element_sets import ElementSet
from partialc.ir.program import Equation, Param
from partialc.ir.strided import Strided
from partialc.ops import params
from partialc.ops.cost import moved
from partialc.ops.elements import Elements, Operands, Reads, everywhere
from partialc.ops.evaluation import concrete
from partialc.ops.joined import IOTA
from partialc.ops.moved_boxes import rectangles
from partialc.ops.moves import InOrder, Known, Moves, gathered, shapes
from partialc.ops.registry import Arrays, Op, SourceContext, register
from partialc.ops.template import (
    arrays,
    as_expr,
    call,
    fill,
    index,
    is_bare,
    slice_expr,
    trimmed,
)
from partialc.tangents.maps import IndexMap


def _evaluate_broadcast(equation: Equation, operands: Arrays) -> Arrays:
    shape = equation.outputs[0].type.shape
    dimensions = params.integers(equation, "broadcast_dimensions")
    return [lax.broadcast_in_dim(operands[0], shape, dimensions)]


def _source_broadcast(
    equation: Equation, operands: Sequence[ast.expr], context: SourceContext
) -> ast.expr:
    """Numbers fill a shape; arrays get new axes by `None` and are then repeated."""
    (x,) = operands
    kind = equation.inputs[0].type
    shape = equation.outputs[0].type.shape
    dimensions = params.integers(equation, "broadcast_dimensions")
    if is_bare(x):
        return _filled(x, equation, context)
    if kind.dtype.is_key:
        return call("lax.broadcast_in_dim", x, shape, dimensions)
    new = [axis for axis in range(len(shape)) if axis not in dimensions]
    repeated = [axis for axis in new if shape[axis] != 1]
    repeats = bool(repeated) or any(
        shape[axis] != size for axis, size in zip(dimensions, kind.shape, strict=True)
    )
    first = dimensions[0] if dimensions else len(shape)
    if repeats and all(axis < first for axis in new):
        return call("jnp.broadcast_to", x, shape)
    if new:
        everything = slice_expr(None, None, None)
        x = index(
            x,
            trimmed(
                [as_expr(None) if a in new else everything for a in range(len(shape))]
            ),
        )
    return call("jnp.broadcast_to", x, shape) if repeats else x


def _filled(x: ast.expr, equation: Equation, context: SourceContext) -> ast.expr:
    """An array of one number."""
    kind = equation.outputs[0].type
    if kind.dtype.is_bool:
        return call("jnp.full", kind.shape, x)
    dtype = context.dtype(kind.dtype)
    match ast.unparse(x):
        case "0.0" | "0":
            return call("jnp.zeros", kind.shape, dtype)
        case "1.0" | "1":
            return call("jnp.ones", kind.shape, dtype)
    return call("jnp.full", kind.shape, x, dtype)


def _moves_broadcast(equation: Equation, _: Known) -> Moves:
    dimensions = params.integers(equation, "broadcast_dimensions")
    return Moves.single(Strided.broadcast(*shapes(equation), dimensions))


def _smaller_broadcast(_: Equation, box: Box) -> Mapping[str, Param]:
    return {"shape": tuple(map(len, box))}


register(
    Op(
        "broadcast_in_dim",
        _evaluate_broadcast,
        _source_broadcast,
        moved,
        summary="new axes, and repetition along axes",
        moves=_moves_broadcast,
        lanes=rectangles(_moves_broadcast, _smaller_broadcast),
        fuses=True,
    )
)


def _evaluate_reshape(equation: Equation, operands: Arrays) -> Arrays:
    order = equation.params.get("dimensions")
    axes = None if order is None else params.integers(equation, "dimensions")
    return [lax.reshape(operands[0], equation.outputs[0].type.shape, axes)]


def _source_reshape(
    equation: Equation, operands: Sequence[ast.expr], context: SourceContext
) -> ast.expr:
    (x,) = arrays(equation, operands, context)
    shape = equation.outputs[0].type.shape
    if equation.params.get("dimensions") is not None:
        x = call(fill("x.transpose", x=x), *params.integers(equation, "dimensions"))
    if len(shape) == 1:
        return fill("x.ravel()", x=x)
    return call(fill("x.reshape", x=x), *(shape or ((),)))


def _moves_reshape(equation: Equation, _: Known) -> Moves | None:
    if equation.params.get("dimensions") is not None:
        return None
    pair = shapes(equation)
    return Moves.single(Strided.ones(*pair) or InOrder(*pair))


def _smaller_reshape(_: Equation, box: Box) -> Mapping[str, Param]:
    return {"new_sizes": tuple(map(len, box))}


register(
    Op(
        "reshape",
        _evaluate_reshape,
        _source_reshape,
        moved,
        summary="another shape",
        moves=_moves_reshape,
        lanes=rectangles(_moves_reshape, _smaller_reshape),
        fuses=True,
    )
)


def _evaluate_transpose(equation: Equation, operands: Arrays) -> Arrays:
    return [lax.transpose(operands[0], params.integers(equation, "permutation"))]


def _source_transpose(
    equation: Equation, operands: Sequence[ast.expr], context: SourceContext
) -> ast.expr:
    (x,) = arrays(equation, operands, context)
    order = params.integers(equation, "permutation")
    ndim = len(order)
    if order == tuple(range(ndim)):
        return x
    if order == (1, 0):
        return fill("x.T", x=x)
    if order == (*range(ndim - 2), ndim - 1, ndim - 2):
        return fill("x.mT", x=x)
    return call(fill("x.transpose", x=x), *order)


def _moves_transpose(equation: Equation, _: Known) -> Moves:
    order = params.integers(equation, "permutation")
    axes = [order.index(axis) for axis in range(len(order))]
    return Moves.single(Strided.of(*shapes(equation), axes))


register(
    Op(
        "transpose",
        _evaluate_transpose,
        _source_transpose,
        moved,
        summary="permutation of the axes",
        moves=_moves_transpose,
        lanes=rectangles(_moves_transpose),
        fuses=True,
    )
)


def _evaluate_rev(equation: Equation, operands: Arrays) -> Arrays:
    return [lax.rev(operands[0], params.integers(equation, "dimensions"))]


def _source_rev(
    equation: Equation, operands: Sequence[ast.expr], context: SourceContext
) -> ast.expr:
    (x,) = arrays(equation, operands, context)
    reversed_axes = params.integers(equation, "dimensions")
    if not reversed_axes:
        return x
    return index(
        x,
        [
            slice_expr(None, None, -1 if axis in reversed_axes else None)
            for axis in range(max(reversed_axes) + 1)
        ],
    )


def _moves_rev(equation: Equation, _: Known) -> Moves:
    turned = params.integers(equation, "dimensions")
    operand, result = shapes(equation)
    taken = [
        range(size)[:: -1 if axis in turned else 1] for axis, size in enumerate(operand)
    ]
    return Moves.single(Strided.of(operand, result, taken=taken))


register(
    Op(
        "rev",
        _evaluate_rev,
        _source_rev,
        moved,
        summary="reversal of axes",
        moves=_moves_rev,
        lanes=rectangles(_moves_rev),
        fuses=True,
    )
)


def _evaluate_iota(equation: Equation, _: Arrays) -> Arrays:
    kind = equation.outputs[0].type
    axis = params.integer(equation, "dimension")
    return [lax.broadcasted_iota(concrete(kind.dtype), kind.shape, axis)]


def _source_iota(
    equation: Equation, _: Sequence[ast.expr], context: SourceContext
) -> ast.expr:
    kind = equation.outputs[0].type
    dtype = context.dtype(kind.dtype)
    if kind.ndim == 1 and kind.dtype == DEFAULT_INT:
        return call("jnp.arange", kind.shape[0])
    if kind.ndim == 1:
        return call("jnp.arange", kind.shape[0], dtype=dtype)
    axis = params.integer(equation, "dimension")
    return call("lax.broadcasted_iota", dtype, kind.shape, axis)


def _reads_nothing(_: Equation, __: int, wanted: Flat, ___: Operands) -> Reads | None:
    return Reads((), "pick")


def _values_iota(equation: Equation, wanted: Flat) -> NDArray[Any]:
    kind = equation.outputs[0].type
    axis = unravel(wanted, kind.shape)[params.integer(equation, "dimension")]
    return axis.astype(kind.dtype.numpy())


register(
    Op(
        "iota",
        _evaluate_iota,
        _source_iota,
        moved,
        summary="0, 1, 2, ... along an axis",
        elements=Elements(everywhere, _reads_nothing, _values_iota),
        lanes=IOTA,
        fuses=True,
    )
)


def _evaluate_tile(equation: Equation, operands: Arrays) -> Arrays:
    return [jnp.tile(operands[0], params.integers(equation, "reps"))]


def _source_tile(
    equation: Equation, operands: Sequence[ast.expr], context: SourceContext
) -> ast.expr:
    (x,) = arrays(equation, operands, context)
    return call("jnp.tile", x, params.integers(equation, "reps"))


def _moves_tile(equation: Equation, _: Known) -> Moves:
    """Each axis is read again and again."""
    operand, result = shapes(equation)
    lead = len(result) - len(operand)
    maps = []
    for axis, size in enumerate(operand):
        column = [1] * len(result)
        column[lead + axis] = result[lead + axis]
        read = np.arange(result[lead + axis], dtype=np.int64) % max(size, 1)
        maps.append(IndexMap.of(read.reshape(column), result))
    return Moves.single(gathered(operand, result, maps))


register(
    Op(
        "tile",
        _evaluate_tile,
        _source_tile,
        moved,
        summary="repetition of an array",
        moves=_moves_tile,
        fuses=True,
    )
)


def _evaluate_empty(equation: Equation, _: Arrays) -> Arrays:
    kind = equation.outputs[0].type
    return [jnp.zeros(kind.shape, concrete(kind.dtype))]


def _source_empty(
    equation: Equation, _: Sequence[ast.expr], context: SourceContext
) -> ast.expr:
    """Zeros: what memory holds that is written before it is read does not matter."""
    kind = equation.outputs[0].type
    return call("jnp.zeros", kind.shape, context.dtype(kind.dtype))


def _support_nothing(equation: Equation, _: Operands) -> tuple[ElementSet, ...]:
    return (ElementSet.none(equation.outputs[0].type.shape),)


def _values_empty(equation: Equation, wanted: Flat) -> NDArray[Any]:
    return np.zeros(wanted.shape, equation.outputs[0].type.dtype.numpy())


register(
    Op(
        "empty2",
        _evaluate_empty,
        _source_empty,
        moved,
        summary="memory that is written before it is read",
        elements=Elements(_support_nothing, _reads_nothing, _values_empty),
        fuses=True,
    )
)
