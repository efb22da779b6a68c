"""Which atoms of a normal form overflow for arguments that are nothing special.

`1 - 1 / (1 + exp(-x))` is 1 where the exponential overflows; written as
`exp(-x) / (1 + exp(-x))` it would be nan. What may overflow should therefore not get
into products where it was not. This guides the choice among normal forms; what is taken
in the end must pass `growth`.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, TypeAlias

from partialc.lowering.scalar.polynomials import Monomial
from partialc.lowering.scalar.terms import Term, reachable

Extents: TypeAlias = dict[Term, tuple[int, int]]
"""Twice the lowest and the highest power of each term."""

_BOUNDED: Final = frozenset(
    {
        *("sin", "cos", "tanh", "erf", "erfc", "logistic", "atan", "atan2", "asin"),
        *("acos", "sign"),
    }
)
_SLOW: Final = frozenset(
    {
        *("add", "sub", "mul", "div", "neg", "integer_pow", "sqrt", "rsqrt", "cbrt"),
        *("log", "log1p", "asinh", "abs", "max", "min", "select_n"),
    }
)
"""They overflow no sooner than their operands, or than a power of those."""


class Overflow:
    """Tells what overflows, and remembers."""

    def __init__(self) -> None:
        self._known: dict[Term, bool] = {}
        self._of_sums: dict[Term, Extents] = {}

    def may(self, term: Term) -> bool:
        """Whether a term may overflow."""
        if any(arg not in self._known for arg in term.args):
            for each in reachable(term.args):
                self._known[each] = self._found(each)
        if term not in self._known:
            self._known[term] = self._found(term)
        return self._known[term]

    def _found(self, term: Term) -> bool:
        if not term.args or term.op in _BOUNDED:
            return False
        return term.op not in _SLOW or any(self._known[arg] for arg in term.args)

    def part(self, product: Monomial) -> Monomial:
        """The factors of a product that may overflow."""
        return tuple(pair for pair in product if self.may(pair[0]))

    def learn(self, atom: Term, meaning: Iterable[Monomial]) -> None:
        """Remember the products that an atom is the sum of."""
        self._of_sums[atom] = self.extents(meaning)

    def extents(self, products: Iterable[Monomial]) -> Extents:
        """Twice the lowest and highest power of what may overflow; 0 lies between.

        Sums that are multiplied by count as what they are made of.
        """
        found: Extents = {}
        for product in products:
            for atom, (low, high) in self._extents_of(product).items():
                before = found.get(atom, (0, 0))
                found[atom] = min(before[0], low), max(before[1], high)
        return found

    def _extents_of(self, product: Monomial) -> Extents:
        found: Extents = {}

        def add(atom: Term, low: int, high: int) -> None:
            before = found.get(atom, (0, 0))
            found[atom] = before[0] + low, before[1] + high

        for atom, power in self.part(product):
            if atom in self._of_sums and power > 0:
                for each, (low, high) in self._of_sums[atom].items():
                    add(each, low * power // 2, high * power // 2)
            else:
                add(atom, min(power, 0), max(power, 0))
        return found
