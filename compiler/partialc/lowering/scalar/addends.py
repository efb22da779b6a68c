"""Addends: numbers times products of powers of terms."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

from partialc.ir.program import Value
from partialc.lowering.scalar.quotients import is_reciprocal
from partialc.lowering.scalar.terms import ELEMENT, Term, is_moderate, is_usual

Powers: TypeAlias = tuple[tuple[Term, int], ...]


@dataclass(frozen=True, slots=True)
class Addend:
    """A number times a product of powers of terms."""

    number: float
    powers: Powers

    def power_of(self, factor: Term) -> int:
        """The power of a factor; zero if it has none."""
        return next((times for base, times in self.powers if base is factor), 0)

    def over(self, factor: Term) -> Addend:
        """The addend divided by a factor that it has."""
        powers = [(base, times - (base is factor)) for base, times in self.powers]
        return replace(self, powers=tuple((base, n) for base, n in powers if n))

    def times(self, factor: Term) -> Addend:
        """The addend times a factor, which leads."""
        return replace(self, powers=((factor, 1), *self.powers))


def reading_place(power: tuple[Term, int]) -> int:
    """Elements lead, in the order of their positions; reciprocals are last."""
    base, _ = power
    if base.op == ELEMENT:
        return base.position
    return (1 << 62) + is_reciprocal(base)


def in_place(terms: Sequence[Term]) -> list[Term]:
    """Elements of an array in the order of their positions, all else where it was.

    The order in which elements are first needed is no order: it changes with what the
    rest of the function needs.
    """
    found = list(terms)
    places: dict[Value, list[int]] = {}
    for place, term in enumerate(terms):
        if term.array is not None:
            places.setdefault(term.array, []).append(place)
    for at in places.values():
        elements = sorted((terms[place] for place in at), key=lambda t: t.position)
        for place, element in zip(at, elements, strict=True):
            found[place] = element
    return found


def multiplies(number: float, constant: Term) -> bool:
    """Whether a number times a constant is a number to multiply by instead."""
    factor = constant.number
    if factor is None:
        return False
    if is_usual(constant.dtype):
        return is_moderate(factor) and is_moderate(number * factor)
    # Narrow floats and fixed ones: only what every width holds.
    return is_short(factor) and is_short(number)


def is_short(number: object) -> bool:
    """Whether every float width holds a number, and its product with another one."""
    return (
        isinstance(number, float) and abs(number) <= 2048 and (number * 64).is_integer()
    )


def has_number(term: Term) -> bool:
    """Whether one of its operands is a number."""
    return any(arg.number is not None for arg in term.args)


def divides(number: float, constant: Term) -> bool:
    """Whether a number over a constant is a number to multiply by instead."""
    divisor = constant.number
    return (
        is_usual(constant.dtype)
        and is_moderate(divisor)
        and is_moderate(number / divisor)
    )


def common_size(addends: Sequence[Addend]) -> float:
    """The size of the numbers of addends, if it is one; else 1."""
    sizes = {abs(addend.number) for addend in addends}
    return sizes.pop() if len(sizes) == 1 else 1.0


def merged(addends: Sequence[Addend]) -> list[Addend]:
    """Addends with equal factors and one sign as one."""
    found: dict[tuple[frozenset[tuple[Term, int]], bool], Addend] = {}
    for addend in addends:
        if addend.number == 0:
            continue
        key = frozenset(addend.powers), addend.number > 0
        known = found.get(key)
        if known is None:
            found[key] = addend
        else:
            found[key] = replace(known, number=known.number + addend.number)
    return list(found.values()) or [Addend(0.0, ())]
