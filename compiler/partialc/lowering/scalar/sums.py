"""Sums, multiplied out as far as that makes them shorter.

A sum is kept as an atom that knows its meaning. Added to other sums it may cancel with
what they are made of: then the sums within are multiplied out, from the one made last
to the one made first, for as long as products meet. A sum that is a power times one
that is there already is written as that.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Final, TypeAlias

from partialc.lowering.scalar.overflow import Overflow
from partialc.lowering.scalar.polynomials import (
    ONE,
    Monomial,
    Polynomial,
    common_denominator,
    common_factor,
    expanded,
    scaled,
    tidy,
    times,
)
from partialc.lowering.scalar.signs import Signs
from partialc.lowering.scalar.terms import Term

MOST_PRODUCTS: Final = 24
"""A sum is not multiplied out to more products than this."""

MOST_STEPS: Final = 16
"""How many sums within a sum are multiplied out."""

HIGHEST: Final = 4
"""Higher powers of a sum are not multiplied out."""

FUNCTION: Final = 12
ROOT: Final = 4
RECIPROCAL: Final = 3
"""A function, a root and a division in additions."""

_Key: TypeAlias = frozenset[tuple[Monomial, str]]


@dataclass(frozen=True, slots=True)
class Form:
    """A number times powers of atoms; times a sum, if that is not empty."""

    number: float
    powers: Monomial = ONE
    inner: Polynomial | None = None


@dataclass(frozen=True, slots=True)
class _Known:
    """A sum that is there: `atom` is a number times powers times its key."""

    atom: Term
    number: float
    powers: Monomial


class Sums:
    """The sums of a program.

    Attributes:
        meanings: What each atom that is a sum is the sum of.
        free: Sums that are computed in any case.
        rounded: Sums that are as inexact as their addends are large.
        overflow: Which terms may overflow.
        signs: Which terms are nowhere negative.
    """

    def __init__(self) -> None:
        self.meanings: dict[Term, Polynomial] = {}
        self.free: set[Term] = set()
        self.rounded: set[Term] = set()
        self.overflow = Overflow()
        self.signs = Signs()
        self._known: dict[_Key, _Known] = {}

    def keep(self, atom: Term, meaning: Polynomial, addends: Polynomial) -> None:
        """Let an atom stand for a sum.

        Args:
            atom: The atom.
            meaning: What it is the sum of.
            addends: What was added: the atom times a product is the sum of these.
        """
        exact = sum(not self._is_rounded(product) for product in addends)
        if exact <= 1:
            self.rounded.add(atom)
        self.meanings[atom] = meaning
        self.overflow.learn(atom, meaning)
        self.signs.learn(atom, meaning)
        number, powers, inner = _canonical(meaning)
        self._known.setdefault(_key(inner), _Known(atom, number, powers))

    def need(self, powers: Monomial) -> None:
        """The sums among these atoms, and those within them, are computed anyway."""
        pending = [atom for atom, _ in powers]
        while pending:
            atom = pending.pop()
            if atom in self.meanings and atom not in self.free:
                self.free.add(atom)
                pending += [each for part in self.meanings[atom] for each, _ in part]

    def shortest(self, polynomial: Polynomial) -> Form:
        """A sum, multiplied out as far as that makes it shorter."""
        best = self._split(polynomial)
        least = self._work(best), best.inner is not None
        for trial in self._trials(polynomial):
            work = self._work(trial), trial.inner is not None
            if work < least and self._is_within(trial, polynomial):
                best, least = trial, work
        return best

    def _is_within(self, form: Form, polynomial: Polynomial) -> bool:
        """Whether nothing that may overflow gets where it was not."""
        extents = self.overflow.extents(polynomial)
        products = [times(form.powers, each) for each in form.inner or {ONE: 1.0}]
        found = self.overflow.extents(products)
        return all(
            extents.get(atom, (0, 0))[0] <= low and high <= extents.get(atom, (0, 0))[1]
            for atom, (low, high) in found.items()
        )

    def multiplied_out(self, polynomial: Polynomial) -> Polynomial:
        """A sum in terms of no other sum, as far as it stays short."""
        for _ in range(MOST_STEPS):
            atom = self._last_sum(polynomial)
            if atom is None:
                break
            after, _ = expanded(polynomial, atom, self.meanings[atom])
            if len(after) > MOST_PRODUCTS:
                break
            polynomial = after
        return polynomial

    def _is_rounded(self, product: Monomial) -> bool:
        """Whether a product has factors: powers of one atom may be exact, as 1 is."""
        return len(product) > 1 or any(atom in self.rounded for atom, _ in product)

    def _trials(self, polynomial: Polynomial) -> Iterator[Form]:
        """A sum with ever more of the sums within it multiplied out."""
        yield self._split(polynomial, common_denominator)
        bounded = set(polynomial)
        for _ in range(MOST_STEPS):
            factor = common_denominator(polynomial)
            inner = scaled(polynomial, factor, -1)
            atom = self._last_sum(inner)
            if atom is None:
                return
            bounded = self._bounded(inner, factor, bounded, atom)
            inner, has_met = expanded(inner, atom, self.meanings[atom])
            polynomial = scaled(inner, factor)
            if len(polynomial) > MOST_PRODUCTS:
                return
            is_bounded = len(polynomial) <= 1 or bounded.issuperset(polynomial)
            if has_met and is_bounded:
                yield self._split(polynomial)
                yield self._split(polynomial, common_denominator)

    def _bounded(
        self, inner: Polynomial, factor: Monomial, before: set[Monomial], atom: Term
    ) -> set[Monomial]:
        """The products of a multiplied-out sum that its addends were no smaller than.

        a (b + c) may be much smaller than a b: to multiply it out is to lose what b + c
        has left of b and c. It is not where b and c have one sign, nor where what is
        added cancels a c: a b is no larger than a (b + c) and a c together. And where b
        and c are products themselves, nothing is lost: b + c is inexact by what these
        are rounded.

        Args:
            inner: The sum, over a common factor.
            factor: The common factor.
            before: The products, with that factor, that are not larger than the addends
                that there were at first.
            atom: The sum that is multiplied out.
        """
        meaning = self.meanings[atom]
        others = {
            product
            for product in inner
            if atom not in dict(product) and times(product, factor) in before
        }
        found = {times(product, factor) for product in others}
        for product in inner:
            count = dict(product).get(atom, 0) // 2
            if not count or times(product, factor) not in before:
                continue
            rest = times(product, ((atom, 2),), -count)
            if atom in self.rounded or self.signs.is_definite(meaning):
                alone, _ = expanded({product: 1.0}, atom, meaning)
                found.update(times(part, factor) for part in alone)
            elif count == 1:
                parts = [times(rest, part) for part in meaning]
                left = [part for part in parts if part not in others]
                free = left if len(left) == 1 else [] if left else parts
                found.update(times(part, factor) for part in free)
        return found

    def _last_sum(self, polynomial: Polynomial) -> Term | None:
        """The sum that was made last, of those that occur in whole positive powers."""
        found: dict[Term, bool] = {}
        for product in polynomial:
            for atom, power in product:
                if atom in self.meanings:
                    fits = power % 2 == 0 and 0 < power <= 2 * HIGHEST
                    found[atom] = found.get(atom, True) and fits
        fitting = [atom for atom, fits in found.items() if fits]
        return max(fitting, key=lambda atom: atom.order, default=None)

    def _split(
        self,
        polynomial: Polynomial,
        by: Callable[[Polynomial], Monomial] = common_factor,
    ) -> Form:
        """A sum as a number times powers times what is left."""
        if not polynomial:
            return Form(0.0)
        own_number, own_powers, key = _canonical(polynomial)
        known = self._known.get(_key(key))
        if known is not None:
            powers = times(times(own_powers, known.powers, -1), ((known.atom, 2),))
            form = Form(tidy(own_number / known.number), powers)
            # What is finite where an atom is zero stays so.
            divisors = _divisors([powers, *self.meanings[known.atom]])
            if divisors <= _divisors(polynomial) and self._is_within(form, polynomial):
                return form
        factor = by(polynomial)
        inner = scaled(polynomial, factor, -1)
        if len(inner) == 1:
            ((product, number),) = inner.items()
            return Form(number, times(factor, product))
        sizes = {abs(number) for number in inner.values()}
        number = sizes.pop() if len(sizes) == 1 else 1.0
        if all(each < 0 for each in inner.values()):
            number = -number
        return Form(number, factor, {p: n / number for p, n in inner.items()})

    def _work(self, form: Form) -> int:
        """What a form costs, with all that is computed for it."""
        inner = form.inner or {}
        needed: set[tuple[Term, int]] = set()
        joined = bool(inner) and (form.number != 1 or bool(form.powers))
        cost = _multiplications(form.number, form.powers) + _cost(inner) + joined
        products = [form.powers, *inner]
        while products:
            for atom, power in products.pop():
                for part in _parts(power):
                    if (atom, part) in needed:
                        continue
                    needed.add((atom, part))
                    cost += part
                    if part:
                        continue
                    if atom in self.meanings:
                        if atom not in self.free:
                            cost += _cost(self.meanings[atom])
                            products += self.meanings[atom]
                    elif atom.args:
                        cost += FUNCTION
        return cost


def _divisors(products: Iterable[Monomial]) -> set[Term]:
    return {atom for product in products for atom, power in product if power < 0}


def _canonical(polynomial: Polynomial) -> tuple[float, Monomial, Polynomial]:
    """A sum as a number times powers times a sum that begins with one."""
    factor = common_denominator(polynomial)
    inner = scaled(polynomial, factor, -1)
    lead = min(inner, key=lambda product: [(a.order, n) for a, n in product])
    number = inner[lead]
    return number, factor, {p: tidy(n / number) for p, n in inner.items()}


def _key(polynomial: Polynomial) -> _Key:
    return frozenset((p, f"{number:.11e}") for p, number in polynomial.items())


def _cost(polynomial: Polynomial) -> int:
    """The additions and multiplications of a sum, written out."""
    products = sum(_multiplications(number, p) for p, number in polynomial.items())
    return products + max(len(polynomial) - 1, 0)


def _multiplications(number: float, powers: Monomial) -> int:
    raised = sum(abs(power) > 2 for _, power in powers)
    return max(len(powers) - 1, 0) + raised + (abs(number) != 1 and bool(powers))


def _parts(power: int) -> Iterable[int]:
    """What has to be computed of an atom: itself, its root, its reciprocal."""
    yield 0
    if power % 2:
        yield ROOT
    if power < 0:
        yield RECIPROCAL
