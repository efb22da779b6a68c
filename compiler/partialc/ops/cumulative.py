"""Cumulative sums, products and extremes along an axis."""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence
from typing import Any, Final

import numpy as np
from jax import lax

from partialc.ir.boxes import Flat, ravel, unravel
from partialc.ir.element_sets import ElementSet
from partialc.ir.program import Equation
from partialc.ops import params
from partialc.ops.cost import per_operand
from partialc.ops.elements import (
    MAX_ROWS,
    Elements,
    Operands,
    Reads,
    either,
    everywhere,
)
from partialc.ops.lanes import Lanes, Needed, Restricted, alike, cut, lane_axes
from partialc.ops.linear_sums import cumulative_sum
from partialc.ops.reductions import is_wide
from partialc.ops.registry import Arrays, Op, SourceContext, register
from partialc.ops.taylor import linear
from partialc.ops.template import arrays, as_expr, call, fill

_CUMULATIVE: Final[dict[str, tuple[Callable[..., Any], float]]] = {
    "cumsum": (lax.cumsum, 0.0),
    "cumprod": (lax.cumprod, 0.0),
    "cummax": (lax.cummax, 0.0),
    "cummin": (lax.cummin, 0.0),
    "cumlogsumexp": (lax.cumlogsumexp, 2.0),
}


def _evaluate_cumulative(equation: Equation, operands: Arrays) -> Arrays:
    run = _CUMULATIVE[equation.op][0]
    axis, backwards = params.integer(equation, "axis"), params.flag(equation, "reverse")
    return [run(operands[0], axis=axis, reverse=backwards)]


def _source_cumulative(
    equation: Equation, operands: Sequence[ast.expr], context: SourceContext
) -> ast.expr:
    (x,) = arrays(equation, operands, context)
    kind = equation.inputs[0].type
    axis = params.integer(equation, "axis")
    backwards = params.flag(equation, "reverse")
    if equation.op in {"cumsum", "cumprod"} and is_wide(kind.dtype) and not backwards:
        return fill(f"jnp.{equation.op}(x, axis=n)", x=x, n=axis)
    keywords = {"axis": as_expr(axis)} if axis else {}
    if backwards:
        keywords["reverse"] = as_expr(True)
    return call(f"lax.{equation.op}", x, **keywords)


_ACCUMULATED: Final = {
    "cumsum": "add",
    "cumprod": "mul",
    "cummax": "max",
    "cummin": "min",
}


def _support_cumulative(
    equation: Equation, operands: Operands
) -> tuple[ElementSet, ...]:
    (support,) = operands.supports
    if support.is_none:
        return either(equation, operands)
    return everywhere(equation, operands)


def _reads_cumulative(
    equation: Equation, _: int, wanted: Flat, operands: Operands
) -> Reads | None:
    """All up to the element's own place; sums leave out what is structurally zero."""
    shape = equation.inputs[0].type.shape
    axis, backwards = params.integer(equation, "axis"), params.flag(equation, "reverse")
    length = shape[axis]
    if length * wanted.size > MAX_ROWS:
        return None
    rows = np.repeat(np.arange(wanted.size), length)
    axes = unravel(wanted[rows], shape)
    along = np.tile(np.arange(length), wanted.size)
    read = along >= axes[axis] if backwards else along <= axes[axis]
    axes[axis] = along
    flat = ravel(axes, shape)
    if equation.op == "cumsum":
        read &= operands.supports[0].contains(flat)
    return Reads((flat[read],), "pick", _ACCUMULATED[equation.op], rows[read])


def _restrict(equation: Equation, needed: Needed) -> Restricted | None:
    """The lanes needed, up to the last place needed in any of them."""
    (box,) = needed
    assert box is not None
    axis, backwards = params.integer(equation, "axis"), params.flag(equation, "reverse")
    found = cut(equation, alike(equation, lane_axes(len(box), [axis])), needed, None)
    size = equation.inputs[0].type.shape[axis]
    each = range(box[axis][0], size) if backwards else range(box[axis][-1] + 1)
    whole = tuple(
        each if place == axis else own for place, own in enumerate(found.results[0])
    )
    return Restricted((whole,), (whole,))


for _name, (_, _transcendentals) in _CUMULATIVE.items():
    register(
        Op(
            _name,
            _evaluate_cumulative,
            _source_cumulative,
            per_operand(flops=1, transcendentals=_transcendentals),
            summary=f"cumulative {_name.removeprefix('cum')}",
            elements=Elements(_support_cumulative, _reads_cumulative)
            if _name in _ACCUMULATED
            else None,
            lanes=Lanes(_restrict),
            linear=cumulative_sum if _name == "cumsum" else None,
            taylor=linear if _name == "cumsum" else None,
        )
    )
