"""Terms that each stand in one row of a local matrix: they are stacked, row by row.

The stress of an element is put together from its components: each is computed by itself
and padded with zeros, and all are added. Their terms come packed along an axis of slots
that says nothing of the rows. They are taken apart again, added up row by row, and
stacked in the order that rows have, as one would write it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import prod
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from partialc.tangents.arrays import Arrays, Factor
from partialc.tangents.maps import IndexMap
from partialc.tangents.packing import stack_of
from partialc.tangents.term import Term, payload, regridded

MOST: Final = 8
"""Longer axes are not taken apart."""


Part: TypeAlias = tuple[Term, NDArray[np.int64]]
"""A term, and which of the columns of a local matrix each of its places has."""


def tiles(part: Part, inner: Sequence[int], arrays: Arrays) -> list[Part] | None:
    """A term as parts that are each in one row of a local matrix; None if it is not so.

    Args:
        part: The term; the columns in an array with a length of one along axes of its
            grid along which they are the same.
        inner: The axes of the value that count rows of local matrices.
        arrays: Writes what is read of its factors.
    """
    term, numbers = part
    moving = {axis for each in inner for axis in term.rows[each].axes}
    if not moving:
        return [part]
    apart = [axis for axis in sorted(moving) if _is_stack(term, axis, arrays)]
    if not apart or term.sizes[apart[0]] > MOST:
        return None
    first = apart[0]
    sizes = [size for axis, size in enumerate(term.sizes) if axis != first]
    found: list[Part] = []
    for place in range(term.sizes[first]):
        lines = [IndexMap.along(sizes, axis) for axis in range(len(sizes))]
        lines.insert(first, IndexMap.constant(sizes, place))
        own = place if numbers.shape[first] > 1 else 0
        slot = regridded(term, lines, sizes, arrays), np.take(numbers, own, first)
        parts = tiles(slot, inner, arrays)
        if parts is None:
            return None
        found += parts
    return found


def _is_stack(term: Term, axis: int, arrays: Arrays) -> bool:
    """Whether what differs along an axis was computed apart: it need not be cut."""
    for factor in term.factors:
        if axis in factor.axes:
            found = arrays.definition(factor.atom)
            place = factor.axes.index(axis)
            if found is None or found.op != "stack" or found.params["axis"] != place:
                return False
    return True


def stacked_rows(
    rows: Mapping[tuple[int, ...], Term], counts: Sequence[int], arrays: Arrays
) -> Factor | None:
    """The payloads of terms of one grid as one array, along further axes in front.

    Args:
        rows: The terms by their rows.
        counts: How many rows there are along each of these axes.
        arrays: Writes the array.

    Returns:
        The array, its axes those of the terms behind those of the rows; None where a
        row is missing.
    """
    if len(rows) < prod(counts):
        return None
    ordered = [rows[each] for each in np.ndindex(*counts)]
    dtype, sizes = ordered[0].dtype, ordered[0].sizes
    factors = [payload(term, arrays) for term in ordered]
    for count in reversed(counts):
        groups = range(0, len(factors), count)
        factors = [
            stack_of(factors[start : start + count], sizes, dtype, arrays)
            for start in groups
        ]
        sizes = (count, *sizes)
    (whole,) = factors
    return whole
