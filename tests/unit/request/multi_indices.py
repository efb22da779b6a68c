"""The partial derivatives a block wants, as arrays of multi-indices: an oracle.

Positions are global: the elements of all argument leaves, one leaf after the other in
the order of `Signature.leaves`, each in row-major order. A partial derivative of order
k is a row of k positions.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from partialc.request.resolved import Axis, Block, Dense
from partialc.request.signature import Signature


def leaf_offsets(signature: Signature) -> NDArray[np.int64]:
    """The global position at which each leaf starts, and the total at the end."""
    sizes = [leaf.type.size for _, leaf in signature.leaves]
    return np.concatenate([[0], np.cumsum(sizes, dtype=np.int64)]).astype(np.int64)


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
