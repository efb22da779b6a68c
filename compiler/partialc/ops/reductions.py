"""Reductions over axes: sums, products, extremes, logic, positions, general ones."""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence
from typing import Any, Final

import jax
import numpy as np
from jax import lax

from partialc.ir.boxes import Flat, ravel, unravel
from partialc.ir.dtypes import DEFAULT_INT, DType
from partialc.ir.element_sets import ElementSet
from partialc.ir.program import Equation
from partialc.ops import params
from partialc.ops.cost import called, per_operand, traffic
from partialc.ops.elements import (
    MAX_ROWS,
    Elements,
    Operands,
    Reads,
    everywhere,
)
from partialc.ops.evaluation import concrete, run_function
from partialc.ops.lanes import LaneAxes, by_axes, lane_axes
from partialc.ops.linear_sums import reduce_sum
from partialc.ops.registry import Arrays, Cost, Op, SourceContext, register
from partialc.ops.taylor import linear
from partialc.ops.template import arrays, as_expr, call, tuple_expr

_REDUCTIONS: Final[dict[str, tuple[Callable[..., Any], str, str]]] = {
    "reduce_sum": (lax.reduce_sum, "jnp.sum", "sum"),
    "reduce_prod": (lax.reduce_prod, "jnp.prod", "product"),
    "reduce_max": (lax.reduce_max, "jnp.max", "maximum"),
    "reduce_min": (lax.reduce_min, "jnp.min", "minimum"),
    "reduce_and": (lax.reduce_and, "jnp.all", "logical or bitwise and"),
    "reduce_or": (lax.reduce_or, "jnp.any", "logical or bitwise or"),
    "reduce_xor": (lax.reduce_xor, "", "logical or bitwise exclusive or"),
}


def _evaluate_reduction(equation: Equation, operands: Arrays) -> Arrays:
    run = _REDUCTIONS[equation.op][0]
    return [run(operands[0], params.integers(equation, "axes"))]


def _source_reduction(
    equation: Equation, operands: Sequence[ast.expr], context: SourceContext
) -> ast.expr:
    (x,) = arrays(equation, operands, context)
    axes = params.integers(equation, "axes")
    if not axes:
        return x
    if not _numpy_means_it(equation, axes):
        return call(f"lax.{equation.op}", x, axes)
    return call(_REDUCTIONS[equation.op][1], x, **axis_keyword(equation, axes))


def axis_keyword(equation: Equation, axes: Sequence[int]) -> dict[str, ast.expr]:
    """`axis=`, left out when all axes are reduced."""
    if len(axes) == equation.inputs[0].type.ndim:
        return {}
    return {"axis": as_expr(axes[0] if len(axes) == 1 else tuple(axes))}


def _numpy_means_it(equation: Equation, axes: Sequence[int]) -> bool:
    """Whether numpy's reduction keeps the element type and takes these shapes.

    Sums and products of small integers are widened by numpy, those of 16-bit floats are
    computed in 32 bits, and there is no extreme of nothing.
    """
    kind = equation.inputs[0].type
    match equation.op:
        case "reduce_and" | "reduce_or":
            return kind.dtype.is_bool
        case "reduce_max" | "reduce_min":
            return not kind.dtype.is_complex and all(kind.shape[a] for a in axes)
        case "reduce_sum" | "reduce_prod":
            return kind.dtype == DEFAULT_INT or is_wide(kind.dtype)
    return False


def is_wide(dtype: DType) -> bool:
    """Real or complex numbers of at least 32 bits a part, under every regime."""
    names = (dtype.narrow, dtype.mixed, dtype.wide)
    wide = {"float32", "float64", "complex64", "complex128"}
    return all(name in wide for name in names)


_COMBINED: Final = {
    "reduce_sum": "add",
    "reduce_prod": "mul",
    "reduce_max": "max",
    "reduce_min": "min",
    "reduce_and": "and",
    "reduce_or": "or",
    "reduce_xor": "xor",
}
_KEEPS_ZEROS: Final = {
    "reduce_sum",
    "reduce_max",
    "reduce_min",
    "reduce_or",
    "reduce_xor",
}


def _support_reduction(
    equation: Equation, operands: Operands
) -> tuple[ElementSet, ...]:
    """Nonzero where something is left in the line; products only if all of it is."""
    (support,) = operands.supports
    axes = params.integers(equation, "axes")
    extents = [support.shape[axis] for axis in axes]
    if equation.op in _KEEPS_ZEROS and 0 not in extents:
        return (support.reduced(axes),)
    if support.is_none and extents and 0 not in extents:
        return (ElementSet.none(equation.outputs[0].type.shape),)
    return everywhere(equation, operands)


