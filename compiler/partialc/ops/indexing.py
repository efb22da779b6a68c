"""Gathers and scatters as numpy indexing: when that is the same, and what indices are.

A gather or scatter of `lax` is `x[i, :, j]` when its windows are whole along every axis
that is not indexed and its batch axes stand where numpy puts those of index arrays.

`jnp` counts negative indices from the end, by `where(i < 0, i + n, i)` before the
primitive. An index array may be printed only if the program did just that (then the
array before it is printed), or if no element of it can be negative.
"""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

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


def _entries(windows: Windows, context: SourceContext) -> Mapping[int, ast.expr] | None:
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
    shapes: list[tuple[int, ...]] = []
    for axis, component in zip(windows.mapped, components, strict=True):
        number = uniform(component, context)
        size = windows.sizes[axis]
        removed = axis in windows.removed
        if number is not None and 0 <= number <= shape[axis] - size:
            entries[axis] = (
                as_expr(number) if removed else _slice(number, size, 1, shape[axis])
            )
            continue
        unwrapped = unwrapped_index(component, shape[axis], context)
        if not removed or unwrapped is None:
            return None
        entries[axis] = context.atom(unwrapped)
        shapes.append(unwrapped.type.shape)
    if len(batch) == 1 and len(shapes) == 1 and len(windows.removed) == 1:
        (axis,) = windows.removed
        component = components[windows.mapped.index(axis)]
        progression = _progression(component, context)
        if progression is not None:
            start, step = progression
            if start + step * (batch[0] - 1) < shape[axis]:
                entries[axis] = _slice(start, batch[0], step, shape[axis])
    return entries if np.broadcast_shapes(*shapes) == batch else None


def _slice(start: int, count: int, step: int, size: int) -> ast.expr:
    """The slice of so many elements."""
    stop = start + (count - 1) * step + 1
    return slice_expr(
        start or None,
        None if stop + step > size and count else stop,
        step if step > 1 else None,
    )


def _stands_as_in_numpy(windows: Windows, batch: int) -> bool:
    """Whether the batch axes of the result stand where numpy puts index arrays'."""
    indexed = windows.removed
    rest = windows.operand.ndim - len(indexed)
    adjacent = not indexed or indexed[-1] - indexed[0] + 1 == len(indexed)
    first = indexed[0] if indexed and adjacent else 0
    expected = [axis if axis < first else axis + batch for axis in range(rest)]
    return list(windows.offset) == expected


def _components(indices: Atom, count: int, context: SourceContext) -> list[Atom] | None:
    """The array of each component of the index vectors, as it was before stacking."""
    batch = indices.type.shape[:-1]
    if isinstance(indices, Constant):
        return [_component(indices, place) for place in range(count)]
    if count == 1:
        inner = _before_last_axis(indices, context)
        return None if inner is None else [inner]
    equation = context.origin(indices)
    if equation is None or len(equation.inputs) != count:
        return None
    match equation.op:
        case "stack" if equation.params["axis"] == len(batch):
            return list(equation.inputs)
        case "concatenate" if equation.params["dimension"] == len(batch):
            found = [_before_last_axis(part, context) for part in equation.inputs]
            components = [part for part in found if part is not None]
            return components if len(components) == count else None
    return None


def _component(indices: Constant, place: int) -> Constant:
    kind = ArrayType(indices.type.dtype, indices.type.shape[:-1])
    data = np.ascontiguousarray(indices.data[..., place]).reshape(kind.shape)
    return Constant(kind, data)


def _before_last_axis(atom: Atom, context: SourceContext) -> Atom | None:
    """The array to which a last axis of size one was added, or its one number."""
    if isinstance(atom, Constant):
        return _component(atom, 0)
    equation = context.origin(atom)
    if equation is None or not equation.inputs:
        return None
    batch = atom.type.shape[:-1]
    inner = equation.inputs[0]
    match equation.op:
        case "broadcast_in_dim":
            axes = params.integers(equation, "broadcast_dimensions")
            kept = inner.type.shape == batch and axes == tuple(range(len(batch)))
            return inner if kept or inner.type.shape == () else None
        case "reshape":
            return inner if inner.type.shape == batch else None
        case "index":
            whole = tuple((0, size, 1) for size in inner.type.shape)
            return inner if equation.params["index"] == (*whole, None) else None
    return None


