"""Which results XLA on CPU would compute again and again, unless it is kept from it.

Fusion recomputes a scalar for every one of its consumers, so that the 12 sines and
cosines of a robot arm's Jacobian become 624. What keeps it from doing so, found by
measurement: the shared transcendentals stacked into one vector, and that vector passed
through `lax.optimization_barrier` once. A barrier on the scalars does nothing.
"""

from __future__ import annotations

from collections.abc import Container, Sequence
from typing import Final

from partialc.lowering.scalar.terms import Term, reachable, uses

FEWEST: Final = 4
"""Fewer shared transcendentals than this are left to XLA."""

SMALLEST: Final = 40
"""So are those of programs of fewer operations."""

_TRANSCENDENTAL: Final = frozenset(
    {
        *("sin", "cos", "tan", "asin", "acos", "atan", "sinh", "cosh", "tanh"),
        *("asinh", "acosh", "atanh", "exp", "exp2", "expm1", "log", "log1p"),
        *("erf", "erfc", "logistic", "lgamma", "digamma", "cbrt"),
    }
)


def shared_transcendentals(
    roots: Sequence[Term], scalars: Container[Term]
) -> tuple[Term, ...]:
    """The transcendentals to compute once, none of them made from another of them.

    Args:
        roots: What is computed.
        scalars: The terms that are written as scalars. Those of a vector are computed
            as one, whatever reads it.
    """
    counts = uses(roots)
    above: set[Term] = set()
    found: list[Term] = []
    operations = 0
    for term in reachable(roots):
        operations += bool(term.args)
        if any(arg in above for arg in term.args):
            above.add(term)
        elif term.dtype.is_float and term.op in _TRANSCENDENTAL:
            above.add(term)
            if counts[term] > 1 and term in scalars:
                found.append(term)
    if len(found) < FEWEST or operations < SMALLEST:
        return ()
    dtype = found[0].dtype
    return tuple(term for term in found if term.dtype == dtype)
