"""Hidden axes with few seeds behind them, exchanged for one axis of these seeds."""

from __future__ import annotations

from dataclasses import replace
from math import prod
from typing import Final

import numpy as np

from partialc.ir.dtypes import BOOL
from partialc.ir.program import ArrayType, Constant
from partialc.tangents.arrays import INDEX, Arrays, Factor
from partialc.tangents.maps import IndexMap
from partialc.tangents.term import Term, settled

SAVED: Final = 1.5
"""So many times as many places as seeds are worth the sum over them."""

LARGEST: Final = 1 << 20
"""Larger tables of which place belongs to which seed are not made."""


def compacted(term: Term, arrays: Arrays) -> Term:
    """A term that is dense in the seeds behind its hidden axes, where they are few.

    What it would sum over the places of a seed in the end is summed at once: `B @
    sin(x[table])` with three parameters x has three columns, not one for each place.

    Args:
        term: The term.
        arrays: Writes the sums.
    """
    hidden = [axis for axis in term.hidden() if term.cols.depends(axis)]
    if not hidden or any(term.cols.depends(axis) for axis in term.row_axes()):
        return term
    places = prod(term.sizes[axis] for axis in hidden)
    cols = term.cols.compact()
    seeds = np.unique(cols[cols >= 0])
    if not seeds.size or seeds.size * SAVED > places or seeds.size * places > LARGEST:
        return term
    sizes = (*term.sizes, seeds.size)
    new = len(term.sizes)
    old = [IndexMap.along(sizes, axis) for axis in range(new)]
    of_axes = tuple(term.sizes[axis] for axis in hidden)
    table = np.broadcast_to(
        cols, [size if n in hidden else 1 for n, size in enumerate(term.sizes)]
    ).reshape(of_axes)
    numbers = np.where(table < 0, -1, np.searchsorted(seeds, np.maximum(table, 0)))
    one = Constant.of(ArrayType(INDEX, (*of_axes, 1)), numbers[..., None])
    every = Constant.of(
        ArrayType(INDEX, (1,) * len(hidden) + (seeds.size,)),
        np.arange(seeds.size).reshape((1,) * len(hidden) + (-1,)),
    )
    kind = ArrayType(BOOL, (*of_axes, seeds.size))
    belongs = arrays.apply("eq", [one, every], kind)
    weights = arrays.converted(belongs, term.dtype)
    cols_of_seeds = seeds.reshape((1,) * new + (-1,))
    found = replace(
        term,
        sizes=sizes,
        rows=tuple(row.after(old, sizes) for row in term.rows),
        cols=IndexMap.of(cols_of_seeds, sizes),
        factors=(*term.factors, Factor(weights, (*hidden, new))),
    )
    return settled(found, arrays)
