"""Sums whose rounding is meant: they take away what they, or sums within them, add.

`(1 + x) - 1` is how much of x is left of one. Compensated summation (W. Kahan, "Further
remarks on reducing truncation errors", Communications of the ACM 8, 1965), sums and
products of two numbers with their error (T. J. Dekker, "A floating-point technique for
extending the available precision", Numerische Mathematik 18, 1971) live by such
differences, and by the order of the additions that these get into. As algebra they are
zero.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from typing import Final

from partialc.lowering.scalar.algebra import Algebra
from partialc.lowering.scalar.program import ScalarProgram
from partialc.lowering.scalar.terms import Term, reachable

SUMS: Final = frozenset({"add", "sub", "neg"})
_ARITHMETIC: Final = SUMS | {"mul", "div"}

WIDEST: Final = 256
"""How many of the sums that a term gets into are looked at."""

_Users = dict[Term, list[tuple[Term, int]]]


def with_strict_compensation(program: ScalarProgram, algebra: Algebra) -> ScalarProgram:
    """A program whose compensating sums are strict: nothing regroups them.

    Grade: bitwise.
    """
    roots = program.roots()
    found = compensating(roots)
    if not found:
        return program
    made: dict[Term, Term] = {}
    for term in reachable(roots):
        args = [made[arg] for arg in term.args]
        strict = term.strict or term in found
        if strict == term.strict and all(map(_is, args, term.args)):
            made[term] = term
        else:
            operation = algebra.terms.operation
            made[term] = operation(
                term.op, args, term.dtype, term.params, strict=strict
            )
    return program.mapped(made.__getitem__)


def _is(first: Term, second: Term) -> bool:
    return first is second


def compensating(roots: Sequence[Term]) -> set[Term]:
    """The sums of a program that take away what they add, and those made of them.

    In (x + y) - x that is x + y as well.

    Args:
        roots: What the program computes.
    """
    terms = list(reachable(roots))
    users = _users(terms)
    found: set[Term] = set()
    for term in users:
        found.update(_cancelling(term, users))
    if not found:
        return found
    tainted: set[Term] = set()
    for term in terms:
        if term.op in _ARITHMETIC and (
            term in found or not tainted.isdisjoint(term.args)
        ):
            tainted.add(term)
            if term.op in SUMS and term.dtype.is_float:
                found.add(term)
    return found


def _users(terms: Sequence[Term]) -> _Users:
    """The sums that each term is an operand of, with its signs there."""
    found: _Users = {}
    for term in terms:
        if term.op in SUMS:
            for place, arg in enumerate(term.args):
                minus = term.op == "neg" or (term.op == "sub" and place == 1)
                found.setdefault(arg, []).append((term, -1 if minus else 1))
    return found


def _cancelling(start: Term, users: _Users) -> set[Term]:
    """The nearest sums that a term gets into with both signs, and those on the way."""
    if len(users[start]) < 2:
        return set()
    signs: dict[Term, int] = {}
    pending = deque(users[start])
    met: list[Term] = []
    while pending and len(signs) < WIDEST:
        term, sign = pending.popleft()
        known = signs.get(term)
        if known is None:
            signs[term] = sign
            pending += [(user, sign * other) for user, other in users.get(term, ())]
        elif known != sign:
            met.append(term)
    found: set[Term] = set()
    while met:
        term = met.pop()
        if term in signs and term not in found:
            found.add(term)
            met += term.args
    return found
