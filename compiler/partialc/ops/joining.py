"""Putting arrays together and taking them apart: concatenate, stack, split, pad."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import jax.numpy as jnp
import numpy as np
from jax import lax

from partialc.ir.boxes import Flat
from partialc.ir.element_sets import ElementSet, ravel, unravel
from partialc.ir.program import Equation
from partialc.ops import linear_moves, params
from partialc.ops.cost import moved, put_together
from partialc.ops.elements import Elements, Operands, Reads, picked
from partialc.ops.joined import CONCATENATE, PAD, PIECES, STACK
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


def _support_concatenate(
    equation: Equation, operands: Operands
) -> tuple[ElementSet, ...]:
    shape = equation.outputs[0].type.shape
    joined = params.integer(equation, "dimension")
    found, offset = ElementSet.none(shape), 0
    for support in operands.supports:
        offsets = [offset if axis == joined else 0 for axis in range(len(shape))]
        found = found | support.spread(shape, offsets, (1,) * len(shape))
        offset += support.shape[joined]
    return (found,)


def _reads_concatenate(
    equation: Equation, _: int, wanted: Flat, __: Operands
) -> Reads | None:
    joined = params.integer(equation, "dimension")
    axes = unravel(wanted, equation.outputs[0].type.shape)
    places, offset = [], 0
    for atom in equation.inputs:
        shape = atom.type.shape
        along = axes[joined] - offset
        local = [along if n == joined else axis for n, axis in enumerate(axes)]
        inside = (along >= 0) & (along < shape[joined])
        places.append(np.where(inside, ravel(local, shape), -1))
        offset += shape[joined]
    return picked(equation, places)


register(
    Op(
        "concatenate",
        _evaluate_concatenate,
        _source_concatenate,
        put_together,
        summary="arrays one after the other along an axis",
        elements=Elements(_support_concatenate, _reads_concatenate),
        lanes=CONCATENATE,
        fuses=True,
        linear=linear_moves.concatenate,
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


def _support_stack(equation: Equation, operands: Operands) -> tuple[ElementSet, ...]:
    shape = equation.outputs[0].type.shape
    new = params.integer(equation, "axis") % len(shape)
    found = ElementSet.none(shape)
    for place, support in enumerate(operands.supports):
        thick = support.reshaped((*shape[:new], 1, *shape[new + 1 :]))
        offsets = [place if axis == new else 0 for axis in range(len(shape))]
        found = found | thick.spread(shape, offsets, (1,) * len(shape))
    return (found,)


def _reads_stack(
    equation: Equation, _: int, wanted: Flat, __: Operands
) -> Reads | None:
    shape = equation.outputs[0].type.shape
    new = params.integer(equation, "axis") % len(shape)
    axes = unravel(wanted, shape)
    along = axes.pop(new)
    local = ravel(axes, (*shape[:new], *shape[new + 1 :]), [wanted])
    count = len(equation.inputs)
    return picked(equation, [np.where(along == n, local, -1) for n in range(count)])


register(
    Op(
        "stack",
        _evaluate_stack,
        _source_stack,
        put_together,
        summary="arrays side by side along a new axis",
        elements=Elements(_support_stack, _reads_stack),
        lanes=STACK,
        fuses=True,
        linear=linear_moves.stack,
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


def _support_unstack(equation: Equation, operands: Operands) -> tuple[ElementSet, ...]:
    (support,) = operands.supports
    axis = params.integer(equation, "axis") % len(support.shape)
    return tuple(
        _piece(support, axis, place, place + 1).reshaped(value.type.shape)
        for place, value in enumerate(equation.outputs)
    )


def _reads_unstack(
    equation: Equation, output: int, wanted: Flat, _: Operands
) -> Reads | None:
    shape = equation.inputs[0].type.shape
    axis = params.integer(equation, "axis") % len(shape)
    axes = unravel(wanted, equation.outputs[output].type.shape)
    axes.insert(axis, np.full_like(wanted, output))
    return picked(equation, [ravel(axes, shape)])


def _piece(support: ElementSet, axis: int, start: int, stop: int) -> ElementSet:
    """A stretch along one axis."""
    starts, limits = [0] * len(support.shape), list(support.shape)
    starts[axis], limits[axis] = start, stop
    return support.sliced(starts, limits, (1,) * len(starts))


register(
    Op(
        "unstack",
        _evaluate_unstack,
        _source_unstack,
        moved,
        summary="the slices along an axis, each by itself",
        elements=Elements(_support_unstack, _reads_unstack),
        lanes=PIECES,
        fuses=True,
        linear=linear_moves.unstack,
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


def _starts_split(equation: Equation) -> list[int]:
    sizes = params.integers(equation, "sizes")
    return [sum(sizes[:place]) for place in range(len(sizes) + 1)]


def _support_split(equation: Equation, operands: Operands) -> tuple[ElementSet, ...]:
    axis, bounds = params.integer(equation, "axis"), _starts_split(equation)
    (support,) = operands.supports
    return tuple(_piece(support, axis, *each) for each in pairwise(bounds))


def _reads_split(
    equation: Equation, output: int, wanted: Flat, _: Operands
) -> Reads | None:
    axes = unravel(wanted, equation.outputs[output].type.shape)
    axis = params.integer(equation, "axis")
    axes[axis] = axes[axis] + _starts_split(equation)[output]
    return picked(equation, [ravel(axes, equation.inputs[0].type.shape)])


register(
    Op(
        "split",
        _evaluate_split,
        _source_split,
        moved,
        summary="pieces along an axis",
        elements=Elements(_support_split, _reads_split),
        lanes=PIECES,
        fuses=True,
        linear=linear_moves.split,
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


def _support_pad(equation: Equation, operands: Operands) -> tuple[ElementSet, ...]:
    x, value = operands.supports
    shape = equation.outputs[0].type.shape
    if not value.is_none:
        return (ElementSet.all(shape),)
    config = params.integer_rows(equation, "padding_config")
    offsets = [low for low, _, __ in config]
    return (x.spread(shape, offsets, [inner + 1 for _, __, inner in config]),)


def _reads_pad(equation: Equation, _: int, wanted: Flat, __: Operands) -> Reads | None:
    """The operand where it lands, the one number elsewhere."""
    source = equation.inputs[0].type.shape
    inside = np.ones(wanted.shape, bool)
    axes = []
    for axis, size, (low, _high, inner) in zip(
        unravel(wanted, equation.outputs[0].type.shape),
        source,
        params.integer_rows(equation, "padding_config"),
        strict=True,
    ):
        place, rest = np.divmod(axis - low, inner + 1)
        inside &= (place >= 0) & (place < size) & (rest == 0)
        axes.append(place)
    x = np.where(inside, ravel(axes, source, [wanted]), -1)
    return picked(equation, [x, np.where(inside, -1, 0)])


register(
    Op(
        "pad",
        _evaluate_pad,
        _source_pad,
        moved,
        summary="a border of one number, also between elements or negative",
        elements=Elements(_support_pad, _reads_pad),
        lanes=PAD,
        fuses=True,
        linear=linear_moves.pad,
    )
)
