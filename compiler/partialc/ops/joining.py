"""Putting arrays together and taking them apart: concatenate, stack, split, pad."""

from __future__ import annotations

import ast
from collections.abc import Sequence

import jax.numpy as jnp
from jax import lax

from partialc.ir.program import Equation
from partialc.ops import params
from partialc.ops.cost import moved
from partialc.ops.registry import Arrays, Op, SourceContext, register
from partialc.ops.template import (
    arrays,
    call,
    fill,
    is_bare,
    list_expr,
    scalar_constant,
)


def _evaluate_concatenate(equation: Equation, operands: Arrays) -> Arrays:
    return [lax.concatenate(operands, params.integer(equation, "dimension"))]


def _source_concatenate(
    equation: Equation, operands: Sequence[ast.expr], context: SourceContext
) -> ast.expr:
    typed = arrays(equation, operands, context)
    if len(typed) == 1:
        return typed[0]
    axis = params.integer(equation, "dimension")
    keywords = {"axis": axis} if axis else {}
    return call("jnp.concatenate", list_expr(typed), **keywords)


register(
    Op(
        "concatenate",
        _evaluate_concatenate,
        _source_concatenate,
        moved,
        summary="arrays one after the other along an axis",
    )
)


def _evaluate_stack(equation: Equation, operands: Arrays) -> Arrays:
    return [jnp.stack(operands, axis=params.integer(equation, "axis"))]


def _source_stack(
    equation: Equation, operands: Sequence[ast.expr], context: SourceContext
) -> ast.expr:
    entries = list(operands)
    scalars = equation.inputs[0].type.shape == ()
    if not scalars or all(map(is_bare, entries)):
        entries = arrays(equation, operands, context)
    axis = params.integer(equation, "axis")
    keywords = {"axis": axis} if axis else {}
    return call("jnp.stack", list_expr(entries), **keywords)


register(
    Op(
        "stack",
        _evaluate_stack,
        _source_stack,
        moved,
        summary="arrays side by side along a new axis",
    )
)


def _evaluate_unstack(equation: Equation, operands: Arrays) -> Arrays:
    axis = params.integer(equation, "axis")
    count = operands[0].shape[axis]
    return [
        lax.index_in_dim(operands[0], i, axis, keepdims=False) for i in range(count)
    ]


def _source_unstack(
    equation: Equation, operands: Sequence[ast.expr], context: SourceContext
) -> ast.expr:
    (x,) = arrays(equation, operands, context)
    axis = params.integer(equation, "axis")
    if len(equation.outputs) == 1:
        return fill("x.squeeze(axis)", x=x, axis=axis)
    keywords = {"axis": axis} if axis else {}
    return call("jnp.unstack", x, **keywords)


register(
    Op(
        "unstack",
        _evaluate_unstack,
        _source_unstack,
        moved,
        summary="the slices along an axis, each by itself",
    )
)


def _evaluate_split(equation: Equation, operands: Arrays) -> Arrays:
    sizes = params.integers(equation, "sizes")
    return list(lax.split(operands[0], sizes, params.integer(equation, "axis")))


def _source_split(
    equation: Equation, operands: Sequence[ast.expr], context: SourceContext
) -> ast.expr:
    (x,) = arrays(equation, operands, context)
    sizes = params.integers(equation, "sizes")
    axis = params.integer(equation, "axis")
    if len(sizes) == 1:
        return x
    keywords = {"axis": axis} if axis else {}
    return call("lax.split", x, sizes, **keywords)


register(
    Op("split", _evaluate_split, _source_split, moved, summary="pieces along an axis")
)


def _evaluate_pad(equation: Equation, operands: Arrays) -> Arrays:
    return [lax.pad(*operands, params.integer_rows(equation, "padding_config"))]


def _source_pad(
    equation: Equation, operands: Sequence[ast.expr], context: SourceContext
) -> ast.expr:
    """`jnp.pad` for a border of zeros, `lax.pad` for everything else."""
    x, value = operands
    config = params.integer_rows(equation, "padding_config")
    if is_bare(x):
        x = context.atom(equation.inputs[0])
    outside = all(low >= 0 and high >= 0 and not inner for low, high, inner in config)
    number = scalar_constant(equation.inputs[1])
    if outside and number is not None and repr(number) in {"0", "0.0", "False", "0j"}:
        widths = tuple((low, high) for low, high, _ in config)
        if len(set(widths)) == 1 and len(set(widths[0])) == 1:
            return call("jnp.pad", x, widths[0][0])
        return call("jnp.pad", x, widths if len(widths) > 1 else widths[0])
    if is_bare(value):
        value = context.atom(equation.inputs[1])
    return call("lax.pad", x, value, config)


register(
    Op(
        "pad",
        _evaluate_pad,
        _source_pad,
        moved,
        summary="a border of one number, also between elements or negative",
    )
)