def uniform(atom: Atom, context: SourceContext) -> int | None:
    """The one integer that all elements are, if that is known.

    JAX traces the wrapping of negative indices for literal ones too; it is worked out
    here.
    """
    if isinstance(atom, Constant):
        if not atom.data.size or (atom.data != atom.data.flat[0]).any():
            return None
        return int(atom.data.flat[0])
    equation = context.origin(atom)
    if equation is None:
        return None
    if equation.op in {"broadcast_in_dim", "convert_element_type", "reshape"}:
        return _small(uniform(equation.inputs[0], context))
    if equation.op == "select_n":
        which = uniform(equation.inputs[0], context)
        if which is None or not 0 <= which < len(equation.inputs) - 1:
            return None
        return uniform(equation.inputs[1 + which], context)
    if equation.op not in _FOLDED:
        return None
    left, right = (uniform(operand, context) for operand in equation.inputs)
    if left is None or right is None:
        return None
    return _small(_FOLDED[equation.op](left, right))


_FOLDED: Final[Mapping[str, Callable[[int, int], int]]] = {
    "add": operator.add,
    "lt": operator.lt,
    "mul": operator.mul,
    "sub": operator.sub,
}


def _small(number: int | None) -> int | None:
    """The number, if it is the same in every integer type of 32 bits and more."""
    return None if number is None or not 0 <= number < 2**31 else int(number)


def _progression(atom: Atom, context: SourceContext) -> tuple[int, int] | None:
    """Start and step of an index array that counts up from the start."""
    if isinstance(atom, Constant):
        return None
    equation = context.origin(atom)
    if equation is None:
        return None
    if equation.op == "iota":
        return 0, 1
    if equation.op not in {"add", "mul"}:
        return None
    for operand, other in (equation.inputs, equation.inputs[::-1]):
        inner, number = _progression(operand, context), uniform(other, context)
        if inner is None or number is None:
            continue
        start, step = inner
        if equation.op == "add":
            return start + number, step
        return (start * number, step * number) if number > 0 else None
    return None


def unwrapped_index(
    atom: Atom, size: int, context: SourceContext, *, convert: bool = True
) -> Atom | None:
    """What may stand in brackets for an index of an axis of this size.

    Args:
        atom: The index as the primitive takes it.
        size: The size of the axis.
        context: To look definitions up.
        convert: Whether the result may have another integer type than the index.

    Returns:
        An atom that `jnp` turns into the given index; None if there is none.
    """
    if isinstance(atom, Constant):
        entries: NDArray[Any] = atom.data
        inside = (entries >= 0) & (entries < size)
        return atom if inside.all() else None
    if _unsigned(atom):
        return atom
    equation = context.origin(atom)
    if equation is None:
        return None
    match equation.op:
        case "select_n":
            return _before_wrapping(equation, size, context, convert)
        case "convert_element_type" if convert:
            return unwrapped_index(equation.inputs[0], size, context)
        case "broadcast_in_dim":
            inner = equation.inputs[0]
            if inner.type.ndim != atom.type.ndim:
                return None
            return unwrapped_index(inner, size, context, convert=convert)
        case "iota" | "add" | "mul":
            return atom if _progression(atom, context) is not None else None
    return None


def _unsigned(atom: Atom) -> bool:
    return atom.type.dtype.wide.startswith("uint")


def _before_wrapping(
    equation: Equation, size: int, context: SourceContext, convert: bool
) -> Atom | None:
    """`i` of `where(i < 0, i + size, i)`."""
    if len(equation.inputs) != 3:
        return None
    negative, plain, shifted = equation.inputs
    if uniform(negative, context) == 0:
        return unwrapped_index(plain, size, context, convert=convert)
    test, moved = context.origin(negative), context.origin(shifted)
    if test is None or moved is None or (test.op, moved.op) != ("lt", "add"):
        return None
    zero, length = uniform(test.inputs[1], context), uniform(moved.inputs[1], context)
    if not (_same(test.inputs[0], plain) and _same(moved.inputs[0], plain)):
        return None
    return plain if (zero, length) == (0, size) else None


def _same(first: Atom, second: Atom) -> bool:
    """Whether two atoms are one value, or equal constants."""
    if isinstance(first, Constant) and isinstance(second, Constant):
        return first.type == second.type and bool((first.data == second.data).all())
    return first is second
