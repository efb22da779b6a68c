"""Terms as dense matrices, and random terms: what the tests of terms compare with."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import prod
from typing import Any

import numpy as np
from hypothesis import settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from partialc.ir.program import ArrayType, Atom, Constant, Value
from partialc.tangents.arrays import Arrays, Factor
from partialc.tangents.maps import NOWHERE, IndexMap
from partialc.tangents.term import Term
from tests.unit.tangents.numpy_arrays import FLOAT, evaluated, fresh

SEEDS = 7

few = settings(max_examples=30)
"""Other ones in each run; thousands went by when the tests were written."""

Draw = st.DrawFn


class Ground:
    """Arrays, and the elements of those that stand for inputs.

    Args:
        arrays: Where equations are written.
    """

    def __init__(self, arrays: Arrays | None = None) -> None:
        self.arrays = fresh() if arrays is None else arrays
        self.given: dict[Value, NDArray[Any]] = {}

    def input(self, data: Any) -> Value:
        """An array of which the compiler knows nothing."""
        elements = np.asarray(data, np.float64)
        value = Value(ArrayType(FLOAT, elements.shape))
        self.given[value] = elements
        return value

    def of(self, atom: Atom) -> NDArray[Any]:
        """The elements of an array."""
        return evaluated(self.arrays, atom, self.given)

    def payload(self, term: Term) -> NDArray[Any]:
        """The product of a term's factors at each place of its grid."""
        total = np.full(term.sizes, -1.0 if term.is_negative else 1.0)
        for factor in term.factors:
            elements = self.of(factor.atom)
            assert len(set(factor.axes)) == len(factor.axes)
            assert elements.shape == tuple(term.sizes[axis] for axis in factor.axes)
            order = np.argsort(factor.axes)
            wide = [
                size if axis in factor.axes else 1
                for axis, size in enumerate(term.sizes)
            ]
            total = total * elements.transpose(order).reshape(wide)
        return total

    def dense(
        self, terms: Term | Iterable[Term] | None, shape: Sequence[int], seeds: int
    ) -> NDArray[np.float64]:
        """A value as a matrix, elements by seeds: place by place, as a term says.

        It also looks whether terms are what they should be.
        """
        if terms is None or isinstance(terms, Term):
            terms = () if terms is None else (terms,)
        total = np.zeros((prod(shape), seeds))
        for term in terms:
            assert len(term.rows) == len(shape)
            assert all(each.sizes == term.sizes for each in (*term.rows, term.cols))
            elements = self.payload(term)
            rows = [row.values() for row in term.rows]
            cols = term.cols.values()
            for place in np.ndindex(*term.sizes):
                row = tuple(int(each[place]) for each in rows)
                inside = all(0 <= r < n for r, n in zip(row, shape, strict=True))
                assert inside, f"place {place} is in no row of {shape}: {row}"
                if cols[place] >= 0:
                    flat = int(np.ravel_multi_index(row, shape)) if shape else 0
                    total[flat, cols[place]] += elements[place]
        return total


def column(values: Sequence[int], axis: int, sizes: Sequence[int]) -> IndexMap:
    """A table along one axis."""
    shape = [1] * len(sizes)
    shape[axis] = -1
    return IndexMap.of(np.array(values, np.int64).reshape(shape), sizes)


@st.composite
def places(draw: Draw, sizes: tuple[int, ...], lost: bool = False) -> IndexMap:
    """A map whose values are nowhere negative; nowhere at some places where `lost`."""
    kind = draw(st.sampled_from(["along", "affine", "table", "constant", "line"]))
    if not sizes or kind == "constant":
        return IndexMap.constant(sizes, draw(st.integers(0, 3)))
    axis = draw(st.integers(0, len(sizes) - 1))
    if kind == "along":
        return IndexMap.along(sizes, axis)
    if kind == "line":
        step = draw(st.sampled_from([-2, -1, 1, 2, 3]))
        start = draw(st.integers(0, 2)) - min(step * max(sizes[axis] - 1, 0), 0)
        return IndexMap.along(sizes, axis, start, step)
    if kind == "affine":
        total = IndexMap.constant(sizes, draw(st.integers(0, 2)))
        for axis in range(len(sizes)):
            step = draw(st.sampled_from([-1, 0, 1, 2, 3]))
            shift = -min(step * max(sizes[axis] - 1, 0), 0)
            total = total.plus(IndexMap.along(sizes, axis, shift, step))
        return total
    wide = [size if draw(st.booleans()) else 1 for size in sizes]
    low = -1 if lost else 0
    count = prod(wide)
    values = draw(st.lists(st.integers(low, 4), min_size=count, max_size=count))
    return IndexMap.of(np.array(values, np.int64).reshape(wide), sizes)


@st.composite
def grids(draw: Draw, most: int = 3) -> tuple[int, ...]:
    """Sizes of a grid, small ones, perhaps of one place or of no axes."""
    return tuple(draw(st.lists(st.integers(1, 4), max_size=most)))


@st.composite
def arrays_along(draw: Draw, shape: tuple[int, ...], ground: Ground) -> Atom:
    """An array of small numbers, known or not, perhaps all the same."""
    count = prod(shape)
    numbers = draw(
        st.one_of(
            st.lists(st.integers(-3, 3), min_size=count, max_size=count),
            st.integers(-2, 2).map(lambda number: [number] * count),
        )
    )
    data = np.array(numbers, np.float64).reshape(shape)
    if draw(st.booleans()):
        return ground.input(data)
    return Constant.of(ArrayType(FLOAT, shape), data)


@st.composite
def factors(draw: Draw, sizes: tuple[int, ...], ground: Ground) -> Factor:
    """An array along some axes of a grid, in any order."""
    order = draw(st.permutations(range(len(sizes))))
    axes = tuple(order[: draw(st.integers(0, len(sizes)))])
    shape = tuple(sizes[axis] for axis in axes)
    return Factor(draw(arrays_along(shape, ground)), axes)


@st.composite
def terms(draw: Draw, rank: int, ground: Ground, most: int = 3) -> Term:
    """A term of a value of some rank; `shape_of` is the least shape it fits in."""
    sizes = draw(grids(most))
    rows = tuple(draw(places(sizes)) for _ in range(rank))
    return draw(terms_on(sizes, rows, ground))


@st.composite
def terms_on(
    draw: Draw, sizes: tuple[int, ...], rows: tuple[IndexMap, ...], ground: Ground
) -> Term:
    """A term on a grid, with rows."""
    cols = draw(places(sizes, lost=True))
    _, high = cols.bounds()
    if high >= SEEDS:
        cols = IndexMap.of(
            np.where(cols.compact() < 0, NOWHERE, cols.compact() % SEEDS), sizes
        )
    found = tuple(draw(st.lists(factors(sizes, ground), max_size=3)))
    return Term(sizes, rows, cols, found, FLOAT, draw(st.booleans()))


def shape_of(*found: Term, spare: int = 0) -> tuple[int, ...]:
    """A shape that all terms lie in."""
    axes = zip(*(term.rows for term in found), strict=True)
    return tuple(
        1 + spare + max(max(int(each.values().max()), 0) for each in axis)
        for axis in axes
    )
