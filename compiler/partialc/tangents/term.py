"""One term of a linear value, and what can be done with it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import prod
from typing import Final

import numpy as np
from numpy.typing import NDArray

from partialc.ir.dtypes import DType
from partialc.ir.program import Atom
from partialc.tangents.arrays import Arrays, Factor
from partialc.tangents.maps import NOWHERE, IndexMap, raveled

FULL: Final = 0.3
"""A part of a grid that is fuller than that is kept whole."""


@dataclass(frozen=True, eq=False, slots=True)
class Term:
    """A product of arrays over a grid, and what element of what it belongs to.

    The derivative of element i of the value by seed j is the sum of the payloads over
    all places whose row is i and whose column is j. The payload is the product of the
    factors; without factors it is one.

    Attributes:
        sizes: The grid's.
        rows: Along each axis of the value, the place that a place of the grid is in.
        cols: The flat number of its seed; negative where it belongs to none.
        factors: Arrays along some of the grid's axes.
        dtype: The element type of the payload.
        is_negative: Whether the payload is minus that product.
    """

    sizes: tuple[int, ...]
    rows: tuple[IndexMap, ...]
    cols: IndexMap
    factors: tuple[Factor, ...]
    dtype: DType
    is_negative: bool = False

    @classmethod
    def seeds(cls, shape: Sequence[int], dtype: DType, first: int = 0) -> Term:
        """An identity: every element is its own seed, numbered from `first` on."""
        sizes = tuple(shape)
        rows = tuple(IndexMap.along(sizes, axis) for axis in range(len(sizes)))
        return cls(sizes, rows, IndexMap.flat(sizes).shifted(first), (), dtype)

    @property
    def places(self) -> int:
        """How many places the grid has."""
        return prod(self.sizes)

    @property
    def negated(self) -> Term:
        """Minus the term."""
        return replace(self, is_negative=not self.is_negative)

    def row(self, shape: Sequence[int]) -> IndexMap:
        """The flat position in the value of each place.

        Args:
            shape: The value's.
        """
        if not self.rows:
            return IndexMap.constant(self.sizes, 0)
        return raveled(self.rows, shape)

    def row_axes(self) -> tuple[int, ...]:
        """The axes of the grid that rows depend on."""
        return tuple(
            axis
            for axis in range(len(self.sizes))
            if any(row.depends(axis) for row in self.rows)
        )

    def hidden(self) -> tuple[int, ...]:
        """The axes of the grid that rows do not depend on."""
        rows = self.row_axes()
        return tuple(axis for axis in range(len(self.sizes)) if axis not in rows)


def regridded(
    term: Term,
    places: Sequence[IndexMap],
    sizes: Sequence[int],
    arrays: Arrays,
) -> Term:
    """The same term read at the places of another grid.

    Args:
        term: The term.
        places: For each axis of its grid, where a place of the new one reads.
        sizes: The new grid's.
        arrays: Writes what is read of the factors.
    """
    sizes = tuple(sizes)
    factors = tuple(
        arrays.taken(factor.atom, [places[axis] for axis in factor.axes])
        for factor in term.factors
    )
    rows = tuple(row.after(places, sizes) for row in term.rows)
    cols = term.cols.after(places, sizes)
    return replace(term, sizes=sizes, rows=rows, cols=cols, factors=factors)


def arranged(term: Term, order: Sequence[int]) -> Term:
    """The axes of its grid in another order.

    Args:
        term: The term.
        order: For each axis of the new grid the one that it was.
    """
    order = list(order)
    if order == list(range(len(order))):
        return term
    sizes = tuple(term.sizes[axis] for axis in order)
    places = [IndexMap.along(sizes, order.index(axis)) for axis in range(len(order))]
    return replace(
        term,
        sizes=sizes,
        rows=tuple(row.after(places, sizes) for row in term.rows),
        cols=term.cols.after(places, sizes),
        factors=tuple(
            replace(each, axes=tuple(order.index(axis) for axis in each.axes))
            for each in term.factors
        ),
    )


def _without(term: Term, lost: NDArray[np.bool_]) -> Term:
    """The term with no column at some places."""
    if not lost.any():
        return term
    shape = (1,) * (len(term.sizes) - lost.ndim) + lost.shape
    table = np.where(lost, NOWHERE, 0).reshape(shape)
    holes = IndexMap(term.sizes, 0, (0,) * len(term.sizes), table)
    return replace(term, cols=term.cols.plus(holes))


def kept(term: Term, keep: NDArray[np.bool_], arrays: Arrays) -> Term | None:
    """What is left of a term at some places; None where that is nothing.

    Args:
        term: The term.
        keep: Which places; broadcast to the grid, with a length of one along axes that
            it does not depend on.
        arrays: Writes what is left of the factors.
    """
    if keep.all():
        return term
    if not keep.any():
        return None
    rank = len(term.sizes)
    for axis in range(rank):
        if keep.shape[axis] == 1:
            continue
        others = tuple(each for each in range(rank) if each != axis)
        lines = np.flatnonzero(keep.any(others))
        if lines.size == keep.shape[axis]:
            continue
        line = _line(lines)
        if line is None and lines.size > FULL * keep.shape[axis]:
            continue
        term = _along(term, axis, lines, arrays)
        keep = np.take(keep, lines, axis)
    if keep.all():
        return term
    if keep.mean() < FULL:
        return _listed(term, keep, arrays)
    return _without(term, ~keep)


def _along(term: Term, axis: int, lines: NDArray[np.int64], arrays: Arrays) -> Term:
    """Some places of one axis."""
    sizes = list(term.sizes)
    sizes[axis] = lines.size
    places = [IndexMap.along(sizes, each) for each in range(len(sizes))]
    shape = [1] * len(sizes)
    shape[axis] = lines.size
    places[axis] = IndexMap.of(lines.reshape(shape), sizes)
    return regridded(term, places, sizes, arrays)


def _line(lines: NDArray[np.int64]) -> int | None:
    """The step between numbers that go up evenly."""
    steps = np.diff(lines)
    if steps.size and (steps != steps[0]).any():
        return None
    return int(steps[0]) if steps.size else 1


def _listed(term: Term, keep: NDArray[np.bool_], arrays: Arrays) -> Term:
    """The places that are kept as a list, along one axis."""
    axes = [axis for axis in range(len(term.sizes)) if keep.shape[axis] != 1]
    found = np.nonzero(keep.reshape([term.sizes[axis] for axis in axes]))
    return listed(term, axes, found, arrays)


def listed(
    term: Term,
    axes: Sequence[int],
    found: Sequence[NDArray[np.int64]],
    arrays: Arrays,
) -> Term:
    """A list of places of some axes in their stead, along one axis that comes first.

    Args:
        term: The term.
        axes: Which axes of its grid.
        found: For each of them the place of each entry of the list.
        arrays: Writes what is left of the factors.
    """
    left = [axis for axis in range(len(term.sizes)) if axis not in axes]
    sizes = [len(found[0]), *(term.sizes[axis] for axis in left)]
    places = [
        IndexMap.of(
            np.asarray(found[list(axes).index(axis)], np.int64).reshape(
                (-1,) + (1,) * len(left)
            ),
            sizes,
        )
        if axis in axes
        else IndexMap.along(sizes, 1 + left.index(axis))
        for axis in range(len(term.sizes))
    ]
    return regridded(term, places, sizes, arrays)


def within(term: Term, shape: Sequence[int], arrays: Arrays) -> Term | None:
    """What of a term lies in a value of some shape; None where nothing does."""
    for axis, size in enumerate(shape):
        row = term.rows[axis]
        low, high = row.bounds()
        if low >= 0 and high < size:
            continue
        values = row.compact()
        found = kept(term, (values >= 0) & (values < size), arrays)
        if found is None:
            return None
        term = found
        rows = list(term.rows)
        rows[axis] = inside(rows[axis], size)
        term = replace(term, rows=tuple(rows))
    return term


def settled(term: Term, arrays: Arrays) -> Term:
    """Axes that nothing depends on are summed over, those of one place are dropped."""
    free = [
        axis
        for axis in range(len(term.sizes))
        if not term.cols.depends(axis) and not any(r.depends(axis) for r in term.rows)
    ]
    if not free:
        return term
    factors = _summed(term, free, arrays)
    left = [axis for axis in range(len(term.sizes)) if axis not in free]
    sizes = [term.sizes[axis] for axis in left]
    places = [
        IndexMap.along(sizes, left.index(axis))
        if axis in left
        else IndexMap.constant(sizes, 0)
        for axis in range(len(term.sizes))
    ]
    return replace(
        term,
        sizes=tuple(sizes),
        rows=tuple(row.after(places, sizes) for row in term.rows),
        cols=term.cols.after(places, sizes),
        factors=tuple(
            replace(each, axes=tuple(left.index(axis) for axis in each.axes))
            for each in factors
        ),
    )


def _summed(term: Term, axes: Sequence[int], arrays: Arrays) -> list[Factor]:
    """The factors of a term summed over axes; what does not depend on them stays."""
    touched, others = [], []
    seen: set[int] = set()
    for factor in term.factors:
        if set(factor.axes) & set(axes):
            touched.append(factor)
            seen |= set(factor.axes)
        else:
            others.append(factor)
    times = prod(term.sizes[axis] for axis in axes if axis not in seen)
    if times != 1:
        others.append(Factor(arrays.number(term.dtype, times), ()))
    if touched:
        others.append(_contracted(touched, set(axes) & seen, arrays))
    return others


def _contracted(factors: Sequence[Factor], axes: set[int], arrays: Arrays) -> Factor:
    """The sum over axes of a product: all but the largest are multiplied before."""
    ordered = sorted(factors, key=lambda factor: factor.atom.type.size)
    *small, large = ordered
    if not small:
        return arrays.summed(large, tuple(axes))
    product = small[0]
    for factor in small[1:]:
        product = arrays.combined("mul", product, factor)
    product = arrays.summed(product, [a for a in axes if a not in large.axes])
    large = arrays.summed(large, [a for a in axes if a not in product.axes])
    if not set(product.axes) & set(large.axes) & axes:
        return arrays.combined("mul", product, large)
    return arrays.contracted(product, large, tuple(axes))


def scaled(
    term: Term,
    atom: Atom,
    arrays: Arrays,
    *,
    maps: Sequence[IndexMap] | None = None,
    divided: bool = False,
) -> Term | None:
    """A term times, or over, an array that its value reads; None where that is zero.

    Args:
        term: The term.
        atom: The array; a scalar stands for all elements.
        arrays: Writes the product.
        maps: For each axis of the array the place that an element of the value reads,
            outside of the array where it reads a zero; None where that is its own
            place, along axes of length one the first.
        divided: Whether to divide.
    """
    found: Term | None = term
    rows = _rows_of(term, atom, maps)
    for axis, size in enumerate(atom.type.shape):
        low, high = rows[axis].bounds()
        if low < 0 or high >= size:
            values = rows[axis].compact()
            found = kept(term, (values >= 0) & (values < size), arrays)
            if found is None:
                return None
            term, rows = found, _rows_of(found, atom, maps)
    solid = None if divided else arrays.nonzero(atom)
    if solid is not None and not solid.all():
        index = tuple(row.compact() for row in _all_inside(rows, atom))
        keep = np.asarray(solid[index]).reshape(
            (1,) * len(term.sizes) if not rows else solid[index].shape
        )
        found = kept(term, keep, arrays)
        if found is None:
            return None
        term, rows = found, _rows_of(found, atom, maps)
    factor = arrays.taken(atom, _all_inside(rows, atom))
    value = arrays.known(factor.atom) if not factor.axes else None
    if value is not None and abs(float(value.real)) == 1 and not value.imag:
        return term.negated if value.real < 0 else term
    factors = list(term.factors)
    for number, other in enumerate(factors):
        if set(other.axes) == set(factor.axes):
            op = "div" if divided else "mul"
            factors[number] = arrays.combined(op, other, factor)
            break
    else:
        if divided:
            one = Factor(arrays.number(term.dtype, 1), ())
            factor = arrays.combined("div", one, factor)
        factors.append(factor)
    return replace(term, factors=tuple(factors))


def _rows_of(
    term: Term, atom: Atom, maps: Sequence[IndexMap] | None
) -> tuple[IndexMap, ...]:
    """The place along each axis of an array that a term's places read."""
    if not atom.type.shape:
        return ()
    if maps is not None:
        return tuple(each.after(term.rows, term.sizes) for each in maps)
    still = IndexMap.constant(term.sizes, 0)
    return tuple(
        still if size == 1 else row
        for size, row in zip(atom.type.shape, term.rows, strict=True)
    )


