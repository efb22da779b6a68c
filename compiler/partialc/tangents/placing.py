"""Terms put together: every payload at its place in one array."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Final

import numpy as np
from numpy.typing import NDArray

from partialc.ir.distinct import distinct_numbers
from partialc.ir.dtypes import DType
from partialc.ir.equations import concatenated, with_added, with_elements
from partialc.ir.program import Atom, Constant
from partialc.ir.structure import constant_key
from partialc.tangents.arrays import Arrays
from partialc.tangents.links import Links
from partialc.tangents.term import Term, payload

SPARSE: Final = 0.4
"""So many of the elements, at most, are set among others that are one number: a write
takes as long as two reads."""


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
    zero = arrays.number(dtype, 0)
    if not terms:
        return arrays.spread(zero, (total,), ())
    values, at = _listed(terms, targets, dtype, arrays)
    inside = at >= 0
    is_once = np.bincount(at[inside]).max(initial=0) <= 1
    if not is_once:
        return _added_up(arrays.spread(zero, (total,), ()), values, at, arrays)
    source = np.full(total, at.size, np.int64)
    source[at[inside]] = np.flatnonzero(inside)
    if np.array_equal(source, np.arange(at.size)):
        return values
    if (source == at.size).any():
        one = arrays.spread(zero, (1,), ())
        values = _concatenated([values, one], arrays)
    return arrays.rows(values, source)


def inlaid(
    terms: Sequence[Term],
    targets: Sequence[NDArray[np.int64]],
    diagonals: Sequence[int],
    total: int,
    dtype: DType,
    arrays: Arrays,
) -> Atom | None:
    """One flat array of a number that most elements are, and what is not among it.

    A stencil of which only the diagonal depends on the inputs is written so: that takes
    a write for each element of the diagonal, and not a read for every entry.

    Args:
        terms: The terms.
        targets: As in `placed`.
        diagonals: For each term the diagonal that it starts on: those of one are
            written together.
        total: The length of the result.
        dtype: Its element type.
        arrays: Writes the result.

    Returns:
        None where there is no such number, or where two payloads come to one place.
    """
    numbers: dict[float, int] = {}
    for term, target in zip(terms, targets, strict=True):
        value = _number(term, arrays)
        if value is not None:
            numbers[value] = numbers.get(value, 0) + int((target >= 0).sum())
    usual = max(numbers, key=lambda value: numbers[value], default=None)
    if usual is None or (1 - SPARSE) * total > numbers[usual]:
        return None
    at = np.concatenate([target[target >= 0] for target in targets])
    if at.size != total or np.bincount(at, minlength=total).max() > 1:
        return None
    base: Atom = arrays.spread(arrays.number(dtype, usual), (total,), ())
    groups: dict[int, list[int]] = {}
    for number, (term, diagonal) in enumerate(zip(terms, diagonals, strict=True)):
        if _number(term, arrays) != usual:
            groups.setdefault(diagonal, []).append(number)
    for group in groups.values():
        values, places = _listed(
            [terms[number] for number in group],
            [targets[number] for number in group],
            dtype,
            arrays,
        )
        inside = places >= 0
        if not inside.all():
            values = arrays.rows(values, np.flatnonzero(inside))
        base = _set(base, values, places[inside], arrays)
    return base


def _number(term: Term, arrays: Arrays) -> float | None:
    """What all payloads of a term are, if they are one real number."""
    total = -1.0 if term.is_negative else 1.0
    for factor in term.factors:
        value = arrays.known(factor.atom)
        if value is None or value.dtype.kind == "c" or not value.size:
            return None
        first = value.reshape(-1)[0]
        if not (value == first).all():
            return None
        total *= float(first)
    return total


def _set(base: Atom, values: Atom, at: NDArray[np.int64], arrays: Arrays) -> Atom:
    """An array with other values at some places, each of which occurs once."""
    return arrays.add(with_elements(base, values, at))


def added(
    base: Atom,
    terms: Sequence[Term],
    targets: Sequence[NDArray[np.int64]],
    arrays: Arrays,
) -> Atom:
    """A flat array, and all payloads added at their places.

    Args:
        base: The array, of shape `(total,)`.
        terms: The terms.
        targets: As in `placed`.
        arrays: Writes the result.
    """
    values, at = _listed(terms, targets, base.type.dtype, arrays)
    return _added_up(base, values, at, arrays)


def _listed(
    terms: Sequence[Term],
    targets: Sequence[NDArray[np.int64]],
    dtype: DType,
    arrays: Arrays,
) -> tuple[Atom, NDArray[np.int64]]:
    """All payloads one after the other, and where each goes."""
    parts: list[Atom] = []
    places: list[NDArray[np.int64]] = []
    for term, target in zip(terms, targets, strict=True):
        factor = payload(term, arrays)
        missing = [n for n in range(len(term.sizes)) if n not in factor.axes]
        axes = [*factor.axes, *missing]  # as they are: places are moved at no cost
        whole = arrays.full(factor, axes, term.sizes)
        parts.append(arrays.reshaped(arrays.converted(whole, dtype), (term.places,)))
        places.append(target.transpose(axes).reshape(-1))
    at = np.concatenate(places)
    return _concatenated(parts, arrays), at


def gathered(
    terms: Sequence[Term],
    targets: Sequence[NDArray[np.int64]],
    total: int,
    dtype: DType,
    arrays: Arrays,
) -> Atom | None:
    """One flat array, each element of which is one element of a payload.

    A payload is read as it is: what it does not depend on is not repeated before.
    Arguments are those of `placed`; None where two payloads come to one place.
    """
    if not terms:
        return None
    source = np.full(total, -1, np.int64)
    parts: list[Atom] = []
    starts: dict[object, int] = {}
    length = 0
    for term, target in zip(terms, targets, strict=True):
        factor = payload(term, arrays)
        shape = [
            size if axis in factor.axes else 1 for axis, size in enumerate(term.sizes)
        ]
        order = [factor.axes.index(axis) for axis in sorted(factor.axes)]
        own = np.arange(factor.atom.type.size).reshape(factor.atom.type.shape)
        places = np.broadcast_to(own.transpose(order).reshape(shape), term.sizes)
        inside = target >= 0
        at = target[inside]
        if (source[at] >= 0).any() or np.bincount(at).max(initial=0) > 1:
            return None
        start = starts.get(_identity(factor.atom))
        if start is None:
            start = starts[_identity(factor.atom)] = length
            atom = arrays.converted(factor.atom, dtype)
            parts.append(arrays.reshaped(atom, (atom.type.size,)))
            length += atom.type.size
        source[at] = start + places[inside]
    if (source < 0).any():
        parts.append(arrays.spread(arrays.number(dtype, 0), (1,), ()))
        source[source < 0] = length
    return arrays.rows(_concatenated(parts, arrays), source)


def _identity(atom: Atom) -> object:
    """What payloads have in common that are the same: constants by their elements."""
    return constant_key(atom) if isinstance(atom, Constant) else atom


def _concatenated(parts: Sequence[Atom], arrays: Arrays) -> Atom:
    if len(parts) == 1:
        return parts[0]
    return arrays.add(concatenated(parts, 0))


def _added_up(base: Atom, values: Atom, at: NDArray[np.int64], arrays: Arrays) -> Atom:
    """A sum for each place.

    Payloads are added in the order that they have: to sort them first takes longer
    than to write to places here and there.
    """
    inside = at >= 0
    if not inside.all():
        values = arrays.rows(values, np.flatnonzero(inside))
        at = at[inside]
    return arrays.add(with_added(base, values, at))


def dense(
    terms: Sequence[Term],
    shape: Sequence[int],
    seeds: NDArray[np.int64],
    dtype: DType,
    arrays: Arrays,
    *,
    colours: NDArray[np.int64] | None = None,
) -> Atom:
    """A value's derivatives by some seeds, or by sums of seeds, as one array.

    Args:
        terms: The value's terms; all their columns are among the seeds.
        shape: The value's shape.
        seeds: Sorted numbers of seeds.
        dtype: The element type.
        arrays: Writes the result.
        colours: For each seed the sum that it is in, negative where it is in none; None
            where each is on its own.

    Returns:
        An array of shape `shape + (number of sums,)`.
    """
    colours = np.arange(len(seeds)) if colours is None else colours
    count = int(colours.max(initial=-1)) + 1
    targets = []
    for term in terms:
        cols = term.cols.values()
        found = np.full(cols.shape, -1)
        is_any = cols >= 0  # of no column there may be no seeds at all
        found[is_any] = colours[np.searchsorted(seeds, cols[is_any])]
        target = term.row(shape).values() * count + found
        targets.append(np.where(found < 0, -1, target))
    flat = placed(terms, targets, prod(shape) * count, dtype, arrays)
    return arrays.reshaped(flat, (*shape, count))


def seeds_of(terms: Sequence[Term]) -> NDArray[np.int64]:
    """The seeds that stand behind some terms, sorted."""
    found = [distinct_numbers(term.cols.compact()) for term in terms]
    every = distinct_numbers(np.concatenate(found or [np.zeros(0, np.int64)]))
    return every[every >= 0]


def links_of(
    terms: Sequence[Term], shape: Sequence[int], seeds: NDArray[np.int64]
) -> Links:
    """Which elements of a value depend on which seeds.

    Args:
        terms: The value's terms.
        shape: The value's.
        seeds: Sorted numbers of seeds; all columns are among them.
    """
    rows, cols = [np.zeros(0, np.int64)], [np.zeros(0, np.int64)]
    for term in terms:
        col = term.cols.values().reshape(-1)
        row = term.row(shape).values().reshape(-1)
        rows.append(row[col >= 0])
        cols.append(np.searchsorted(seeds, col[col >= 0]))
    return Links.of(prod(shape), seeds.size, np.concatenate(rows), np.concatenate(cols))
