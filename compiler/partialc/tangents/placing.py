"""Terms put together: every payload at its place in one array."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

import numpy as np
from numpy.typing import NDArray

from partialc.ir.dtypes import DType
from partialc.ir.program import ArrayType, Atom, Constant, Dimensions
from partialc.tangents.arrays import INDEX, WIDE_INDEX, Arrays
from partialc.tangents.term import Term, payload


def placed(
    terms: Sequence[Term],
    targets: Sequence[NDArray[np.int64]],
    total: int,
    dtype: DType,
    arrays: Arrays,
) -> Atom:
    """One flat array of all payloads; what comes to one place is added up.

    Args:
        terms: The terms.
        targets: For each of them where each place of its grid goes, of shape `sizes`;
            negative where it goes nowhere.
        total: The length of the result; it is zero where nothing comes.
        dtype: Its element type.
        arrays: Writes the result.
    """
    parts: list[Atom] = []
    places: list[NDArray[np.int64]] = []
    for term, target in zip(terms, targets, strict=True):
        axes = range(len(term.sizes))
        whole = arrays.full(payload(term, arrays), axes, term.sizes)
        parts.append(arrays.reshaped(arrays.converted(whole, dtype), (term.places,)))
        places.append(target.reshape(-1))
    kind = ArrayType(dtype, (total,))
    zero = arrays.number(dtype, 0)
    if not parts:
        return arrays.spread(zero, (total,), ())
    at = np.concatenate(places)
    inside = at >= 0
    is_once = np.bincount(at[inside]).max(initial=0) <= 1
    values = _concatenated(parts, arrays)
    if not is_once:
        return _added_up(values, at, kind, arrays)
    source = np.full(total, at.size, np.int64)
    source[at[inside]] = np.flatnonzero(inside)
    if np.array_equal(source, np.arange(at.size)):
        return values
    if (source == at.size).any():
        one = arrays.spread(zero, (1,), ())
        values = _concatenated([values, one], arrays)
    return arrays.rows(values, source)


def _concatenated(parts: Sequence[Atom], arrays: Arrays) -> Atom:
    if len(parts) == 1:
        return parts[0]
    length = sum(part.type.size for part in parts)
    kind = ArrayType(parts[0].type.dtype, (length,))
    return arrays.apply("concatenate", parts, kind, dimension=0)


def _added_up(
    values: Atom, at: NDArray[np.int64], kind: ArrayType, arrays: Arrays
) -> Atom:
    """A sum for each place, in the order of the places."""
    order = np.argsort(at, kind="stable")
    order = order[at[order] >= 0]
    if not np.array_equal(order, np.arange(at.size)):
        values = arrays.rows(values, order)
    base = arrays.spread(arrays.number(kind.dtype, 0), kind.shape, ())
    dtype = INDEX if kind.size < 2**31 else WIDE_INDEX
    index = Constant.of(ArrayType(dtype, (order.size, 1)), at[order][:, None])
    numbers = Dimensions(
        "scatter",
        (
            ("update_window_dims", ()),
            ("inserted_window_dims", (0,)),
            ("scatter_dims_to_operand_dims", (0,)),
            ("operand_batching_dims", ()),
            ("scatter_indices_batching_dims", ()),
        ),
    )
    return arrays.apply(
        "scatter-add",
        [base, index, values],
        kind,
        dimension_numbers=numbers,
        indices_are_sorted=True,
        mode="PROMISE_IN_BOUNDS",
        unique_indices=False,
    )


def dense(
    terms: Sequence[Term],
    shape: Sequence[int],
    seeds: NDArray[np.int64],
    dtype: DType,
    arrays: Arrays,
) -> Atom:
    """A value's derivatives by some seeds as one array.

    Args:
        terms: The value's terms; all their columns are among the seeds.
        shape: The value's shape.
        seeds: Sorted numbers of seeds.
        dtype: The element type.
        arrays: Writes the result.

    Returns:
        An array of shape `shape + (number of seeds,)`.
    """
    count = len(seeds)
    targets = []
    for term in terms:
        cols = term.cols.values()
        found = np.searchsorted(seeds, np.maximum(cols, 0))
        target = term.row(shape).values() * count + found
        targets.append(np.where(cols < 0, -1, target))
    flat = placed(terms, targets, prod(shape) * count, dtype, arrays)
    return arrays.reshaped(flat, (*shape, count))


def seeds_of(terms: Sequence[Term]) -> NDArray[np.int64]:
    """The seeds that stand behind some terms, sorted."""
    found = [np.unique(term.cols.compact()) for term in terms]
    every = np.unique(np.concatenate(found)) if found else np.zeros(0, np.int64)
    return every[every >= 0]
