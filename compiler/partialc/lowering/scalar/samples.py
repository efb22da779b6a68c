"""Terms at a point: equal numbers for what is equal as algebra.

The number of a sum, a product or a root is what they are at the point. Any other
function of a number is a number drawn for it, the same for equal operands: so `exp(x)`
is what it is, but neither `exp(-x)` nor a power of anything.

Only operations that every processor rounds alike are used, so that the numbers are the
same everywhere (J. T. Schwartz, "Fast probabilistic algorithms for verification of
polynomial identities", Journal of the ACM 27, 1980).
"""

from __future__ import annotations

from functools import reduce
from math import isfinite, sqrt
from operator import add
from random import Random

from partialc.lowering.scalar.terms import ELEMENT, Term, unknown


class Samples:
    """The numbers of terms."""

    def __init__(self) -> None:
        self._known: dict[Term, float] = {}

    def of(self, term: Term) -> float:
        """The number of a term."""
        if term not in self._known:
            for each in unknown([term], self._known):
                self._known[each] = self._found(each)
        return self._known[term]

    def _found(self, term: Term) -> float:
        if term.op == ELEMENT:
            return _drawn(f"element {term.order}")
        if term.number is not None:
            return float(term.number) if term.dtype.is_float else _drawn(term.number)
        args = [self._known[arg] for arg in term.args]
        found = _arithmetic(term, args)
        if found is not None and isfinite(found):
            return found
        params = sorted(str(item) for item in term.params.items())
        return _drawn(f"{term.op} {[f'{arg:.9e}' for arg in args]} {params}")


def _arithmetic(term: Term, args: list[float]) -> float | None:
    match term.op:
        case "add" | "add_any":
            return args[0] + args[1]
        case "sub":
            return args[0] - args[1]
        case "mul":
            return args[0] * args[1]
        case "div" if args[1]:
            return args[0] / args[1]
        case "neg":
            return -args[0]
        case "sqrt" if args[0] >= 0:
            return sqrt(args[0])
        case "reduce_sum":
            # No `sum`: how that rounds depends on the version of Python.
            return reduce(add, args, 0.0)
        case "integer_pow" | "reduce_prod":
            exponent = term.params.get("y", 1)
            assert isinstance(exponent, int)
            found = 1.0
            for factor in args * abs(exponent):
                found *= factor
            if exponent < 0:
                return 1 / found if found else None
            return found
    return None


def _drawn(seed: object) -> float:
    """A number between one half and one and a half."""
    return 0.5 + Random(str(seed)).random()
