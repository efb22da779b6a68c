"""Which terms and sums are nowhere negative."""

from __future__ import annotations

from typing import Final

from partialc.lowering.scalar.polynomials import Monomial, Polynomial
from partialc.lowering.scalar.terms import Term

_POSITIVE: Final = frozenset(
    {"exp", "exp2", "cosh", "abs", "sqrt", "rsqrt", "logistic", "erfc", "square"}
)


class Signs:
    """Tells what is nowhere negative, where it is a number."""

    def __init__(self) -> None:
        self._positive: set[Term] = set()

    def learn(self, atom: Term, meaning: Polynomial) -> None:
        """Remember what an atom is the sum of."""
        if self.is_definite(meaning) and min(meaning.values()) > 0:
            self._positive.add(atom)

    def is_definite(self, polynomial: Polynomial) -> bool:
        """Whether all addends of a sum have one sign wherever it is a number."""
        signs = {number > 0 for number in polynomial.values()}
        return len(signs) == 1 and all(map(self._is_positive, polynomial))

    def _is_positive(self, product: Monomial) -> bool:
        # What a root is taken of is positive, as is its root.
        return all(
            power % 4 == 0
            or power % 2 == 1
            or atom in self._positive
            or atom.op in _POSITIVE
            for atom, power in product
        )
