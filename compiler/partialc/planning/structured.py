"""Kernels of matrices by structured tangents: at the cost of their nonzeros."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from math import prod
from typing import Final

import numpy as np

from partialc.analysis.colouring import colour_columns, colour_rows
from partialc.errors import REFUSALS, UnsupportedError
from partialc.ir.dtypes import DType, Regime
from partialc.ir.merge import merge
from partialc.ir.program import Atom, Equation, Function, Program
from partialc.ir.rewrite import splice
from partialc.lowering.pipeline import Variant
from partialc.lowering.structured.coloured import coloured_values
from partialc.lowering.structured.interpret import TooLargeError
from partialc.lowering.structured.matrix import LinearMatrix, linear_matrix
from partialc.lowering.structured.pipeline import whole_arrays
from partialc.planning.matrices import (
    are_sparse,
    asked,
    has_matrices,
    is_matrix,
    shape_of,
)
from partialc.planning.parts import parts_of
from partialc.planning.realisation import Chained, WrittenOut
from partialc.planning.tracer import Tracer
from partialc.realise.linear import Direction, LinearProgram
from partialc.request.resolved import Block, Dense, Entries, Kernel
from partialc.tangents.arrays import Arrays
from partialc.tangents.sparse import Matrix

MOST_APART: Final = 400
"""Matrices of more entries are not written out entry by entry."""

SCALAR: Final = 16
TERMS: Final = 64
"""Terms of fewer elements than `SCALAR` in the mean are a program of scalars: where
there are more than `TERMS` of them the light cone has it, not structured tangents."""


FEW_TERMS: Final = 8
QUICK: Final = 50_000
"""Matrices of more places, of no more than `FEW_TERMS` terms, are not coloured: that is
no faster, and takes long to find out."""

FEWER: Final = 2
"""So many times fewer colours than columns are worth colouring."""


class _TooManyColoursError(Exception):
    """A matrix has hardly fewer colours than columns."""


@dataclass(frozen=True, slots=True)
class StructuredTangents(WrittenOut):
    """Matrices as sums of terms, beside what a chain delivers of the other parts.

    Attributes:
        direction: Whether tangents are pushed or cotangents pulled.
        is_coloured: Whether matrices are taken by products with sums of unit vectors,
            and not term by term.
        facts: What was found out, as sentences.
        places: How many places the grids of all terms have; None where it was refused.
        terms: How many terms there are.
    """

    direction: Direction = field(default="forward", kw_only=True)
    is_coloured: bool = field(default=False, kw_only=True)
    facts: tuple[str, ...] = field(default=(), kw_only=True)
    places: int | None = field(default=None, kw_only=True)
    terms: int = field(default=0, kw_only=True)

    @property
    def key(self) -> str:
        """Its form, its direction, its pipeline, and the chain of the other parts."""
        way = f"{self._kind} {self.direction} {self.variant.name}"
        return f"{way}: {self.of.chain.key}"

    @property
    def _kind(self) -> str:
        return "coloured" if self.is_coloured else "structured"

    @property
    def label(self) -> str:
        """Its form."""
        return f"{self._kind} ({self.variant.name})"

    def work(self) -> str:
        """The one pass."""
        way = "tangents" if self.direction == "forward" else "cotangents"
        return f"{self._kind} {way}"

    def summary(self) -> str:
        """The same: nothing else is done with it."""
        return self.work()


def has_many_entries(kernel: Kernel, ways: Sequence[StructuredTangents]) -> bool:
    """Whether its matrices have too many entries to be taken one by one.

    Args:
        kernel: The kernel.
        ways: What structured tangents make of it.
    """
    places = [way.places for way in ways if way.places is not None]
    if places:
        return min(places) > MOST_APART
    counts = [
        prod(shape_of(part))
        if isinstance(part.layout, Dense)
        else len(part.layout.inputs)
        for part in parts_of(kernel)
        if isinstance(part, Block) and is_matrix(part)
    ]
    return sum(counts) > MOST_APART


def structured_ways(
    tracer: Tracer, chained: Chained, variant: Variant
) -> Iterator[StructuredTangents]:
    """The ways to deliver a kernel by structured tangents.

    Args:
        tracer: Of the kernel.
        chained: A chain that delivers the other parts.
        variant: The pipeline.
    """
    if not has_matrices(tracer.kernel):
        return
    directions: list[Direction] = ["forward"]
    if any(isinstance(p, Block) and p.order == 1 for p in parts_of(tracer.kernel)):
        directions.append("reverse")
    found = []
    for direction in directions:
        found.append(structured(tracer, chained, direction, variant))
        yield found[-1]
    if are_sparse(tracer.kernel) and _may_be_beaten(found):
        for direction in directions:
            yield structured(tracer, chained, direction, variant, is_coloured=True)


def _may_be_beaten(ways: Sequence[StructuredTangents]) -> bool:
    """Whether colours are worth their search beside what structured tangents give."""
    had = [way for way in ways if way.places is not None]
    if not had:
        return True
    return min(way.terms for way in had) > FEW_TERMS or (
        min(way.places or 0 for way in had) <= QUICK
    )


def structured(
    tracer: Tracer,
    chained: Chained,
    direction: Direction,
    variant: Variant,
    *,
    is_coloured: bool = False,
) -> StructuredTangents:
    """One way, finished, or with the reason why it cannot be had.

    Args:
        tracer: Of the kernel.
        chained: A chain that delivers the other parts.
        direction: Of Jacobians.
        variant: The pipeline.
        is_coloured: Whether by products with sums of unit vectors.
    """
    kind = "coloured" if is_coloured else "structured"
    found = StructuredTangents(
        f"{kind} tangents, {direction}",
        of=chained,
        variant=variant,
        direction=direction,
        is_coloured=is_coloured,
    )
    program = LinearProgram(tracer.primal, (), (), 1)
    try:
        functions = {
            regime: _Assembly(tracer, chained, direction, regime, is_coloured)
            for regime in program.regimes()
        }
    except _TooManyColoursError as error:
        return replace(found, refusal=str(error))
    except TooLargeError as error:
        return replace(found, refusal=str(error))
    except UnsupportedError as error:
        return replace(found, refusal=error.what)
    except REFUSALS as error:
        reason = str(error).strip().split("\n")[0]
        return replace(found, refusal=f"JAX refuses it: {reason}")
    widest = list(functions.values())[-1]
    if widest.is_scalar():
        return replace(
            found,
            refusal=f"{widest.terms} terms of few elements each: a program of scalars",
        )
    merged = merge({regime: each.function for regime, each in functions.items()})
    traced = Program(tracer.kernel.name, merged)
    passes = whole_arrays(variant)
    finished = tracer.lowered(replace(found, variant=passes), traced)
    return replace(
        finished,
        variant=variant,
        facts=widest.facts(),
        places=None if is_coloured else widest.places,
        terms=widest.terms,
    )


class _Assembly:
    """The program of a kernel in one regime, its matrices as terms."""

    def __init__(
        self,
        tracer: Tracer,
        chained: Chained,
        direction: Direction,
        regime: Regime,
        is_coloured: bool,
    ) -> None:
        self._tracer = tracer
        self._is_coloured = is_coloured
        self._colours: list[str] = []
        self._regime = regime
        self.matrices: list[LinearMatrix] = []
        base = tracer.programs(chained).variants[regime]
        equations: list[Equation] = list(base.equations)
        outputs: list[Atom] = list(base.outputs)
        for number, part in enumerate(parts_of(tracer.kernel)):
            if isinstance(part, Block) and is_matrix(part):
                way: Direction = direction if part.order == 1 else "forward"
                alone = self._alone(part, way)
                leaves = len(tracer.primal.signature.leaves)
                weights = len(alone.inputs) - leaves  # the last of the kernel's inputs
                weighs = base.inputs[len(base.inputs) - weights :]
                given = (*base.inputs[:leaves], *weighs)
                (outputs[number],) = splice(alone, given, equations)
        self.function = replace(
            base, equations=tuple(equations), outputs=tuple(outputs)
        )

    def _alone(self, block: Block, direction: Direction) -> Function:
        """The values of one block as a function of the leaves, then the weights."""
        program = LinearProgram(
            self._tracer.primal,
            (block.output,),
            block.axes[-1],
            block.order,
            direction,
            block.axes[0] if block.order == 2 else None,
        )
        found = linear_matrix(
            program.traced(self._regime),
            [kind.size for kind in program.seeds],
            self._regime,
            is_reverse=direction == "reverse",
        )
        if self._is_coloured:
            return self._coloured(program, found, block)
        self.matrices.append(found)
        dtype = found.function.outputs[0].type.dtype
        values = _values(block, found.matrix, dtype, found.arrays)
        given = len(found.function.inputs) - len(program.seeds)
        return Function(
            "values",
            found.function.inputs[:given],
            tuple(found.arrays.equations),
            (values,),
        )

    def _coloured(
        self, program: LinearProgram, found: LinearMatrix, block: Block
    ) -> Function:
        """The values of one block by colours."""
        pattern = found.matrix.pattern()
        is_reverse = program.direction == "reverse"
        colouring = colour_rows(pattern) if is_reverse else colour_columns(pattern)
        lines = pattern.shape[0 if is_reverse else 1]
        if not colouring.count or colouring.count * FEWER > lines:
            raise _TooManyColoursError(
                f"{colouring.count:,} colours for {lines:,}"
                f" {'rows' if is_reverse else 'columns'}"
            )
        self._colours.append(
            f"{colouring.count} colours; no colouring has less than {colouring.bound}"
        )
        layout = block.layout
        assert isinstance(layout, Entries), "a sparse matrix lists its entries"
        rows, cols = np.divmod(asked(block, layout), max(pattern.shape[1], 1))
        return coloured_values(program, colouring, rows, cols, self._regime)

    @property
    def terms(self) -> int:
        """How many terms all matrices have."""
        return sum(len(each.matrix.terms) for each in self.matrices)

    def is_scalar(self) -> bool:
        """Whether it is a program of scalars."""
        return self.terms > TERMS and self.places < SCALAR * self.terms

    @property
    def places(self) -> int:
        """How many places the grids of all terms have."""
        return sum(term.places for each in self.matrices for term in each.matrix.terms)

    def facts(self) -> tuple[str, ...]:
        """What was found out about the matrices."""
        return (*map(_fact, self.matrices), *self._colours)


def _fact(found: LinearMatrix) -> str:
    pattern = found.matrix.pattern()
    rows, columns = pattern.shape
    count = len(found.matrix.terms)
    text = (
        f"a matrix of {rows:,} x {columns:,} with {pattern.nonzeros:,} nonzeros,"
        f" {int(pattern.is_constant.sum()):,} of them constant,"
        f" as {count} structured terms"
    )
    if found.opaque:
        names = sorted({equation.op for equation in found.opaque})
        text += f"; dense through {', '.join(names)}"
    return text


def _values(block: Block, matrix: Matrix, dtype: DType, arrays: Arrays) -> Atom:
    """What a block asks for of its matrix, as an array of the block's shape."""
    layout = block.layout
    if isinstance(layout, Dense):
        shape = [*block.output.shape]
        for axis in block.axes:
            shape += axis[0].shape
        return arrays.reshaped(matrix.whole(dtype, arrays), shape)
    wanted, places = np.unique(asked(block, layout), return_inverse=True)
    values = matrix.values(wanted, dtype, arrays)
    if not np.array_equal(places, np.arange(places.size)):
        values = arrays.rows(values, places)
    return arrays.reshaped(values, layout.shape)
