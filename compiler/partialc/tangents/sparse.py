"""The nonzeros of a matrix: where they are, and their values in its row-major order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import prod

import numpy as np
from numpy.typing import NDArray

from partialc.ir.boxes import row_major
from partialc.ir.distinct import are_distinct
from partialc.ir.dtypes import DType
from partialc.ir.patterns import Pattern
from partialc.ir.program import Atom, Constant
from partialc.tangents.arrays import Arrays
from partialc.tangents.maps import IndexMap
from partialc.tangents.overlaps import separated
from partialc.tangents.placing import added, gathered, inlaid, placed
from partialc.tangents.term import Term, kept, payload
from partialc.tangents.weave import Keys, Payloads, column_at, strands, woven


@dataclass(frozen=True, eq=False, slots=True)
class Matrix:
    """A matrix as a sum of terms.

    Attributes:
        terms: Its terms.
        rows: For each term the row of each place of its grid.
        cols: For each term the column of each place; negative where it is in none.
        shape: How many rows and columns there are.
    """

    terms: tuple[Term, ...]
    rows: tuple[IndexMap, ...]
    cols: tuple[IndexMap, ...]
    shape: tuple[int, int]

    @classmethod
    def of(
        cls,
        values: Sequence[Sequence[Term]],
        shapes: Sequence[Sequence[int]],
        seeds: int,
        *,
        transposed: bool = False,
    ) -> Matrix:
        """The matrix of some values, one below the other.

        Args:
            values: The terms of each value.
            shapes: The shape of each: its elements in row-major order are rows.
            seeds: How many seeds there are: they are the columns.
            transposed: Whether the values are columns and the seeds rows.
        """
        terms, places, numbers, first = [], [], [], 0
        for found, shape in zip(values, shapes, strict=True):
            for term in found:
                terms.append(term)
                places.append(term.row(shape).shifted(first))
                numbers.append(term.cols)
            first += prod(shape)
        if transposed:
            return cls(tuple(terms), tuple(numbers), tuple(places), (seeds, first))
        return cls(tuple(terms), tuple(places), tuple(numbers), (first, seeds))

    def keys(self) -> list[NDArray[np.int64]]:
        """For each term the number of each of its entries, row * columns + column.

        Where an entry is in no row or no column it is negative.
        """
        found = []
        for rows, cols in zip(self.rows, self.cols, strict=True):
            row, col = rows.values(), cols.values()
            key = row * max(self.shape[1], 1) + col
            is_lost = min(rows.bounds()[0], cols.bounds()[0]) < 0
            found.append(np.where((row < 0) | (col < 0), -1, key) if is_lost else key)
        return found

    def pattern(self) -> Pattern:
        """Where it may be nonzero."""
        every = [key.reshape(-1) for key in self.keys()]
        constant = [
            np.full(key.size, _is_number(term))
            for key, term in zip(every, self.terms, strict=True)
        ]
        keys = np.concatenate(every) if every else np.zeros(0, np.int64)
        fixed = np.concatenate(constant) if constant else np.zeros(0, bool)
        inside = keys >= 0
        rows, cols = np.divmod(keys[inside], max(self.shape[1], 1))
        return Pattern.of(self.shape, rows, cols, fixed[inside])

    def values(self, wanted: NDArray[np.int64], dtype: DType, arrays: Arrays) -> Atom:
        """The values of some entries.

        Args:
            wanted: The numbers of the entries, ascending and each once; those that no
                term has are zero.
            dtype: The element type.
            arrays: Writes the result.

        Returns:
            An array of shape `(len(wanted),)`.
        """
        part = self._part(wanted, arrays)
        if part is not self:
            return part.values(wanted, dtype, arrays)
        keys = self.keys()
        if self.terms:
            found = self._woven(keys, wanted, arrays)
            if found is not None:
                return arrays.converted(found, dtype)
        parts = separated(self._bare(), keys, arrays)
        if parts is not None:
            rows = tuple(part.rows[0] for part in parts)
            cols = tuple(part.cols for part in parts)
            matrix = Matrix(tuple(parts), rows, cols, self.shape)
            if matrix.is_disjoint():
                return matrix.values(wanted, dtype, arrays)
        order = self._by_diagonals()
        terms = [self.terms[number] for number in order]
        targets = [_places(keys[number], wanted) for number in order]
        diagonals = [self._diagonal(number) for number in order]
        found = inlaid(terms, targets, diagonals, wanted.size, dtype, arrays)
        if found is None:
            found = gathered(terms, targets, wanted.size, dtype, arrays)
        if found is not None:
            return found
        return placed(terms, targets, wanted.size, dtype, arrays)

    def is_disjoint(self) -> bool:
        """Whether no entry belongs to more than one place."""
        if not self.terms:
            return True
        keys = np.concatenate([key.reshape(-1) for key in self.keys()])
        return are_distinct(keys[keys >= 0])

    def _bare(self) -> list[Term]:
        """The terms with one map to rows, those of the matrix."""
        triples = zip(self.terms, self.rows, self.cols, strict=True)
        return [replace(term, rows=(row,), cols=col) for term, row, col in triples]

    def _by_diagonals(self) -> list[int]:
        """The numbers of the terms: those of one diagonal follow on each other.

        Where each entry reads its payload is then a sum of its row and one number for
        its diagonal.
        """

        def key(number: int) -> tuple[int, int]:
            return self._diagonal(number), self.rows[number].start

        return sorted(range(len(self.terms)), key=key)

    def _diagonal(self, number: int) -> int:
        """The diagonal that a term starts on."""
        return self.cols[number].start - self.rows[number].start

    def whole(self, dtype: DType, arrays: Arrays) -> Atom:
        """All values.

        Terms that fill the matrix are added up as they are; the others are added to
        their places in it.

        Args:
            dtype: The element type.
            arrays: Writes the result.

        Returns:
            An array of shape `(rows * columns,)`.
        """
        total = prod(self.shape)
        full: list[Atom] = []
        parts: list[Term] = []
        places: list[IndexMap] = []
        for term, rows, cols in zip(self.terms, self.rows, self.cols, strict=True):
            key = rows.scaled(self.shape[1]).plus(cols)
            order = _filling(key, total)
            if order is None:
                parts.append(term)
                places.append(key)
                continue
            atom = arrays.full(payload(term, arrays), order, term.sizes)
            full.append(arrays.converted(arrays.reshaped(atom, (total,)), dtype))
        if not full:
            return placed(parts, [_inside(key) for key in places], total, dtype, arrays)
        base = full[0]
        for atom in full[1:]:
            base = arrays.like("add", base, atom)
        if not parts:
            return base
        return added(base, parts, [_inside(key) for key in places], arrays)

    def _part(self, wanted: NDArray[np.int64], arrays: Arrays) -> Matrix:
        """The matrix without places of which no entry is wanted; itself where none is.

        Whole parts of grids go; single places that cannot be cut off stay.
        """
        parts: list[tuple[Term, IndexMap, IndexMap]] = []
        is_less = False
        triples = zip(self.terms, self.rows, self.cols, self.keys(), strict=True)
        for term, rows, cols, key in triples:
            hits = _places(key, wanted) >= 0
            if hits.all():
                parts.append((term, rows, cols))
                continue
            bare = replace(term, rows=(rows,), cols=cols)
            found = kept(bare, hits, arrays)
            if found is None:
                is_less = True
                continue
            is_less = is_less or found.places < term.places
            parts.append((found, found.rows[0], found.cols))
        if not is_less:
            return self
        terms, places, numbers = zip(*parts, strict=True) if parts else ((), (), ())
        return Matrix(terms, places, numbers, self.shape)

    def _woven(
        self,
        keys: Sequence[NDArray[np.int64]],
        wanted: NDArray[np.int64],
        arrays: Arrays,
    ) -> Atom | None:
        found = strands(self.rows, self.cols, self.shape[0])
        if found is None:
            return None
        first = column_at(self.cols)
        order = woven(found, first, Keys(keys))
        if order is None or not np.array_equal(order.reshape(-1), wanted):
            return None
        atom = woven(found, first, Payloads(self.terms, arrays))
        assert atom is not None, "it was woven before"
        return arrays.reshaped(atom, (wanted.size,))


def _places(key: NDArray[np.int64], wanted: NDArray[np.int64]) -> NDArray[np.int64]:
    """Where some numbers stand in an ascending list; negative where they do not."""
    if not wanted.size:
        return np.full(key.shape, -1)
    places = np.minimum(np.searchsorted(wanted, key), wanted.size - 1)
    return np.where(wanted[places] == key, places, -1)


def _inside(key: IndexMap) -> NDArray[np.int64]:
    """The places of a term; negative where it has none."""
    values = key.values()
    return np.where(values < 0, -1, values) if key.bounds()[0] < 0 else values


def _filling(key: IndexMap, total: int) -> list[int] | None:
    """The axes of a grid in the order in which it fills an array, if it does."""
    if not key.is_affine or key.start or prod(key.sizes) != total:
        return None
    order = sorted(range(key.rank), key=lambda axis: -key.strides[axis])
    sizes = [key.sizes[axis] for axis in order]
    strides = [key.strides[axis] for axis in order]
    return order if strides == row_major(sizes) else None


def _is_number(term: Term) -> bool:
    """Whether a term does not depend on the inputs."""
    return all(isinstance(factor.atom, Constant) for factor in term.factors)
