"""The passes on terms, in their order."""

from __future__ import annotations

from typing import Final

from partialc.lowering.scalar.algebra import Algebra
from partialc.lowering.scalar.compensation import with_strict_compensation
from partialc.lowering.scalar.normal_forms import normalised
from partialc.lowering.scalar.pairs import with_shared_pairs
from partialc.lowering.scalar.program import ScalarProgram
from partialc.lowering.scalar.quotients import as_quotients
from partialc.lowering.scalar.regroup import regroup
from partialc.lowering.scalar.terms import reachable

SHORTER: Final = 0.8
"""A program changes for its normal form where that is so much shorter."""

ROUNDS: Final = 2
"""How often sums and products are regrouped: what merges may merge again."""

LONG: Final = 5000
"""Programs of more operations are regrouped once."""


def simplified(
    program: ScalarProgram,
    algebra: Algebra,
    shorter: float = SHORTER,
    *,
    normal_forms: bool = True,
    plain: tuple[int, ...] = (),
) -> ScalarProgram:
    """A program with less to compute.

    Args:
        program: The program.
        algebra: Made its terms.
        shorter: What a normal form must have of the operations there are otherwise.
        normal_forms: Whether there may be one.
        plain: Outputs, by number, that have no part in it, nor what is carried.

    Grade: reassociating.
    """
    program = with_strict_compensation(program, algebra)
    best = _regrouped(program, algebra)
    other = normalised(program, algebra) if normal_forms else None
    if other is None:
        return best
    other = _regrouped(other, algebra, share=True)
    if plain:
        pairs = zip(best.outputs, other.outputs, strict=True)
        outputs = tuple(pair[n not in plain] for n, pair in enumerate(pairs))
        other = ScalarProgram(outputs, best.carried)
    return other if _operations(other) <= shorter * _operations(best) else best


def _operations(program: ScalarProgram) -> int:
    """How many operations a program has."""
    return sum(bool(term.args) for term in reachable(program.roots()))


def _regrouped(
    program: ScalarProgram, algebra: Algebra, *, share: bool = False
) -> ScalarProgram:
    for _ in range(ROUNDS if _operations(program) <= LONG else 1):
        before = program.roots()
        program = regroup(program, algebra)
        if program.roots() == before:
            break
    if share:
        program = with_shared_pairs(program, algebra)
    return as_quotients(program, algebra.terms)
