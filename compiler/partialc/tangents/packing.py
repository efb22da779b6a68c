"""Terms of one shape that differ in their tables alone, stacked along a slot axis."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from partialc.ir.dtypes import DType
from partialc.ir.equations import stacked
from partialc.ir.program import ArrayType, Atom, Constant
from partialc.tangents.arrays import Arrays, Factor
from partialc.tangents.maps import IndexMap
from partialc.tangents.term import Term, parted, payload


def packed(terms: Sequence[Term], arrays: Arrays) -> list[Term]:
    """Terms by tables: those of one shape are one, with an axis of slots before others.

    The text then follows the program and not the number of terms: the Hessian of an
    element comes out as the array of local Hessians that one writes by hand.

    Args:
        terms: Terms of one value.
        arrays: Writes the stacks.
    """
    groups: dict[object, list[Term]] = {}
    for number, term in enumerate(terms):
        key: object = number
        if term.cols.table is not None:
            key = (term.sizes, term.row_axes(), term.cols.axes)
        groups.setdefault(key, []).append(term)
    return [
        _stacked(group, arrays) if len(group) > 1 else group[0]
        for group in groups.values()
    ]


def _stacked(terms: Sequence[Term], arrays: Arrays) -> Term:
    first = terms[0]
    sizes = (len(terms), *first.sizes)
    rows = tuple(
        _stacked_maps([term.rows[axis] for term in terms], sizes)
        for axis in range(len(first.rows))
    )
    cols = _stacked_maps([term.cols for term in terms], sizes)
    shared = list(first.factors)
    for term in terms[1:]:
        shared, _, _ = parted(shared, term.factors)
    rests = [parted(shared, term.factors)[2] for term in terms]
    others = [
        payload(replace(term, factors=tuple(rest)), arrays)
        for term, rest in zip(terms, rests, strict=True)
    ]
    factors = [
        Factor(each.atom, tuple(axis + 1 for axis in each.axes)) for each in shared
    ]
    stack = stack_of(others, first.sizes, first.dtype, arrays)
    return replace(
        first,
        sizes=sizes,
        rows=rows,
        cols=cols,
        factors=(*factors, stack),
        is_negative=False,
    )


def _stacked_maps(maps: Sequence[IndexMap], sizes: tuple[int, ...]) -> IndexMap:
    """One map for each slot, as one."""
    first = maps[0]
    if all(each.same(first) for each in maps):
        places = [IndexMap.along(sizes, 1 + axis) for axis in range(first.rank)]
        return first.after(places, sizes)
    values = [each.compact() for each in maps]
    shape = np.broadcast_shapes(*(each.shape for each in values))
    table: NDArray[np.int64] = np.stack(
        [np.broadcast_to(each, shape) for each in values]
    )
    return IndexMap.of(table, sizes)


def _common_axes(factors: Sequence[Factor]) -> list[int]:
    """All axes of some factors, in the order that most of the widest have."""
    orders = [factor.axes for factor in factors]
    widest = max(map(len, orders))
    wide = [each for each in orders if len(each) == widest]
    axes = [*max(wide, key=wide.count)]
    others = {axis for each in orders for axis in each} - {*axes}
    return [*axes, *sorted(others)]


def stack_of(
    factors: Sequence[Factor], sizes: Sequence[int], dtype: DType, arrays: Arrays
) -> Factor:
    """Payloads side by side, along a new first axis; numbers make a constant.

    Args:
        factors: The payloads, of one grid.
        sizes: The grid's.
        dtype: Their element type.
        arrays: Writes the stack.
    """
    axes = _common_axes(factors)
    numbers = [
        factor.atom.data.item()
        for factor in factors
        if isinstance(factor.atom, Constant) and not factor.axes
    ]
    kind = ArrayType(dtype, (len(factors), *(sizes[axis] for axis in axes)))
    if len(numbers) == len(factors):
        return Factor(Constant.of(kind, numbers), (0,))
    atoms: list[Atom] = [arrays.full(each, axes, sizes) for each in factors]
    atom = arrays.add(stacked(atoms, 0))
    return Factor(atom, (0, *(axis + 1 for axis in axes)))
