"""Convolutions."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from math import prod
from typing import Any, Final

from jax import lax

from partialc.ir.dtypes import DType
from partialc.ir.program import Equation
from partialc.ops import params
from partialc.ops.cost import traffic
from partialc.ops.dot_general import precision_keyword, precision_value
from partialc.ops.evaluation import concrete
from partialc.ops.lanes import LaneAxes, by_axes
from partialc.ops.linear_sums import convolution
from partialc.ops.registry import Arrays, Cost, Op, SourceContext, register
from partialc.ops.taylor import bilinear
from partialc.ops.template import arrays, as_expr, call
from partialc.ops.windowed import CONVOLUTION

_SPATIAL: Final = {0: "", 1: "W", 2: "HW", 3: "DHW"}


def _evaluate(equation: Equation, operands: Arrays) -> Arrays:
    numbers = params.dimensions(equation)
    preferred = equation.params.get("preferred_element_type")
    padding: Any = params.integer_rows(equation, "padding")
    x, w = operands
    return [
        lax.conv_general_dilated(
            x,
            w,
            params.integers(equation, "window_strides"),
            padding,
            lhs_dilation=params.integers(equation, "lhs_dilation"),
            rhs_dilation=params.integers(equation, "rhs_dilation"),
            dimension_numbers=lax.ConvDimensionNumbers(
                numbers["lhs_spec"], numbers["rhs_spec"], numbers["out_spec"]
            ),
            feature_group_count=params.integer(equation, "feature_group_count"),
            batch_group_count=params.integer(equation, "batch_group_count"),
            precision=precision_value(equation.params.get("precision")),
            preferred_element_type=(
                concrete(preferred) if isinstance(preferred, DType) else None
            ),
        )
    ]


def _source(
    equation: Equation, operands: Sequence[ast.expr], context: SourceContext
) -> ast.expr:
    x, w = arrays(equation, operands, context)
    strides = params.integers(equation, "window_strides")
    padding = params.integer_rows(equation, "padding")
    keywords: dict[str, ast.expr] = {}
    for name in ("lhs_dilation", "rhs_dilation"):
        dilation = params.integers(equation, name)
        if set(dilation) - {1}:
            keywords[name] = as_expr(dilation)
    layout = _layout(equation)
    if layout != _default_layout(len(strides)):
        keywords["dimension_numbers"] = as_expr(layout)
    for name in ("feature_group_count", "batch_group_count"):
        if params.integer(equation, name) != 1:
            keywords[name] = as_expr(params.integer(equation, name))
    keywords |= precision_keyword(equation)
    result = equation.outputs[0].type.dtype
    if any(atom.type.dtype != result for atom in equation.inputs):
        keywords["preferred_element_type"] = context.dtype(result)
    return call("lax.conv_general_dilated", x, w, strides, padding, **keywords)


def _layout(equation: Equation) -> tuple[str, str, str]:
    """The axes by letters: batch, channels, output and input channels, space."""
    numbers = params.dimensions(equation)
    ndim = equation.inputs[0].type.ndim
    space = _space(ndim - 2)
    return (
        _letters(numbers["lhs_spec"], f"NC{space}"),
        _letters(numbers["rhs_spec"], f"OI{space}"),
        _letters(numbers["out_spec"], f"NC{space}"),
    )


def _default_layout(spatial: int) -> tuple[str, str, str]:
    space = _space(spatial)
    return f"NC{space}", f"OI{space}", f"NC{space}"


def _space(count: int) -> str:
    return _SPATIAL.get(count) or "".join(str(axis) for axis in range(count))


def _letters(spec: Sequence[int], letters: str) -> str:
    placed = dict(zip(spec, letters, strict=True))
    return "".join(placed[axis] for axis in range(len(spec)))


def _cost(equation: Equation) -> Cost:
    """Each result sums over the window and the input channels of its group."""
    numbers = params.dimensions(equation)
    window = equation.inputs[1].type.shape
    out_channel = numbers["rhs_spec"][0]
    terms = prod(size for axis, size in enumerate(window) if axis != out_channel)
    return Cost(2.0 * equation.outputs[0].type.size * terms, 0.0, traffic(equation))


def _lanes(equation: Equation) -> LaneAxes | None:
    """The images of a batch, and the output channels, unless there are groups."""
    numbers = params.dimensions(equation)
    left, right, out = (numbers[name] for name in ("lhs_spec", "rhs_spec", "out_spec"))
    groups = ("feature_group_count", "batch_group_count")
    if any(params.integer(equation, name) != 1 for name in groups):
        return None
    axes: list[list[int | None]] = [[None] * len(left) for _ in range(3)]
    axes[0][left[0]] = axes[2][out[0]] = 0
    axes[1][right[0]] = axes[2][out[1]] = 1
    image, kernel, result = map(tuple, axes)
    return LaneAxes((image, kernel), (result,))


register(
    Op(
        "conv_general_dilated",
        _evaluate,
        _source,
        _cost,
        summary="convolution",
        elements=CONVOLUTION,
        lanes=by_axes(_lanes),
        linear=convolution,
        taylor=bilinear,
    )
)
