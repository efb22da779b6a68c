"""Choosing and ordering: select_n, clamp, comparisons in the total order."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from typing import Any, Final

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from partialc.ir.element_sets import ElementSet
from partialc.ir.program import Equation
from partialc.ops.cost import per_result
from partialc.ops.elements import Operands, pointwise, spread
from partialc.ops.linear import selected
from partialc.ops.multiprecision import PRECISE
from partialc.ops.registry import Arrays, Op, SourceContext, register
from partialc.ops.taylor import linear
from partialc.ops.template import arrays, call, fill, is_bare


def _evaluate_select_n(_: Equation, operands: Arrays) -> Arrays:
    return [lax.select_n(*operands)]


def _source_select_n(
    equation: Equation, operands: Sequence[ast.expr], context: SourceContext
) -> ast.expr:
    """`jnp.where` for two cases; note that `select_n` names the false one first."""
    which, *cases = operands
    if is_bare(which):
        which = context.atom(equation.inputs[0])
    if len(cases) != 2 or not equation.inputs[0].type.dtype.is_bool:
        typed = arrays(equation, operands, context)[1:]
        return call("lax.select_n", which, *typed)
    on_false, on_true = cases
    if is_bare(on_false) and is_bare(on_true):
        on_true = context.atom(equation.inputs[2])
    if equation.outputs[0].type.dtype.is_key:
        return fill("lax.select(p, a, b)", p=which, a=on_true, b=on_false)
    return fill("jnp.where(p, a, b)", p=which, a=on_true, b=on_false)


def _support_select_n(equation: Equation, operands: Operands) -> tuple[ElementSet, ...]:
    """Nonzero where a case is that may be chosen."""
    shape = equation.outputs[0].type.shape
    which = operands.known[0]
    found = ElementSet.none(shape)
    for case, support in enumerate(operands.supports[1:]):
        nonzero = spread(support, shape)
        if which is not None and which.shape == shape:
            nonzero = nonzero & ElementSet.nonzero(which == case)
        found = found | nonzero
    return (found,)


register(
    Op(
        "select_n",
        _evaluate_select_n,
        _source_select_n,
        per_result(flops=1),
        summary="elementwise choice between cases",
        elements=pointwise(_support_select_n),
        precise=PRECISE["select_n"],
        linear=selected,
        taylor=linear,
        fuses=True,
    )
)


def _evaluate_clamp(_: Equation, operands: Arrays) -> Arrays:
    return [lax.clamp(*operands)]


def _source_clamp(
    equation: Equation, operands: Sequence[ast.expr], context: SourceContext
) -> ast.expr:
    """`lax.clamp`: at its bounds `jnp.clip` has other derivatives."""
    low, x, high = arrays(equation, operands, context)
    return fill("lax.clamp(low, x, high)", low=low, x=x, high=high)


register(
    Op(
        "clamp",
        _evaluate_clamp,
        _source_clamp,
        per_result(flops=2),
        summary="limits from below and above",
        elements=pointwise(),
        precise=PRECISE["clamp"],
        fuses=True,
    )
)


_TOTAL_ORDER: Final = {"le_to": "<=", "lt_to": "<"}


def _order_key(x: jax.Array) -> jax.Array:
    """Integers that sort as the total order sorts floats, -nan first and nan last."""
    integer: Any = jnp.dtype(f"int{8 * x.dtype.itemsize}")
    bits = lax.bitcast_convert_type(x, integer)
    return lax.select(bits < 0, bits ^ np.iinfo(integer).max, bits)


def _evaluate_total_order(equation: Equation, operands: Arrays) -> Arrays:
    x, y = (
        _order_key(operand) if jnp.issubdtype(operand.dtype, jnp.floating) else operand
        for operand in operands
    )
    return [lax.le(x, y) if equation.op == "le_to" else lax.lt(x, y)]


def _source_total_order(
    equation: Equation, operands: Sequence[ast.expr], context: SourceContext
) -> ast.expr:
    x, y = arrays(equation, operands, context)
    if equation.inputs[0].type.dtype.is_float:
        key = context.helper("_total_order")
        x, y = call(key, x), call(key, y)
    return fill(f"x {_TOTAL_ORDER[equation.op]} y", x=x, y=y)


for _name in _TOTAL_ORDER:
    register(
        Op(
            _name,
            _evaluate_total_order,
            _source_total_order,
            per_result(flops=3),
            summary="comparison in the IEEE total order",
            elements=pointwise(),
            fuses=True,
        )
    )
