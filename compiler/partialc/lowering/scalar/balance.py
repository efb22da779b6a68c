"""Products in an order in which no partial result overflows that need not.

    E**2 * (1 / y) ** 3         (E / y) ** 2 * (1 / y)              y = 1 + E
    x * y * sqrt(1 / s) ** 5    (x / r) * (y / r) * (1 / r) ** 3    r = sqrt(s)

Only products are rewritten within which something grows faster, or undoes what has
grown faster, than in what the program replaces (`growth`). What grows is divided by
what grows alike, before it is raised to a power, and such quotients are multiplied.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import permutations
from typing import Final

import numpy as np

from partialc.ir.dtypes import DType
from partialc.lowering.scalar.algebra import Algebra
from partialc.lowering.scalar.growth import Extent, Growth, Powers
from partialc.lowering.scalar.quotients import is_reciprocal, reciprocal
from partialc.lowering.scalar.terms import (
    Term,
    is_tame,
    reachable,
    scales_wildly,
)

MOST_FACTORS: Final = 24
"""Longer products are left as they are."""

_PRODUCTS: Final = frozenset({"mul", "div", "integer_pow", "neg"})


def balanced(
    roots: Sequence[Term], limits: Extent, growth: Growth, algebra: Algebra
) -> list[Term]:
    """Terms with their products in an order that keeps within limits where it can.

    Grade: reassociating.
    """
    made: dict[Term, Term] = {}
    writer = _Writer(growth, algebra)
    for term in reachable(roots):
        product = _taken_apart(term)
        if product is not None and _exceeds(product.steps, growth, limits):
            powers = {made[base]: n for base, n in product.powers.items()}
            made[term] = writer.written(product.number, powers, term.dtype)
            continue
        args = [made[arg] for arg in term.args]
        if all(one is other for one, other in zip(args, term.args, strict=True)):
            made[term] = term
        else:
            operation = algebra.terms.operation
            made[term] = operation(
                term.op, args, term.dtype, term.params, strict=term.strict
            )
    return [made[root] for root in roots]


@dataclass(frozen=True, slots=True)
class _Product:
    """A number times powers, and the products that it was taken apart from."""

    number: float
    powers: dict[Term, int]
    steps: Sequence[Term]


def _taken_apart(root: Term) -> _Product | None:
    """The factors of a product; None of anything else."""
    if root.op not in _PRODUCTS or not _is_open(root, root.dtype):
        return None
    number = 1.0
    powers: dict[Term, int] = {}
    steps: list[Term] = []
    pending = [(root, 1)]
    while pending:
        term, power = pending.pop()
        if sum(map(abs, powers.values())) + len(pending) > MOST_FACTORS:
            return None
        exponent = term.params.get("y")
        if is_tame(term.number) and is_tame(number * term.number**power):
            number *= float(term.number) ** power
        elif not _is_open(term, root.dtype):
            powers[term] = powers.get(term, 0) + power
        elif term.op in ("mul", "div"):
            second = power if term.op == "mul" else -power
            pending += [(term.args[1], second), (term.args[0], power)]
            steps.append(term)
        elif term.op == "neg":
            number *= (-1.0) ** power
            pending.append((term.args[0], power))
        elif isinstance(exponent, int):
            pending.append((term.args[0], power * exponent))
            steps.append(term)
        else:
            powers[term] = powers.get(term, 0) + power
    return _Product(number, powers, steps)


def _is_open(term: Term, dtype: DType) -> bool:
    is_free = not (term.strict or scales_wildly(term))
    return term.dtype == dtype and dtype.is_float and is_free


def _exceeds(steps: Sequence[Term], growth: Growth, limits: Extent) -> bool:
    return any(
        (growth.of(step) > limits.fastest).any()
        or (growth.undone_here(step) > limits.undone).any()
        for step in steps
    )


@dataclass(frozen=True, slots=True)
class _Growing:
    """How a factor grows.

    Attributes:
        powers: Its power in each direction.
        name: The bytes of these.
    """

    powers: Powers
    name: bytes

    @classmethod
    def of(cls, powers: Powers) -> _Growing:
        """What has these powers."""
        return cls(powers, powers.tobytes())


@dataclass(frozen=True, slots=True)
class _Factor:
    """A power of a term, or of what divides by it.

    Attributes:
        term: The term.
        count: How often it is multiplied, or divided, by.
        divides: Whether it is divided by.
        grows: How the factor grows.
    """

    term: Term
    count: int
    divides: bool
    grows: _Growing


@dataclass(frozen=True, slots=True)
class _Pair:
    """Two factors, paired.

    Attributes:
        times: How often each of them is in one pair.
        grows: How a pair grows.
        spared: How much less that is than what its factors do, as far as it is known.
    """

    times: tuple[int, int]
    grows: _Growing
    spared: float


class _Writer:
    """Writes products; knows which pairs it has weighed before: products are alike."""

    def __init__(self, growth: Growth, algebra: Algebra) -> None:
        self._growth = growth
        self._algebra = algebra
        self._pairs: dict[object, _Pair] = {}

    def written(self, number: float, powers: dict[Term, int], dtype: DType) -> Term:
        """A number times powers, what grows divided by what grows alike."""
        algebra = self._algebra
        factors = list(self._factors(powers, dtype))
        while True:
            pairs = [
                (self._pair(first, second), first, second)
                for first, second in permutations(factors, 2)
                if not first.divides
            ]
            best = max(pairs, key=lambda each: each[0].spared, default=None)
            if best is None or best[0].spared <= 0:
                break
            factors = _joined(factors, best, dtype, algebra)
        parts = [_power(each, dtype, algebra) for each in factors]
        if not parts:
            return algebra.terms.scalar(number, dtype)
        total, *others = parts
        for other in others:
            total = algebra.apply("mul", [total, other], dtype)
        if number == -1:
            return algebra.neg(total)
        if number == 1:
            return total
        return algebra.apply("mul", [algebra.terms.scalar(number, dtype), total], dtype)

    def _factors(self, powers: dict[Term, int], dtype: DType) -> Iterator[_Factor]:
        for base, power in powers.items():
            term, count = base, power
            if term.op == "sqrt" and is_reciprocal(term.args[0]):
                inner = [term.args[0].args[1]]
                operation = self._algebra.terms.operation
                term = operation("sqrt", inner, dtype, term.params)
                count = -count
            if count:
                own = self._growth.of(term)
                grows = _Growing.of(own if count > 0 else -own)
                yield _Factor(term, abs(count), count < 0, grows)

    def _pair(self, first: _Factor, second: _Factor) -> _Pair:
        """Two factors that grow against each other, so often each."""
        key = (first.grows.name, first.count, second.grows.name, second.count)
        if key not in self._pairs:
            self._pairs[key] = _paired(first, second)
        return self._pairs[key]


def _paired(first: _Factor, second: _Factor) -> _Pair:
    one, other = first.grows.powers, second.grows.powers
    against = np.where(one * other < 0, np.abs(one), 0)
    against[~np.isfinite(one + other)] = 0
    place = int(against.argmax())
    times = 1, 1
    if against[place]:
        ratio = abs(float(other[place] / one[place]))
        wanted = max(round(ratio), 1), max(round(1 / ratio), 1)
        times = min(wanted[0], first.count), min(wanted[1], second.count)
    powers = times[0] * one + times[1] * other
    less = times[0] * np.abs(one) + times[1] * np.abs(other) - np.abs(powers)
    # Rounded: processors add up in different orders.
    spared = round(float(less[np.isfinite(less)].sum()), 6)
    return _Pair(times, _Growing.of(powers), spared)


def _joined(
    factors: Sequence[_Factor],
    best: tuple[_Pair, _Factor, _Factor],
    dtype: DType,
    algebra: Algebra,
) -> list[_Factor]:
    """Factors with two of them paired as often as there are both."""
    pair, *members = best
    counts = [each.count // n for each, n in zip(members, pair.times, strict=True)]
    count = min(counts)
    parts = [
        _raised(each.term, n, dtype, algebra)
        for each, n in zip(members, pair.times, strict=True)
    ]
    op = "div" if members[1].divides else "mul"
    joined = algebra.apply(op, parts, dtype)
    found = [_Factor(joined, count, divides=False, grows=pair.grows)]
    for each in factors:
        left = each.count
        for member, n in zip(members, pair.times, strict=True):
            if each is member:
                left -= n * count
        if left:
            found.append(replace(each, count=left))
    return found


def _raised(term: Term, count: int, dtype: DType, algebra: Algebra) -> Term:
    if count == 1:
        return term
    return algebra.apply("integer_pow", [term], dtype, {"y": count})


def _power(factor: _Factor, dtype: DType, algebra: Algebra) -> Term:
    term = factor.term
    if factor.divides:
        # XLA divides by the product where it finds a quotient of a quotient.
        term = reciprocal(algebra.terms, term)
    return _raised(term, factor.count, dtype, algebra)
