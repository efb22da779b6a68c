"""Where the entries of a matrix of derivatives may be nonzero."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from partialc.ir.distinct import distinct_numbers


@dataclass(frozen=True, eq=False, slots=True)
class Pattern:
    """The structural nonzeros of a matrix, row-major, each once.

    Attributes:
        shape: Rows and columns of the matrix.
        rows: The row of each nonzero, of shape (nonzeros,).
        cols: Its column, of the same shape.
        is_constant: Whether its value is a number that does not depend on the inputs;
            of the same shape.
    """

    shape: tuple[int, int]
    rows: NDArray[np.int64]
    cols: NDArray[np.int64]
    is_constant: NDArray[np.bool_]

    @classmethod
    def of(
        cls,
        shape: tuple[int, int],
        rows: NDArray[np.int64],
        cols: NDArray[np.int64],
        is_constant: NDArray[np.bool_] | None = None,
    ) -> Pattern:
        """Entries in any order, some perhaps several times.

        Args:
            shape: Rows and columns of the matrix.
            rows: The row of each entry.
            cols: Its column.
            is_constant: Whether it is a number; an entry of several terms is one only
                where all of them are. None where nothing is known of it.
        """
        keys = rows.astype(np.int64) * max(shape[1], 1) + cols
        found = distinct_numbers(keys)
        fixed = np.full(found.size, is_constant is not None)
        if is_constant is not None:
            fixed[np.searchsorted(found, keys[~is_constant])] = False
        rows, cols = np.divmod(found, max(shape[1], 1))
        return cls(shape, rows, cols, fixed)

    @property
    def nonzeros(self) -> int:
        """How many entries may be nonzero."""
        return int(self.rows.size)

    @property
    def indptr(self) -> NDArray[np.int64]:
        """Where each row starts among the entries, and the end of the last one."""
        return np.searchsorted(self.rows, np.arange(self.shape[0] + 1))

    def __and__(self, other: Pattern) -> Pattern:
        """The entries that two patterns of one matrix have in common.

        Constant is what either of them knows to be it.
        """
        mine, theirs = self._keys(), other._keys()
        keys, places, others = np.intersect1d(
            mine, theirs, assume_unique=True, return_indices=True
        )
        rows, cols = np.divmod(keys, max(self.shape[1], 1))
        fixed = self.is_constant[places] | other.is_constant[others]
        return Pattern(self.shape, rows, cols, fixed)

    def __or__(self, other: Pattern) -> Pattern:
        """The entries that either of two patterns of one matrix has.

        Constant is what none of those that have it sees change.
        """
        return Pattern.of(
            self.shape,
            np.concatenate([self.rows, other.rows]),
            np.concatenate([self.cols, other.cols]),
            np.concatenate([self.is_constant, other.is_constant]),
        )

    def _keys(self) -> NDArray[np.int64]:
        return self.rows * max(self.shape[1], 1) + self.cols
