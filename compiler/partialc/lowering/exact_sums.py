"""Sums and contractions of floats that no order of adding rounds."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Any, Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

Array: TypeAlias = NDArray[Any]

LARGEST_PRODUCT: Final = 1 << 20
"""Contractions of more products stay what they are."""


def is_plain(array: Array) -> bool:
    """Integers and truth values; floats that no processor treats specially."""
    if array.dtype.kind in "biu":
        return True
    if array.dtype not in (np.float32, np.float64):
        return False
    tiny = np.finfo(array.dtype).tiny
    subnormal = (array != 0) & (np.abs(array) < tiny)
    return not bool(np.any(subnormal | np.isnan(array)))


def exact_sum(
    operands: Sequence[Array], params: Any, dtype: np.dtype[Any]
) -> Array | None:
    """The sum of floats over some axes; None where an order of adding may round.

    Args:
        operands: The one array.
        params: The `axes`.
        dtype: The element type of the result.
    """
    (array,), axes = operands, params["axes"]
    if not array.size:
        return None
    others = [axis for axis in range(array.ndim) if axis not in axes]
    moved = array.transpose([*others, *axes])
    return _sum(moved.reshape([array.shape[axis] for axis in others] + [-1]))


def exact_product(
    operands: Sequence[Array], params: Any, dtype: np.dtype[Any]
) -> Array | None:
    """The contraction of two arrays of floats; None where an order may round.

    Args:
        operands: The two arrays.
        params: The `dimension_numbers` of a `dot_general`.
        dtype: The element type of the result.
    """
    first, second = operands
    if dtype.kind != "f" or first.dtype != dtype or second.dtype != dtype:
        return None
    if not first.size or not second.size:
        return None
    if not is_plain(first) or not is_plain(second):
        return None
    numbers = params["dimension_numbers"]
    ones, others = numbers["lhs_contracting"], numbers["rhs_contracting"]
    batch, batches = numbers["lhs_batch"], numbers["rhs_batch"]
    rows = [axis for axis in range(first.ndim) if axis not in (*ones, *batch)]
    cols = [axis for axis in range(second.ndim) if axis not in (*others, *batches)]
    shape = [first.shape[axis] for axis in (*batch, *rows)]
    shape += [second.shape[axis] for axis in cols]
    length = prod(first.shape[axis] for axis in ones)
    lead = prod(first.shape[axis] for axis in batch)
    if prod(shape) * length > LARGEST_PRODUCT:
        return None
    left = first.transpose([*batch, *rows, *ones]).reshape(lead, -1, 1, length)
    right = second.transpose([*batches, *cols, *others]).reshape(lead, 1, -1, length)
    products = left * right
    are_whole = (products == 0) | (left == np.rint(left)) & (right == np.rint(right))
    result = _sum(products, are_whole)
    return None if result is None else result.reshape(shape)


def _sum(addends: Array, are_whole: Array | None = None) -> Array | None:
    """The sum over the last axis, where no order of adding rounds.

    That is so of whole numbers that are not too large, and of single nonzeros. The sign
    of a sum of nothing but negative zeros is the compiler's choice.

    Args:
        addends: What is added.
        are_whole: Which of them may be taken for whole numbers. Of a product that is
            rounded to one a processor may add what it was before: 3 * (1 / 3) - 1.
    """
    if not is_plain(addends):
        return None
    most = 2.0 ** np.finfo(addends.dtype).nmant
    is_whole = addends == np.rint(addends)
    is_whole = (is_whole if are_whole is None else is_whole & are_whole).all(-1)
    is_small = np.abs(addends).sum(-1, dtype=np.float64) < most
    is_single = (addends != 0).sum(-1) <= 1
    if not (is_whole & is_small | is_single).all():
        return None
    if ((addends == 0) & np.signbit(addends)).all(-1).any():
        return None
    return np.asarray(addends.sum(-1) + 0.0, addends.dtype)
