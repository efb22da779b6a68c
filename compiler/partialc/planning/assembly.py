"""The program of a kernel with its matrices put in their places."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from partialc.analysis.colouring import colour_columns, colour_rows
from partialc.ir.dtypes import DType, Regime
from partialc.ir.merge import merge
from partialc.ir.patterns import Pattern
from partialc.ir.program import Atom, Equation, Function
from partialc.ir.rewrite import splice
from partialc.lowering.structured.coloured import coloured_values
from partialc.lowering.structured.matrix import LinearMatrix, pattern_of_all
from partialc.planning.matrices import asked, is_matrix
from partialc.planning.realisation import Chained
from partialc.planning.tracer import Tracer
from partialc.realise.combine import has_combinations
from partialc.realise.dtypes import part_dtype
from partialc.realise.linear import Direction, LinearProgram
from partialc.request.parts import parts_of
from partialc.request.resolved import Block, Dense, Entries
from partialc.tangents.arrays import Arrays
from partialc.tangents.sparse import Matrix

FEWER: Final = 2
"""So many times fewer colours than columns are worth colouring."""


class TooManyColoursError(Exception):
    """A matrix has hardly fewer colours than columns."""


@dataclass(frozen=True, slots=True)
class Assembly:
    """A kernel's program before its passes.

    Attributes:
        variants: It in every regime.
        matrices: Its matrices, in the widest regime.
        facts: What was found out about them, as sentences.
    """

    variants: dict[Regime, Function]
    matrices: tuple[LinearMatrix, ...]
    facts: tuple[str, ...]

    @property
    def terms(self) -> int:
        """How many terms all matrices have."""
        return sum(len(each.matrix.terms) for each in self.matrices)

    @property
    def places(self) -> int:
        """How many places the grids of all terms have."""
        return sum(term.places for each in self.matrices for term in each.matrix.terms)


def assembled(
    tracer: Tracer,
    chained: Chained,
    direction: Direction,
    *,
    is_coloured: bool,
) -> Assembly:
    """Put the matrices of a kernel beside what a chain delivers of its other parts.

    Args:
        tracer: Of the kernel.
        chained: The chain.
        direction: Of Jacobians.
        is_coloured: Whether matrices are taken by products with sums of unit vectors,
            and not term by term.

    Raises:
        TooManyColoursError: Colours save nothing.
        TooLargeError: As from `Matrices.of`.
        Exception: Whatever JAX raises.
    """
    parts: dict[int, Mapping[Regime, Function]] = {}
    widest: list[LinearMatrix] = []
    facts: list[str] = []
    for number, block in enumerate(parts_of(tracer.kernel)):
        if not isinstance(block, Block) or not is_matrix(block):
            continue
        program = LinearProgram(
            tracer.primal,
            (block.output,),
            block.axes[-1],
            block.order,
            direction if block.order == 1 else "forward",
            block.axes[0] if block.order == 2 else None,
        )
        found = tracer.matrices.of(program)
        if is_coloured:
            parts[number], fact = _coloured(program, found, block)
            facts.append(fact)
            continue
        written = {
            each: _written(program, each, block, [r for r in found if found[r] is each])
            for each in dict.fromkeys(found.values())
        }
        parts[number] = {regime: written[each] for regime, each in found.items()}
        widest.append(list(found.values())[-1])
        facts.append(_fact(widest[-1]))
    variants = _spliced(tracer, chained, parts)
    return Assembly(variants, tuple(widest), tuple(facts))


def _spliced(
    tracer: Tracer, chained: Chained, parts: Mapping[int, Mapping[Regime, Function]]
) -> dict[Regime, Function]:
    """What a chain delivers, with programs in the places of some of its parts."""
    leaves = len(tracer.primal.signature.leaves)
    done: dict[object, Function] = {}
    variants = {}
    is_combined = has_combinations(tracer.kernel)
    for regime, base in tracer.derivatives(chained).variants.items():
        chosen = {number: each[regime] for number, each in parts.items()}
        key = base, *chosen.values()
        if key not in done:
            done[key] = _replaced(base, chosen, leaves)
            if is_combined:
                done[key] = _combined(done[key], tracer, regime)
        variants[regime] = done[key]
    return variants if len(done) == 1 else merge(variants)


def _replaced(base: Function, parts: Mapping[int, Function], leaves: int) -> Function:
    """A program with other programs in the places of some of its results."""
    equations: list[Equation] = list(base.equations)
    outputs: list[Atom] = list(base.outputs)
    for number, alone in parts.items():
        weights = len(alone.inputs) - leaves  # the last of the kernel's inputs
        weighs = base.inputs[len(base.inputs) - weights :]
        given = (*base.inputs[:leaves], *weighs)
        (outputs[number],) = splice(alone, given, equations)
    return replace(base, equations=tuple(equations), outputs=tuple(outputs))


def _combined(derivatives: Function, tracer: Tracer, regime: Regime) -> Function:
    """A program that goes on to combine the derivatives it returned."""
    following = tracer.combination(derivatives).variants[regime]
    equations = list(derivatives.equations)
    operands = (*derivatives.inputs, *derivatives.outputs)
    outputs = splice(following, operands, equations)
    return replace(derivatives, equations=tuple(equations), outputs=tuple(outputs))


def _written(
    program: LinearProgram,
    found: LinearMatrix,
    block: Block,
    regimes: Sequence[Regime],
) -> Function:
    """The values of one block as a function of the leaves, then the weights.

    Args:
        program: What the matrix is of.
        found: The matrix.
        block: What is asked for of it.
        regimes: Those that the matrix is of.
    """
    arrays = found.arrays.copied()
    dtype = _within(part_dtype(block, program.primal.signature), regimes)
    values = _values(block, found.matrix, dtype, arrays)
    given = len(found.function.inputs) - len(program.seeds)
    inputs = found.function.inputs[:given]
    return Function("values", inputs, tuple(arrays.equations), (values,))


def _within(dtype: DType, regimes: Sequence[Regime]) -> DType:
    """An element type as programs of some regimes alone have it."""
    at = {regime: dtype.at(regime) for regime in regimes}
    last = list(at.values())[-1]
    wide = at.get(Regime.WIDE, last)
    mixed = at.get(Regime.MIXED, wide)
    return DType(at.get(Regime.NARROW, mixed), mixed, wide)


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


def _coloured(
    program: LinearProgram, found: Mapping[Regime, LinearMatrix], block: Block
) -> tuple[dict[Regime, Function], str]:
    """The values of one block by colours, in every regime, and what they are."""
    layout = block.layout
    assert isinstance(layout, Entries), "a sparse matrix lists its entries"
    is_reverse = program.direction == "reverse"
    dtype = part_dtype(block, program.primal.signature)
    pattern = pattern_of_all(found)
    rows, cols = np.divmod(asked(block, layout), max(pattern.shape[1], 1))
    pattern |= Pattern.of(pattern.shape, rows, cols)  # zeros are read too
    colouring = (colour_rows if is_reverse else colour_columns)(pattern)
    lines = pattern.shape[0 if is_reverse else 1]
    if not colouring.count or colouring.count * FEWER > lines:
        raise TooManyColoursError(
            f"{colouring.count:,} colours for {lines:,}"
            f" {'rows' if is_reverse else 'columns'}"
        )
    variants = {
        regime: coloured_values(
            program, colouring, rows, cols, dtype.numpy(regime), regime
        )
        for regime in found
    }
    fact = f"{colouring.count} colours; no colouring has less than {colouring.bound}"
    return variants, fact


def _fact(found: LinearMatrix) -> str:
    pattern = found.pattern
    rows, columns = pattern.shape
    count = len(found.matrix.terms)
    text = (
        f"a matrix of {rows:,} x {columns:,} with {pattern.nonzeros:,} nonzeros,"
        f" {int(pattern.is_constant.sum()):,} of them constant,"
        f" as {count} structured terms"
    )
    for op, products in _through(found):
        text += f"; {op} carried {products}"
    return text


def _through(found: LinearMatrix) -> list[tuple[str, str]]:
    """The operations without a rule, and what went through each of them."""
    told = []
    for each in sorted(found.opaque, key=lambda each: (each.op, each.seeds)):
        by = f"{each.products:,} products"
        if each.products < each.seeds:
            by += f" for {each.seeds:,} seeds"
        told.append((each.op, by))
    return list(dict.fromkeys(told))
