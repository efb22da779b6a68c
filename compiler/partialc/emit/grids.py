"""The places of a matrix as formulas: grids of rows in which the same diagonals are.

The rows of a stencil's matrix differ by constants: between its first and its last row
each has the columns of the one before, moved on by one. Such rows are one grid. On a
plane there are such grids in every line, and the lines differ by constants again.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

MOST_GRIDS: Final = 24
"""Matrices of more grids are listed."""

FEWEST: Final = 16
"""Shorter lists are listed."""

FEW_ROWS: Final = 3
WIDEST_COUNTS: Final = 80
"""Grids of fewer rows in the mean tell no more than how many entries each row has, if
the counts fit into a line of so many columns."""

MOST_BLOCKS: Final = 200_000
LONGEST_PERIOD: Final = 12

Integers = NDArray[np.int64]


@dataclass(frozen=True, eq=False, slots=True)
class _Block:
    """Rows that differ by constants, perhaps again and again.

    Attributes:
        counts: How often, from the outside in; the last counts rows.
        rows: The first row, and what is added to it along each of `counts`.
        cols: The columns of the first row, and what is added to each of them.
    """

    counts: tuple[int, ...]
    rows: tuple[int, ...]
    cols: tuple[Integers, ...]

    @property
    def shape(self) -> tuple[object, ...]:
        """What blocks that follow on each other evenly have in common."""
        steps = tuple(tuple(each.tolist()) for each in self.cols[1:])
        return self.counts, self.rows[1:], steps, len(self.cols[0])


@dataclass(frozen=True, slots=True)
class _Group:
    """Blocks one after the other, all as often.

    Attributes:
        count: How often the group is repeated; the blocks' first count.
        blocks: The blocks.
    """

    count: int
    blocks: tuple[_Block, ...]


def place_formulas(
    rows: Integers, cols: Integers, *, by_counts: bool = True
) -> tuple[str, str] | None:
    """Expressions for the rows and the columns of a pattern, by `_grid`.

    Args:
        rows: The row of each entry, ascending, of shape (nonzeros,).
        cols: Its column.
        by_counts: Whether rows of many grids may be told by their numbers of entries.

    Returns:
        Two expressions of numpy arrays of shape (nonzeros,); None where a list is as
        short, or where there is no such rule.
    """
    if rows.size < FEWEST:
        return None
    blocks = _blocks(rows, cols)
    groups = None if blocks is None else _groups(blocks)
    if groups is None:
        return None
    texts = [[_text(group, kind) for group in groups] for kind in (0, 1)]
    first, second = map(_joined, texts)
    grids = sum(len(group.blocks) for group in groups)
    is_irregular = by_counts and rows[-1] + 1 - rows[0] < FEW_ROWS * grids
    counted = _counted(rows) if is_irregular and grids > 1 else None
    return counted or first, second


def _counted(rows: Integers) -> str | None:
    """Rows by how many entries each has; None where these counts do not fit."""
    counts = np.bincount(rows).tolist()
    text = str(counts)
    if len(text) > WIDEST_COUNTS:
        return None
    return f"np.repeat(np.arange({len(counts)}), {text})"


def rows_formula(numbers: Integers) -> str | None:
    """An expression for a list of numbers, by `_grid`; None where there is no rule.

    Args:
        numbers: The list, of shape (length,).
    """
    blocks = _blocks(np.arange(numbers.size), numbers)
    groups = None if blocks is None else _groups(blocks)
    return None if groups is None else _joined([_text(group, 1) for group in groups])


def _blocks(rows: Integers, cols: Integers) -> list[_Block] | None:
    """Maximal runs of rows that differ by constants; None where there are too many."""
    firsts = np.flatnonzero(np.diff(rows, prepend=rows[0] - 1))
    widths = np.diff(firsts, append=rows.size)
    numbers = rows[firsts]
    ends = np.flatnonzero(~_go_on(numbers, cols, firsts, widths))
    runs: list[_Block] = []
    place = 0
    while place < firsts.size:
        if len(runs) > MOST_BLOCKS:
            return None
        start, width = int(firsts[place]), int(widths[place])
        number, first = int(numbers[place]), cols[start : start + width]
        count, step, moved = 1, 0, np.zeros(width, np.int64)
        if place + 1 < firsts.size and widths[place + 1] == width:
            count = 2 + int(ends[np.searchsorted(ends, place)]) - place
            step = int(numbers[place + 1]) - number
            moved = cols[start + width : start + 2 * width] - first
        runs.append(_Block((count,), (number, step), (first, moved)))
        place += count
    return runs


def _go_on(
    numbers: Integers, cols: Integers, firsts: Integers, widths: Integers
) -> NDArray[np.bool_]:
    """For each row whether the two that follow differ by the same constants."""
    found = np.zeros(firsts.size, bool)
    if firsts.size < 3:
        return found
    found[:-2] = (
        (widths[:-2] == widths[1:-1])
        & (widths[1:-1] == widths[2:])
        & (np.diff(numbers, 2) == 0)
    )
    own = np.repeat(widths, widths)
    inside = np.repeat(found, widths)
    place = np.flatnonzero(inside)
    one, two, three = (cols[place + times * own[place]] for times in range(3))
    odd = place[two - one != three - two]
    found[np.searchsorted(firsts, odd, "right") - 1] = False
    return found


def _groups(blocks: Sequence[_Block]) -> list[_Group] | None:
    """Blocks in groups that are repeated evenly; None where these are too many."""
    shapes: dict[object, int] = {}
    kinds = [shapes.setdefault(block.shape, len(shapes)) for block in blocks]
    found: list[_Group] = []
    place = grids = 0
    while place < len(blocks):
        best = (1, 1)
        for period in range(1, min(LONGEST_PERIOD, (len(blocks) - place) // 2) + 1):
            times = _times(blocks, kinds, place, period)
            if times > 1 and times * period > best[0] * best[1]:
                best = (times, period)
        times, period = best
        group = blocks[place : place + period]
        if times > 1:
            group = [
                _repeated(first, blocks[place + period + number], times)
                for number, first in enumerate(group)
            ]
        else:
            group = [
                _Block((1, *b.counts), (b.rows[0], 0, *b.rows[1:]), _still(b))
                for b in group
            ]
        found.append(_Group(times, tuple(group)))
        place += times * period
        grids += period
        if grids > MOST_GRIDS:
            return None
    return found


def _still(block: _Block) -> tuple[Integers, ...]:
    return (block.cols[0], np.zeros_like(block.cols[0]), *block.cols[1:])


def _times(
    blocks: Sequence[_Block], kinds: Sequence[int], place: int, period: int
) -> int:
    """How often a group of blocks is repeated evenly."""
    times = 1
    while place + (times + 1) * period <= len(blocks):
        for number in range(place, place + period):
            last, following = number + (times - 1) * period, number + times * period
            if kinds[last] != kinds[following]:
                return times
            if times > 1 and not _goes_on(blocks, last - period, last, following):
                return times
        times += 1
    return times


def _goes_on(blocks: Sequence[_Block], first: int, second: int, third: int) -> bool:
    """Whether three blocks follow on each other by the same constants."""
    one, two, three = (blocks[number] for number in (first, second, third))
    if two.rows[0] - one.rows[0] != three.rows[0] - two.rows[0]:
        return False
    return bool((two.cols[0] - one.cols[0] == three.cols[0] - two.cols[0]).all())


def _repeated(first: _Block, second: _Block, times: int) -> _Block:
    return _Block(
        (times, *first.counts),
        (first.rows[0], second.rows[0] - first.rows[0], *first.rows[1:]),
        (first.cols[0], second.cols[0] - first.cols[0], *first.cols[1:]),
    )


def _text(group: _Group, kind: int) -> str:
    """The rows (0) or the columns (1) of a group, flat."""
    texts = [_block_text(block, kind) for block in group.blocks]
    if len(texts) == 1:
        return texts[0]
    if group.count == 1:
        return _joined(texts)
    lines = [f"{text}.reshape({group.count}, -1)" for text in texts]
    return f"np.concatenate([{', '.join(lines)}], axis=1).ravel()"


def _joined(texts: Sequence[str]) -> str:
    if len(texts) == 1:
        return texts[0]
    return f"np.concatenate([{', '.join(texts)}])"


def _block_text(block: _Block, kind: int) -> str:
    """The rows (0) or the columns (1) of a block, flat."""
    width = len(block.cols[0])
    if kind == 0:
        pairs = zip(block.counts, block.rows[1:], strict=True)
        axes = [*(_axis(*pair) for pair in pairs), _axis(width, 0)]
        return _grid(block.rows[0], axes)
    parts = []
    start = 0
    while start < width:
        stop = _alike(block, start)
        moves = [int(each[start]) for each in block.cols[1:]]
        axes = [_axis(*pair) for pair in zip(block.counts, moves, strict=True)]
        axes.append(_offsets(block.cols[0][start:stop]))
        parts.append((_grid(int(block.cols[0][start]), axes), stop - start))
        start = stop
    if len(parts) == 1:
        return parts[0][0]
    lines = [f"{text}.reshape(-1, {count})" for text, count in parts]
    return f"np.concatenate([{', '.join(lines)}], axis=1).ravel()"


def _alike(block: _Block, start: int) -> int:
    """Up to which entry of a row all move alike from row to row."""
    stop = start + 1
    while stop < len(block.cols[0]) and all(
        each[stop] == each[start] for each in block.cols[1:]
    ):
        stop += 1
    return stop


def _offsets(cols: Integers) -> str:
    """The columns of a row less the first: evenly spaced, or listed."""
    steps = np.diff(cols)
    if steps.size and (steps != steps[0]).any():
        return str((cols - cols[0]).tolist())
    return _axis(len(cols), int(steps[0]) if steps.size else 0)


def _axis(count: int, step: int) -> str:
    return f"({count}, {step})" if count > 1 else ""


def _grid(first: int, axes: Iterable[str]) -> str:
    """`_grid(first, axis, ...)`, without axes of one place."""
    return f"_grid({', '.join([str(first), *filter(None, axes)])})"
