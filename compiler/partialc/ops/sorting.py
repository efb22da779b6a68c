"""Sorting along an axis, and the largest elements."""

from __future__ import annotations

import ast
from collections.abc import Sequence

import jax.numpy as jnp
from jax import lax

from partialc.ir.program import Equation
from partialc.ops import params
from partialc.ops.cost import sorting
from partialc.ops.lanes import LaneAxes, alike, by_axes, lane_axes
from partialc.ops.registry import Arrays, Op, SourceContext, register
from partialc.ops.template import arrays, as_expr, call, fill, tuple_expr


def _evaluate_sort(equation: Equation, operands: Arrays) -> Arrays:
    return list(
        lax.sort(
            tuple(operands),
            dimension=params.integer(equation, "dimension"),
            is_stable=params.flag(equation, "is_stable"),
            num_keys=params.integer(equation, "num_keys"),
        )
    )


def _source_sort(
    equation: Equation, operands: Sequence[ast.expr], context: SourceContext
) -> ast.expr:
    typed = arrays(equation, operands, context)
    axis = params.integer(equation, "dimension")
    last = axis == equation.inputs[0].type.ndim - 1
    if len(typed) == 1:
        keywords = {} if last else {"axis": as_expr(axis)}
        return call("jnp.sort", typed[0], **keywords)
    keywords = {} if last else {"dimension": as_expr(axis)}
    if not params.flag(equation, "is_stable"):
        keywords["is_stable"] = as_expr(False)
    if params.integer(equation, "num_keys") != 1:
        keywords["num_keys"] = as_expr(params.integer(equation, "num_keys"))
    return call("lax.sort", tuple_expr(typed), **keywords)


def _lanes_sort(equation: Equation) -> LaneAxes:
    axis = params.integer(equation, "dimension")
    return alike(equation, lane_axes(equation.inputs[0].type.ndim, [axis]))


register(
    Op(
        "sort",
        _evaluate_sort,
        _source_sort,
        sorting,
        summary="sorting along an axis",
        lanes=by_axes(_lanes_sort),
    )
)


def _evaluate_top_k(equation: Equation, operands: Arrays) -> Arrays:
    axis, count = params.integer(equation, "axis"), params.integer(equation, "k")
    x = jnp.moveaxis(operands[0], axis, -1)
    return [jnp.moveaxis(result, -1, axis) for result in lax.top_k(x, count)]


def _source_top_k(
    equation: Equation, operands: Sequence[ast.expr], context: SourceContext
) -> ast.expr:
    """`lax.top_k` along the last axis; older versions of JAX know no other."""
    (x,) = arrays(equation, operands, context)
    axis, count = params.integer(equation, "axis"), params.integer(equation, "k")
    if axis == equation.inputs[0].type.ndim - 1:
        return call("lax.top_k", x, count)
    return fill(
        "[jnp.moveaxis(y, -1, n) for y in lax.top_k(jnp.moveaxis(x, n, -1), k)]",
        x=x,
        n=axis,
        k=count,
    )


def _lanes_top_k(equation: Equation) -> LaneAxes:
    axis = params.integer(equation, "axis")
    return alike(equation, lane_axes(equation.inputs[0].type.ndim, [axis]))


register(
    Op(
        "top_k",
        _evaluate_top_k,
        _source_top_k,
        sorting,
        summary="the largest elements along an axis and their positions",
        lanes=by_axes(_lanes_top_k),
    )
)


def _approximate(equation: Equation) -> tuple[str, dict[str, int | float | bool]]:
    recall = equation.params["recall_target"]
    keywords: dict[str, int | float | bool] = {
        "reduction_dimension": params.integer(equation, "reduction_dimension"),
        "recall_target": recall if isinstance(recall, float) else 0.95,
        "reduction_input_size_override": params.integer(
            equation, "reduction_input_size_override"
        ),
        "aggregate_to_topk": params.flag(equation, "aggregate_to_topk"),
    }
    return ("max" if params.flag(equation, "is_max_k") else "min"), keywords


def _evaluate_approx_top_k(equation: Equation, operands: Arrays) -> Arrays:
    which, keywords = _approximate(equation)
    run = lax.approx_max_k if which == "max" else lax.approx_min_k
    return list(run(operands[0], params.integer(equation, "k"), **keywords))  # type: ignore[arg-type]


def _source_approx_top_k(
    equation: Equation, operands: Sequence[ast.expr], context: SourceContext
) -> ast.expr:
    (x,) = arrays(equation, operands, context)
    which, keywords = _approximate(equation)
    count = params.integer(equation, "k")
    return call(f"lax.approx_{which}_k", x, count, **keywords)


def _lanes_approx_top_k(equation: Equation) -> LaneAxes:
    axis = params.integer(equation, "reduction_dimension")
    return alike(equation, lane_axes(equation.inputs[0].type.ndim, [axis]))


register(
    Op(
        "approx_top_k",
        _evaluate_approx_top_k,
        _source_approx_top_k,
        sorting,
        summary="most of the largest or smallest elements",
        lanes=by_axes(_lanes_approx_top_k),
    )
)
