"""The passes on terms, in their order."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Final

from partialc.ir.program import Value
from partialc.lowering.scalar.algebra import Algebra
from partialc.lowering.scalar.balance import balanced
from partialc.lowering.scalar.compensation import with_strict_compensation
from partialc.lowering.scalar.domains import Domains
from partialc.lowering.scalar.growth import (
    NOTHING,
    UNKNOWN_POWERS,
    Extent,
    Growth,
    Limits,
)
from partialc.lowering.scalar.normal_forms import normalised
from partialc.lowering.scalar.pairs import with_shared_pairs
from partialc.lowering.scalar.program import ScalarProgram
from partialc.lowering.scalar.quotients import as_quotients
from partialc.lowering.scalar.regroup import regroup
from partialc.lowering.scalar.terms import Term, reachable

SHORTER: Final = 0.8
"""A program changes for its normal form where that is so much shorter."""

LONGER: Final = 1.2
"""It may be so much longer where it takes fewer differences of what is rounded."""

ROUNDS: Final = 2
"""How often sums and products are regrouped: what merges may merge again."""

LONG: Final = 5000
"""Programs of more operations are regrouped once."""


@UNKNOWN_POWERS
def simplified(
    program: ScalarProgram,
    algebra: Algebra,
    shorter: float = SHORTER,
    *,
    normal_forms: bool = True,
    plain: tuple[int, ...] = (),
    values: Collection[int] = (),
    given: Collection[Value] | None = None,
    bounded: Mapping[Value, Limits] = NOTHING,
) -> ScalarProgram:
    """A program with less to compute, in which nothing overflows that did not before.

    Each result takes the first of its forms that keeps within what it replaces
    (`growth`): its normal form, its regrouped form, the form that it has.

    Args:
        program: The program.
        algebra: Made its terms.
        shorter: What a normal form must have of the operations there are otherwise.
        normal_forms: Whether there may be one.
        plain: Outputs, by number, that have no part in it, nor what is carried.
        values: Outputs, by number, that are the function's value: what they are made of
            is no number where it was none.
        given: The arrays that are arguments; elements of others may be exponentials. If
            not given, all but those that are carried.
        bounded: Between which numbers the elements of some of them are.

    Grade: reassociating.
    """
    program = with_strict_compensation(program, algebra)
    roots = program.roots()
    growth = Growth(roots, given=given, carried=program.carried, bounded=bounded)
    whole = frozenset(program.roots_behind(values))
    forms = _Forms(program, algebra, growth, whole, Domains())
    regrouped = forms.within([_regrouped(program, algebra)])
    if not normal_forms:
        return regrouped
    others = []
    for in_quotients in (False, True):
        other = normalised(program, algebra, bounded=in_quotients)
        if other is None:
            return regrouped
        others.append(_regrouped(other, algebra, share=True))
    best = forms.within([*others, regrouped])
    if plain:
        pairs = zip(regrouped.outputs, best.outputs, strict=True)
        outputs = tuple(pair[n not in plain] for n, pair in enumerate(pairs))
        best = ScalarProgram(outputs, regrouped.carried)
    return best if _is_better(best, regrouped, shorter) else regrouped


@dataclass(frozen=True, slots=True)
class _Forms:
    """What may stand for the roots of a program."""

    program: ScalarProgram
    algebra: Algebra
    growth: Growth
    values: Collection[Term]
    domains: Domains

    def within(self, candidates: Sequence[ScalarProgram]) -> ScalarProgram:
        """The program with each root in the first form that overflows no sooner."""
        roots = list(dict.fromkeys(self.program.roots()))
        found: dict[Term, Term] = {}
        forms = [dict(self.program.beside(candidate)) for candidate in candidates]
        for safe, form in product((True, False), forms):
            there = [root for root in roots if root in form and root not in found]
            limits = {root: self.growth.limits(root, safe=safe) for root in there}
            self.take(found, {root: form[root] for root in there}, limits)
            rest = [root for root in there if root not in found]
            if rest:
                # One order for all of them: what they share stays shared.
                tightest = self.growth.tightest([limits[root] for root in rest])
                ordered = balanced(
                    [form[root] for root in rest], tightest, self.growth, self.algebra
                )
                self.take(found, dict(zip(rest, ordered, strict=True)), limits)
        return self.program.mapped(lambda root: found.get(root, root))

    def take(
        self,
        found: dict[Term, Term],
        forms: Mapping[Term, Term],
        limits: Mapping[Term, Extent],
    ) -> None:
        """Note the forms that keep within the limits of their roots."""
        for root, form in forms.items():
            is_within = self.growth.is_within(form, limits[root])
            if is_within and self.is_defined(form, root):
                found[root] = form

    def is_defined(self, form: Term, root: Term) -> bool:
        """Whether a form is a number only where the root is, if that is the value."""
        return root not in self.values or self.domains.of(root) <= self.domains.of(form)


def _is_better(program: ScalarProgram, other: ScalarProgram, shorter: float) -> bool:
    """Whether a program is so much shorter, or takes fewer differences of products."""
    ratio = _operations(program) / max(_operations(other), 1)
    if ratio <= shorter:
        return True
    return ratio <= LONGER and _differences(program) < _differences(other)


def _differences(program: ScalarProgram) -> int:
    """How many differences a program takes of numbers that it has rounded."""
    return sum(
        term.op == "sub" and any(arg.op in ("mul", "div") for arg in term.args)
        for term in reachable(program.roots())
    )


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
