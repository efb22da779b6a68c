"""The parts of a kernel that a person would compute by one nest of transformations."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import jax
import numpy as np
from numpy.typing import NDArray

from partialc.request.combination import parts_in
from partialc.request.resolved import (
    Axis,
    Block,
    Dense,
    Entries,
    Field,
    Kernel,
    Output,
    Product,
)
from partialc.request.shapes import axis_size, block_shape
from partialc.request.signature import Signature


@dataclass(frozen=True, eq=False, slots=True)
class Group:
    """Blocks of one field and one order: `hessian(params)` is one group.

    Attributes:
        outputs: The selected outputs.
        axes: What each differentiation runs over, all blocks together.
        entries: The one layout of all blocks; None when they are dense.
        members: The blocks: the number of the part, that of the output, and for dense
            ones which part of each axis it is.
    """

    outputs: tuple[Output, ...]
    axes: tuple[Axis, ...]
    entries: Entries | None
    members: tuple[tuple[int, int, tuple[slice, ...]], ...]

    @property
    def sizes(self) -> tuple[int, ...]:
        """How many elements each differentiation runs over."""
        return tuple(map(axis_size, self.axes))

    @property
    def is_scalar(self) -> bool:
        """Whether there is one output, and it is a scalar."""
        return len(self.outputs) == 1 and self.outputs[0].is_scalar


@dataclass(frozen=True, eq=False, slots=True)
class Products:
    """Products of one field and kind, which one transformation gives together.

    Attributes:
        kind: As in `Product`.
        parts: The number of each part, and the part.
    """

    kind: str
    parts: tuple[tuple[int, Product], ...]


@dataclass(frozen=True, eq=False, slots=True)
class Work:
    """A kernel as groups.

    Attributes:
        parts: All of its parts, in the order of the result's leaves.
        groups: The blocks.
        products: The products.
    """

    parts: tuple[Block | Product, ...]
    groups: tuple[Group, ...]
    products: tuple[Products, ...]

    @classmethod
    def of(cls, kernel: Kernel) -> Work:
        """Group the parts of a kernel."""
        parts: list[Block | Product] = []
        groups: list[Group] = []
        products: list[Products] = []
        for field in kernel.fields:
            numbered = list(enumerate(_parts(field), len(parts)))
            parts += [part for _, part in numbered]
            blocks = [(n, part) for n, part in numbered if isinstance(part, Block)]
            groups += _groups(blocks)
            others = [(n, part) for n, part in numbered if isinstance(part, Product)]
            if others:
                products.append(Products(others[0][1].kind, tuple(others)))
        return cls(tuple(parts), tuple(groups), tuple(products))


def _parts(field: Field) -> list[Block | Product]:
    return list(parts_in(field.parts))


def _groups(blocks: Sequence[tuple[int, Block]]) -> list[Group]:
    """Blocks that form a grid together; else each is a group of its own."""
    if not blocks:
        return []
    together = _grid(blocks)
    if together is not None:
        return [together]
    return [group for block in blocks if (group := _grid([block])) is not None]


def _grid(blocks: Sequence[tuple[int, Block]]) -> Group | None:
    first = blocks[0][1]
    outputs = tuple(dict.fromkeys(block.output for _, block in blocks))
    if isinstance(first.layout, Entries):
        if not all(_is_alike(block, first) for _, block in blocks):
            return None
        members = tuple((n, outputs.index(block.output), ()) for n, block in blocks)
        return Group(outputs, first.axes, first.layout, members)
    if any(
        not isinstance(block.layout, Dense) or block.order != first.order
        for _, block in blocks
    ):
        return None
    columns = [
        tuple(dict.fromkeys(block.axes[k] for _, block in blocks))
        for k in range(first.order)
    ]
    cells = len(outputs) * int(np.prod([len(column) for column in columns]))
    if cells != len(blocks):
        return None
    spans = [_spans(column) for column in columns]
    dense = tuple(
        (
            number,
            outputs.index(block.output),
            tuple(spans[k][axis] for k, axis in enumerate(block.axes)),
        )
        for number, block in blocks
    )
    axes = tuple(tuple(c for axis in column for c in axis) for column in columns)
    return Group(outputs, axes, None, dense)


def _is_alike(block: Block, first: Block) -> bool:
    one, other = block.layout, first.layout
    return (
        isinstance(one, Entries)
        and isinstance(other, Entries)
        and block.axes == first.axes
        and np.array_equal(one.inputs, other.inputs)
        and one.outputs is None
        and other.outputs is None
    ) or block is first


def _spans(column: Sequence[Axis]) -> dict[Axis, slice]:
    spans, start = {}, 0
    for axis in column:
        spans[axis] = slice(start, start + axis_size(axis))
        start += axis_size(axis)
    return spans


def deliver(
    group: Group,
    arrays: Sequence[jax.Array],
    parts: Sequence[Block | Product],
    signature: Signature,
) -> dict[int, jax.Array]:
    """The arrays of a group as the parts of the kernel want them.

    Args:
        group: The group.
        arrays: One per output: of shape `out + sizes` for dense blocks, of as many
            elements for others.
        parts: All parts of the kernel.
        signature: The function's.
    """
    found = {}
    for number, output, spans in group.members:
        part = parts[number]
        assert isinstance(part, Block)  # groups hold nothing else
        array = arrays[output]
        if group.entries is None:
            lead = group.outputs[output].shape
            array = array.reshape(*lead, *group.sizes)
            if len(group.members) > len(group.outputs):
                array = array[(..., *spans)]
        found[number] = array.reshape(block_shape(part, signature))
    return found


def distinct_rows(
    rows: NDArray[np.int64],
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The distinct rows of a matrix, and which of them each row is."""
    if rows.shape[1] == 0:
        return rows[:1], np.zeros(len(rows), np.int64)
    found, places = np.unique(rows, axis=0, return_inverse=True)
    return found, places.reshape(-1).astype(np.int64)
