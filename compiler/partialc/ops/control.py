"""Control flow: scan, while, cond.

Bodies are printed as nested functions that close over their constants. Results come as
JAX's functions return them: a carry and the stacked results of a scan, either of which
may be a bare array, a tuple or nothing.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeVar

import jax
import jax.numpy as jnp
from jax import lax

from partialc.errors import InternalError
from partialc.ir.program import Equation, Param
from partialc.ops import params
from partialc.ops.cost import ASSUMED_TRIPS, called, cost_of, free, recomputed
from partialc.ops.evaluation import (
    LoopLimit,
    Spent,
    loop_limit,
    run_function,
    spending,
    spent_so_far,
)
from partialc.ops.loop_reach import cond_reach, mapped_scan, scan_reach, while_reach
from partialc.ops.registry import Arrays, Cost, Layout, Op, SourceContext, register
from partialc.ops.template import arrays, as_expr, call, fill, is_bare, tuple_expr

T = TypeVar("T")


def grouped(entries: Sequence[ast.expr]) -> ast.expr:
    """Several arrays as one argument: bare, a tuple, or None."""
    if not entries:
        return as_expr(None)
    return entries[0] if len(entries) == 1 else tuple_expr(entries)


def _scan_counts(equation: Equation) -> tuple[int, int]:
    return params.integer(equation, "num_consts"), params.integer(equation, "num_carry")


def _evaluate_scan(equation: Equation, operands: Arrays) -> Arrays:
    function = params.function(equation)
    constants, carried = _scan_counts(equation)
    fixed = operands[:constants]

    def body(carry: tuple[jax.Array, ...], xs: tuple[jax.Array, ...]) -> Any:
        results = run_function(function, [*fixed, *carry, *xs])
        return tuple(results[:carried]), tuple(results[carried:])

    def counted(state: tuple[Any, tuple[jax.Array, ...]], xs: Any) -> Any:
        with spending(state[0]) as spent:
            carry, stacked = body(state[1], xs)
        return (spent.steps, carry), stacked

    def scanned(step: Callable[..., Any], initial: Any) -> Any:
        return lax.scan(
            step,
            initial,
            tuple(operands[constants + carried :]),
            length=params.integer(equation, "length"),
            reverse=params.flag(equation, "reverse"),
        )

    initial = tuple(operands[constants : constants + carried])
    if loop_limit() is None:
        carry, stacked = scanned(body, initial)
    else:
        outer = spent_so_far()
        (outer.steps, carry), stacked = scanned(counted, (outer.steps, initial))
    return [*carry, *stacked]


def _source_scan(
    equation: Equation, operands: Sequence[ast.expr], context: SourceContext
) -> ast.expr:
    constants, carried = _scan_counts(equation)
    stacked = len(equation.inputs) - constants - carried
    produced = len(equation.outputs) - carried
    body = context.function(
        params.function(equation),
        "body",
        closed=equation.inputs[:constants],
        arguments=(carried, stacked),
        results=(carried, produced),
    )
    typed = _typed(equation, operands, context, constants)
    init, xs = grouped(typed[:carried]), grouped(typed[carried:])
    keywords: dict[str, ast.expr] = {}
    if not stacked:
        keywords["length"] = as_expr(params.integer(equation, "length"))
    if params.flag(equation, "reverse"):
        keywords["reverse"] = as_expr(True)
    unroll = equation.params.get("unroll", 1)
    if isinstance(unroll, int) and unroll != 1:
        keywords["unroll"] = as_expr(unroll)
    positional = [body, init, xs]
    if not stacked:
        positional.pop()
        keywords = {"xs": as_expr(None), **keywords}
    expression = call("lax.scan", *positional, **keywords)
    if len(equation.outputs) == 1 or not carried or not produced:
        place = 0 if carried else 1
        return ast.Subscript(expression, ast.Constant(place), ast.Load())
    return expression


def _typed(
    equation: Equation,
    operands: Sequence[ast.expr],
    context: SourceContext,
    skipped: int,
) -> list[ast.expr]:
    """The operands after the constants, numbers as typed arrays."""
    return [
        context.atom(atom) if is_bare(expression) else expression
        for atom, expression in zip(
            equation.inputs[skipped:], operands[skipped:], strict=True
        )
    ]


def _layout_scan(equation: Equation) -> Layout:
    _, carried = _scan_counts(equation)
    total = len(equation.outputs)
    if not carried or carried == total:
        return tuple(range(total))
    carry, stacked = range(carried), range(carried, total)
    return (
        carry[0] if len(carry) == 1 else tuple(carry),
        stacked[0] if len(stacked) == 1 else tuple(stacked),
    )


def _cost_scan(equation: Equation) -> Cost:
    """The body, and one more kernel, for each step."""
    length = params.integer(equation, "length")
    body = params.function(equation)
    again = recomputed(body) * length
    return called([body], length) + again + Cost(launches=length, kernels=1)


register(
    Op(
        "scan",
        _evaluate_scan,
        _source_scan,
        _cost_scan,
        summary="loop over leading axes with a carry",
        bodies=True,
        reach=scan_reach,
        mapped=mapped_scan,
        layout=_layout_scan,
    )
)


def _evaluate_while(equation: Equation, operands: Arrays) -> Arrays:
    condition = params.function(equation, "cond_function")
    body = params.function(equation, "body_function")
    first = params.integer(equation, "cond_nconsts")
    second = first + params.integer(equation, "body_nconsts")

    def holds(carry: Iterable[jax.Array]) -> jax.Array:
        return run_function(condition, [*operands[:first], *carry])[0]

    def step(carry: Iterable[jax.Array]) -> tuple[jax.Array, ...]:
        return tuple(run_function(body, [*operands[first:second], *carry]))

    initial = tuple(operands[second:])
    limit = loop_limit()
    if limit is None:
        return list(lax.while_loop(holds, step, initial))
    return _limited_while(holds, step, initial, limit)


def _limited_while(
    holds: Callable[[Sequence[jax.Array]], jax.Array],
    step: Callable[[Sequence[jax.Array]], Sequence[jax.Array]],
    initial: Sequence[jax.Array],
    limit: LoopLimit,
) -> Arrays:
    """The loop with two more values in its carry: its own steps, and all spent so far.

    The condition is evaluated at the end of each step, where the loops within it can
    be counted too.
    """

    def state(count: Any, spent: Spent, carry: Sequence[jax.Array]) -> Any:
        goes_on = holds(carry)
        is_allowed = (count < limit.steps) & (spent.steps < limit.together)
        return goes_on & is_allowed, goes_on, count, spent.steps, tuple(carry)

    def stepped(before: Any) -> Any:
        _, _, count, steps, carry = before
        with spending(steps + 1) as spent:
            return state(count + 1, spent, step(carry))

    outer = spent_so_far()
    first = state(jnp.int32(0), outer, initial)
    _, is_cut, _, steps, results = lax.while_loop(lambda each: each[0], stepped, first)
    outer.steps = jnp.where(is_cut, limit.together, steps)
    return list(results)


def _source_while(
    equation: Equation, operands: Sequence[ast.expr], context: SourceContext
) -> ast.expr:
    first = params.integer(equation, "cond_nconsts")
    second = first + params.integer(equation, "body_nconsts")
    count = len(equation.outputs)
    condition = context.function(
        params.function(equation, "cond_function"),
        "cond",
        closed=equation.inputs[:first],
        arguments=(count,),
        results=(1,),
    )
    body = context.function(
        params.function(equation, "body_function"),
        "body",
        closed=equation.inputs[first:second],
        arguments=(count,),
        results=(count,),
    )
    initial = grouped(_typed(equation, operands, context, second))
    return call("lax.while_loop", condition, body, initial)


def _cost_while(equation: Equation) -> Cost:
    functions = [equation.params["cond_function"], equation.params["body_function"]]
    return called(functions, ASSUMED_TRIPS) + Cost(launches=ASSUMED_TRIPS, kernels=1)


register(
    Op(
        "while",
        _evaluate_while,
        _source_while,
        _cost_while,
        summary="loop while a condition holds",
        bodies=True,
        reach=while_reach,
    )
)


def _evaluate_cond(equation: Equation, operands: Arrays) -> Arrays:
    which, *rest = operands
    branches = params.functions(equation, "branches")

    def branch(number: int) -> Any:
        return lambda *values: tuple(run_function(branches[number], values))

    def counted(number: int) -> Any:
        def run(steps: Any, *values: jax.Array) -> Any:
            with spending(steps) as spent:
                results = branch(number)(*values)
            return (spent.steps, *results)

        return run

    numbers = range(len(branches))
    if loop_limit() is None:
        return list(lax.switch(which, [branch(n) for n in numbers], *rest))
    outer = spent_so_far()
    outer.steps, *results = lax.switch(
        which, [counted(n) for n in numbers], outer.steps, *rest
    )
    return list(results)


def _source_cond(
    equation: Equation, operands: Sequence[ast.expr], context: SourceContext
) -> ast.expr:
    """`lax.cond` for two branches, the second of which is the true one."""
    which, *rest = arrays(equation, operands, context)
    branches = params.functions(equation, "branches")
    two = len(branches) == 2
    names = [
        context.function(branch, ("on_false", "on_true")[n] if two else f"branch_{n}")
        for n, branch in enumerate(branches)
    ]
    platforms = equation.params.get("branches_platforms")
    if platforms is not None:
        return call("lax.platform_dependent", *rest, **_by_platform(platforms, names))
    if two:
        return call("lax.cond", which, names[1], names[0], *rest)
    return call("lax.switch", which, ast.List(names, ast.Load()), *rest)


def _cost_cond(equation: Equation) -> Cost:
    """The dearest branch."""
    costs = [cost_of(branch) for branch in params.functions(equation, "branches")]
    return Cost(
        max(cost.flops for cost in costs),
        max(cost.transcendentals for cost in costs),
        max(cost.bytes for cost in costs),
        max(cost.launches for cost in costs),
        max(cost.calls for cost in costs),
        sum(cost.kernels for cost in costs),
    )


register(
    Op(
        "cond",
        _evaluate_cond,
        _source_cond,
        _cost_cond,
        summary="one of several branches",
        bodies=True,
        reach=cond_reach,
    )
)


def _by_platform(platforms: Param, branches: Sequence[T]) -> dict[str, T]:
    """Each platform's branch as a keyword of `lax.platform_dependent`."""
    keywords: dict[str, T] = {}
    if not isinstance(platforms, tuple):
        raise InternalError(f"branches for the platforms {platforms!r}")
    for names, branch in zip(platforms, branches, strict=True):
        listed = names if isinstance(names, tuple) else ("default",)
        keywords |= {str(name): branch for name in listed}
    return keywords


def _evaluate_platform(equation: Equation, _: Arrays) -> Arrays:
    platforms = equation.params["platforms"]
    count = len(platforms) if isinstance(platforms, tuple) else 0

    def constant(number: int) -> Any:
        return lambda: jnp.int32(number)

    branches = [constant(number) for number in range(count)]
    return [lax.platform_dependent(**_by_platform(platforms, branches))]


def _source_platform(
    equation: Equation, _: Sequence[ast.expr], __: SourceContext
) -> ast.expr:
    platforms = equation.params["platforms"]
    count = len(platforms) if isinstance(platforms, tuple) else 0
    branches = [fill("lambda: jnp.int32(n)", n=number) for number in range(count)]
    return call("lax.platform_dependent", **_by_platform(platforms, branches))


register(
    Op(
        "platform_index",
        _evaluate_platform,
        _source_platform,
        free,
        summary="which platform the program runs on",
    )
)
