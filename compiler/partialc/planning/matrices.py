"""Matrices among the parts of a kernel: which they are, and how large."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from math import prod
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from partialc.request.combination import with_parts
from partialc.request.parts import parts_of
from partialc.request.resolved import Block, Dense, Entries, Kernel, Output, Product
from partialc.request.shapes import axis_size

MANY: Final = 64
"""So many entries are asked for at least, unless a matrix is asked for as sparse."""

MOST_ENTRIES: Final = 10_000
MOST_ELEMENTS: Final = 500_000
"""Matrices with more entries, or more elements, are not tried as chains: these hold
all elements, and list all entries."""


def is_matrix(part: Block | Product) -> bool:
    """Whether a part is one that structured tangents deliver: many entries at once."""
    if not isinstance(part, Block) or part.order not in (1, 2):
        return False
    if part.order == 2 and part.output.shape:
        return False
    if isinstance(part.layout, Dense):
        return prod(shape_of(part)) >= MANY
    if part.layout.kind == "sparse":
        return True
    is_listed = part.layout.outputs is not None or not part.output.shape
    return is_listed and len(part.layout.inputs) >= MANY


def shape_of(block: Block) -> tuple[int, int]:
    """How many rows and columns the matrix of a block has."""
    first: Sequence[Output] = (block.output,) if block.order == 1 else block.axes[0]
    return axis_size(first), axis_size(block.axes[-1])


def has_matrices(kernel: Kernel) -> bool:
    """Whether a kernel has parts that structured tangents deliver."""
    return any(map(is_matrix, parts_of(kernel)))


def without_large_matrices(kernel: Kernel) -> Kernel:
    """A kernel with none of the entries of its large matrices; itself if it has none.

    No chain can deliver these in reasonable time, or memory; but one can deliver the
    other parts.
    """

    def emptied(part: Any) -> Any:
        if not isinstance(part, Block) or not _is_large(part):
            return part
        layout = part.layout
        assert isinstance(layout, Entries), "a matrix lists its entries"
        outputs = None if layout.outputs is None else layout.outputs[:0]
        nothing = replace(layout, inputs=layout.inputs[:0], outputs=outputs, shape=(0,))
        return replace(part, layout=nothing)

    if not any(isinstance(p, Block) and _is_large(p) for p in parts_of(kernel)):
        return kernel
    fields = tuple(
        replace(each, parts=with_parts(each.parts, emptied)) for each in kernel.fields
    )
    return replace(kernel, fields=fields)


def _is_large(block: Block) -> bool:
    """Whether a matrix is too large for what holds it densely."""
    layout = block.layout
    if not is_matrix(block) or isinstance(layout, Dense):
        return False
    return len(layout.inputs) > MOST_ENTRIES or prod(shape_of(block)) > MOST_ELEMENTS


def are_sparse(kernel: Kernel) -> bool:
    """Whether all matrices of a kernel are asked for as sparse."""
    layouts = [
        part.layout
        for part in parts_of(kernel)
        if isinstance(part, Block) and is_matrix(part)
    ]
    return all(
        isinstance(layout, Entries) and layout.kind == "sparse" for layout in layouts
    )


def asked(block: Block, layout: Entries) -> NDArray[np.int64]:
    """The entries of a block as numbers, row * columns + column."""
    columns = axis_size(block.axes[-1])
    if block.order == 2:
        return layout.inputs[:, 0] * columns + layout.inputs[:, 1]
    rows = 0 if layout.outputs is None else layout.outputs
    return np.asarray(rows * columns + layout.inputs[:, 0], np.int64)
