"""Calls: plain ones, custom differentiation rules, rematerialisation, composites."""

from __future__ import annotations

import ast
from collections.abc import Sequence

from partialc.ir.program import Equation
from partialc.ops import params
from partialc.ops.cost import called
from partialc.ops.evaluation import run_function
from partialc.ops.registry import Arrays, Cost, Op, SourceContext, register
from partialc.ops.template import arrays, as_expr, call, fill


def _evaluate(equation: Equation, operands: Arrays) -> Arrays:
    return run_function(params.function(equation), operands)


def _cost(equation: Equation) -> Cost:
    return called([params.function(equation)])


def _source_call(
    equation: Equation, operands: Sequence[ast.expr], context: SourceContext
) -> ast.expr:
    callee = params.function(equation)
    function = context.function(callee, callee.name)
    return call(function, *arrays(equation, operands, context))


def _source_custom(
    equation: Equation, operands: Sequence[ast.expr], context: SourceContext
) -> ast.expr:
    function = context.custom_function(equation)
    return call(function, *arrays(equation, operands, context))


def _source_remat(
    equation: Equation, operands: Sequence[ast.expr], context: SourceContext
) -> ast.expr:
    callee = params.function(equation)
    keywords: dict[str, ast.expr] = {}
    if not params.flag(equation, "prevent_cse"):
        keywords["prevent_cse"] = as_expr(False)
    policy = equation.params.get("policy")
    if isinstance(policy, str):
        keywords["policy"] = fill(f"jax.checkpoint_policies.{policy}")
    function = call("jax.checkpoint", context.function(callee, callee.name), **keywords)
    return call(function, *arrays(equation, operands, context))


for _op in (
    Op(
        "call",
        _evaluate,
        _source_call,
        _cost,
        summary="call of a function",
        inlined=True,
    ),
    Op(
        "composite",
        _evaluate,
        _source_call,
        _cost,
        summary="call of a function that a compiler may replace",
    ),
    Op(
        "custom_jvp_call",
        _evaluate,
        _source_custom,
        _cost,
        summary="function with a forward derivative of its own",
        inlined=True,
    ),
    Op(
        "custom_vjp_call",
        _evaluate,
        _source_custom,
        _cost,
        summary="function with a reverse derivative of its own",
        inlined=True,
    ),
    Op(
        "remat",
        _evaluate,
        _source_remat,
        _cost,
        summary="function recomputed in the reverse sweep (jax.checkpoint)",
        inlined=True,
    ),
):
    register(_op)
