"""Sums of products of powers, as mathematics has them: exponents may be halves.

    sum of c * product of a ** (n / 2)        c a number, a an atom, n an integer

Products of powers are tuples of `(atom, n)` pairs, in the order in which the atoms were
made; a sum maps those to their numbers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from fractions import Fraction
from typing import Final, TypeAlias

from partialc.lowering.scalar.terms import Term

Monomial: TypeAlias = tuple[tuple[Term, int], ...]
"""A product of powers: atoms with twice their exponents, none of which is zero."""
Polynomial: TypeAlias = dict[Monomial, float]

ONE: Final[Monomial] = ()
VANISHING: Final = 2e-14
"""What is left of numbers that cancel but for their rounding, relative to them."""
ROUNDING: Final = 1e-15
"""The rounding of a few products of numbers, relative to them."""


def tidy(number: float) -> float:
    """A number that was computed as the short one that it is but for its rounding."""
    short = round(number * 64) / 64
    return short if abs(number - short) <= ROUNDING * abs(short) else number


def monomial(powers: Mapping[Term, int]) -> Monomial:
    """The product of these powers (twice the exponents)."""
    pairs = [(atom, power) for atom, power in powers.items() if power]
    return tuple(sorted(pairs, key=lambda pair: pair[0].order))


def times(first: Monomial, second: Monomial, power: int = 1) -> Monomial:
    """Multiply by a power of another product."""
    if not second:
        return first
    powers = dict(first)
    for atom, count in second:
        powers[atom] = powers.get(atom, 0) + count * power
    return monomial(powers)


def exponents(product: Monomial) -> dict[Term, Fraction]:
    """The exponents as they are."""
    return {atom: Fraction(power, 2) for atom, power in product}


def total(parts: Iterable[tuple[Monomial, float]]) -> Polynomial:
    """The sum of numbers times products; what cancels is gone."""
    found: Polynomial = {}
    for product, number in parts:
        before = found.get(product, 0.0)
        after = tidy(before + number) if before else number
        if abs(after) <= VANISHING * max(abs(before), abs(number)):
            found.pop(product, None)
        else:
            found[product] = after
    return found


def scaled(polynomial: Polynomial, product: Monomial, power: int = 1) -> Polynomial:
    """A sum times a product ** power."""
    return {times(each, product, power): number for each, number in polynomial.items()}


def multiplied(first: Polynomial, second: Polynomial) -> Polynomial:
    """The product of two sums, multiplied out."""
    return total(
        (times(one, other), number * factor)
        for one, number in first.items()
        for other, factor in second.items()
    )


def expanded(
    polynomial: Polynomial, atom: Term, meaning: Polynomial
) -> tuple[Polynomial, bool]:
    """A sum with an atom's positive whole powers multiplied out.

    Args:
        polynomial: The sum; no negative or broken power of the atom occurs in it.
        atom: What to replace.
        meaning: By what.

    Returns:
        The sum, and whether any of its new products met another one.
    """
    powers: list[Polynomial] = [{ONE: 1.0}]
    parts: list[tuple[Monomial, float]] = []
    for product, number in polynomial.items():
        count = dict(product).get(atom, 0) // 2
        while len(powers) <= count:
            powers.append(multiplied(powers[-1], meaning))
        rest = tuple(pair for pair in product if pair[0] is not atom)
        parts += [
            (times(rest, inner), number * factor)
            for inner, factor in powers[count].items()
        ]
    found = total(parts)
    return found, len(found) < len(parts)


def common_factor(polynomial: Polynomial) -> Monomial:
    """What multiplies, or divides, every product of a sum."""
    return _shared(polynomial, lambda low, high: low if low > 0 else min(high, 0))


def common_denominator(polynomial: Polynomial) -> Monomial:
    """The lowest power of each atom: without it no product divides by anything."""
    return _shared(polynomial, lambda low, high: low)


def _shared(polynomial: Polynomial, choose: Callable[[int, int], int]) -> Monomial:
    lowest: dict[Term, int] = {}
    highest: dict[Term, int] = {}
    counts: dict[Term, int] = {}
    for product in polynomial:
        for atom, power in product:
            lowest[atom] = min(power, lowest.get(atom, power))
            highest[atom] = max(power, highest.get(atom, power))
            counts[atom] = counts.get(atom, 0) + 1
    powers = {}
    for atom, count in counts.items():
        low, high = lowest[atom], highest[atom]
        if count < len(polynomial):
            low, high = min(low, 0), max(high, 0)
        powers[atom] = choose(low, high)
    return monomial(powers)
