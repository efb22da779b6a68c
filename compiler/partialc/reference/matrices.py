"""The text of sparse matrices: full matrices at their nonzeros, and beyond them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import accumulate, pairwise
from math import prod
from typing import Final

import numpy as np

from partialc.reference.blocks import Blocks
from partialc.reference.body import Body, Names
from partialc.reference.derivatives import Policy, is_affordable
from partialc.reference.literals import positions_text
from partialc.reference.restriction import Chosen, choose
from partialc.request.names import constant_name
from partialc.request.resolved import (
    Axis,
    Block,
    Coordinates,
    Dense,
    Entries,
    Field,
    Kernel,
    Matrix,
)
from partialc.request.shapes import axis_size

COLUMNS: Final = 4
"""So many columns of a matrix that is too large are looked at for stray nonzeros."""


@dataclass(frozen=True, slots=True)
class Values:
    """Writes what a sparse matrix must equal.

    Attributes:
        blocks: Writes the derivatives.
        kernel: The kernel.
        field: The field that the matrix answers.
        matrix: The matrix.
    """

    blocks: Blocks
    kernel: Kernel
    field: Field
    matrix: Matrix

    def text(self) -> str:
        """The expression of its values, or of the whole of it, as its format wants.

        Of a BCOO it is the values. Where the full matrix is too large it is some of
        the values, and the result is cut alike.
        """
        if all(_is_whole(self.blocks, block) for block in self.matrix.blocks):
            values = self.whole()
            if self.matrix.format != "dense":
                return values
            rows, cols = self.constant("ROWS"), self.constant("COLS")
            zeros = f"jnp.zeros({self.matrix.pattern.shape}, ({values}).dtype)"
            return f"{zeros}.at[{rows}, {cols}].set({values})"
        return self.sampled()

    def whole(self) -> str:
        """All values: every full matrix at the nonzeros."""
        rows, cols = self.constant("ROWS"), self.constant("COLS")
        if len(self.matrix.blocks) == 1 and not self.first_row(0):
            return f"{_full(self.blocks, self.matrix.blocks[0])}[{rows}, {cols}]"
        texts = []
        for number, (start, stop) in enumerate(self.spans()):
            first = self.first_row(number)
            own = f"{rows}[{start}:{stop}]" + (f" - {first}" if first else "")
            full = _full(self.blocks, self.matrix.blocks[number])
            texts.append(f"{full}[{own}, {cols}[{start}:{stop}]]")
        return _concatenated(texts)

    def sampled(self) -> str:
        """Some of the values of each block; the result is cut alike."""
        texts, kept = [], []
        blocks, pattern = self.blocks, self.matrix.pattern
        for block, (start, _) in zip(self.matrix.blocks, self.spans(), strict=True):
            sample = choose(block, blocks.policy, blocks.work)
            assert sample.entries is not None  # of a list it chooses entries
            picked = sample.pick_text(blocks.restricted(block, sample))
            texts.append(f"{picked}.ravel()")
            kept.append(start + sample.entries)
        chosen = np.concatenate(kept)
        if self.matrix.format == "dense":
            places = (pattern.rows[chosen], pattern.cols[chosen])
            cut = f"[{', '.join(map(positions_text, places))}]"
            shape: tuple[int, ...] = pattern.shape
        else:
            cut, shape = f"[{positions_text(chosen)}]", (pattern.nonzeros,)
        blocks.cuts[blocks.leaf_number] = (shape, cut)
        return _concatenated(texts)

    def spans(self) -> list[tuple[int, int]]:
        """Where the values of each block start and stop among all."""
        counts = [_layout(block).shape[0] for block in self.matrix.blocks]
        ends = [0, *accumulate(counts)]
        return list(pairwise(ends))

    def first_row(self, number: int) -> int:
        """The row of the matrix that a block's output starts at."""
        block = self.matrix.blocks[number]
        if block.order == 2:  # its rows run over what is differentiated along
            return 0
        return _first_rows(self.matrix)[self.matrix.outputs.index(block.output)]

    def constant(self, suffix: str) -> str:
        """Rows or columns: the constants of the generated module, or given."""
        pattern = self.matrix.pattern
        if self.blocks.work is None:
            array = {"ROWS": pattern.rows, "COLS": pattern.cols}[suffix]
            return self.blocks.body.hold(suffix.lower(), array)
        return f"generated().{constant_name(self.kernel, self.field, suffix)}"


@dataclass(frozen=True, slots=True)
class Beyond:
    """What of the sparse matrices of a kernel is looked at for stray nonzeros.

    Attributes:
        text: A function `matrices_KERNEL` of the kernel's arguments that gives full
            matrices, or some rows and columns of them.
        parts: What each of its results is a part of.
    """

    text: str
    parts: tuple[Part, ...]


