"""Terms that differ only in where one of them is known to be zero."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from partialc.tangents.arrays import Arrays
from partialc.tangents.maps import IndexMap
from partialc.tangents.term import Term


def common_cols(one: Term, other: Term, arrays: Arrays) -> IndexMap | None:
    """The columns of the sum of two terms of one grid; None if they have no common.

    A coefficient that is zero at some places, as the conductance of a line without
    losses, makes holes in a term: they are in no column. Where another term has one
    there, the two add up as if there were no hole: what is added is the zero.

    Args:
        one: A term.
        other: Another one, of the same sizes.
        arrays: Knows what is zero.
    """
    if one.cols.same(other.cols):
        return one.cols
    if (one.cols.start, one.cols.strides) != (other.cols.start, other.cols.strides):
        return None
    if one.cols.table is None and other.cols.table is None:
        return None
    first, second = one.cols.compact(), other.cols.compact()
    if not np.all((first == second) | (first < 0) | (second < 0)):
        return None
    if not _vanishes(one, (first < 0) & (second >= 0), arrays):
        return None
    if not _vanishes(other, (second < 0) & (first >= 0), arrays):
        return None
    whole = [m for m in (one.cols, other.cols) if m.table is None]
    return whole[0] if whole else IndexMap.of(np.maximum(first, second), one.sizes)


def _vanishes(term: Term, holes: NDArray[np.bool_], arrays: Arrays) -> bool:
    """Whether a term is known to be zero at all of some places of its grid."""
    if not holes.any():
        return True
    zero: NDArray[np.bool_] = np.zeros((1,) * len(term.sizes), bool)
    for factor in term.factors:
        solid = arrays.nonzero(factor.atom)
        if solid is None:
            continue
        order = np.argsort(factor.axes)
        shape = [
            size if axis in factor.axes else 1 for axis, size in enumerate(term.sizes)
        ]
        zero = zero | ~solid.transpose(order).reshape(shape)
    return bool(np.all(zero | ~holes))
