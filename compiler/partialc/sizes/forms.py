"""Whole numbers that depend on sizes, as polynomials: `n - 1`, `5 * n * m - 2 * n`.

A module is built at a few sizes, and in the place of one number stands another one at
each. The polynomial of fewest and lowest terms that gives all of them is taken, if it
gives one number more than it has coefficients: two numbers always lie on a line, a
third one that lies on it says that there is one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from itertools import combinations, combinations_with_replacement
from math import prod
from typing import Final, TypeAlias

Point: TypeAlias = tuple[int, ...]
"""A number for each size, in one order everywhere."""

Monomial: TypeAlias = tuple[int, ...]
"""The exponent of each size."""

HIGHEST: Final = 2
"""Products of so many sizes are tried; all of them together, too."""

SHIFTS: Final = (0, -1, 1, -2, 2, -3, 3)
"""What is added to the sizes in products that have more terms."""

MOST_TERMS: Final = 4
"""Of more terms there are too many sums to be tried."""


@dataclass(frozen=True, slots=True)
class Form:
    """A polynomial in the sizes whose values are whole numbers.

    Attributes:
        names: The sizes.
        terms: Monomials with their coefficients, none of them zero.
    """

    names: tuple[str, ...]
    terms: tuple[tuple[Monomial, Fraction], ...]

    def at(self, point: Point) -> Fraction:
        """Its value."""
        return sum(
            (coefficient * _power(each, point) for each, coefficient in self.terms),
            Fraction(0),
        )

    @property
    def text(self) -> str:
        """It as an expression of whole numbers."""
        return _factored(self) or _summed(self)

    @property
    def word(self) -> str | None:
        """It as a part of an identifier: `n_less_1`, `2n`; None of long ones."""
        found = dict(self.terms)
        constant = found.pop((0,) * len(self.names), Fraction(0))
        if len(found) != 1 or constant.denominator != 1:
            return None
        ((monomial, coefficient),) = found.items()
        if coefficient.denominator != 1 or coefficient < 0:
            return None
        names = [plain(name) for name in self.names]
        powers = zip(names, monomial, strict=True)
        factors = [n if e == 1 else f"{n}_pow{e}" for n, e in powers if e]
        head = "" if coefficient == 1 else str(coefficient)
        tail = f"_{'plus' if constant > 0 else 'less'}_{abs(constant)}"
        return head + "_".join(factors) + (tail if constant else "")


def plain(name: str) -> str:
    """A size as a person calls it, however a text spells it: `SIZE.n`, `_size_n_`."""
    return name.rpartition(".")[2].removeprefix("_size_").removesuffix("_")


def find_form(
    values: Sequence[int], points: Sequence[Point], names: tuple[str, ...]
) -> Form | None:
    """The plainest polynomial that gives a number at each of some sizes.

    Args:
        values: The numbers.
        points: The sizes, as many.
        names: What these are called.

    Returns:
        None where there is none with fewer coefficients than numbers.
    """
    return _find(tuple(values), tuple(points), names)


@cache
def _find(
    values: tuple[int, ...], points: tuple[Point, ...], names: tuple[str, ...]
) -> Form | None:
    for monomials in _candidates(len(names), len(points) - 1):
        coefficients = _solved(monomials, values, points)
        if coefficients is None:
            continue
        pairs = zip(monomials, coefficients, strict=True)
        form = Form(names, tuple((each, value) for each, value in pairs if value))
        if all(form.at(point) == v for point, v in zip(points, values, strict=True)):
            return form
    return _product_of(values, points, names)


def _product_of(
    values: tuple[int, ...], points: tuple[Point, ...], names: tuple[str, ...]
) -> Form | None:
    """`c * (n + a) * (m + b)`, whose three numbers are small: one number tells c."""
    for first, second in _pairs(len(names)):
        for one, other in combinations_with_replacement(SHIFTS, 2):
            for a, b in {(one, other), (other, one)}:
                found = _expands(first, a, second, b, Fraction(1))
                unit = Form(names, tuple(found.items()))
                base = unit.at(points[0])
                lead = Fraction(values[0]) / base if base else Fraction(0)
                if lead.denominator == 1 and all(
                    lead * unit.at(point) == value
                    for point, value in zip(points, values, strict=True)
                ):
                    terms = tuple((each, lead * c) for each, c in found.items())
                    return Form(names, terms)
    return None


@cache
def _candidates(count: int, most: int) -> tuple[tuple[Monomial, ...], ...]:
    """Sets of monomials, those of low degree and few terms first."""
    monomials = _monomials(count)
    sets = [
        each
        for terms in range(1, min(most, MOST_TERMS) + 1)
        for each in combinations(monomials, terms)
    ]
    return tuple(sorted(sets, key=lambda each: (max(map(sum, each)), len(each))))


def _monomials(count: int) -> list[Monomial]:
    found = [
        tuple(chosen.count(number) for number in range(count))
        for degree in range(HIGHEST + 1)
        for chosen in combinations_with_replacement(range(count), degree)
    ]
    whole = (1,) * count
    return found if whole in found else [*found, whole]


def _solved(
    monomials: Sequence[Monomial], values: Sequence[int], points: Sequence[Point]
) -> list[Fraction] | None:
    """The coefficients that the first independent points say; whole or half numbers."""
    rows = [
        [Fraction(_power(each, point)) for each in monomials] + [Fraction(value)]
        for point, value in zip(points, values, strict=True)
    ]
    width = len(monomials)
    for column in range(width):
        pivot = next((r for r in range(column, len(rows)) if rows[r][column]), None)
        if pivot is None:
            return None
        rows[column], rows[pivot] = rows[pivot], rows[column]
        lead = rows[column][column]
        rows[column] = [each / lead for each in rows[column]]
        for number, row in enumerate(rows):
            if number != column and row[column]:
                factor = row[column]
                rows[number] = [
                    a - factor * b for a, b in zip(row, rows[column], strict=True)
                ]
    if any(row[width] for row in rows[width:]):
        return None
    coefficients = [row[width] for row in rows[:width]]
    if all(each.denominator == 1 for each in coefficients):
        return coefficients
    is_halved = all(each.denominator <= 2 for each in coefficients)
    return coefficients if is_halved and _is_whole(monomials, coefficients) else None


def _is_whole(monomials: Sequence[Monomial], coefficients: Sequence[Fraction]) -> bool:
    """Whether a polynomial of halves is whole everywhere: at all parities it is."""
    count = len(monomials[0])
    for number in range(4**count):
        point = tuple(number // 4**place % 4 for place in range(count))
        pairs = zip(monomials, coefficients, strict=True)
        total = sum((c * _power(each, point) for each, c in pairs), Fraction(0))
        if total.denominator != 1:
            return False
    return True


def _power(monomial: Monomial, point: Point) -> int:
    return prod(base**exponent for base, exponent in zip(point, monomial, strict=True))


def _summed(form: Form) -> str:
    """The terms one after the other, a positive one first."""
    halves = max(value.denominator for _, value in form.terms)
    terms = [(each, value * halves) for each, value in form.terms]
    terms.sort(key=lambda pair: (-sum(pair[0]), tuple(-e for e in pair[0])))
    if terms[0][1] < 0:
        terms.sort(key=lambda pair: pair[1] < 0)
    text = ""
    for monomial, value in terms:
        term = _product(form.names, monomial, abs(value))
        sign = "-" if value < 0 else "+"
        text += f" {sign} {term}" if text else f"{'-' if value < 0 else ''}{term}"
    return text if halves == 1 else f"({text}) // {halves}"


def _product(names: Sequence[str], monomial: Monomial, factor: Fraction) -> str:
    powers = zip(names, monomial, strict=True)
    factors = [name if e == 1 else f"{name}**{e}" for name, e in powers if e]
    if factor != 1 or not factors:
        factors.insert(0, str(factor))
    return " * ".join(factors)


def _factored(form: Form) -> str | None:
    """`c * (n - 1) * (m + 2)`, where that is all there is to it."""
    found = dict(form.terms)
    degree = max(sum(each) for each in found)
    if degree != 2 or len(found) == 1:
        return None
    for first, second in _pairs(len(form.names)):
        both = tuple(a + b for a, b in zip(first, second, strict=True))
        lead = found.get(both)
        if lead is None:
            continue
        for one, other in _shifts(first, second, found, lead):
            text = _factors(form.names, (first, one), (second, other), lead)
            if _expands(first, one, second, other, lead) == found:
                return text
    return None


def _pairs(count: int) -> Iterator[tuple[Monomial, Monomial]]:
    units = [tuple(int(i == j) for j in range(count)) for i in range(count)]
    yield from combinations_with_replacement(units, 2)


def _shifts(
    first: Monomial,
    second: Monomial,
    found: Mapping[Monomial, Fraction],
    lead: Fraction,
) -> Iterator[tuple[int, int]]:
    """What may be added to the two factors: whole numbers a, b in (n + a) (m + b)."""
    rest = found.get((0,) * len(first), Fraction(0)) / lead
    one, other = found.get(second, Fraction(0)), found.get(first, Fraction(0))
    if first != second:
        a, b = one / lead, other / lead
        if a.denominator == b.denominator == 1:
            yield int(a), int(b)
        return
    total = one / lead
    discriminant = total * total - 4 * rest
    if total.denominator != 1 or rest.denominator != 1 or discriminant < 0:
        return
    root = round(float(discriminant) ** 0.5)
    if root * root == discriminant and (int(total) - root) % 2 == 0:
        yield (int(total) + root) // 2, (int(total) - root) // 2


def _expands(
    first: Monomial, one: int, second: Monomial, other: int, lead: Fraction
) -> dict[Monomial, Fraction]:
    zero = (0,) * len(first)
    total: dict[Monomial, Fraction] = {}
    for left, a in ((first, 1), (zero, one)):
        for right, b in ((second, 1), (zero, other)):
            key = tuple(x + y for x, y in zip(left, right, strict=True))
            total[key] = total.get(key, Fraction(0)) + lead * a * b
    return {key: value for key, value in total.items() if value}


def _factors(
    names: Sequence[str],
    first: tuple[Monomial, int],
    second: tuple[Monomial, int],
    lead: Fraction,
) -> str:
    texts = []
    for unit, shift in sorted((first, second), key=lambda pair: pair[1] != 0):
        name = names[unit.index(1)]
        sign = "-" if shift < 0 else "+"
        texts.append(f"({name} {sign} {abs(shift)})" if shift else name)
    text = f"{texts[0]} ** 2" if texts[0] == texts[1] else " * ".join(texts)
    whole = lead.numerator
    text = text if whole == 1 else f"{whole} * {text}"
    return text if lead.denominator == 1 else f"{text} // {lead.denominator}"