def _reads_reduction(
    equation: Equation, _: int, wanted: Flat, operands: Operands
) -> Reads | None:
    """The line of each element; sums leave out what is structurally zero."""
    (support,) = operands.supports
    axes = params.integers(equation, "axes")
    shape = equation.inputs[0].type.shape
    combine = _COMBINED[equation.op]
    kept = [axis for axis in range(len(shape)) if axis not in axes]
    lines = tuple(shape[axis] for axis in axes)
    length = int(np.prod(lines, dtype=np.int64))
    if combine == "add" and support.bound < min(MAX_ROWS, length * wanted.size):
        listed = support.listed()
        every = unravel(listed, shape)
        result = ravel(
            [every[n] for n in kept], equation.outputs[0].type.shape, [listed]
        )
        rows = np.searchsorted(wanted, result)
        rows[rows == wanted.size] = 0
        hit = wanted[rows] == result
        order = np.argsort(rows[hit], kind="stable")
        return Reads((listed[hit][order],), "pick", combine, rows[hit][order])
    if length * wanted.size > MAX_ROWS:
        return None
    outer = unravel(np.repeat(wanted, length), equation.outputs[0].type.shape)
    inner = unravel(np.tile(np.arange(length), wanted.size), lines)
    places: list[Flat] = [np.zeros(0, np.int64)] * len(shape)
    for axis, place in zip([*kept, *axes], [*outer, *inner], strict=True):
        places[axis] = place
    rows = np.repeat(np.arange(wanted.size), length)
    flat = ravel(places, shape, [rows])
    return Reads((flat,), "pick", combine, rows)


def _lanes_reduction(equation: Equation) -> LaneAxes:
    """The axes that stay; initial values are scalars."""
    name = "dimensions" if equation.op == "reduce" else "axes"
    ndim = equation.inputs[0].type.ndim
    axes = lane_axes(ndim, params.integers(equation, name))
    left = tuple(axis for axis in axes if axis is not None)
    return LaneAxes(
        tuple(axes if atom.type.ndim else () for atom in equation.inputs),
        tuple(left for _ in equation.outputs),
    )


_LANES: Final = by_axes(_lanes_reduction)

for _name, (_, __, _summary) in _REDUCTIONS.items():
    register(
        Op(
            _name,
            _evaluate_reduction,
            _source_reduction,
            per_operand(flops=1),
            summary=f"{_summary} over axes",
            elements=Elements(_support_reduction, _reads_reduction),
            lanes=_LANES,
            linear=reduce_sum if _name == "reduce_sum" else None,
            taylor=linear if _name == "reduce_sum" else None,
        )
    )


def _evaluate_position(equation: Equation, operands: Arrays) -> Arrays:
    (axis,) = params.integers(equation, "axes")
    run = lax.argmax if equation.op == "argmax" else lax.argmin
    index: Any = concrete(params.dtype(equation, "index_dtype"))
    return [run(operands[0], axis, index)]


def _source_position(
    equation: Equation, operands: Sequence[ast.expr], context: SourceContext
) -> ast.expr:
    (x,) = arrays(equation, operands, context)
    axes = params.integers(equation, "axes")
    dtype = params.dtype(equation, "index_dtype")
    if dtype == DEFAULT_INT and equation.inputs[0].type.shape[axes[0]]:
        return call(f"jnp.{equation.op}", x, **axis_keyword(equation, axes))
    return call(f"lax.{equation.op}", x, axes[0], context.dtype(dtype))


for _name, _summary in (("argmax", "maximum"), ("argmin", "minimum")):
    register(
        Op(
            _name,
            _evaluate_position,
            _source_position,
            per_operand(flops=1),
            summary=f"position of the {_summary}",
            lanes=_LANES,
        )
    )


def _evaluate_reduce(equation: Equation, operands: Arrays) -> Arrays:
    function = params.function(equation)
    count = len(operands) // 2

    def combine(left: Sequence[jax.Array], right: Sequence[jax.Array]) -> Any:
        return tuple(run_function(function, [*left, *right]))

    return list(
        lax.reduce(
            tuple(operands[:count]),
            tuple(operands[count:]),
            combine,
            params.integers(equation, "dimensions"),
        )
    )


def _source_reduce(
    equation: Equation, operands: Sequence[ast.expr], context: SourceContext
) -> ast.expr:
    typed = arrays(equation, operands, context)
    count = len(typed) // 2
    function = params.function(equation)
    dimensions = params.integers(equation, "dimensions")
    groups = (count, count)
    combine = context.function(function, "combine", arguments=groups, results=(count,))
    if count == 1:
        return call("lax.reduce", *typed, combine, dimensions)
    values, initial = tuple_expr(typed[:count]), tuple_expr(typed[count:])
    return call("lax.reduce", values, initial, combine, dimensions)


def _cost_reduce(equation: Equation) -> Cost:
    work = called([params.function(equation)], equation.inputs[0].type.size)
    return Cost(work.flops, work.transcendentals, traffic(equation))


register(
    Op(
        "reduce",
        _evaluate_reduce,
        _source_reduce,
        _cost_reduce,
        summary="reduction by a function",
        lanes=_LANES,
    )
)
