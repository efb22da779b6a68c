"""Fourier transforms."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from math import log2, prod
from typing import Final

from jax import lax

from partialc.ir.program import Equation
from partialc.ops import params
from partialc.ops.cost import traffic
from partialc.ops.lanes import LaneAxes, alike, by_axes, lane_axes
from partialc.ops.registry import Arrays, Cost, Op, SourceContext, register
from partialc.ops.taylor import linear
from partialc.ops.template import arrays, as_expr, call

_KINDS: Final = ("FFT", "IFFT", "RFFT", "IRFFT")


def _kind(equation: Equation) -> str:
    """FFT, IFFT, RFFT or IRFFT; some versions of JAX hold it as a number."""
    kind = equation.params["fft_type"]
    return _KINDS[kind] if isinstance(kind, int) else str(kind)


def _evaluate(equation: Equation, operands: Arrays) -> Arrays:
    lengths = params.integers(equation, "fft_lengths")
    return [lax.fft(operands[0], _kind(equation), lengths)]


def _source(
    equation: Equation, operands: Sequence[ast.expr], context: SourceContext
) -> ast.expr:
    """`jnp.fft.rfft(x)` along the last axis, `lax.fft` along several."""
    (x,) = arrays(equation, operands, context)
    lengths = params.integers(equation, "fft_lengths")
    kind = _kind(equation)
    if len(lengths) != 1:
        return call("lax.fft", x, kind, lengths)
    keywords: dict[str, ast.expr] = {}
    if kind == "IRFFT" and lengths[0] % 2:
        keywords["n"] = as_expr(lengths[0])
    return call(f"jnp.fft.{kind.lower()}", x, **keywords)


def _cost(equation: Equation) -> Cost:
    """The customary count: five operations for each element and each halving."""
    lengths = params.integers(equation, "fft_lengths")
    size = max(equation.inputs[0].type.size, equation.outputs[0].type.size)
    return Cost(5.0 * size * log2(max(prod(lengths), 2)), 0.0, traffic(equation))


def _lanes(equation: Equation) -> LaneAxes:
    """The axes before those that are transformed."""
    ndim = equation.inputs[0].type.ndim
    count = len(params.integers(equation, "fft_lengths"))
    return alike(equation, lane_axes(ndim, range(ndim - count, ndim)))


register(
    Op(
        "fft",
        _evaluate,
        _source,
        _cost,
        summary="Fourier transform",
        lanes=by_axes(_lanes, follows=lambda _: (0,)),
        taylor=linear,
    )
)
