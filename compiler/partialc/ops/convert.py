"""Changes of the element type: conversions, bit casts, reduced precision."""

from __future__ import annotations

import ast
from collections.abc import Sequence

import jax.numpy as jnp
from jax import lax

from partialc.ir.program import Equation
from partialc.ops import params
from partialc.ops.cost import moved, per_result
from partialc.ops.elements import either, pointwise
from partialc.ops.evaluation import concrete
from partialc.ops.lanes import LaneAxes, by_axes
from partialc.ops.linear import converted
from partialc.ops.multiprecision import PRECISE
from partialc.ops.registry import Arrays, Op, SourceContext, register
from partialc.ops.taylor import converted as series_converted
from partialc.ops.template import arrays, call, fill, is_bare


def _evaluate_convert(equation: Equation, operands: Arrays) -> Arrays:
    dtype = concrete(params.dtype(equation, "new_dtype"))
    (x,) = operands
    if jnp.iscomplexobj(x) and not jnp.issubdtype(dtype, jnp.complexfloating):
        x = x != 0 if jnp.issubdtype(dtype, jnp.bool_) else lax.real(x)
    return [lax.convert_element_type(x, dtype)]


def _source_convert(
    equation: Equation, operands: Sequence[ast.expr], context: SourceContext
) -> ast.expr:
    (x,) = operands
    dtype = params.dtype(equation, "new_dtype")
    source = equation.inputs[0].type.dtype
    if source.is_complex and not (dtype.is_complex or dtype.is_bool):
        typed = context.atom(equation.inputs[0]) if is_bare(x) else x
        real = fill("x.real", x=typed)
        return fill("x.astype(d)", x=real, d=context.dtype(dtype))
    if is_bare(x):
        x = context.atom(equation.inputs[0])
    return fill("x.astype(d)", x=x, d=context.dtype(dtype))


register(
    Op(
        "convert_element_type",
        _evaluate_convert,
        _source_convert,
        moved,
        summary="conversion to another element type",
        elements=pointwise(either),
        precise=PRECISE["convert_element_type"],
        linear=converted,
        taylor=series_converted,
        fuses=True,
    )
)


def _evaluate_bitcast(equation: Equation, operands: Arrays) -> Arrays:
    dtype = concrete(params.dtype(equation, "new_dtype"))
    return [lax.bitcast_convert_type(operands[0], dtype)]


def _source_bitcast(
    equation: Equation, operands: Sequence[ast.expr], context: SourceContext
) -> ast.expr:
    (x,) = arrays(equation, operands, context)
    dtype = context.dtype(params.dtype(equation, "new_dtype"))
    return call("lax.bitcast_convert_type", x, dtype)


def _lanes_bitcast(equation: Equation) -> LaneAxes:
    """The axes that both types have: another width is one more at the end."""
    shapes = [atom.type.shape for atom in (*equation.inputs, *equation.outputs)]
    shared = range(min(map(len, shapes)))
    operand, result = (
        tuple(axis if axis in shared else None for axis in range(len(shape)))
        for shape in shapes
    )
    return LaneAxes((operand,), (result,))


register(
    Op(
        "bitcast_convert_type",
        _evaluate_bitcast,
        _source_bitcast,
        moved,
        summary="the same bits as another element type",
        lanes=by_axes(_lanes_bitcast),
        fuses=True,
    )
)


def _bits(equation: Equation) -> tuple[int, int]:
    return (
        params.integer(equation, "exponent_bits"),
        params.integer(equation, "mantissa_bits"),
    )


def _evaluate_reduce_precision(equation: Equation, operands: Arrays) -> Arrays:
    return [lax.reduce_precision(operands[0], *_bits(equation))]


def _source_reduce_precision(
    equation: Equation, operands: Sequence[ast.expr], context: SourceContext
) -> ast.expr:
    (x,) = arrays(equation, operands, context)
    exponent, mantissa = _bits(equation)
    return call(
        "lax.reduce_precision", x, exponent_bits=exponent, mantissa_bits=mantissa
    )


register(
    Op(
        "reduce_precision",
        _evaluate_reduce_precision,
        _source_reduce_precision,
        per_result(flops=1),
        summary="rounding to fewer bits",
        elements=pointwise(either),
        fuses=True,
    )
)
