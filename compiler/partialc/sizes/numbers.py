"""Floats that depend on sizes: `0.01 * (n - 1) ** 2`, `1 / (n + 1)`.

What a function computes of `x.size` when it is traced is a number in each build. It is
looked for among the multiples of small powers of a size, to which a number may be
added: the multiple has few digits, and gives the numbers of all builds.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache, partial
from itertools import product
from math import isfinite, nextafter
from typing import Final, TypeAlias

from partialc.sizes.forms import Point, find_form

NEAREST: Final = 4
"""So many floats apart may a number be from that of a build: the function has rounded
after each of its operations, and an expression rounds after others."""

DIGITS: Final = 10
"""The most digits of a multiple that is not met exactly."""

SHIFTS: Final = (0, -1, 1, -2, 2, -3, 3)
EXPONENTS: Final = (1, -1, 2, -2, 3, -3, 4, -4)


@dataclass(frozen=True, slots=True)
class _Base:
    """A product of powers of shifted sizes.

    Attributes:
        value: Numerator and denominator at a point, whole numbers.
        above: The numerator as text; empty for 1.
        below: The denominator as text; empty for 1.
    """

    value: Callable[[Point], tuple[int, int]]
    above: str
    below: str

    def times(self, factor: float) -> str:
        """A multiple of it, as an expression of floats."""
        number = repr(abs(factor))
        sign = "-" if factor < 0 else ""
        if not self.above:
            plain = "1" if number == "1.0" else number
            return f"{sign}{plain} / {self.below}"
        if number == "1.0" and not self.below:
            return f"{sign}float({self.above})"
        text = self.above if number == "1.0" else f"{number} * {self.above}"
        return f"{sign}{text} / {self.below}" if self.below else f"{sign}{text}"

    def at(self, factor: float, point: Point) -> float:
        """The value of that expression."""
        above, below = self.value(point)
        return factor * above / below if below != 1 else factor * above


Values: TypeAlias = tuple[float, ...]


def find_number(
    values: Sequence[float], points: Sequence[Point], names: tuple[str, ...]
) -> str | None:
    """An expression that gives a float at each of some sizes; None if none is found.

    Args:
        values: The floats.
        points: The sizes, as many.
        names: What these are called.
    """
    return _find(tuple(values), tuple(points), names)


@cache
def _find(
    values: Values, points: tuple[Point, ...], names: tuple[str, ...]
) -> str | None:
    if not all(map(isfinite, values)):
        return None
    bases = _bases(names)
    for base in bases:
        factor = _multiple(base, values, points)
        if factor is not None:
            return base.times(factor)
    if all(value.is_integer() and abs(value) < 2**53 for value in values):
        form = find_form([int(value) for value in values], points, names)
        if form is not None and len(form.terms) <= 2 and "//" not in form.text:
            return f"float({form.text})"
    for base in bases:
        found = _shifted(base, values, points)
        if found is not None:
            return found
    return None


def _multiple(base: _Base, values: Values, points: tuple[Point, ...]) -> float | None:
    above, below = base.value(points[0])
    if above == 0 or below == 0:
        return None
    guess = values[0] * below / above
    if not isfinite(guess) or not guess:
        return None
    for digits, most in ((17, 0), (DIGITS, NEAREST)):
        for factor in _rounded(guess, digits):
            if _gives(partial(base.at, factor), values, points, most):
                return factor
    return None


def _shifted(base: _Base, values: Values, points: tuple[Point, ...]) -> str | None:
    """`a + c * base`, of few digits each."""
    parts = [base.value(point) for point in points]
    if any(below == 0 for _, below in parts):
        return None
    first, last = (above / below for above, below in (parts[0], parts[-1]))
    if first == last:
        return None
    slope = (values[-1] - values[0]) / (last - first)
    if not slope or not isfinite(slope):
        return None
    for factor in _rounded(slope, DIGITS):
        start = values[0] - base.at(factor, points[0])
        for constant in _rounded(start, DIGITS):
            if constant and _gives(
                partial(_sum, constant, base, factor), values, points, NEAREST
            ):
                sign = "-" if factor < 0 else "+"
                return f"{constant!r} {sign} {base.times(abs(factor))}"
    return None


def _sum(constant: float, base: _Base, factor: float, point: Point) -> float:
    return constant + base.at(factor, point)


def _rounded(number: float, most: int) -> Iterator[float]:
    """A number rounded to one digit, to two, and so on, each result once."""
    last = None
    for digits in range(1, most + 1):
        rounded = float(f"{number:.{digits}g}")
        if rounded != last and abs(rounded - number) <= 1e-9 * abs(number):
            yield rounded
        last = rounded


def _gives(
    function: Callable[[Point], float],
    values: Values,
    points: Sequence[Point],
    most: int,
) -> bool:
    return all(
        _are_near(function(point), value, most)
        for point, value in zip(points, values, strict=True)
    )


def _are_near(one: float, other: float, most: int) -> bool:
    if one == other:
        return True
    gap = abs(nextafter(other, float("inf")) - other)
    return abs(one - other) <= most * gap


@cache
def _bases(names: tuple[str, ...]) -> tuple[_Base, ...]:
    """Powers of one size, those of small shifts and exponents first; then of two."""
    found = [
        _powers(((number, shift, exponent),), names)
        for exponent in EXPONENTS
        for shift in SHIFTS
        for number in range(len(names))
    ]
    pairs = product((1, -1, 2, -2), repeat=2)
    found += [
        _powers(((one, first, up), (other, second, down)), names)
        for up, down in pairs
        for first, second in product(SHIFTS[:3], repeat=2)
        for one in range(len(names))
        for other in range(one + 1, len(names))
    ]
    return tuple(found)


def _powers(factors: tuple[tuple[int, int, int], ...], names: tuple[str, ...]) -> _Base:
    """The product of (size + shift) ** exponent."""

    def value(point: Point) -> tuple[int, int]:
        above = below = 1
        for number, shift, exponent in factors:
            base = point[number] + shift
            above *= base ** max(exponent, 0)
            below *= base ** max(-exponent, 0)
        return above, below

    texts: tuple[list[str], list[str]] = ([], [])
    for number, shift, exponent in factors:
        name = names[number]
        sign = "-" if shift < 0 else "+"
        base = f"({name} {sign} {abs(shift)})" if shift else name
        power = base if abs(exponent) == 1 else f"{base} ** {abs(exponent)}"
        texts[exponent < 0].append(power)
    above, below = (" * ".join(each) for each in texts)
    return _Base(value, above, f"({below})" if len(texts[1]) > 1 else below)
