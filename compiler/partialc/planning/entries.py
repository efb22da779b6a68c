"""Options for a list of entries: `entries`, `derivatives`, `lower`, `diagonal`.

Positions are taken apart into (leaf, position within the leaf) first; entries that lie
in the same leaves form a group, and groups are joined and put back into the wanted
order at the end.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from math import inf, prod

import numpy as np
from numpy.typing import NDArray

from partialc.planning.dense import dense_options
from partialc.planning.family import Family, Option
from partialc.realise.chain import (
    Basis,
    Element,
    Index,
    OneHot,
    Path,
    Pull,
    Push,
    Read,
    Reshape,
    Take,
    View,
)
from partialc.request.resolved import Axis, Block, Coordinates, Entries, Output
from partialc.request.signature import Signature

MAX_NESTS = 8
"""More single entries than this are not written out: nobody would read it."""

MAX_SEEDS = 10_000_000
"""More seed elements than this are not held in memory at once."""

Point = tuple[tuple[int, int], ...]
"""One entry's coordinates: (leaf, flat position) per differentiation."""


@dataclass(frozen=True, slots=True)
class _List:
    """The entries of one block, taken apart.

    Attributes:
        block: The block.
        layout: Its layout.
        signature: The function's signature.
        points: The coordinates of each entry.
        most_seeds: How many seed elements may be held at once.
    """

    block: Block
    layout: Entries
    signature: Signature
    points: tuple[Point, ...]
    most_seeds: float = MAX_SEEDS

    @property
    def output(self) -> Output:
        return self.block.output

    def shape_of(self, leaf: int) -> tuple[int, ...]:
        return self.signature.leaves[leaf][1].type.shape

    def size_of(self, leaf: int) -> int:
        return self.signature.leaves[leaf][1].type.size

    def one_hot(self, coordinate: tuple[int, int]) -> OneHot:
        leaf, position = coordinate
        index = np.unravel_index(position, self.shape_of(leaf))
        return OneHot(leaf, tuple(int(entry) for entry in index))

    def finished(self, read: Read) -> Read:
        """Add the reshape from the list axis to the wanted shape."""
        if self.layout.shape == (len(self.points),):
            return read
        shape = () if self.layout.outputs is not None else self.output.shape
        views = (*read.views, Reshape(shape + self.layout.shape))
        return Read(read.pieces, views, read.concatenate)


def entry_options(
    block: Block, layout: Entries, signature: Signature, *, commute: bool
) -> Iterator[Option]:
    """Every way to deliver a list of entries of shape `out + (k,)`, or `(k,)`.

    Args:
        block: The block whose layout is `layout`.
        layout: The entries.
        signature: The function's signature.
        commute: Whether mixed partials may be taken in any order.
    """
    entries = _List(
        block, layout, signature, _points(block, layout, signature, commute)
    )
    if not entries.points:
        yield _nothing(entries)
        return
    found = list(_ways(entries, commute=commute))
    yield from found or _ways(replace(entries, most_seeds=inf), commute=commute)


def _nothing(entries: _List) -> Option:
    """No entries at all: none of those of the output, which has their type."""
    element = Element(Path((entries.output,)), None, (), entries.output)
    lead = () if entries.layout.outputs is not None else entries.output.shape
    count = prod(entries.output.shape) if entries.layout.outputs is not None else 1
    keep = tuple(slice(None) for _ in lead)
    views = (Reshape((*lead, count)), Index((*keep, slice(0, 0))))
    return Option(Family.VALUE, entries.finished(Read(((element, views),))))


def _ways(entries: _List, *, commute: bool) -> Iterator[Option]:
    """The ways that take no more seeds at once than `entries` allows.

    Of those that seed every entry on its own there are none without a limit: they
    would take more by far than the whole block.
    """
    layout, block = entries.layout, entries.block
    if layout.outputs is not None:
        yield from _with_outputs(entries)
    else:
        yield from _nests(entries)
        if entries.most_seeds < inf:
            yield from _zipped(entries)
        if not entries.output.shape and commute:
            yield from _rows(entries)
    if all(len(axis) == 1 for axis in block.axes):
        yield from _from_dense(entries, commute=commute)


def _points(
    block: Block, layout: Entries, signature: Signature, commute: bool
) -> tuple[Point, ...]:
    columns = []
    for number, axis in enumerate(block.axes):
        leaves, positions = _spread(axis, signature)
        wanted = layout.inputs[:, number]
        columns.append(
            list(zip(leaves[wanted].tolist(), positions[wanted].tolist(), strict=True))
        )
    rows = zip(*columns, strict=True)
    return tuple(tuple(sorted(row)) if commute else tuple(row) for row in rows)


