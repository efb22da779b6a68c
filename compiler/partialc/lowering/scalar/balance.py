"""Products in an order in which no partial result overflows that need not.

    E**2 * (1 / y) ** 3         (E / y) ** 2 * (1 / y)              y = 1 + E
    x * y * sqrt(1 / s) ** 5    (x / r) * (y / r) * (1 / r) ** 3    r = sqrt(s)

Only products are rewritten within which something grows faster, or undoes what has
grown faster, than in what the program replaces (`growth`). What grows is divided by
what grows alike, before it is raised to a power, and such quotients are multiplied.
"""

from __future__ import annotations

from collections.abc import Sequence
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
    for term in reachable(roots):
        product = _taken_apart(term)
        if product is not None and _exceeds(product.steps, growth, limits):
            powers = {made[base]: n for base, n in product.powers.items()}
            made[term] = _written(product.number, powers, term.dtype, growth, algebra)
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
class _Factor:
    """A power of a term, or of what divides by it.

    Attributes:
        term: The term.
        count: How often it is multiplied, or divided, by.
        divides: Whether it is divided by.
        powers: How the factor grows.
    """

    term: Term
    count: int
    divides: bool
    powers: Powers


@dataclass(frozen=True, slots=True)
class _Pair:
    """Two factors that grow against each other, so often each."""

    first: _Factor
    second: _Factor
    times: tuple[int, int]
    powers: Powers

    @property
    def spared(self) -> float:
        """How much less the pair grows than its factors, as far as that is known."""
        apart = self.times[0] * np.abs(self.first.powers)
        apart = apart + self.times[1] * np.abs(self.second.powers)
        less = apart - np.abs(self.powers)
        # Rounded: processors add up in different orders.
        return round(float(less[np.isfinite(less)].sum()), 6)


def _written(
    number: float,
    powers: dict[Term, int],
    dtype: DType,
    growth: Growth,
    algebra: Algebra,
) -> Term:
    """A number times powers, what grows divided by what grows alike."""
    factors = []
    for base, power in powers.items():
        term, count = base, power
        if term.op == "sqrt" and is_reciprocal(term.args[0]):
            inner = [term.args[0].args[1]]
            term = algebra.terms.operation("sqrt", inner, dtype, term.params)
            count = -count
        if count:
            own = growth.of(term)
            signed = own if count > 0 else -own
            factors.append(_Factor(term, abs(count), count < 0, signed))
    while True:
        pairs = [_pair(a, b) for a, b in permutations(factors, 2) if not a.divides]
        best = max(pairs, key=lambda pair: pair.spared, default=None)
        if best is None or best.spared <= 0:
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


def _pair(first: _Factor, second: _Factor) -> _Pair:
    against = np.where(first.powers * second.powers < 0, np.abs(first.powers), 0)
    against[~np.isfinite(first.powers + second.powers)] = 0
    place = int(against.argmax())
    times = 1, 1
    if against[place]:
        ratio = abs(float(second.powers[place] / first.powers[place]))
        wanted = max(round(ratio), 1), max(round(1 / ratio), 1)
        times = min(wanted[0], first.count), min(wanted[1], second.count)
    powers = times[0] * first.powers + times[1] * second.powers
    return _Pair(first, second, times, powers)


def _joined(
    factors: Sequence[_Factor], pair: _Pair, dtype: DType, algebra: Algebra
) -> list[_Factor]:
    """Factors with two of them paired as often as there are both."""
    members = pair.first, pair.second
    counts = [each.count // n for each, n in zip(members, pair.times, strict=True)]
    count = min(counts)
    parts = [
        _raised(each.term, n, dtype, algebra)
        for each, n in zip(members, pair.times, strict=True)
    ]
    op = "div" if pair.second.divides else "mul"
    joined = algebra.apply(op, parts, dtype)
    found = [_Factor(joined, count, divides=False, powers=pair.powers)]
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
