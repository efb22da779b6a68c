"""The shapes of what is delivered."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

import jax

from partialc.request.combination import Combination, Result
from partialc.request.resolved import (
    Axis,
    Block,
    Coordinates,
    Dense,
    Field,
    Kernel,
    Matrix,
    Output,
    Product,
)
from partialc.request.signature import Signature


def axis_size(axis: Sequence[Output]) -> int:
    """How many elements one differentiation, or some outputs, run over."""
    return sum(prod(each.shape) for each in axis)


def axis_shape(axis: Axis) -> tuple[int, ...]:
    """The axes one differentiation adds: those of one selection, or one flat axis."""
    if len(axis) == 1:
        return axis[0].shape
    return (axis_size(axis),)


def block_shape(block: Block, signature: Signature) -> tuple[int, ...]:
    """The shape of the array that answers a block.

    Args:
        block: A block of a kernel for a function with this signature.
        signature: The same function; a block carries all extents it needs itself.

    Returns:
        The axes of the selected output, then those of its layout.
    """
    layout = block.layout
    if isinstance(layout, Dense):
        axes = (extent for axis in block.axes for extent in axis_shape(axis))
        return (*block.output.shape, *axes)
    if layout.outputs is None:
        return (*block.output.shape, *layout.shape)
    return layout.shape


def part_shape(part: Result, signature: Signature) -> tuple[int, ...]:
    """The shape of one array of a result."""
    if isinstance(part, Combination):
        return part.shape
    if isinstance(part, Block):
        return block_shape(part, signature)
    match part.kind:
        case "jvp":
            return part.output.shape
        case "hvp":
            return (*part.output.shape, *_leaf_shape(part, signature))
        case "vjp":
            return _leaf_shape(part, signature)


def result_shapes(field: Field, signature: Signature) -> list[tuple[int, ...]]:
    """The shapes of the arrays that answer a request, in flattening order."""
    if isinstance(field.parts, Matrix):
        return [field.parts.result_shape]
    return [part_shape(part, signature) for part in jax.tree.leaves(field.parts)]


def result_numbers(kernel: Kernel, *, whole: bool = False) -> tuple[int, ...]:
    """For each part of a kernel, the number of the array of its result it is in.

    Every part is an array of its own, but for the blocks of a matrix, which share one.

    Args:
        kernel: The kernel.
        whole: Whether a BCOO is counted as it is, two arrays, and not as its values.
    """
    numbers: list[int] = []
    following = 0
    for field in kernel.fields:
        count = len(jax.tree.leaves(field.parts))
        if isinstance(field.parts, Matrix):
            numbers += [following] * count
            following += 2 if whole and field.parts.format == "bcoo" else 1
        else:
            numbers += range(following, following + count)
            following += count
    return tuple(numbers)


def _leaf_shape(part: Product, signature: Signature) -> tuple[int, ...]:
    assert part.leaf is not None  # only a jvp has none
    return signature.leaves[part.leaf][1].type.shape


def whole(leaf: int, shape: tuple[int, ...]) -> Coordinates:
    """The selection of every element of a leaf."""
    return Coordinates(leaf, tuple(slice(0, extent, 1) for extent in shape))
