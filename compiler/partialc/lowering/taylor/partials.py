"""Kernels that are made of single partials: which multi-indices, along which elements.

A direction is one element of an argument. A partial of any order is then a multi-index:
how often it is taken along each of them, in whatever order.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from math import prod
from typing import Final

from partialc.ops.series import Downset, MultiIndex
from partialc.request.parts import parts_of
from partialc.request.resolved import Axis, Block, Coordinates, Dense, Kernel
from partialc.request.signature import Signature

MOST_DIRECTIONS: Final = 8
MOST_ENTRIES: Final = 64
"""Sets of more are matrices, or tensors: there are better ways to them."""

Element = tuple[int, int]
"""An argument's leaf, and a place in it, row-major."""


@dataclass(frozen=True, slots=True)
class Partials:
    """One derivative of a kernel, entry by entry.

    Attributes:
        output: What is differentiated.
        indices: The multi-index of each entry.
        places: For each entry the place within the output, row-major; None where each
            is of the whole output.
        shape: The shape of the result.
    """

    output: Coordinates
    indices: tuple[MultiIndex, ...]
    places: tuple[int, ...] | None
    shape: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class PartialSet:
    """All derivatives of a kernel.

    Attributes:
        directions: What the places of a multi-index stand for.
        parts: The derivatives.
    """

    directions: tuple[Element, ...]
    parts: tuple[Partials, ...]

    @property
    def downset(self) -> Downset:
        """All multi-indices, and the parts of each."""
        return Downset.of(index for part in self.parts for index in part.indices)

    @property
    def key(self) -> str:
        """Its canonical text, the same on every machine."""
        along = " ".join(f"{leaf}[{place}]" for leaf, place in self.directions)
        indices = " ".join(".".join(map(str, index)) for index in self.downset.indices)
        return f"along {along} | {indices}"


def partial_set(kernel: Kernel, signature: Signature) -> PartialSet | None:
    """What a kernel is made of, if that is few partials along few elements.

    Args:
        kernel: The kernel.
        signature: The function's.
    """
    listed: list[tuple[Block, list[tuple[Element, ...]]]] = []
    for part in parts_of(kernel):
        if not isinstance(part, Block) or not isinstance(part.output, Coordinates):
            return None
        if _count(part) > MOST_ENTRIES:
            return None
        listed.append((part, list(_entries(part, signature))))
    elements = {each for _, entries in listed for entry in entries for each in entry}
    directions = tuple(sorted(elements))
    if len(directions) > MOST_DIRECTIONS:
        return None
    return PartialSet(
        directions,
        tuple(_partials(part, entries, directions) for part, entries in listed),
    )


def _count(block: Block) -> int:
    if isinstance(block.layout, Dense):
        return prod(prod(each.shape) for axis in block.axes for each in axis)
    return len(block.layout.inputs)


def _entries(block: Block, signature: Signature) -> Iterator[tuple[Element, ...]]:
    """For each entry the elements it is differentiated along."""
    spaces = [_elements(axis, signature) for axis in block.axes]
    if isinstance(block.layout, Dense):
        yield from product(*spaces)
        return
    for row in block.layout.inputs:
        yield tuple(space[place] for space, place in zip(spaces, row, strict=True))


def _elements(axis: Axis, signature: Signature) -> list[Element]:
    """The elements that an axis runs over, flattened and joined."""
    return [
        (each.leaf, int(place))
        for each in axis
        for place in each.flat(signature.leaves[each.leaf][1].type.shape).reshape(-1)
    ]


def _partials(
    block: Block,
    entries: Sequence[Sequence[Element]],
    directions: Sequence[Element],
) -> Partials:
    assert isinstance(block.output, Coordinates), "it is no weighted sum"
    indices = tuple(
        tuple(list(entry).count(each) for each in directions) for entry in entries
    )
    own = block.output.shape
    layout = block.layout
    if isinstance(layout, Dense):
        axes = [n for axis in block.axes for each in axis for n in each.shape]
        return Partials(block.output, indices, None, (*own, *axes))
    if layout.outputs is None:
        return Partials(block.output, indices, None, (*own, *layout.shape))
    places = tuple(map(int, layout.outputs.reshape(-1)))
    return Partials(block.output, indices, places, layout.shape)
