"""Gathers and scatters as numpy indexing: when that is the same, and what the indices are.

A gather or scatter of `lax` is `x[i, :, j]` when its windows are whole along every axis
that is not indexed and its batch axes stand where numpy puts those of index arrays.

`jnp` counts negative indices from the end, by `where(i < 0, i + n, i)` before the
primitive. An index array may be printed only if the program did just that (then the
array before it is printed), or if no element of it can be negative.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from partialc.ir.program import ArrayType, Atom, Constant, Equation
from partialc.ops import params
from partialc.ops.registry import SourceContext
from partialc.ops.template import as_expr, index, slice_expr, trimmed


@dataclass(frozen=True, slots=True)
class Windows:
    """What a gather reads, or a scatter writes, in terms common to both.

    Attributes:
        operand: The type of the array that is indexed.
        indices: The array of index vectors.
        mapped: The axis that each component of an index vector indexes.
        removed: The axes whose window axis is dropped.
        offset: The axes of the result (or of the updates) that run along windows.
        sizes: The size of the window along each axis.
        batched: Whether there are paired batch axes.
    """

    operand: ArrayType
    indices: Atom
    mapped: tuple[int, ...]
    removed: tuple[int, ...]
    offset: tuple[int, ...]
    sizes: tuple[int, ...]
    batched: bool


def subscript(
    base: ast.expr, windows: Windows, context: SourceContext
) -> ast.expr | None:
    """`base[...]` for these windows; None when numpy has no equal indexing."""
    entries = _entries(windows, context)
    if entries is None:
        return None
    listed = [entries.get(axis, _EVERYTHING) for axis in range(windows.operand.ndim)]
    kept = trimmed(listed)
    return index(base, kept) if kept else None


_EVERYTHING = slice_expr(None, None, None)


def _entries(
    windows: Windows, context: SourceContext
) -> Mapping[int, ast.expr] | None:
    """The index entry of each axis that is not taken whole."""
    shape = windows.operand.shape
    batch = windows.indices.type.shape[:-1]
    if windows.batched or list(windows.mapped) != sorted(windows.mapped):
        return None
    if not set(windows.removed) <= set(windows.mapped):
        return None
    if any(
        windows.sizes[axis] != size
        for axis, size in enumerate(shape)
        if axis not in windows.mapped
    ):
        return None
    if not _stands_as_in_numpy(windows, len(batch)):
        return None
    components = _components(windows.indices, len(windows.mapped), context)
    if components is None:
        return None
    entries: dict[int, ast.expr] = {}
    lends_shape = not batch
    for axis, component in zip(windows.mapped, components, strict=True):
        number = _uniform(component, context)
        size = windows.sizes[axis]
        if number is not None and 0 <= number <= shape[axis] - size:
            if axis not in windows.removed:
                entries[axis] = slice_expr(
                    number or None,
                    None if number + size == shape[axis] and size else number + size,
                    None,
                )
                continue
            entries[axis] = as_expr(number)
            continue
        if axis not in windows.removed or size != 1:
            return None
        unwrapped = _unwrapped(component, shape[axis], context)
        if unwrapped is None:
            return None
        entries[axis] = context.named(unwrapped)
        lends_shape = True
    return entries if lends_shape else None


def _stands_as_in_numpy(windows: Windows, batch: int) -> bool:
    """Whether the batch axes of the result stand where numpy puts index arrays'."""
    indexed = windows.removed
    rest = windows.operand.ndim - len(indexed)
    adjacent = not indexed or indexed[-1] - indexed[0] + 1 == len(indexed)
    first = indexed[0] if indexed and adjacent else 0
    expected = [axis if axis < first else axis + batch for axis in range(rest)]
    return list(windows.offset) == expected


def _components(
    indices: Atom, count: int, context: SourceContext
) -> list[Atom] | None:
    """The array of each component of the index vectors, as it was before stacking."""
    batch = indices.type.shape[:-1]
    if isinstance(indices, Constant):
        kind = ArrayType(indices.type.dtype, batch)
        return [
            Constant(kind, np.ascontiguousarray(indices.data[..., place]).reshape(batch))
            for place in range(count)
        ]
    if count == 1:
        inner = _before_last_axis(indices, context)
        return None if inner is None else [inner]
    equation = context.origin(indices)
    if equation is None or equation.op != "concatenate":
        return None
    if params.integer(equation, "dimension") != len(batch):
        return None
    if len(equation.inputs) != count:
        return None
    found = [_before_last_axis(part, context) for part in equation.inputs]
    components = [part for part in found if part is not None]
    return components if len(components) == count else None


def _before_last_axis(atom: Atom, context: SourceContext) -> Atom | None:
    """The array to which a last axis of size one was added, or its one number."""
    if isinstance(atom, Constant):
        kind = ArrayType(atom.type.dtype, atom.type.shape[:-1])
        return Constant(kind, atom.data.reshape(kind.shape))
    equation = context.origin(atom)
    batch = atom.type.shape[:-1]
    if equation is None:
        return None
    (inner, *_) = equation.inputs or (None,)
    if inner is None:
        return None
    if equation.op == "broadcast_in_dim":
        axes = params.integers(equation, "broadcast_dimensions")
        if inner.type.shape == batch and axes == tuple(range(len(batch))):
            return inner
        if inner.type.shape == ():
            return inner
    if equation.op == "reshape" and inner.type.shape == batch:
        return inner
    return None


def _uniform(atom: Atom, context: SourceContext) -> int | None:
    """The one integer that all elements are, if that is known."""
    if isinstance(atom, Constant):
        if not atom.data.size or (atom.data != atom.data.flat[0]).any():
            return None
        return int(atom.data.flat[0])
    equation = context.origin(atom)
    if equation is None or equation.op not in {"broadcast_in_dim", "convert_element_type"}:
        return None
    return _uniform(equation.inputs[0], context)


def _unwrapped(atom: Atom, size: int, context: SourceContext) -> Atom | None:
    """What may stand in brackets for an index array of an axis of this size."""
    if isinstance(atom, Constant):
        inside = (atom.data >= 0) & (atom.data < size)
        return atom if inside.all() else None
    equation = context.origin(atom)
    if equation is None:
        return None
    match equation.op:
        case "select_n":
            return _before_wrapping(equation, size, context)
        case "iota":
            return atom
        case "convert_element_type":
            source = equation.inputs[0].type.dtype
            return atom if source.wide.startswith("uint") else None
        case "broadcast_in_dim" | "reshape":
            inner = _unwrapped(equation.inputs[0], size, context)
            return atom if inner is equation.inputs[0] else None
    return None


def _before_wrapping(
    equation: Equation, size: int, context: SourceContext
) -> Atom | None:
    """`i` of `where(i < 0, i + size, i)`."""
    if len(equation.inputs) != 3:
        return None
    negative, plain, shifted = equation.inputs
    test, moved = context.origin(negative), context.origin(shifted)
    if test is None or moved is None or (test.op, moved.op) != ("lt", "add"):
        return None
    zero, length = _uniform(test.inputs[1], context), _uniform(moved.inputs[1], context)
    if test.inputs[0] is not plain or moved.inputs[0] is not plain:
        return None
    return plain if (zero, length) == (0, size) else None
