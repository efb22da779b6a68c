"""Places of a grid that are in no column: holes, and zeros in their stead."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from partialc.ir.dtypes import BOOL
from partialc.ir.program import ArrayType, Atom, Constant
from partialc.tangents.arrays import Arrays, Factor
from partialc.tangents.maps import NOWHERE, IndexMap
from partialc.tangents.term import Term, payload, settled

LARGEST: Final = 1 << 20
"""Larger tables of holes are not made zeros."""


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


def closed(term: Term, arrays: Arrays) -> Term:
    """A term summed over the hidden axes of which its columns know the holes alone.

    The sum over i of a product with a lower triangle of (i, j) has every j as long as
    there is one i for it: a zero in the payload does for each hole, and the sum is a
    contraction, not a place for each i.

    Args:
        term: The term.
        arrays: Writes the zeros, and the sum.
    """
    found = term
    for axis in term.hidden():
        table = found.cols.table
        if table is None or table.shape[axis] == 1 or found.cols.strides[axis]:
            continue
        most = table.max(axis, keepdims=True)
        lost = table < NOWHERE // 2
        if table.size > LARGEST or not np.all(lost | (table == most)):
            continue
        cols = replace(found.cols, table=most if most.any() else None)
        axes = [each for each, size in enumerate(table.shape) if size != 1]
        sizes = [table.shape[each] for each in axes]
        mask = Constant.of(ArrayType(BOOL, tuple(sizes)), ~lost.reshape(sizes))
        found = replace(masked(found, Factor(mask, tuple(axes)), arrays), cols=cols)
    return term if found is term else settled(found, arrays)


def masked(term: Term, mask: Factor, arrays: Arrays) -> Term:
    """A term with zeros where a mask is false.

    The factors along no other axes than the mask's are chosen by it; the others are
    multiplied by what is chosen.

    Args:
        term: The term.
        mask: Truth values.
        arrays: Writes the choice.
    """
    axes = sorted(mask.axes)
    inside = [each for each in term.factors if set(each.axes) <= set(axes)]
    outside = [each for each in term.factors if each not in inside]
    sizes = [term.sizes[axis] for axis in axes]
    value = payload(replace(term, factors=tuple(inside), is_negative=False), arrays)
    chosen = arrays.full(value, axes, term.sizes)
    zero = arrays.spread(arrays.number(term.dtype, 0), sizes, ())
    which = arrays.full(mask, axes, term.sizes)
    cases: list[Atom] = [which, zero, chosen]
    atom = arrays.apply("select_n", cases, ArrayType(term.dtype, tuple(sizes)))
    return replace(term, factors=(*outside, Factor(atom, tuple(axes))))
