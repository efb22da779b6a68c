"""Sliding windows: reductions over them, and the derivatives of the extreme ones.

The derivative primitives `select_and_gather_add` (forward) and
`select_and_scatter_add` (reverse) have no public name. They are the derivatives of
`lax.reduce_window` with `max` or `min`, and are run and printed as just that.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence
from math import prod
from typing import Any, Final

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from partialc.ir.dtypes import DType
from partialc.ir.program import Equation
from partialc.ops import params
from partialc.ops.cost import called, traffic
from partialc.ops.evaluation import run_function
from partialc.ops.lanes import LaneAxes, alike, by_axes, lane_axes
from partialc.ops.linear_sums import window_sum
from partialc.ops.registry import Arrays, Cost, Op, SourceContext, register
from partialc.ops.taylor import linear
from partialc.ops.template import arrays, as_expr, call, fill, tuple_expr
from partialc.ops.windowed import WINDOW_SUM

_REDUCERS: Final[dict[str, tuple[str, Callable[..., Any]]]] = {
    "reduce_window_max": ("lax.max", lax.max),
    "reduce_window_min": ("lax.min", lax.min),
    "reduce_window_sum": ("lax.add", lax.add),
}
_SELECTED: Final = {"ge": "reduce_window_max", "le": "reduce_window_min"}
_WINDOW: Final = ("window_dimensions", "window_strides", "padding")
_DILATIONS: Final = ("base_dilation", "window_dilation")


def _window(equation: Equation) -> dict[str, Any]:
    """The keywords of `lax.reduce_window`."""
    keywords: dict[str, Any] = {
        "window_dimensions": params.integers(equation, "window_dimensions"),
        "window_strides": params.integers(equation, "window_strides"),
        "padding": params.integer_rows(equation, "padding"),
    }
    for name in _DILATIONS:
        if name in equation.params and set(params.integers(equation, name)) - {1}:
            keywords[name] = params.integers(equation, name)
    return keywords


def _window_source(equation: Equation) -> tuple[list[ast.expr], dict[str, ast.expr]]:
    keywords = _window(equation)
    positional = [as_expr(keywords.pop(name)) for name in _WINDOW]
    return positional, {name: as_expr(value) for name, value in keywords.items()}


def _start(reducer: str, dtype: np.dtype[Any]) -> Any:
    """The identity of a reduction, as a numpy number (JAX must see its value)."""
    if reducer == "reduce_window_sum":
        return np.zeros((), dtype)
    largest = reducer == "reduce_window_min"
    if jnp.issubdtype(dtype, jnp.integer):
        limits = np.iinfo(dtype)
        return np.asarray(limits.max if largest else limits.min, dtype)
    if jnp.issubdtype(dtype, jnp.bool_):
        return np.asarray(largest)
    return np.asarray(np.inf if largest else -np.inf, dtype)


def _start_source(reducer: str, dtype: DType, context: SourceContext) -> ast.expr:
    if dtype.is_inexact:
        named = {"lax.max": "-jnp.inf", "lax.min": "jnp.inf", "lax.add": "0.0"}
        return fill(named[_REDUCERS[reducer][0]])
    if dtype.is_bool:
        return as_expr(reducer == "reduce_window_min")
    number = _start(reducer, np.dtype(dtype.wide)).item()
    return call("np.array", number, context.dtype(dtype))


def _evaluate_extreme(equation: Equation, operands: Arrays) -> Arrays:
    (x,) = operands
    _, run = _REDUCERS[equation.op]
    start = _start(equation.op, x.dtype)
    return [lax.reduce_window(x, start, run, **_window(equation))]


def _source_extreme(
    equation: Equation, operands: Sequence[ast.expr], context: SourceContext
) -> ast.expr:
    (x,) = arrays(equation, operands, context)
    return _reduce_window(equation.op, x, equation, context)


def _reduce_window(
    reducer: str, x: ast.expr, equation: Equation, context: SourceContext
) -> ast.expr:
    positional, keywords = _window_source(equation)
    start = _start_source(reducer, equation.outputs[0].type.dtype, context)
    run = fill(_REDUCERS[reducer][0])
    return call("lax.reduce_window", x, start, run, *positional, **keywords)


def _cost_window(equation: Equation) -> Cost:
    size = prod(params.integers(equation, "window_dimensions"))
    return Cost(float(equation.outputs[0].type.size * size), 0.0, traffic(equation))


def _lanes(equation: Equation) -> LaneAxes:
    """The axes along which a window holds one element, each in its own place."""
    still = {"window_dimensions": 1, "window_strides": 1, "padding": (0, 0)}
    still |= dict.fromkeys(_DILATIONS, 1)
    ndim = equation.outputs[0].type.ndim
    kept = {
        axis
        for name, as_it_is in still.items()
        if name in equation.params
        for axis, entry in enumerate(_entries(equation, name))
        if entry != as_it_is
    }
    return alike(equation, lane_axes(ndim, kept))


def _entries(equation: Equation, name: str) -> Sequence[object]:
    held = equation.params[name]
    return held if isinstance(held, tuple) else ()


_LANES: Final = by_axes(_lanes)

for _name, _summary in (
    ("reduce_window_max", "maximum"),
    ("reduce_window_min", "minimum"),
    ("reduce_window_sum", "sum"),
):
    register(
        Op(
            _name,
            _evaluate_extreme,
            _source_extreme,
            _cost_window,
            summary=f"{_summary} over sliding windows",
            elements=WINDOW_SUM if _name == "reduce_window_sum" else None,
            lanes=_LANES,
            linear=window_sum if _name == "reduce_window_sum" else None,
            taylor=linear if _name == "reduce_window_sum" else None,
        )
    )


def _selected(equation: Equation) -> str:
    return _SELECTED[params.text(equation, "select_prim")]


def _evaluate_gather_add(equation: Equation, operands: Arrays) -> Arrays:
    tangent, x = operands
    reducer = _selected(equation)
    start, run = _start(reducer, x.dtype), _REDUCERS[reducer][1]

    def reduced(values: jax.Array) -> Any:
        return lax.reduce_window(values, start, run, **_window(equation))

    return [jax.jvp(reduced, (x,), (tangent,))[1]]


def _source_gather_add(
    equation: Equation, operands: Sequence[ast.expr], context: SourceContext
) -> ast.expr:
    tangent, x = arrays(equation, operands, context)
    body = _reduce_window(_selected(equation), fill("v"), equation, context)
    return fill("jax.jvp(lambda v: body, (x,), (t,))[1]", body=body, x=x, t=tangent)


def _evaluate_scatter_add(equation: Equation, operands: Arrays) -> Arrays:
    cotangent, x = operands
    reducer = _selected(equation)
    start, run = _start(reducer, x.dtype), _REDUCERS[reducer][1]

    def reduced(values: jax.Array) -> Any:
        return lax.reduce_window(values, start, run, **_window(equation))

    return list(jax.vjp(reduced, x)[1](cotangent))


def _source_scatter_add(
    equation: Equation, operands: Sequence[ast.expr], context: SourceContext
) -> ast.expr:
    cotangent, x = arrays(equation, operands, context)
    body = _reduce_window(_selected(equation), fill("v"), equation, context)
    return fill("jax.vjp(lambda v: body, x)[1](c)[0]", body=body, x=x, c=cotangent)


register(
    Op(
        "select_and_gather_add",
        _evaluate_gather_add,
        _source_gather_add,
        _cost_window,
        summary="forward derivative of the extreme of sliding windows",
        lanes=_LANES,
    )
)
register(
    Op(
        "select_and_scatter_add",
        _evaluate_scatter_add,
        _source_scatter_add,
        _cost_window,
        summary="reverse derivative of the extreme of sliding windows",
        lanes=_LANES,
    )
)


def _evaluate_general(equation: Equation, operands: Arrays) -> Arrays:
    function = params.function(equation)
    count = len(operands) // 2

    def combine(left: Sequence[jax.Array], right: Sequence[jax.Array]) -> Any:
        return tuple(run_function(function, [*left, *right]))

    return list(
        lax.reduce_window(
            tuple(operands[:count]),
            tuple(operands[count:]),
            combine,
            **_window(equation),
        )
    )


def _source_general(
    equation: Equation, operands: Sequence[ast.expr], context: SourceContext
) -> ast.expr:
    typed = arrays(equation, operands, context)
    count = len(typed) // 2
    combine = context.function(
        params.function(equation),
        "combine",
        arguments=(count, count),
        results=(count,),
    )
    positional, keywords = _window_source(equation)
    values, start = typed[:count], typed[count:]
    if count == 1:
        return call(
            "lax.reduce_window", values[0], start[0], combine, *positional, **keywords
        )
    return call(
        "lax.reduce_window",
        tuple_expr(values),
        tuple_expr(start),
        combine,
        *positional,
        **keywords,
    )


def _cost_general(equation: Equation) -> Cost:
    terms = equation.outputs[0].type.size * prod(
        params.integers(equation, "window_dimensions")
    )
    work = called([params.function(equation)], terms)
    return Cost(work.flops, work.transcendentals, traffic(equation))


register(
    Op(
        "reduce_window",
        _evaluate_general,
        _source_general,
        _cost_general,
        summary="reduction of sliding windows by a function",
        lanes=_LANES,
    )
)
