"""Terms of a matrix that meet in some entries, cut so that these entries add up first.

The derivative of `x[1:] - x - h * f(x)` has ones on a diagonal, of which some entries
have another term: cut off, these are the sum of two arrays, and no entry of the matrix
is the sum of several places any more.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from partialc.tangents.arrays import Arrays
from partialc.tangents.maps import IndexMap
from partialc.tangents.merging import added_up
from partialc.tangents.term import Term, regridded, settled

LONGEST: Final = 16
"""Axes of more places are not cut, nor those that are longer than the others."""

Keys = Sequence[NDArray[np.int64]]


def separated(terms: Sequence[Term], keys: Keys, arrays: Arrays) -> list[Term] | None:
    """The same sum, cut so that as few terms as can be have an entry in common.

    Args:
        terms: Terms with one map to rows each.
        keys: For each term the numbers of its entries; negative where it has none.
        arrays: Writes the sums.

    Returns:
        The terms, some of which may meet still; None where none did.
    """
    shared = _shared(keys)
    if not any(each.any() for each in shared):
        return None
    found: list[Term] = []
    for term, meets in zip(terms, shared, strict=True):
        others = [other for other in terms if other is not term]
        for part in _cut(term, meets, others, arrays):
            for number, other in enumerate(found):
                if _meet_everywhere(part, other):
                    found[number : number + 1] = added_up(other, part, arrays)
                    break
            else:
                found.append(part)
    return found


def _shared(keys: Keys) -> list[NDArray[np.bool_]]:
    """Which places of each term have an entry that some other place has, too."""
    flat = np.concatenate([key.reshape(-1) for key in keys]) if keys else np.zeros(0)
    _, numbers, counts = np.unique(flat, return_inverse=True, return_counts=True)
    several = (counts[numbers] > 1) & (flat >= 0)
    ends = np.cumsum([key.size for key in keys])
    parts = np.split(several, ends[:-1]) if keys else []
    return [part.reshape(key.shape) for part, key in zip(parts, keys, strict=True)]


def _cut(
    term: Term, meets: NDArray[np.bool_], others: Sequence[Term], arrays: Arrays
) -> list[Term]:
    """A term in parts that meet others everywhere or nowhere; whole if that fails."""
    if not meets.any():
        return [term]
    if not meets.all():
        return _parts(term, meets, arrays)
    if any(_meet_everywhere(term, other) for other in others):
        return [term]
    parts = _parts(term, meets, arrays)  # it may meet several, each in a part of it
    is_met = any(_meet_everywhere(part, other) for part in parts for other in others)
    return parts if is_met else [term]


def _parts(term: Term, meets: NDArray[np.bool_], arrays: Arrays) -> list[Term]:
    """A term cut along the first axis along which its parts meet others or do not."""
    for axis, size in enumerate(term.sizes):
        hidden = tuple(each for each in range(len(term.sizes)) if each != axis)
        every, some = np.asarray(meets.all(hidden)), meets.any(hidden)
        is_long = size > LONGEST or size * size > term.places
        if size == 1 or is_long or (every != some).any():
            continue
        found: list[Term] = []
        start = 0
        for stop in range(1, size + 1):
            if stop < size and not every[start] and not every[stop]:
                continue
            found.append(_slice(term, axis, start, stop, arrays))
            start = stop
        return found
    return [term]


def _slice(term: Term, axis: int, start: int, stop: int, arrays: Arrays) -> Term:
    sizes = [*term.sizes]
    sizes[axis] = stop - start
    places = [
        IndexMap.along(sizes, each, start if each == axis else 0)
        for each in range(len(sizes))
    ]
    part = regridded(term, places, sizes, arrays)
    return settled(part, arrays) if stop - start == 1 else part


def _meet_everywhere(one: Term, other: Term) -> bool:
    """Whether two terms have the same entries, place by place."""
    if one.sizes != other.sizes or not one.cols.same(other.cols):
        return False
    return one.rows[0].same(other.rows[0])
