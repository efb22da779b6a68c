"""Fewer terms for the same value: terms of equal maps add, boxes of one map meet."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from partialc.ir.equations import concatenated, padded
from partialc.ir.program import Atom
from partialc.tangents.arrays import Arrays, Factor
from partialc.tangents.compaction import compacted
from partialc.tangents.holes import common_cols
from partialc.tangents.maps import IndexMap, same_maps
from partialc.tangents.packing import packed
from partialc.tangents.term import Term, arranged, parted, payload

MANY: Final = 8
"""Boxes of one map are joined where there are more terms: that takes zeros around them,
or copies. Otherwise what reads the terms adds them where they meet."""


@dataclass(frozen=True, slots=True)
class _Hull:
    """Two boxes that follow on each other, or overlap, along one axis.

    Attributes:
        axis: The axis.
        size: Their length together.
        starts: Where each starts.
    """

    axis: int
    size: int
    starts: tuple[int, int]


def merged(terms: Sequence[Term], arrays: Arrays) -> list[Term]:
    """The same sum by fewer terms, as far as that is easy to see.

    Args:
        terms: Terms of one value.
        arrays: Writes the sums of payloads.
    """
    found = _Found()
    are_many = len(terms) > MANY
    for term in [ordered(compacted(each, arrays)) for each in terms]:
        current: Term | None = term
        while current is not None:
            joined = None
            for number, other in found.beside(current, are_many=are_many):
                joined = _sum(other, current, arrays, are_many=are_many)
                if joined is not None:
                    found.drop(number)
                    break
            if joined is None:
                found.add(current)
                current = None
            else:
                current = None if joined == () else joined[0]
    return packed(found.terms, arrays)


class _Found:
    """Terms in their order, and at once those that another may be one with.

    A sum of many scalars is one of many terms, to which one more is added at each step:
    each against each other would take the cube of their number.
    """

    def __init__(self) -> None:
        self._terms: dict[int, Term] = {}
        self._places: dict[object, list[int]] = {}
        self._count = 0

    @property
    def terms(self) -> list[Term]:
        """All that are left."""
        return list(self._terms.values())

    def add(self, term: Term) -> None:
        """One more, behind all others."""
        self._terms[self._count] = term
        for name in (_grid(term), _lattice(term)):
            if name is not None:
                self._places.setdefault(name, []).append(self._count)
        self._count += 1

    def drop(self, number: int) -> None:
        """One less, by its number."""
        del self._terms[number]

    def beside(self, term: Term, *, are_many: bool) -> Iterator[tuple[int, Term]]:
        """Those that `_sum` may make one with a term, with their numbers."""
        names = [_grid(term), _lattice(term) if are_many else None]
        numbers = {
            number
            for name in names
            if name is not None
            for number in self._places.get(name, ())
        }
        for number in sorted(numbers & self._terms.keys()):
            yield number, self._terms[number]


def _grid(term: Term) -> object:
    """What terms of equal maps have in common."""
    maps = [(each.start, each.strides) for each in (*term.rows, term.cols)]
    return (term.sizes, tuple(maps))


def _lattice(term: Term) -> object:
    """What parts of one affine term have in common; None of what has no parts."""
    maps = (*term.rows, term.cols)
    strides = tuple(each.strides for each in maps)
    if not term.sizes or not all(each.is_affine for each in maps):
        return None
    return strides if all(map(any, zip(*strides, strict=True))) else None


def ordered(term: Term) -> Term:
    """The axes of its grid in one order: by rows, then by columns."""

    def key(axis: int) -> tuple[object, ...]:
        rows = tuple((not row.depends(axis), -row.strides[axis]) for row in term.rows)
        return (*rows, -term.cols.strides[axis], -term.sizes[axis])

    return arranged(term, sorted(range(len(term.sizes)), key=key))


def _sum(
    one: Term, other: Term, arrays: Arrays, *, are_many: bool
) -> tuple[Term, ...] | None:
    """Two terms as one, or as none where they cancel; None where they stay two."""
    if len(one.sizes) != len(other.sizes):
        return None
    if one.sizes == other.sizes and same_maps(one.rows, other.rows):
        cols = common_cols(one, other, arrays)
        if cols is not None:
            total = added_up(one, other, arrays)
            return tuple(replace(each, cols=cols) for each in total)
    hull = _hull(one, other) if are_many else None
    if hull is None:
        return None
    return (_joined(one, other, hull, arrays),)


def added_up(one: Term, other: Term, arrays: Arrays) -> tuple[Term, ...]:
    """Two terms of equal maps: what they share is multiplied once.

    Returns:
        One term, or none where they cancel.
    """
    shared, ones, others = parted(one.factors, other.factors)
    if not ones and not others and one.is_negative != other.is_negative:
        return ()
    is_negative = one.is_negative and other.is_negative
    pair = [
        payload(
            replace(
                each,
                factors=tuple(rest),
                is_negative=each.is_negative and not is_negative,
            ),
            arrays,
        )
        for each, rest in ((one, ones), (other, others))
    ]
    total = arrays.combined("add", *pair)
    return (replace(one, factors=(*shared, total), is_negative=is_negative),)


def _hull(one: Term, other: Term) -> _Hull | None:
    """What two parts of one affine term make up; None where they are no such parts."""
    maps = [(*term.rows, term.cols) for term in (one, other)]
    if len(maps[0]) != len(maps[1]) or not all(m.is_affine for m in maps[0] + maps[1]):
        return None
    rank = len(one.sizes)
    shift = [0] * rank
    left = [b.start - a.start for a, b in zip(*maps, strict=True)]
    for first, second in zip(*maps, strict=True):
        if first.strides != second.strides:
            return None
    for axis in range(rank):
        owners = [
            number
            for number, each in enumerate(maps[0])
            if each.strides[axis] and sum(map(bool, each.strides)) == 1
        ]
        if not owners:
            if not any(each.strides[axis] for each in maps[0]):
                return None
            continue
        stride = maps[0][owners[0]].strides[axis]
        if left[owners[0]] % stride:
            return None
        shift[axis] = left[owners[0]] // stride
    for number, each in enumerate(maps[0]):
        if (
            sum(s * stride for s, stride in zip(shift, each.strides, strict=True))
            != (left[number])
        ):
            return None
    apart = [
        axis
        for axis in range(rank)
        if shift[axis] or one.sizes[axis] != other.sizes[axis]
    ]
    if len(apart) != 1:
        return None
    (axis,) = apart
    low, high = (
        min(0, shift[axis]),
        max(one.sizes[axis], shift[axis] + other.sizes[axis]),
    )
    if high - low > one.sizes[axis] + other.sizes[axis]:
        return None
    return _Hull(axis, high - low, (-low, shift[axis] - low))


def _joined(one: Term, other: Term, hull: _Hull, arrays: Arrays) -> Term:
    """Two parts of one term as one: what both have is added."""
    axis = hull.axis
    if hull.starts[0] > hull.starts[1]:
        one, other = other, one
    before = min(hull.starts[0], hull.starts[1]), max(hull.starts[0], hull.starts[1])
    pair = [payload(each, arrays) for each in (one, other)]
    axes = sorted({axis, *pair[0].axes, *pair[1].axes})
    atoms = [
        arrays.full(factor, axes, term.sizes)
        for factor, term in zip(pair, (one, other), strict=True)
    ]
    place = axes.index(axis)
    sizes = tuple(hull.size if n == axis else size for n, size in enumerate(one.sizes))
    if before[1] == one.sizes[axis]:
        total: Atom = arrays.add(concatenated(atoms, place))
    else:
        zero = arrays.number(one.dtype, 0)
        parts = []
        for each, term, start in zip(atoms, (one, other), before, strict=True):
            border = start, hull.size - start - term.sizes[axis], 0
            config = [border if n == axis else (0, 0, 0) for n in axes]
            parts.append(arrays.add(padded(each, zero, config)))
        total = arrays.like("add", *parts)

    def widened(each: IndexMap) -> IndexMap:
        return IndexMap(sizes, each.start, each.strides)

    return replace(
        one,
        sizes=sizes,
        rows=tuple(map(widened, one.rows)),
        cols=widened(one.cols),
        factors=(Factor(total, tuple(axes)),),
        is_negative=False,
    )
