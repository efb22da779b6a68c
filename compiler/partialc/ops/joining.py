"""Putting arrays together and taking them apart: concatenate, stack, split, pad."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from typing import Any

import jax.numpy as jnp
from jax import lax

from partialc.ir.boxes import common_range, picked, positions
from partialc.ir.program import Equation
from partialc.ir.strided import Strided
from partialc.ops import params
from partialc.ops.cost import moved, put_together
from partialc.ops.lanes import Lanes, Needed, Restricted, full_box
from partialc.ops.moved_boxes import pieces, rectangles
from partialc.ops.moves import Known, Moves, shapes
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


def _moves_concatenate(equation: Equation, _: Known) -> Moves:
    joined, start = params.integer(equation, "dimension"), 0
    result = equation.outputs[0].type.shape
    row = []
    for atom in equation.inputs:
        put = list(map(range, result))
        put[joined] = range(start, start + atom.type.shape[joined])
        row.append(Strided.of(atom.type.shape, result, put=put))
        start += atom.type.shape[joined]
    return Moves.single(*row)


register(
    Op(
        "concatenate",
        _evaluate_concatenate,
        _source_concatenate,
        put_together,
        summary="arrays one after the other along an axis",
        moves=_moves_concatenate,
        lanes=rectangles(_moves_concatenate),
        fuses=True,
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


def _moves_stack(equation: Equation, _: Known) -> Moves:
    operand, result = shapes(equation)
    new = params.integer(equation, "axis") % len(result)
    axes = [axis for axis in range(len(result)) if axis != new]
    row = []
    for place in range(len(equation.inputs)):
        put = list(map(range, result))
        put[new] = range(place, place + 1)
        row.append(Strided.of(operand, result, axes, put=put))
    return Moves.single(*row)


register(
    Op(
        "stack",
        _evaluate_stack,
        _source_stack,
        put_together,
        summary="arrays side by side along a new axis",
        moves=_moves_stack,
        lanes=rectangles(_moves_stack),
        fuses=True,
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


def _moves_unstack(equation: Equation, _: Known) -> Moves:
    operand, result = shapes(equation)
    gone = params.integer(equation, "axis") % len(operand)
    axes: list[int | None] = list(range(len(result)))
    axes.insert(gone, None)
    rows = []
    for place in range(len(equation.outputs)):
        taken = list(map(range, operand))
        taken[gone] = range(place, place + 1)
        rows.append((Strided.of(operand, result, axes, taken=taken),))
    return Moves(tuple(rows))


register(
    Op(
        "unstack",
        _evaluate_unstack,
        _source_unstack,
        moved,
        summary="the slices along an axis, each by itself",
        moves=_moves_unstack,
        lanes=pieces(_moves_unstack),
        fuses=True,
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


def _moves_split(equation: Equation, _: Known) -> Moves:
    operand, axis = equation.inputs[0].type.shape, params.integer(equation, "axis")
    start, rows = 0, []
    for value in equation.outputs:
        result, taken = value.type.shape, list(map(range, operand))
        taken[axis] = range(start, start + result[axis])
        rows.append((Strided.of(operand, result, taken=taken),))
        start += result[axis]
    return Moves(tuple(rows))


register(
    Op(
        "split",
        _evaluate_split,
        _source_split,
        moved,
        summary="pieces along an axis",
        moves=_moves_split,
        lanes=pieces(_moves_split),
        fuses=True,
    )
)


def _evaluate_pad(equation: Equation, operands: Arrays) -> Arrays:
    x, value = operands
    config: Any = params.integer_rows(equation, "padding_config")
    return [lax.pad(x, value, config)]


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


def _moves_pad(equation: Equation, _: Known) -> Moves:
    """The operand where it lands, the one number elsewhere."""
    landing = _landing(equation)
    filling = Strided.broadcast((), landing.result, ())
    return Moves(((landing, filling),), beneath=1)


def _landing(equation: Equation) -> Strided:
    """Where the operand lands: what negative borders cut off is not taken."""
    operand, result = shapes(equation)
    config = params.integer_rows(equation, "padding_config")
    taken, put = [], []
    for size, whole, (low, _, inner) in zip(operand, result, config, strict=True):
        spread = range(low, low + size * (inner + 1), inner + 1)
        landed = common_range(spread, range(whole))
        taken.append(positions(landed, spread))
        put.append(landed)
    return Strided.of(operand, result, taken=taken, put=put)


def _restricted_pad(equation: Equation, needed: Needed) -> Restricted | None:
    """What the rectangle holds of the operand, and less of a border."""
    (box,) = needed
    assert box is not None
    landing = _landing(equation)
    config = params.integer_rows(equation, "padding_config")
    ranges, own, borders = list(full_box(landing.result)), [], []
    for axis, (each, row) in enumerate(zip(box, config, strict=True)):
        first, last = each[0], each[-1]
        met = common_range(range(first, last + 1), landing.put[axis])
        if row[2] or not met:
            own.append(range(landing.operand[axis]))
            borders.append(row)
            continue
        ranges[axis] = range(first, last + 1)
        read = positions(met, landing.put[axis])
        own.append(picked(landing.taken[axis], read))
        borders.append((met[0] - first, last - met[-1], 0))
    changed = {"padding_config": tuple(borders)}
    return Restricted((tuple(ranges),), (tuple(own), ()), changed)


register(
    Op(
        "pad",
        _evaluate_pad,
        _source_pad,
        moved,
        summary="a border of one number, also between elements or negative",
        moves=_moves_pad,
        lanes=Lanes(_restricted_pad),
        fuses=True,
    )
)
