"""Exponentials that are a product of another one and of powers.

    exp(y - log x)   exp(y) / x
    exp(y - z)       exp(y) * exp(-z), where that is there

Where the exponents of two differ by logarithms and by an exponent that is there, one is
enough. A product may overflow where the exponential of a sum does not, and the other
way around: an exponential is replaced only if every product that it is a factor of
becomes one that is there already.
"""

from __future__ import annotations

from typing import Final

from partialc.lowering.scalar.overflow import Overflow
from partialc.lowering.scalar.polynomials import (
    VANISHING,
    Monomial,
    Polynomial,
    times,
    total,
)
from partialc.lowering.scalar.terms import Term

MOST: Final = 12
"""Of more exponentials none is replaced."""


class Exponentials:
    """The exponentials of a program.

    Attributes:
        logarithms: What each logarithm is the logarithm of.
        exponents: What each exponential is the exponential of, multiplied out.
    """

    def __init__(self, overflow: Overflow) -> None:
        self.logarithms: dict[Term, Monomial] = {}
        self.exponents: dict[Term, Polynomial] = {}
        self._overflow = overflow
        self._products: set[Monomial] = set()

    def note(self, product: Monomial) -> None:
        """Remember a product that is added to others, or handed on."""
        self._products.add(self._overflow.part(product))

    def replacements(self) -> dict[Term, Monomial]:
        """What to write for exponentials that others can stand for."""
        if not 1 < len(self.exponents) <= MOST:
            return {}
        options: list[tuple[int, Term, Monomial]] = []
        for atom in reversed(self.exponents):
            for other in self.exponents:
                powers = None if other is atom else self._by(atom, other)
                spared = None if powers is None else self._spared(atom, powers)
                if powers is not None and spared is not None:
                    options.append((spared, atom, powers))
        found: dict[Term, Monomial] = {}
        kept: set[Term] = set()
        for _, atom, powers in sorted(options, key=lambda option: -option[0]):
            used = {each for each, _ in self._overflow.part(powers)}
            if atom not in kept and atom not in found and used.isdisjoint(found):
                found[atom] = powers
                kept |= used
        return found

    def _by(self, atom: Term, other: Term) -> Monomial | None:
        """An exponential by another one; None if their exponents do not fit."""
        found: Monomial = ((other, 2),)
        rest: Polynomial = {}
        gap = _difference(self.exponents[atom], self.exponents[other])
        for product, number in gap.items():
            log, power = product[0] if len(product) == 1 else (None, 0)
            if log is None or log not in self.logarithms or power != 2:
                rest[product] = number
                continue
            count = round(number)
            if abs(number - count) > VANISHING * abs(count):
                return None
            found = times(found, self.logarithms[log], count)
        if not rest:
            return found
        for factor, exponent in self.exponents.items():
            for sign in (1, -1):
                signed = {p: sign * number for p, number in exponent.items()}
                if factor is not atom and not _difference(rest, signed):
                    return times(found, ((factor, 2),), sign)
        return None

    def _spared(self, atom: Term, powers: Monomial) -> int | None:
        """How many factors products lose; None if there would be new products."""
        spared = 0
        products = [product for product in self._products if atom in dict(product)]
        for product in products:
            count = dict(product)[atom]
            if count % 2:
                return None
            rest = times(product, ((atom, 2),), -(count // 2))
            replaced = self._overflow.part(times(rest, powers, count // 2))
            if replaced not in self._products:
                return None
            spared += len(product) - len(replaced)
        return spared if products else None


def _difference(first: Polynomial, second: Polynomial) -> Polynomial:
    return total([*first.items(), *((p, -number) for p, number in second.items())])
