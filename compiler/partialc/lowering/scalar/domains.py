"""Where a term is a number: what must not be zero in it, and what not negative.

`sqrt(x) ** 2` is no number where x is negative, `x / x` none where x is zero; the terms
x and 1 that algebra makes of them are. For derivatives that is welcome, for the
function itself it is not: whoever is outside of its domain should learn it.
"""

from __future__ import annotations

from typing import Final, TypeAlias

from partialc.lowering.scalar.samples import Samples
from partialc.lowering.scalar.terms import Term, reachable, unknown

Conditions: TypeAlias = frozenset[tuple[str, str]]
"""What is demanded, and of which number (`samples`)."""

NONE: Final[Conditions] = frozenset()

_ALWAYS_POSITIVE: Final = frozenset({"exp", "exp2", "cosh", "logistic"})
_NEVER_NEGATIVE: Final = frozenset({"abs", "sqrt", "square", "erfc"})
_TOTAL: Final = frozenset(
    {
        *("add", "sub", "mul", "neg", "abs", "max", "min", "exp", "exp2", "expm1"),
        *("sin", "cos", "tanh", "atan", "asinh", "erf", "erfc", "logistic", "sinh"),
        *("cosh", "square", "cbrt", "sign", "reduce_sum", "reduce_prod", "select_n"),
        *("convert_element_type", "lt", "le", "gt", "ge", "eq", "ne"),
        *("and", "or", "not"),
    }
)


class Domains:
    """The conditions under which terms are numbers."""

    def __init__(self) -> None:
        self._samples = Samples()
        self._known: dict[Term, Conditions] = {}
        self._signs: dict[Term, int] = {}
        self._total: dict[Term, bool] = {}

    def of(self, term: Term) -> Conditions:
        """What must be true for a term to be a number."""
        within = list(reachable([term]))
        for each in within:
            if each not in self._known:
                self._signs[each] = self._sign(each)
                self._known[each] = self._own(each)
        return NONE.union(*(self._known[each] for each in within))

    def is_total(self, term: Term) -> bool:
        """Whether a term is a number wherever its elements are."""
        for each in unknown([term], self._total):
            inner = all(self._total[arg] for arg in each.args)
            exponent = each.params.get("y")
            is_whole = isinstance(exponent, int) and exponent >= 0
            self._total[each] = inner and (
                not each.args or each.op in _TOTAL or is_whole
            )
        return self._total[term]

    def _own(self, term: Term) -> Conditions:
        """What a term itself demands of its operands."""
        exponent = term.params.get("y")
        match term.op:
            case "div":
                return self._not_zero(term.args[1])
            case "integer_pow":
                is_whole = isinstance(exponent, int) and exponent >= 0
                return NONE if is_whole else self._not_zero(term.args[0])
            case "sqrt":
                return self._not_negative(term.args[0])
            case "rsqrt":
                first = term.args[0]
                return self._not_zero(first) | self._not_negative(first)
        if not term.args or term.op in _TOTAL:
            return NONE
        # Whatever it demands of its operands, it is there or it is not.
        return frozenset({(term.op, self._name(term))})

    def _not_zero(self, term: Term) -> Conditions:
        """That no factor of a divisor is zero, save those that never are."""
        found: set[tuple[str, str]] = set()
        pending = [term]
        while pending:
            each = pending.pop()
            exponent = each.params.get("y")
            if each.op in ("mul", "div"):
                pending += each.args
            elif each.op in ("neg", "sqrt") or isinstance(exponent, int):
                pending.append(each.args[0])
            elif self._signs[each] < 2:
                found.add(("not zero", self._name(each)))
        return frozenset(found)

    def _not_negative(self, term: Term) -> Conditions:
        while term.op == "div" and term.args[0].number == 1:
            term = term.args[1]
        if self._signs[term] > 0:
            return NONE
        return frozenset({("not negative", self._name(term))})

    def _name(self, term: Term) -> str:
        return f"{self._samples.of(term):.9e}"

    def _sign(self, term: Term) -> int:
        """2 for what is positive where it is a number, 1 for what is not negative."""
        signs = [self._signs[arg] for arg in term.args]
        exponent = term.params.get("y")
        if term.number is not None and term.dtype.is_float:
            return 2 if term.number > 0 else 1 if term.number == 0 else 0
        if term.op in _ALWAYS_POSITIVE:
            return 2
        if term.op in _NEVER_NEGATIVE:
            return 1
        if term.op == "add":
            return max(signs) if min(signs) else 0
        if term.op in ("mul", "div"):
            return min(signs)
        if isinstance(exponent, int) and exponent % 2 == 0:
            return max(signs[0], 1)
        return signs[0] if isinstance(exponent, int) else 0
