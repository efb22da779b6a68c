"""Arrays put together from parts, in a way that XLA makes few kernels of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import accumulate, groupby, pairwise
from typing import Final, TypeAlias

import numpy as np

from partialc.ir.equations import concatenated, reshaped, sliced, spread
from partialc.ir.program import ArrayType, Atom, Constant, Equation, Param, Value
from partialc.ir.structure import constant_key
from partialc.lowering.scalar.terms import NO_PARAMS, Term
from partialc.ops.cost import MOST_FUSED

LARGEST_BLOCK: Final = 64
LEAST_BLOCK: Final = 32
MOST_BLOCKS: Final = 12
"""What has more elements than the largest block is put together from blocks: an element
takes longer in a large one, and from 16 kernels on XLA hands them to threads."""


class Assembly:
    """Equations in the making, and arrays made of them.

    Attributes:
        equations: Those written so far.
    """

    def __init__(self) -> None:
        self.equations: list[Equation] = []

    def stacked(self, parts: Sequence[Atom]) -> Atom:
        """Atoms of one shape along a new axis in front, in a way that is fast.

        XLA fuses what is put together with how it is computed only for so many parts;
        of more, each becomes a kernel of its own. Parts in rows of few, rows in blocks:
        each along an axis of its own is fused again.
        """
        first = parts[0].type
        total = len(parts) * first.size
        blocks = min(MOST_BLOCKS, -(-total // LEAST_BLOCK), len(parts))
        if total <= LARGEST_BLOCK or blocks < 2:
            return self.block(parts)
        rows = -(-len(parts) // blocks)
        pieces = [
            self.block(parts[start : start + rows])
            for start in range(0, len(parts), rows)
        ]
        return self.write(concatenated(pieces, 0))

    def block(self, parts: Sequence[Atom]) -> Atom:
        """Atoms of one shape along a new axis in front, all in one kernel."""
        first, count = parts[0].type, len(parts)
        if count <= MOST_FUSED:
            rows = [
                self.reshaped(part, (1, *first.shape))
                if first.shape
                else self.repeated(part, 1)
                for part in parts
            ]
            return self.write(concatenated(rows, 0))
        height = -(-count // MOST_FUSED)
        width = -(-count // height)
        zero = Constant(first, np.zeros(first.shape, first.dtype.numpy()))
        filled = [*parts, *[zero] * (height * width - count)]
        lines = [filled[at : at + width] for at in range(0, len(filled), width)]
        grid = self.block([_repeats(line) or self.block(line) for line in lines])
        column = self.reshaped(grid, (height * width, *first.shape))
        return column if len(filled) == count else self.leading(column, count)

    def nested(self, parts: Sequence[Atom], shape: Sequence[int]) -> Atom:
        """Scalars in the shape of an array, axis by axis."""
        if not shape:
            return parts[0]
        extent, *inner = shape
        step = len(parts) // extent
        return self.block(
            [
                self.nested(parts[start : start + step], inner)
                for start in range(0, len(parts), step)
            ]
        )

    def leading(self, array: Atom, count: int) -> Atom:
        """The first part of an array."""
        _, *extents = array.type.shape
        return self.write(sliced(array, tuple(map(range, (count, *extents)))))

    def repeated(self, scalar: Atom, count: int) -> Atom:
        """A vector of one scalar, again and again."""
        return self.write(spread(scalar, (count,), ()))

    def reshaped(self, atom: Atom, shape: tuple[int, ...]) -> Atom:
        """An array in another shape, if it has not that one."""
        if atom.type.shape == shape:
            return atom
        if isinstance(atom, Constant):
            data = atom.data.reshape(shape)
            return Constant(ArrayType(atom.type.dtype, shape), data)
        return self.write(reshaped(atom, shape))

    def write(self, equation: Equation) -> Value:
        """Write an operation with one result."""
        self.equations.append(equation)
        return equation.outputs[0]

    def equation(
        self,
        op: str,
        operands: Sequence[Atom],
        kind: ArrayType,
        params: Mapping[str, Param] = NO_PARAMS,
        hint: str | None = None,
    ) -> Value:
        """Write an operation with one result, given its type."""
        return self.write(Equation(op, tuple(operands), params, (Value(kind, hint),)))


Part: TypeAlias = tuple[Term, ...]
"""A single scalar, or a run that is computed as a vector."""


def is_single(part: Part) -> bool:
    """Whether it is a scalar."""
    return len(part) == 1


def pieces(parts: Sequence[Part]) -> int:
    """How many arrays XLA sees put together: of scalars, a block if there are many."""
    total = 0
    for single, group in groupby(parts, key=is_single):
        count = len(list(group))
        total += 1 if single and count > MOST_FUSED else count
    return total


def in_rows(parts: Sequence[Part]) -> list[Sequence[Part]] | None:
    """Parts in rows of one length and of few pieces; None if there are no such rows."""
    ends = list(accumulate(map(len, parts)))
    places = {end: place for place, end in enumerate([0, *ends])}
    for count in range(2, len(parts) // 2 + 1):
        width, rest = divmod(ends[-1], count)
        cuts = [places.get(row * width, -1) for row in range(count + 1)]
        if rest or -1 in cuts:
            continue
        rows = [parts[start:stop] for start, stop in pairwise(cuts)]
        if max(map(pieces, rows)) <= MOST_FUSED:
            return rows
    return None


def _repeats(parts: Sequence[Atom]) -> Constant | None:
    """One constant, again and again, along a new axis in front."""
    constants = [part for part in parts if isinstance(part, Constant)]
    if len(constants) < len(parts) or len(set(map(constant_key, constants))) > 1:
        return None
    first = constants[0]
    return Constant.of(
        ArrayType(first.type.dtype, (len(parts), *first.type.shape)), first.data
    )
