"""The partial derivatives a block wants, as arrays of multi-indices.

Positions are global: the elements of all argument leaves, one leaf after the other in
the order of `Signature.leaves`, each in row-major order. A partial derivative of order
k is a row of k positions. Everything is array-based and scales to millions of entries.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from partialc.request.resolved import Axis, Block, Coordinates, Dense
from partialc.request.signature import Signature


@dataclass(frozen=True, eq=False, slots=True)
class Demand:
    """The distinct partial derivatives behind a block, symmetric twins merged.

    Attributes:
        partials: Sorted multi-indices in ascending order, shape (distinct, order).
        places: For each multi-index of the block, in the order of `multi_indices`, the
            row of `partials` that it is, shape (count,).
    """

    partials: NDArray[np.int64]
    places: NDArray[np.int64]

    @property
    def repeats(self) -> bool:
        """Whether some partial derivative is wanted in more than one place."""
        return len(self.partials) < len(self.places)


def leaf_offsets(signature: Signature) -> NDArray[np.int64]:
    """The global position at which each leaf starts, and the total at the end."""
    sizes = [leaf.type.size for _, leaf in signature.leaves]
    return np.concatenate([[0], np.cumsum(sizes, dtype=np.int64)]).astype(np.int64)


def locate(position: int, signature: Signature) -> Coordinates:
    """The element at a global position."""
    offsets = leaf_offsets(signature)
    leaf = int(np.searchsorted(offsets, position, side="right")) - 1
    shape = signature.leaves[leaf][1].type.shape
    index = np.unravel_index(position - int(offsets[leaf]), shape) if shape else ()
    return Coordinates(leaf, tuple(map(int, index)))


def axis_positions(axis: Axis, signature: Signature) -> NDArray[np.int64]:
    """The global positions one differentiation runs over, flat, in order."""
    offsets = leaf_offsets(signature)
    leaves = signature.leaves
    found = [
        each.flat(leaves[each.leaf][1].type.shape).reshape(-1) + offsets[each.leaf]
        for each in axis
    ]
    return np.concatenate([np.zeros(0, np.int64), *found])


def multi_indices(block: Block, signature: Signature) -> NDArray[np.int64]:
    """The multi-index of each derivative, as written, shape (count, order).

    Rows run over the derivative axes of the block's result in row-major order (those of
    the output left out); for entries that name outputs, over the entries.
    """
    columns = [axis_positions(axis, signature) for axis in block.axes]
    if not isinstance(block.layout, Dense):
        inputs = block.layout.inputs
        picked = [column[inputs[:, k]] for k, column in enumerate(columns)]
        return np.stack(picked, axis=1)
    grids = np.meshgrid(*columns, indexing="ij")
    if not grids:
        return np.zeros((1, 0), np.int64)
    return np.stack([grid.reshape(-1) for grid in grids], axis=1)


def output_positions(block: Block, signature: Signature) -> NDArray[np.int64]:
    """Flat positions within the output's leaf.

    For entries that name outputs one for each entry, shape (count,); otherwise those of
    the whole selected output, in row-major order.
    """
    shape = signature.result.leaves[block.output.leaf].type.shape
    selected = block.output.flat(shape).reshape(-1)
    if isinstance(block.layout, Dense) or block.layout.outputs is None:
        return selected
    return selected[block.layout.outputs]


def demand(block: Block, signature: Signature, *, symmetric: bool = True) -> Demand:
    """Merge the derivatives of a block that are the same number.

    Args:
        block: The block.
        signature: The function's.
        symmetric: Whether mixed partials commute; they need not where the program has
            custom rules, and the multi-indices then stay as written.
    """
    wanted = multi_indices(block, signature)
    return _distinct(np.sort(wanted, axis=1) if symmetric else wanted)


def union(
    blocks: Iterable[Block], signature: Signature, *, symmetric: bool = True
) -> dict[int, NDArray[np.int64]]:
    """All distinct partials of several blocks, ascending, by order."""
    found: dict[int, list[NDArray[np.int64]]] = {}
    for block in blocks:
        partials = demand(block, signature, symmetric=symmetric).partials
        found.setdefault(block.order, []).append(partials)
    return {
        order: _distinct(np.concatenate(found[order])).partials
        for order in sorted(found)
    }


def _distinct(rows: NDArray[np.int64]) -> Demand:
    """Distinct rows in lexicographic order, and which of them each row is."""
    count, order = rows.shape
    if count == 0 or order == 0:
        return Demand(rows[: min(count, 1)], np.zeros(count, np.int64))
    base = int(rows.max()) + 1
    if base**order < 2**62:  # one integer per row: far faster than comparing rows
        powers = base ** np.arange(order - 1, -1, -1, dtype=np.int64)
        _, first, places = np.unique(
            rows @ powers, return_index=True, return_inverse=True
        )
        return Demand(rows[first], places.astype(np.int64))
    ascending = np.lexsort(rows.T[::-1])
    ordered = rows[ascending]
    new = np.concatenate([[True], np.any(ordered[1:] != ordered[:-1], axis=1)])
    places = np.empty(count, np.int64)
    places[ascending] = np.cumsum(new) - 1
    return Demand(ordered[new], places)
