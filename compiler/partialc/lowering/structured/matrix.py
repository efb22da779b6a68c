"""Linear programs as matrices of terms."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, reduce
from operator import or_

from partialc.ir.dtypes import Regime
from partialc.ir.merge import merge
from partialc.ir.patterns import Pattern
from partialc.ir.program import Function
from partialc.lowering.pipeline import FINAL, run
from partialc.lowering.structured.interpret import (
    LARGEST,
    Through,
    TooLargeError,
    structured,
)
from partialc.lowering.structured.products import RegimesDifferError
from partialc.realise.linear import LinearProgram
from partialc.tangents.arrays import Arrays
from partialc.tangents.sparse import Matrix


@dataclass(frozen=True, eq=False)
class LinearMatrix:
    """The matrix that a linear program multiplies its seeds by.

    Attributes:
        function: The program, simplified.
        matrix: Its terms.
        arrays: The equations that payloads are computed by.
        opaque: Operations without a rule.
    """

    function: Function
    matrix: Matrix
    arrays: Arrays
    opaque: tuple[Through, ...]

    @cached_property
    def pattern(self) -> Pattern:
        """Where it may be nonzero."""
        return self.matrix.pattern()


def pattern_of_all(found: Mapping[Regime, LinearMatrix]) -> Pattern:
    """Where a matrix may be nonzero in some regime: a module has one list for all."""
    patterns = [each.pattern for each in dict.fromkeys(found.values())]
    return reduce(or_, patterns)


class Matrices:
    """The matrices of linear programs, each taken apart once.

    What a pattern was found by is what a kernel is written from.
    """

    def __init__(self) -> None:
        self._found: dict[object, tuple[LinearProgram, dict[Regime, LinearMatrix]]] = {}

    def of(self, program: LinearProgram) -> dict[Regime, LinearMatrix]:
        """The matrix of a program in every regime: one object where it is the same.

        Raises:
            TooLargeError: As from `linear_matrix`.
            Exception: Whatever JAX raises.
        """
        key = (
            id(program.primal),
            program.outputs,
            program.wrt,
            program.order,
            program.direction,
            None if program.first == program.wrt else program.first,
        )
        if key not in self._found:
            self._found[key] = program, _matrices(program)
        return self._found[key][1]


def _matrices(program: LinearProgram) -> dict[Regime, LinearMatrix]:
    traces = {regime: program.traced(regime) for regime in program.regimes()}
    seeds = [kind.size for kind in program.seeds]
    is_reverse = program.direction == "reverse"
    merged = merge(traces)
    groups: dict[Function, list[Regime]] = {}
    for regime, function in merged.items():
        groups.setdefault(function, []).append(regime)
    found: dict[Regime, LinearMatrix] = {}
    for function, regimes in groups.items():
        try:
            matrix = linear_matrix(function, seeds, regimes, is_reverse=is_reverse)
            found |= dict.fromkeys(regimes, matrix)
        except RegimesDifferError:
            for each in regimes:
                found[each] = linear_matrix(
                    traces[each], seeds, [each], is_reverse=is_reverse
                )
    return {regime: found[regime] for regime in traces}


def linear_matrix(
    traced: Function,
    seeds: Sequence[int],
    regimes: Sequence[Regime],
    *,
    is_reverse: bool,
) -> LinearMatrix:
    """Take a traced linear program apart.

    Args:
        traced: The program; its last inputs are seeds.
        seeds: How many elements each of these has.
        regimes: The regimes it was traced under.
        is_reverse: Whether the seeds are cotangents: they are the rows then.

    Raises:
        TooLargeError: A value would have to be held densely that is too large for it,
            or the matrix itself has too many entries.
        RegimesDifferError: What has to be held densely is not the same in all regimes.
    """
    function = run(traced, FINAL)
    found = structured(function, len(seeds), regimes)
    matrix = Matrix.of(
        [terms or () for terms in found.outputs],
        [atom.type.shape for atom in function.outputs],
        sum(seeds),
        transposed=is_reverse,
    )
    places = sum(term.places for term in matrix.terms)
    if places > LARGEST:
        raise TooLargeError(f"it has about {places:,} entries, which fit in no memory")
    return LinearMatrix(function, matrix, found.arrays, found.opaque)
