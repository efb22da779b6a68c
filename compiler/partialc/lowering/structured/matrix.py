"""A linear program as a matrix of terms."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from partialc.ir.dtypes import Regime
from partialc.ir.program import Equation, Function
from partialc.lowering.pipeline import FINAL, run
from partialc.lowering.structured.interpret import LARGEST, TooLargeError, structured
from partialc.tangents.arrays import Arrays
from partialc.tangents.sparse import Matrix


@dataclass(frozen=True, eq=False, slots=True)
class LinearMatrix:
    """The matrix that a linear program multiplies its seeds by.

    Attributes:
        function: The program, simplified.
        matrix: Its terms.
        arrays: The equations that payloads are computed by.
        opaque: Operations that were carried through densely.
    """

    function: Function
    matrix: Matrix
    arrays: Arrays
    opaque: tuple[Equation, ...]


def linear_matrix(
    traced: Function, seeds: Sequence[int], regime: Regime, *, is_reverse: bool
) -> LinearMatrix:
    """Take a traced linear program apart.

    Args:
        traced: The program; its last inputs are seeds.
        seeds: How many elements each of these has.
        regime: The regime it was traced under.
        is_reverse: Whether the seeds are cotangents: they are the rows then.

    Raises:
        TooLargeError: A value would have to be held densely that is too large for it,
            or the matrix itself has too many entries.
    """
    function = run(traced, FINAL)
    found = structured(function, len(seeds), regime)
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
