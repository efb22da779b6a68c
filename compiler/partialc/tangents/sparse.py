"""The nonzeros of a matrix: where they are, and their values in its row-major order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod

import numpy as np
from numpy.typing import NDArray

from partialc.ir.dtypes import DType
from partialc.ir.patterns import Pattern
from partialc.ir.program import Atom, Constant
from partialc.tangents.arrays import Arrays
from partialc.tangents.placing import placed
from partialc.tangents.term import Term
from partialc.tangents.weave import Keys, Payloads, column_at, strands, woven


@dataclass(frozen=True, eq=False, slots=True)
class Matrix:
    """A matrix as a sum of terms.

    Attributes:
        terms: The terms of a value; those of what is no row's or no column's are gone.
        shape: The value's shape: its elements in row-major order are the rows.
        columns: How many columns it has.
        keys: For each term the number of each of its entries, row * columns + column;
            negative where it has none.
    """

    terms: tuple[Term, ...]
    shape: tuple[int, ...]
    columns: int
    keys: tuple[NDArray[np.int64], ...]

    @classmethod
    def of(cls, terms: Sequence[Term], shape: Sequence[int], columns: int) -> Matrix:
        """The matrix of some terms.

        Args:
            terms: The terms of a value.
            shape: The value's.
            columns: How many seeds there are.
        """
        keys = []
        for term in terms:
            cols = term.cols.values()
            key = term.row(shape).values() * columns + cols
            keys.append(np.where(cols < 0, -1, key) if cols.min() < 0 else key)
        return cls(tuple(terms), tuple(shape), columns, tuple(keys))

    def pattern(self) -> Pattern:
        """Where it may be nonzero."""
        every = [key.reshape(-1) for key in self.keys]
        constant = [
            np.full(key.size, _is_number(term))
            for key, term in zip(every, self.terms, strict=True)
        ]
        keys = np.concatenate(every) if every else np.zeros(0, np.int64)
        fixed = np.concatenate(constant) if constant else np.zeros(0, bool)
        inside = keys >= 0
        rows, cols = np.divmod(keys[inside], max(self.columns, 1))
        shape = (prod(self.shape), self.columns)
        return Pattern.of(shape, rows, cols, fixed[inside])

    def values(
        self, wanted: NDArray[np.int64], dtype: DType, arrays: Arrays
    ) -> Atom:
        """The values of some entries.

        Args:
            wanted: The numbers of the entries, ascending and each once; those that no
                term has are zero.
            dtype: The element type.
            arrays: Writes the result.

        Returns:
            An array of shape `(len(wanted),)`.
        """
        if self.terms:
            found = self._woven(wanted, arrays)
            if found is not None:
                return arrays.converted(found, dtype)
        targets = []
        for key in self.keys:
            places = np.minimum(np.searchsorted(wanted, key), max(wanted.size - 1, 0))
            hits = wanted[places] == key if wanted.size else np.zeros(key.shape, bool)
            targets.append(np.where(hits, places, -1))
        return placed(self.terms, targets, wanted.size, dtype, arrays)

    def _woven(self, wanted: NDArray[np.int64], arrays: Arrays) -> Atom | None:
        found = strands(self.terms, self.shape)
        if found is None or sum(key.size for key in self.keys) != wanted.size:
            return None
        first = column_at(self.terms)
        order = woven(found, first, Keys(self.keys))
        if order is None or not np.array_equal(order.reshape(-1), wanted):
            return None
        atom = woven(found, first, Payloads(self.terms, arrays))
        assert atom is not None, "it was woven before"
        return arrays.reshaped(atom, (wanted.size,))


def _is_number(term: Term) -> bool:
    """Whether a term does not depend on the inputs."""
    return all(isinstance(factor.atom, Constant) for factor in term.factors)
