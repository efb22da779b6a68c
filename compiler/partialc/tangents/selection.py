"""Which of several sums a place of a grid belongs to."""

from __future__ import annotations

from math import prod
from typing import Final

import numpy as np
from numpy.typing import NDArray

from partialc.ir.dtypes import BOOL, DType
from partialc.ir.equations import INDEX
from partialc.ir.program import ArrayType, Atom, Constant
from partialc.tangents.arrays import Arrays
from partialc.tangents.maps import NOWHERE

FEW: Final = 256
"""Selections of more elements are not written down as numbers."""

SAMPLE: Final = 32
"""So many numbers of a line are looked at first."""


def distinct(
    lines: NDArray[np.int64],
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Where each distinct line comes first, and for each line which of them it is.

    Lines are compared as bytes, in an order of bytes in which they are sorted as the
    numbers are: `numpy.unique` along an axis compares them field by field.

    Args:
        lines: An array of shape (lines, numbers).
    """
    if not lines.size:
        return np.zeros(0, np.int64), np.zeros(0, np.int64)
    ordered = np.ascontiguousarray((lines - 2 * NOWHERE).astype(">i8"))
    whole = ordered.view(np.dtype((np.void, ordered.shape[1] * ordered.itemsize)))
    _, firsts, numbers = np.unique(
        whole.reshape(-1), return_index=True, return_inverse=True
    )
    return firsts, numbers


def are_few(lines: NDArray[np.int64], most: float) -> bool:
    """Whether there may be few distinct lines: a part of their numbers is looked at.

    Args:
        lines: An array of shape (lines, numbers).
        most: How many lines are few.
    """
    length = lines.shape[1]
    part = np.linspace(0, length - 1, min(SAMPLE, length)).astype(np.int64)
    return len(distinct(lines[:, part])[0]) <= most


def belongs(
    numbers: NDArray[np.int64], count: int, dtype: DType, arrays: Arrays
) -> Atom:
    """One where a place belongs to a sum, zero elsewhere; sums along a last axis.

    Args:
        numbers: The number of the sum of each place; negative where it is in none.
        count: How many sums there are.
        dtype: The element type of the result.
        arrays: Writes it.
    """
    shape = (*numbers.shape, count)
    if prod(shape) <= FEW:
        kind = ArrayType(dtype, shape)
        return Constant.of(kind, numbers[..., None] == np.arange(count))
    numbers = np.where(numbers < 0, count, numbers)
    one = Constant.of(ArrayType(INDEX, (*numbers.shape, 1)), numbers[..., None])
    every = Constant.of(
        ArrayType(INDEX, (1,) * numbers.ndim + (count,)),
        np.arange(count).reshape((1,) * numbers.ndim + (-1,)),
    )
    found = arrays.apply("eq", [one, every], ArrayType(BOOL, shape))
    return arrays.converted(found, dtype)
