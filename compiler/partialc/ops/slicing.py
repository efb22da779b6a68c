"""Static and dynamic slices, and the axes of size one that they leave."""

from __future__ import annotations

import ast
from collections.abc import Sequence

from jax import lax

from partialc.ir.program import Atom, Equation
from partialc.ops import params
from partialc.ops.cost import array_bytes, moved
from partialc.ops.registry import Arrays, Cost, Op, SourceContext, register
from partialc.ops.template import (
    arrays,
    as_expr,
    call,
    fill,
    index,
    is_bare,
    slice_expr,
    trimmed,
    tuple_expr,
)


def _strides(equation: Equation) -> tuple[int, ...] | None:
    if equation.params.get("strides") is None:
        return None
    return params.integers(equation, "strides")


def _evaluate_slice(equation: Equation, operands: Arrays) -> Arrays:
    starts = params.integers(equation, "start_indices")
    limits = params.integers(equation, "limit_indices")
    return [lax.slice(operands[0], starts, limits, _strides(equation))]


def _source_slice(
    equation: Equation, operands: Sequence[ast.expr], context: SourceContext
) -> ast.expr:
    (x,) = arrays(equation, operands, context)
    entries = trimmed(slice_entries(equation))
    return index(x, entries) if entries else x


def slice_entries(equation: Equation) -> list[ast.expr]:
    """One `start:stop:step` per axis of a static slice."""
    starts = params.integers(equation, "start_indices")
    limits = params.integers(equation, "limit_indices")
    strides = _strides(equation) or (1,) * len(starts)
    shape = equation.inputs[0].type.shape
    return [
        slice_expr(
            start or None,
            None if limit == size and start < size else limit,
            None if step == 1 else step,
        )
        for start, limit, step, size in zip(starts, limits, strides, shape, strict=True)
    ]


def _cost_slice(equation: Equation) -> Cost:
    """Only what is taken is read."""
    return Cost(bytes=2.0 * array_bytes(equation.outputs[0].type))


register(
    Op("slice", _evaluate_slice, _source_slice, _cost_slice, summary="static slice")
)


def _evaluate_squeeze(equation: Equation, operands: Arrays) -> Arrays:
    return [lax.squeeze(operands[0], params.integers(equation, "dimensions"))]


def _source_squeeze(
    equation: Equation, operands: Sequence[ast.expr], context: SourceContext
) -> ast.expr:
    """The index of a slice of length one, or `squeeze`."""
    axes = params.integers(equation, "dimensions")
    through = _index_through(equation, axes, context)
    if through is not None:
        return through
    (x,) = arrays(equation, operands, context)
    if not axes:
        return x
    if len(axes) == equation.inputs[0].type.ndim:
        return fill("x.squeeze()", x=x)
    return fill("x.squeeze(axes)", x=x, axes=axes[0] if len(axes) == 1 else axes)


def _index_through(
    equation: Equation, axes: Sequence[int], context: SourceContext
) -> ast.expr | None:
    """`x[2, 1:3]` for a slice of which single elements are left of some axes."""
    inner = context.definition(equation.inputs[0])
    if inner is None or inner.op not in {"slice", "dynamic_slice"}:
        return None
    if inner.op == "dynamic_slice":
        return _dynamic_through(inner, axes, context)
    starts = params.integers(inner, "start_indices")
    entries = [
        as_expr(starts[axis]) if axis in axes else entry
        for axis, entry in enumerate(slice_entries(inner))
    ]
    (x,) = arrays(inner, [context.operand(inner.inputs[0])], context)
    return index(x, trimmed(entries))


def _dynamic_through(
    inner: Equation, axes: Sequence[int], context: SourceContext
) -> ast.expr | None:
    """`lax.dynamic_index_in_dim`, when a single axis is sliced at all."""
    x, *starts = inner.inputs
    sizes = params.integers(inner, "slice_sizes")
    sliced = [axis for axis, size in enumerate(x.type.shape) if size != sizes[axis]]
    if len(axes) != 1 or sliced != list(axes):
        return None
    (axis,) = axes
    operand, start = context.operand(x), context.operand(starts[axis])
    if is_bare(operand):
        return None
    keywords = {"axis": axis} if axis else {}
    return call("lax.dynamic_index_in_dim", operand, start, **keywords, keepdims=False)


register(
    Op(
        "squeeze",
        _evaluate_squeeze,
        _source_squeeze,
        moved,
        summary="removal of axes of size one",
    )
)


def _evaluate_dynamic_slice(equation: Equation, operands: Arrays) -> Arrays:
    x, *starts = operands
    return [lax.dynamic_slice(x, starts, params.integers(equation, "slice_sizes"))]


def _source_dynamic_slice(
    equation: Equation, operands: Sequence[ast.expr], context: SourceContext
) -> ast.expr:
    x, *starts = operands
    if is_bare(x):
        x = context.atom(equation.inputs[0])
    sizes = params.integers(equation, "slice_sizes")
    shape = equation.inputs[0].type.shape
    sliced = [axis for axis, size in enumerate(shape) if size != sizes[axis]]
    if len(sliced) == 1:
        (axis,) = sliced
        keywords = {"axis": axis} if axis else {}
        start, size = starts[axis], sizes[axis]
        return call("lax.dynamic_slice_in_dim", x, start, size, **keywords)
    return call(
        "lax.dynamic_slice", x, _starts(equation.inputs[1:], starts, context), sizes
    )


def _starts(
    atoms: Sequence[Atom], starts: Sequence[ast.expr], context: SourceContext
) -> ast.expr:
    """Start indices of one integer type: typed unless all of them are numbers."""
    if all(map(is_bare, starts)):
        return tuple_expr(starts)
    return tuple_expr(
        context.atom(atom) if is_bare(start) else start
        for atom, start in zip(atoms, starts, strict=True)
    )


register(
    Op(
        "dynamic_slice",
        _evaluate_dynamic_slice,
        _source_dynamic_slice,
        _cost_slice,
        summary="slice from a computed start, which is moved into bounds",
    )
)


def _evaluate_dynamic_update(_: Equation, operands: Arrays) -> Arrays:
    x, update, *starts = operands
    return [lax.dynamic_update_slice(x, update, starts)]


def _source_dynamic_update(
    equation: Equation, operands: Sequence[ast.expr], context: SourceContext
) -> ast.expr:
    x, update = arrays(equation, operands, context)[:2]
    starts = operands[2:]
    kinds = [atom.type for atom in equation.inputs]
    moved_axes = [
        axis for axis, size in enumerate(kinds[0].shape) if size != kinds[1].shape[axis]
    ]
    if len(moved_axes) == 1:
        (axis,) = moved_axes
        function = "lax.dynamic_update_slice_in_dim"
        return call(function, x, update, starts[axis], axis=axis)
    corner = _starts(equation.inputs[2:], starts, context)
    return call("lax.dynamic_update_slice", x, update, corner)


register(
    Op(
        "dynamic_update_slice",
        _evaluate_dynamic_update,
        _source_dynamic_update,
        moved,
        summary="replacement of a slice at a computed start",
    )
)