def _all_inside(rows: Sequence[IndexMap], atom: Atom) -> list[IndexMap]:
    """Places along each axis of an array, all of them inside."""
    pairs = zip(rows, atom.type.shape, strict=True)
    return [inside(row, size) for row, size in pairs]


def inside(row: IndexMap, size: int) -> IndexMap:
    """A map into an axis: what has no column may lie outside, and is moved into it."""
    low, high = row.bounds()
    if low >= 0 and high < size:
        return row
    return IndexMap.of(np.clip(row.compact(), 0, size - 1), row.sizes)


def payload(term: Term, arrays: Arrays) -> Factor:
    """The product of the factors, with its sign; a scalar one if there are none."""
    if not term.factors:
        number = -1 if term.is_negative else 1
        return Factor(arrays.number(term.dtype, number), ())
    first, *others = sorted(term.factors, key=lambda each: each.atom.type.size)
    for factor in others:
        first = arrays.combined("mul", first, factor)
    if term.is_negative:
        return Factor(arrays.like("neg", first.atom), first.axes)
    return first


def parted(
    ones: Sequence[Factor], others: Sequence[Factor]
) -> tuple[list[Factor], list[Factor], list[Factor]]:
    """Factors that two products share, and what else each has."""
    shared, left = [], list(others)
    rest = []
    for factor in ones:
        for number, other in enumerate(left):
            if factor.atom is other.atom and factor.axes == other.axes:
                shared.append(factor)
                del left[number]
                break
        else:
            rest.append(factor)
    return shared, rest, left