def _spread(
    axis: Axis, signature: Signature
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Leaf number and flat position of every element along a concatenated axis."""
    leaves, positions = [], []
    for coordinates in axis:
        flat = coordinates.flat(
            signature.leaves[coordinates.leaf][1].type.shape
        ).ravel()
        leaves.append(np.full(flat.size, coordinates.leaf, dtype=np.int64))
        positions.append(flat)
    return np.concatenate(leaves), np.concatenate(positions)


def _nests(entries: _List) -> Iterator[Option]:
    """One nest of one-hot jvps an entry; or one gradient pushed, read at an index."""
    if len(entries.points) > MAX_NESTS:
        return
    pieces = []
    for point in entries.points:
        pushes = tuple(entries.one_hot(coordinate) for coordinate in point)
        path = Path((entries.output,), None, pushes)
        element = Element(path, None, tuple(range(len(pushes))), entries.output)
        pieces.append((element, ()))
    yield Option(Family.NEST, entries.finished(_stacked(entries, pieces)))


def _stacked(
    entries: _List, pieces: Sequence[tuple[Element, tuple[View, ...]]]
) -> Read:
    if len(pieces) > 1:
        return Read(tuple(pieces))
    shape = () if entries.layout.outputs is not None else entries.output.shape
    (element, views), *_ = pieces
    return Read(((element, (*views, Reshape((*shape, 1)))),))


def _zipped(entries: _List) -> Iterator[Option]:
    """All nests at once under one vmap, the seeds running along the list."""
    if len(entries.points) == 1:
        return
    seeds = sum(entries.size_of(leaf) for point in entries.points for leaf, _ in point)
    if seeds > entries.most_seeds:
        return
    groups = _grouped(entries.points)
    pieces = []
    for leaves, members in groups.items():
        pushes: tuple[Push, ...] = tuple(
            Basis(leaf, tuple(entries.points[member][number][1] for member in members))
            for number, leaf in enumerate(leaves)
        )
        path = Path((entries.output,), None, pushes, zipped=True)
        element = Element(path, None, tuple(range(len(pushes))), entries.output)
        pieces.append((element, ()))
    yield Option(
        Family.ZIPPED, entries.finished(_joined(pieces, list(groups.values())))
    )


def _grouped(points: Sequence[Point]) -> dict[tuple[int, ...], list[int]]:
    """Entry numbers by the leaves they lie in."""
    groups: dict[tuple[int, ...], list[int]] = {}
    for number, point in enumerate(points):
        groups.setdefault(tuple(leaf for leaf, _ in point), []).append(number)
    return groups


def _joined(
    pieces: Sequence[tuple[Element, tuple[View, ...]]], members: Sequence[list[int]]
) -> Read:
    """Groups one after the other, then back in the order of the request."""
    given = [member for group in members for member in group]
    inverse = [0] * len(given)
    for place, member in enumerate(given):
        inverse[member] = place
    views: tuple[View, ...] = ()
    if inverse != list(range(len(inverse))):
        views = (Take((tuple(inverse),)),)
    return Read(tuple(pieces), views, concatenate=True)


def _rows(entries: _List) -> Iterator[Option]:
    """A scalar output: few pushed gradients (rows) serve many entries each."""
    rows = _cover(entries.points)
    if len(set(rows.values())) > MAX_NESTS:
        yield from _row_basis(entries, rows)
        return
    pieces = []
    for number, point in enumerate(entries.points):
        row = rows[number]
        column = _rest(point, row)
        pushes = tuple(entries.one_hot(coordinate) for coordinate in row)
        leaf, position = column
        path = Path((entries.output,), Pull((leaf,), "one"), pushes)
        element = Element(path, leaf, tuple(range(len(pushes))), entries.output)
        index = entries.one_hot((leaf, position)).index
        pieces.append((element, (Index(index),) if index else ()))
    yield Option(Family.ROWS, entries.finished(_stacked(entries, pieces)))


def _cover(points: Sequence[Point]) -> dict[int, Point]:
    """For each entry, the pushes of the row it is read from; few distinct rows.

    Greedy cover: the row that serves most of the entries left is taken next, ties to
    the smaller row.
    """
    serves: dict[Point, set[int]] = {}
    for number, point in enumerate(points):
        for drop in range(len(point)):
            row = point[:drop] + point[drop + 1 :]
            serves.setdefault(row, set()).add(number)
    chosen: dict[int, Point] = {}
    left = set(range(len(points)))
    by_size = sorted(serves, key=lambda row: (-len(serves[row]), row))
    for row in by_size:
        gained = serves[row] & left
        if not gained:
            continue
        for number in gained:
            chosen[number] = row
        left -= gained
        if not left:
            break
    return chosen


def _rest(point: Point, row: Point) -> tuple[int, int]:
    """The one coordinate of `point` that is not in `row`."""
    rest = list(point)
    for coordinate in row:
        rest.remove(coordinate)
    return rest[0]


def _row_basis(entries: _List, rows: dict[int, Point]) -> Iterator[Option]:
    """Many rows: vmapped pushes of the gradient, then entries by position.

    Entries form a group where their rows lie in the same leaves, and their columns in
    the same leaf.
    """
    groups: dict[tuple[tuple[int, ...], int], list[int]] = {}
    columns = {}
    for number, point in enumerate(entries.points):
        columns[number] = _rest(point, rows[number])
        leaves = tuple(leaf for leaf, _ in rows[number])
        groups.setdefault((leaves, columns[number][0]), []).append(number)
    pieces = []
    for (leaves, leaf), members in groups.items():
        distinct = sorted({rows[member] for member in members})
        seeds = len(distinct) * sum(entries.size_of(each) for each in leaves)
        if seeds > entries.most_seeds:
            return
        pushes: tuple[Push, ...] = tuple(
            Basis(each, tuple(row[number][1] for row in distinct))
            for number, each in enumerate(leaves)
        )
        path = Path(
            (entries.output,), Pull((leaf,), "one"), pushes, zipped=len(pushes) > 1
        )
        element = Element(path, leaf, tuple(range(len(pushes))), entries.output)
        place = {row: number for number, row in enumerate(distinct)}
        views = (
            Reshape((entries.size_of(leaf), len(distinct))),
            Take(
                (
                    tuple(columns[member][1] for member in members),
                    tuple(place[rows[member]] for member in members),
                )
            ),
        )
        pieces.append((element, views))
    yield Option(Family.ROWS, entries.finished(_joined(pieces, list(groups.values()))))


def _from_dense(entries: _List, *, commute: bool) -> Iterator[Option]:
    """The whole dense block, then the entries by position."""
    axes = [axis[0] for axis in entries.block.axes]
    sizes = tuple(int(np.prod(axis.shape, dtype=np.int64)) for axis in axes)
    output = entries.output
    if prod(sizes) * max(1, len(output.shape)) > entries.most_seeds:
        return
    columns = tuple(
        tuple(entries.layout.inputs[:, number].tolist()) for number in range(len(axes))
    )
    for option in dense_options(output, axes, entries.signature, commute=commute):
        if entries.layout.outputs is None:
            shape, positions = (*output.shape, *sizes), columns
        else:
            total = int(np.prod(output.shape, dtype=np.int64))
            shape = (total, *sizes)
            positions = (tuple(entries.layout.outputs.tolist()), *columns)
        ((element, views),) = option.read.pieces
        views = (*views, Reshape(shape), Take(positions))
        pulled = option.read.paths[0].pull is not None
        family = Family.DENSE_MIXED if pulled else Family.DENSE_FORWARD
        yield Option(family, entries.finished(Read(((element, views),))))


def _with_outputs(entries: _List) -> Iterator[Option]:
    """Entries of several outputs: columns that serve many, or each on its own."""
    outputs = entries.layout.outputs
    if outputs is None:
        return
    yield from _columns(entries, outputs)
    if len(entries.points) <= MAX_NESTS:
        yield from _single_outputs(entries, outputs)


def _columns(entries: _List, outputs: NDArray[np.int64]) -> Iterator[Option]:
    """One push for each distinct multi-index, the outputs picked from its column."""
    total = int(np.prod(entries.output.shape, dtype=np.int64))
    groups = _grouped(entries.points)
    pieces = []
    for leaves, members in groups.items():
        distinct = sorted({entries.points[member] for member in members})
        seeds = len(distinct) * sum(entries.size_of(leaf) for leaf in leaves)
        if seeds > entries.most_seeds:
            return
        place = {point: number for number, point in enumerate(distinct)}
        pushes: tuple[Push, ...] = tuple(
            Basis(leaf, tuple(point[number][1] for point in distinct))
            for number, leaf in enumerate(leaves)
        )
        path = Path((entries.output,), None, pushes, zipped=len(pushes) > 1)
        element = Element(path, None, tuple(range(len(pushes))), entries.output)
        views = (
            Reshape((total, len(distinct))),
            Take(
                (
                    tuple(int(outputs[member]) for member in members),
                    tuple(place[entries.points[member]] for member in members),
                )
            ),
        )
        pieces.append((element, views))
    yield Option(
        Family.ZIPPED, entries.finished(_joined(pieces, list(groups.values())))
    )


def _single_outputs(entries: _List, outputs: NDArray[np.int64]) -> Iterator[Option]:
    """Each entry from its own scalar output: forward nests, and gradients."""
    selected = entries.output
    assert isinstance(selected, Coordinates), "a weighted sum is one output"
    leaf_shape = entries.signature.result.leaves[selected.leaf].type.shape
    flat = selected.flat(leaf_shape).ravel()
    forward, reverse = [], []
    for number, point in enumerate(entries.points):
        index = np.unravel_index(int(flat[outputs[number]]), leaf_shape)
        output = Coordinates(selected.leaf, tuple(int(entry) for entry in index))
        pushes = tuple(entries.one_hot(coordinate) for coordinate in point)
        path = Path((entries.output,), None, pushes)
        element = Element(path, None, tuple(range(len(pushes))), entries.output)
        row = np.unravel_index(int(outputs[number]), entries.output.shape)
        forward.append((element, (Index(tuple(int(entry) for entry in row)),)))
        first, *rest = point
        leaf = first[0]
        pushes = tuple(entries.one_hot(coordinate) for coordinate in rest)
        path = Path((output,), Pull((leaf,), "one"), pushes)
        element = Element(path, leaf, tuple(range(len(pushes))), output)
        place = entries.one_hot(first).index
        reverse.append((element, (Index(place),) if place else ()))
    yield Option(Family.NEST, entries.finished(_stacked(entries, forward)))
    yield Option(Family.MIXED, entries.finished(_stacked(entries, reverse)))
