"""Static and dynamic slices, and the axes of size one that they leave."""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence

import numpy as np
from jax import lax

from partialc.ir.boxes import Box
from partialc.ir.program import ArrayType, Atom, Constant, Equation, Param
from partialc.ir.strided import Strided
from partialc.ops import params
from partialc.ops.cost import array_bytes, moved
from partialc.ops.indexing import uniform, unwrapped_index
from partialc.ops.lanes import LaneAxes, by_axes
from partialc.ops.moved_boxes import rectangles
from partialc.ops.moves import Computed, Known, Move, Moves, shapes
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


def _moves_slice(equation: Equation, _: Known) -> Moves:
    starts = params.integers(equation, "start_indices")
    limits = params.integers(equation, "limit_indices")
    strides = _strides(equation) or (1,) * len(starts)
    taken = [range(*each) for each in zip(starts, limits, strides, strict=True)]
    return Moves.single(Strided.of(*shapes(equation), taken=taken))


def _whole_slice(_: Equation, box: Box) -> Mapping[str, Param]:
    """All of the rectangle that is read is taken."""
    return {
        "start_indices": (0,) * len(box),
        "limit_indices": tuple(map(len, box)),
        "strides": None,
    }


register(
    Op(
        "slice",
        _evaluate_slice,
        _source_slice,
        _cost_slice,
        summary="static slice",
        moves=_moves_slice,
        lanes=rectangles(_moves_slice, _whole_slice),
        fuses=True,
    )
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
        return dynamic_index(inner, axes, context)
    starts = params.integers(inner, "start_indices")
    entries = [
        as_expr(starts[axis]) if axis in axes else entry
        for axis, entry in enumerate(slice_entries(inner))
    ]
    (x,) = arrays(inner, [context.operand(inner.inputs[0])], context)
    return index(x, trimmed(entries))


def dynamic_index(
    equation: Equation, axes: Sequence[int], context: SourceContext
) -> ast.expr | None:
    """`x[i, 1:3]` for a dynamic slice of which these axes are dropped.

    Args:
        equation: The dynamic slice.
        axes: Axes along which it has a size of one.
        context: To print operands.

    Returns:
        None when a start is neither a literal nor an index that `jnp` would wrap just
        as the program does, or when only literals are left.
    """
    x, *starts = equation.inputs
    sizes = params.integers(equation, "slice_sizes")
    entries: list[ast.expr] = []
    computed = False
    for axis, (start, size, total) in enumerate(
        zip(starts, sizes, x.type.shape, strict=True)
    ):
        number = 0 if size == total else uniform(start, context)
        if number is not None:
            low = min(max(number, 0), total - size)
            stop = low + size
            ends = slice_expr(low or None, stop if stop < total else None, None)
            entries.append(as_expr(low) if axis in axes else ends)
            continue
        unwrapped = unwrapped_index(start, total, context)
        if unwrapped is None or axis not in axes:
            return None
        computed = True
        entries.append(context.operand(unwrapped))
    if not computed:
        return None
    (base,) = arrays(equation, [context.operand(x)], context, count=1)
    return index(base, trimmed(entries))


def _moves_squeeze(equation: Equation, _: Known) -> Moves:
    operand, result = shapes(equation)
    gone = {axis % len(operand) for axis in params.integers(equation, "dimensions")}
    left = iter(range(len(result)))
    axes = [None if axis in gone else next(left) for axis in range(len(operand))]
    return Moves.single(Strided.of(operand, result, axes))


register(
    Op(
        "squeeze",
        _evaluate_squeeze,
        _source_squeeze,
        moved,
        summary="removal of axes of size one",
        moves=_moves_squeeze,
        lanes=rectangles(_moves_squeeze),
        fuses=True,
    )
)


def _evaluate_dynamic_slice(equation: Equation, operands: Arrays) -> Arrays:
    x, *starts = operands
    sizes = params.integers(equation, "slice_sizes")
    return [lax.dynamic_slice(x, starts, sizes, allow_negative_indices=False)]


def _source_dynamic_slice(
    equation: Equation, operands: Sequence[ast.expr], context: SourceContext
) -> ast.expr:
    x = context.atom(equation.inputs[0]) if is_bare(operands[0]) else operands[0]
    sizes = params.integers(equation, "slice_sizes")
    shape = equation.inputs[0].type.shape
    sliced = [axis for axis, size in enumerate(shape) if size != sizes[axis]]
    starts, keywords = _starts(equation, equation.inputs[1:], sizes, context)
    if len(sliced) == 1 and not keywords:
        (axis,) = sliced
        keywords = {"axis": as_expr(axis)} if axis else {}
        start, size = starts[axis], sizes[axis]
        return call("lax.dynamic_slice_in_dim", x, start, size, **keywords)
    return call("lax.dynamic_slice", x, tuple_expr(starts), sizes, **keywords)


def _starts(
    equation: Equation,
    atoms: Sequence[Atom],
    sizes: Sequence[int],
    context: SourceContext,
) -> tuple[list[ast.expr], dict[str, ast.expr]]:
    """Start indices of one integer type, and how negative ones are meant.

    `lax` counts negative starts from the end before it hands them to the primitive,
    which moves them to zero. So what the program wrapped is printed as it was before;
    if anything else might be negative, all is printed as it is, not to be wrapped.
    """
    shape = equation.inputs[0].type.shape
    found: list[Atom] = []
    for atom, size, total in zip(atoms, sizes, shape, strict=True):
        number = uniform(atom, context)
        if number is not None:
            found.append(_literal(atom, min(max(number, 0), total - size)))
            continue
        unwrapped = unwrapped_index(atom, total, context, convert=False)
        if unwrapped is None:
            starts = [context.atom(atom) for atom in atoms]
            return starts, {"allow_negative_indices": as_expr(False)}
        found.append(unwrapped)
    if all(isinstance(atom, Constant) for atom in found):
        return [context.operand(atom) for atom in found], {}
    return [context.atom(atom) for atom in found], {}


def _literal(atom: Atom, number: int) -> Constant:
    dtype = atom.type.dtype
    return Constant(ArrayType(dtype, ()), np.asarray(number, np.dtype(dtype.wide)))


def _window(
    known: Known, first: int, sizes: Sequence[int], shape: Sequence[int]
) -> list[range] | None:
    """The places of a window along each axis; None when its start is not known.

    Args:
        known: What is known of the operands.
        first: The number of the first start.
        sizes: The window's.
        shape: Of the array within whose bounds it is moved.
    """
    found = []
    for axis, (length, size) in enumerate(zip(sizes, shape, strict=True)):
        number = np.asarray(0) if length == size else known(first + axis)
        if number is None:
            return None
        start = min(max(int(number), 0), size - length)
        found.append(range(start, start + length))
    return found


def _moves_dynamic_slice(equation: Equation, known: Known) -> Moves:
    operand, result = shapes(equation)
    taken = _window(known, 1, result, operand)
    own: Move = Computed(operand, result)
    if taken is not None:
        own = Strided.of(operand, result, taken=taken)
    return Moves.single(own, *[None] * len(operand))


def _lanes_dynamic(equation: Equation) -> LaneAxes:
    """The axes along which the window is as long as the array: it starts at 0."""
    window = equation.outputs if equation.op == "dynamic_slice" else equation.inputs[1:]
    shape, sizes = equation.inputs[0].type.shape, window[0].type.shape
    axes = tuple(
        axis if size == sizes[axis] else None for axis, size in enumerate(shape)
    )
    operands = tuple(axes if atom.type.ndim else () for atom in equation.inputs)
    return LaneAxes(operands, (axes,))


def _sizes_dynamic(
    _: Equation, __: Sequence[Box], results: Sequence[Box]
) -> Mapping[str, Param]:
    return {"slice_sizes": tuple(map(len, results[0]))}


register(
    Op(
        "dynamic_slice",
        _evaluate_dynamic_slice,
        _source_dynamic_slice,
        _cost_slice,
        summary="slice from a computed start, which is moved into bounds",
        moves=_moves_dynamic_slice,
        lanes=by_axes(_lanes_dynamic, _sizes_dynamic),
        fuses=True,
    )
)


def _evaluate_dynamic_update(_: Equation, operands: Arrays) -> Arrays:
    x, update, *starts = operands
    return [lax.dynamic_update_slice(x, update, starts, allow_negative_indices=False)]


def _source_dynamic_update(
    equation: Equation, operands: Sequence[ast.expr], context: SourceContext
) -> ast.expr:
    x, update = arrays(equation, operands, context, count=2)
    shape, sizes = (atom.type.shape for atom in equation.inputs[:2])
    replaced = [axis for axis, size in enumerate(shape) if size != sizes[axis]]
    starts, keywords = _starts(equation, equation.inputs[2:], sizes, context)
    if len(replaced) == 1 and not keywords:
        (axis,) = replaced
        function = "lax.dynamic_update_slice_in_dim"
        return call(function, x, update, starts[axis], axis=axis)
    corner = tuple_expr(starts)
    return call("lax.dynamic_update_slice", x, update, corner, **keywords)


def _moves_dynamic_update(equation: Equation, known: Known) -> Moves:
    """The update within its window, the operand elsewhere."""
    shape, update = (atom.type.shape for atom in equation.inputs[:2])
    put = _window(known, 2, update, shape)
    own: Move = Computed(update, shape)
    if put is not None:
        own = Strided.of(update, shape, put=put)
    row = (Strided.of(shape, shape), own, *[None] * len(shape))
    return Moves((row,), beneath=0)


register(
    Op(
        "dynamic_update_slice",
        _evaluate_dynamic_update,
        _source_dynamic_update,
        moved,
        summary="replacement of a slice at a computed start",
        moves=_moves_dynamic_update,
        lanes=by_axes(_lanes_dynamic),
        fuses=True,
    )
)
