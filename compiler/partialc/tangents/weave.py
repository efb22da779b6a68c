"""The order of a sparse matrix: payloads of affine terms, row by row.

Rows in which the same terms have entries follow on each other in blocks: a stencil has
its first row, its inner rows and its last one, a stencil on a plane such blocks of such
lines. Within a block the entries of a row are the payloads side by side, so the whole
is stacks, reshapes and concatenations: no index arrays.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import prod
from typing import Final, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from partialc.ir.equations import concatenated, stacked
from partialc.ir.program import Atom
from partialc.tangents.arrays import Arrays, Factor
from partialc.tangents.maps import IndexMap
from partialc.tangents.term import Term, payload

MOST_PARTS: Final = 16
"""Weaves of more parts, and of more than `MOST_SHARES` for each term, are longer to
read than a gather, and no faster."""

MOST_SHARES: Final = 1.5

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Strand:
    """A term as a box of rows, with several entries in each perhaps.

    Attributes:
        term: Its number.
        starts: Where its box starts along each axis of the rows.
        counts: How many rows the box has along each.
        axes: The axis of the term's grid that each is; None where the count is one.
        hidden: The axes of the grid along which the entries of a row are.
    """

    term: int
    starts: tuple[int, ...]
    counts: tuple[int, ...]
    axes: tuple[int | None, ...]
    hidden: tuple[int, ...]


class Weaver(Protocol[T]):
    """Arrays of some kind."""

    def part(self, strand: Strand, box: Sequence[range]) -> T:
        """The entries of a box of rows, of shape `lengths + (entries of a row,)`.

        Lengths of one are left out, and so is the last axis where that has one entry.
        """

    def added(self, parts: Sequence[T]) -> T:
        """What is in the same places."""

    def joined(self, parts: Sequence[T], rank: int) -> T:
        """Arrays one after the other along an axis; those without it have one entry.

        Args:
            parts: The arrays.
            rank: The number of the axis: the last one.
        """

    def reshaped(self, array: T, shape: Sequence[int]) -> T:
        """The same elements in another shape."""


def strands(
    rows: Sequence[IndexMap], cols: Sequence[IndexMap], total: int
) -> list[Strand] | None:
    """Terms as boxes of the rows of one grid; None where they are no such boxes.

    Args:
        rows: For each term the row of each place of its grid.
        cols: For each term the column.
        total: How many rows there are.
    """
    if not all(each.is_affine for each in (*rows, *cols)):
        return None
    steps = sorted({step for row in rows for step in row.strides if step}, reverse=True)
    if any(step < 0 for step in steps):
        return None
    if any(outer % inner for outer, inner in itertools.pairwise(steps)):
        return None
    lengths = [total, *steps]
    found = []
    for number, (row, col) in enumerate(zip(rows, cols, strict=True)):
        starts, counts, axes = [], [], []
        rest = row.start
        for place, step in enumerate(steps):
            own = [axis for axis, stride in enumerate(row.strides) if stride == step]
            if len(own) > 1:
                return None
            start, rest = divmod(rest, step)
            count = row.sizes[own[0]] if own else 1
            if place and (start + count) * step > lengths[place]:
                return None
            starts.append(start)
            counts.append(count)
            axes.append(own[0] if own else None)
        if rest:
            return None
        hidden = [axis for axis in range(row.rank) if axis not in axes]
        hidden.sort(key=lambda axis, col=col: -col.strides[axis])  # type: ignore[misc]
        found.append(
            Strand(
                number,
                tuple(starts),
                tuple(counts),
                tuple(axes),
                tuple(hidden),
            )
        )
    return found


def woven(
    found: Sequence[Strand],
    first_column: Callable[[Strand, Sequence[int]], int],
    weaver: Weaver[T],
) -> T | None:
    """All entries, row by row; None where that takes too many parts.

    Args:
        found: At least one strand; all have the same number of axes.
        first_column: The column of a strand's first entry in a row.
        weaver: Makes the parts.
    """
    if _parts(found, 0) > max(MOST_PARTS, MOST_SHARES * len(found)):
        return None
    return _level(found, [], first_column, weaver)


def _segments(found: Sequence[Strand], level: int) -> list[tuple[range, list[Strand]]]:
    """Consecutive places along an axis of the rows at which the same strands are."""
    ends = sorted(
        {
            end
            for each in found
            for end in (each.starts[level], each.starts[level] + each.counts[level])
        }
    )
    segments = []
    for low, high in itertools.pairwise(ends):
        inside = [
            each
            for each in found
            if each.starts[level] <= low
            and high <= each.starts[level] + each.counts[level]
        ]
        if inside:
            segments.append((range(low, high), inside))
    return segments


def _parts(found: Sequence[Strand], level: int) -> int:
    if level == len(found[0].starts):
        return len(found)
    return sum(_parts(inside, level + 1) for _, inside in _segments(found, level))


def _level(
    found: Sequence[Strand],
    box: Sequence[range],
    first_column: Callable[[Strand, Sequence[int]], int],
    weaver: Weaver[T],
) -> T:
    """The entries of a box of rows, of shape `lengths + (entries of a line,)`."""
    if len(box) == len(found[0].starts):
        at = [part.start for part in box]
        columns: dict[int, list[Strand]] = {}
        for each in found:
            columns.setdefault(first_column(each, at), []).append(each)
        return weaver.joined(
            [
                weaver.added([weaver.part(each, box) for each in columns[column]])
                for column in sorted(columns)
            ],
            len(_lengths(box)),
        )
    lengths = _lengths(box)
    lines = []
    for part, inside in _segments(found, len(box)):
        inner = _level(inside, [*box, part], first_column, weaver)
        lines.append(weaver.reshaped(inner, (*lengths, -1)))
    return weaver.joined(lines, len(lengths))


def _lengths(box: Sequence[range]) -> list[int]:
    """How many rows a box has along each axis along which it has several."""
    return [len(part) for part in box if len(part) != 1]


class Keys:
    """Weaves numbers: to see in which order a weave has the entries.

    Args:
        keys: For each term the number of each of its entries, of shape `sizes`.
    """

    def __init__(self, keys: Sequence[NDArray[np.int64]]) -> None:
        self._keys = keys

    def part(self, strand: Strand, box: Sequence[range]) -> NDArray[np.int64]:
        """The numbers of the entries in a box of rows."""
        keys = self._keys[strand.term]
        order = [axis for axis in strand.axes if axis is not None]
        moved = keys.transpose((*order, *strand.hidden))
        index = [
            slice(part.start - start, part.stop - start)
            for part, start, axis in zip(box, strand.starts, strand.axes, strict=True)
            if axis is not None
        ]
        return moved[tuple(index)].reshape((*_lengths(box), -1))

    def added(self, parts: Sequence[NDArray[np.int64]]) -> NDArray[np.int64]:
        """The same numbers; negative where they are not."""
        first, *others = parts
        if all(np.array_equal(first, other) for other in others):
            return first
        return np.full_like(first, -1)

    def joined(
        self, parts: Sequence[NDArray[np.int64]], rank: int
    ) -> NDArray[np.int64]:
        """Along the last axis."""
        return parts[0] if len(parts) == 1 else np.concatenate(parts, axis=-1)

    def reshaped(
        self, array: NDArray[np.int64], shape: Sequence[int]
    ) -> NDArray[np.int64]:
        """In another shape."""
        return array.reshape(shape)


class Payloads:
    """Weaves payloads.

    Args:
        terms: The terms.
        arrays: Writes the equations.
    """

    def __init__(self, terms: Sequence[Term], arrays: Arrays) -> None:
        self._terms = terms
        self._arrays = arrays
        self._payloads: dict[int, Factor] = {}

    def part(self, strand: Strand, box: Sequence[range]) -> Atom:
        """The payloads in a box of rows."""
        term, arrays = self._terms[strand.term], self._arrays
        if strand.term not in self._payloads:
            self._payloads[strand.term] = payload(term, arrays)
        factor = self._payloads[strand.term]
        triples = zip(box, strand.starts, strand.axes, strict=True)
        firsts = {
            axis: part.start - start
            for part, start, axis in triples
            if axis is not None
        }
        lengths = _lengths(box)
        pairs = zip(box, strand.axes, strict=True)
        order = [axis for part, axis in pairs if len(part) != 1]
        order += strand.hidden
        sizes = [*lengths, *(term.sizes[axis] for axis in strand.hidden)]
        places = [
            (
                IndexMap.along(sizes, order.index(axis))
                if axis in order
                else IndexMap.constant(sizes, 0)
            ).shifted(firsts.get(axis, 0))
            for axis in factor.axes
        ]
        found = arrays.taken(factor.atom, places)
        atom = arrays.full(found, range(len(sizes)), sizes)
        entries = prod(sizes[len(lengths) :])
        return arrays.reshaped(atom, lengths if entries == 1 else (*lengths, entries))

    def added(self, parts: Sequence[Atom]) -> Atom:
        """The sum."""
        first, *others = parts
        for other in others:
            first = self._arrays.like("add", first, other)
        return first

    def joined(self, parts: Sequence[Atom], rank: int) -> Atom:
        """Along the last axis: stacked where every array has one entry."""
        lead = parts[0].type.shape[:rank]
        if len(parts) > 1 and all(part.type.ndim == rank for part in parts):
            side = self._arrays.add(stacked(parts, 0))
            return self._arrays.transposed(side, (*range(1, rank + 1), 0))
        wide = [
            self._arrays.reshaped(part, (*lead, 1)) if part.type.ndim == rank else part
            for part in parts
        ]
        if len(wide) == 1:
            return wide[0]
        return self._arrays.add(concatenated(wide, rank))

    def reshaped(self, array: Atom, shape: Sequence[int]) -> Atom:
        """In another shape."""
        known = prod(size for size in shape if size >= 0)
        total = array.type.size // max(known, 1)
        return self._arrays.reshaped(
            array, [total if size < 0 else size for size in shape]
        )


def column_at(
    cols: Sequence[IndexMap],
) -> Callable[[Strand, Sequence[int]], int]:
    """The least column of a strand in a row.

    Args:
        cols: For each term the column of each place of its grid.
    """

    def found(strand: Strand, at: Sequence[int]) -> int:
        own = cols[strand.term]
        total = own.start
        for place, start, axis in zip(at, strand.starts, strand.axes, strict=True):
            if axis is not None:
                total += own.strides[axis] * (place - start)
        return total + sum(
            min(0, own.strides[axis] * (own.sizes[axis] - 1)) for axis in strand.hidden
        )

    return found