@dataclass(frozen=True, eq=False, slots=True)
class Part:
    """Rows and columns of a matrix.

    Attributes:
        field: The field that the matrix answers.
        rows: Positions in the matrix, of shape (rows,).
        cols: Likewise, of shape (columns,).
    """

    field: Field
    rows: Chosen
    cols: Chosen


def beyond(kernel: Kernel, names: Names, policy: Policy, work: int) -> Beyond | None:
    """What of its sparse matrices must be zero; None of a kernel without any.

    Args:
        kernel: The kernel.
        names: Identifiers of the arguments.
        policy: Which modes may be used.
        work: Array elements that one evaluation of the function computes.
    """
    parameters = [
        *names.arguments.values(),
        *(names.parameter(direction.name) for direction in kernel.directions),
    ]
    blocks = Blocks(names, policy, work, Body(parameters))
    texts: list[str] = []
    parts: list[Part] = []
    for field in kernel.fields:
        if not isinstance(field.parts, Matrix):
            continue
        axes = field.parts.blocks[0].axes
        firsts = _first_rows(field.parts)
        for first, output in zip(firsts, field.parts.outputs, strict=True):
            text, rows, cols = _looked_at(blocks, Block(output, axes))
            texts.append(text)
            parts.append(Part(field, first + rows, cols))
    if not texts:
        return None
    lines = [
        f"def matrices_{kernel.name}({', '.join(parameters)}):",
        *(f"    {line}" if line else "" for line in blocks.body.lines),
        f"    return [{', '.join(texts)}]",
    ]
    return Beyond("\n".join(lines), tuple(parts))


def _looked_at(blocks: Blocks, block: Block) -> tuple[str, Chosen, Chosen]:
    """A dense block as a matrix, its rows and its columns.

    Of one that is too large some columns; some rows of these where they are too long.
    """
    count, axis = _row_count(block), block.axes[-1]
    if _is_whole(blocks, block):
        return _full(blocks, block), np.arange(count), np.arange(axis_size(axis))
    random = np.random.RandomState(0)
    cols = np.unique(random.randint(0, axis_size(axis), COLUMNS))
    narrow = replace(block, axes=(*block.axes[:-1], _elements(blocks, axis, cols)))
    if _is_whole(blocks, narrow):
        return _full(blocks, narrow), np.arange(count), cols
    sample = choose(block, blocks.policy, blocks.work)
    cols = sample.positions[axis]
    rows = cols if block.order == 2 else sample.outputs
    restricted = blocks.restricted(block, sample)
    return f"{restricted}.reshape({len(rows)}, {len(cols)})", rows, cols


def _elements(blocks: Blocks, axis: Axis, positions: Chosen) -> Axis:
    """Some elements along an axis, each selected on its own."""
    found: list[Coordinates] = []
    start = 0
    for selected in axis:
        shape = blocks.signature.leaves[selected.leaf][1].type.shape
        flat = selected.flat(shape).ravel()
        own = positions[(start <= positions) & (positions < start + flat.size)]
        for place in flat[own - start]:
            index = tuple(map(int, np.unravel_index(place, shape)))
            found.append(Coordinates(selected.leaf, index))
        start += flat.size
    return tuple(found)


def _layout(block: Block) -> Entries:
    assert isinstance(block.layout, Entries)  # a matrix has no other blocks
    return block.layout


def _first_rows(matrix: Matrix) -> list[int]:
    """The row that each output starts at."""
    sizes = [axis_size((output,)) for output in matrix.outputs]
    return [0, *accumulate(sizes)][:-1]


def _row_count(block: Block) -> int:
    return prod(block.output.shape) * prod(map(axis_size, block.axes[:-1]))


def _is_whole(blocks: Blocks, block: Block) -> bool:
    """Whether the full matrix of a block can be built."""
    sizes = [axis_size(axis) for axis in block.axes]
    output = prod(block.output.shape)
    modes = blocks.policy.modes(output, sizes)
    return is_affordable(modes, output, sizes, blocks.work)


def _full(blocks: Blocks, block: Block) -> str:
    """The full matrix of a block."""
    full = blocks.block(replace(block, layout=Dense()))
    shape = (_row_count(block), axis_size(block.axes[-1]))
    return f"{full}.reshape{shape}"


def _concatenated(texts: list[str]) -> str:
    if len(texts) == 1:
        return texts[0]
    return f"jnp.concatenate([{', '.join(texts)}])"
