"""Tensor products: `x @ w` where numpy means the same, else `jnp.einsum`."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from math import prod
from string import ascii_lowercase
from typing import Any

import numpy as np
from jax import lax

from partialc.ir.boxes import Flat, ravel, unravel
from partialc.ir.dtypes import DType
from partialc.ir.element_sets import ElementSet
from partialc.ir.program import Equation, Param
from partialc.ops import linear_sums, params
from partialc.ops.cost import traffic
from partialc.ops.elements import MAX_ROWS, Elements, Operands, Reads
from partialc.ops.evaluation import concrete
from partialc.ops.lanes import LaneAxes, by_axes
from partialc.ops.registry import Arrays, Cost, Op, SourceContext, register
from partialc.ops.taylor import bilinear
from partialc.ops.template import arrays, as_expr, call, fill, tuple_expr


def _numbers(equation: Equation) -> tuple[tuple[int, ...], ...]:
    """Contracting and batch axes: left contracting, right contracting, left, right."""
    dimensions = params.dimensions(equation)
    names = ("lhs_contracting", "rhs_contracting", "lhs_batch", "rhs_batch")
    return tuple(dimensions[name] for name in names)


def _evaluate(equation: Equation, operands: Arrays) -> Arrays:
    left, right, left_batch, right_batch = _numbers(equation)
    preferred = equation.params.get("preferred_element_type")
    x, y = operands
    return [
        lax.dot_general(
            x,
            y,
            ((left, right), (left_batch, right_batch)),
            precision=precision_value(equation.params.get("precision")),
            preferred_element_type=(
                concrete(preferred) if isinstance(preferred, DType) else None
            ),
        )
    ]


def precision_value(precision: Param) -> Any:
    """The `precision` argument that a parameter stands for."""
    match precision:
        case (str(left), str(right)):
            return lax.Precision[left], lax.Precision[right]
        case str(name) if name in lax.Precision.__members__:
            return lax.Precision[name]
        case str(name):
            return lax.DotAlgorithmPreset[name]
    return None


def precision_keyword(equation: Equation) -> dict[str, ast.expr]:
    """`precision=`, left out when it is the default."""
    precision = equation.params.get("precision")
    match precision:
        case (str(left), str(right)) if left == right:
            if left == "DEFAULT":
                return {}
            return {"precision": fill(f"lax.Precision.{left}")}
        case (str(left), str(right)):
            pair = [fill(f"lax.Precision.{name}") for name in (left, right)]
            return {"precision": tuple_expr(pair)}
        case str(name) if name in lax.Precision.__members__:
            return {"precision": fill(f"lax.Precision.{name}")}
        case str(name):
            return {"precision": fill(f"lax.DotAlgorithmPreset.{name}")}
    return {}


def _source(
    equation: Equation, operands: Sequence[ast.expr], context: SourceContext
) -> ast.expr:
    x, y = arrays(equation, operands, context)
    keywords = precision_keyword(equation)
    result = equation.outputs[0].type.dtype
    if any(atom.type.dtype != result for atom in equation.inputs):
        keywords["preferred_element_type"] = context.dtype(result)
    transposed = _as_matmul(equation)
    if transposed is None:
        return call("jnp.einsum", as_expr(_subscripts(equation)), x, y, **keywords)
    left, right = transposed
    x = fill("x.T", x=x) if left else x
    y = fill("y.T", y=y) if right else y
    if keywords:
        return call("jnp.matmul", x, y, **keywords)
    return fill("x @ y", x=x, y=y)


def _as_matmul(equation: Equation) -> tuple[bool, bool] | None:
    """Which operands `@` needs transposed; None when it is another contraction."""
    contracted, with_, left_batch, right_batch = _numbers(equation)
    left, right = (atom.type.ndim for atom in equation.inputs)
    if len(contracted) != 1:
        return None
    (i,), (j,) = contracted, with_
    if left_batch:
        rank = len(left_batch)
        leading = tuple(range(rank))
        standard = (
            left_batch == right_batch == leading
            and left == right == rank + 2
            and i == left - 1
            and j == right - 2
        )
        return (False, False) if standard else None
    transpose_left = left == 2 and i == 0
    if not (transpose_left or i == left - 1):
        return None
    if right == 1 or (right == 2 and j == 0):
        return transpose_left, False
    if right == 2 and left <= 2:
        return transpose_left, True
    return None


def _subscripts(equation: Equation) -> str:
    """The einsum of the contraction: batch axes, then left ones, then right ones."""
    contracted, with_, left_batch, right_batch = _numbers(equation)
    left, right = (atom.type.ndim for atom in equation.inputs)
    letters = iter(ascii_lowercase)
    x = dict.fromkeys(range(left), "")
    y = dict.fromkeys(range(right), "")
    batch = ""
    for a, b in zip(left_batch, right_batch, strict=True):
        x[a] = y[b] = next(letters)
        batch += x[a]
    free = [axis for axis in range(left) if axis not in {*left_batch, *contracted}]
    for axis in free:
        x[axis] = next(letters)
    for a, b in zip(contracted, with_, strict=True):
        x[a] = y[b] = next(letters)
    others = [axis for axis in range(right) if axis not in {*right_batch, *with_}]
    for axis in others:
        y[axis] = next(letters)
    result = batch + "".join(x[a] for a in free) + "".join(y[b] for b in others)
    return f"{''.join(x.values())},{''.join(y.values())}->{result}"


def _cost(equation: Equation) -> Cost:
    """One multiplication and one addition for each term."""
    contracted = _numbers(equation)[0]
    length = prod(equation.inputs[0].type.shape[axis] for axis in contracted)
    return Cost(2.0 * equation.outputs[0].type.size * length, 0.0, traffic(equation))


def _free(ndim: int, bound: Sequence[int]) -> list[int]:
    return [axis for axis in range(ndim) if axis not in bound]


def _support(equation: Equation, operands: Operands) -> tuple[ElementSet, ...]:
    """The outer product of what is left of either side, if their lines can meet."""
    contracted, with_, left_batch, right_batch = _numbers(equation)
    shape = equation.outputs[0].type.shape
    left, right = operands.supports
    x, y = (side.ndim for side in (equation.inputs[0].type, equation.inputs[1].type))
    lines = left.reduced(_free(x, contracted)), right.reduced(_free(y, with_))
    if contracted == tuple(sorted(contracted)) and with_ == tuple(sorted(with_)):
        if (lines[0] & lines[1]).is_none:
            return (ElementSet.none(shape),)
    elif left.is_none or right.is_none:
        return (ElementSet.none(shape),)
    if not left.bound or not right.bound:
        return (ElementSet.none(shape),)
    first, second = left.hull(), right.hull()
    ranges = [first[axis] for axis in left_batch]
    ranges += [first[axis] for axis in _free(x, (*left_batch, *contracted))]
    ranges += [second[axis] for axis in _free(y, (*right_batch, *with_))]
    return (ElementSet.box(shape, tuple(ranges)),)


def _reads(
    equation: Equation, _: int, wanted: Flat, operands: Operands
) -> Reads | None:
    """One product per place of the contracted axes, where neither side is zero."""
    contracted, with_, left_batch, right_batch = _numbers(equation)
    left, right = (atom.type for atom in equation.inputs)
    lines = tuple(left.shape[axis] for axis in contracted)
    length = prod(lines)
    result = equation.outputs[0].type
    if length * wanted.size > MAX_ROWS or any(
        atom.type.dtype != result.dtype for atom in equation.inputs
    ):
        return None
    rows = np.repeat(np.arange(wanted.size), length)
    outer = unravel(wanted[rows], result.shape)
    inner = unravel(np.tile(np.arange(length), wanted.size), lines)
    batch, rest = outer[: len(left_batch)], outer[len(left_batch) :]
    free = _free(left.ndim, (*left_batch, *contracted))
    others = _free(right.ndim, (*right_batch, *with_))
    sides = (
        (left.shape, (*left_batch, *contracted, *free), rest[: len(free)]),
        (right.shape, (*right_batch, *with_, *others), rest[len(free) :]),
    )
    flats = []
    for shape, order, own in sides:
        places: list[Flat] = [rows] * len(shape)
        for axis, place in zip(order, [*batch, *inner, *own], strict=True):
            places[axis] = place
        flats.append(ravel(places, shape, [rows]))
    met = operands.supports[0].contains(flats[0]) & operands.supports[1].contains(
        flats[1]
    )
    return Reads(tuple(flat[met] for flat in flats), "product", "add", rows[met])


def _lanes(equation: Equation) -> LaneAxes:
    """The axes of the result: those of the batch, of the left and of the right side."""
    contracted, with_, left_batch, right_batch = _numbers(equation)
    left, right = (atom.type.ndim for atom in equation.inputs)
    first: list[int | None] = [None] * left
    second: list[int | None] = [None] * right
    number = 0
    for one, other in zip(left_batch, right_batch, strict=True):
        first[one] = second[other] = number
        number += 1
    for axis in _free(left, (*left_batch, *contracted)):
        first[axis] = number
        number += 1
    for axis in _free(right, (*right_batch, *with_)):
        second[axis] = number
        number += 1
    return LaneAxes((tuple(first), tuple(second)), (tuple(range(number)),))


register(
    Op(
        "dot_general",
        _evaluate,
        _source,
        _cost,
        summary="products of tensors",
        elements=Elements(_support, _reads),
        lanes=by_axes(_lanes),
        linear=linear_sums.dot_general,
        taylor=bilinear,
        is_call=True,
    )
)
