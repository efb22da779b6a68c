"""Sums and products as wholes: like terms, common factors, long ones as reductions.

A chain of additions (or multiplications) each of which is used once is one sum (or
product) in disguise. It is taken apart into

    sum of c * product of f ** n        c a number, f a term, n a positive integer

and put together again with less work. Two addends with the same factors become one if
their coefficients have one sign: `(x + c) - c` is left alone, because whoever wrote it
meant its rounding. Factors stay in their order; what divides is a factor as well
(`quotients`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Final, TypeAlias

from partialc.ir.dtypes import DType
from partialc.ir.program import Value
from partialc.lowering.scalar.algebra import Algebra, for_reading
from partialc.lowering.scalar.program import ScalarProgram
from partialc.lowering.scalar.quotients import (
    cancelled,
    factors_of,
    is_reciprocal,
    unit,
)
from partialc.lowering.scalar.runs import Checker, find_runs, sorted_alike
from partialc.lowering.scalar.terms import (
    ELEMENT,
    REDUCTIONS,
    Term,
    is_moderate,
    is_usual,
    uses,
)

SHORTEST_REDUCTION: Final = 6
"""Fewer terms than this are written out with infix operators."""

_PRODUCTS: Final = frozenset({"mul", "div", "neg", "integer_pow"})
_SUMS: Final = frozenset({"add", "sub", "neg"})
Powers: TypeAlias = tuple[tuple[Term, int], ...]


@dataclass(frozen=True, slots=True)
class _Addend:
    """A number times a product of powers of terms."""

    number: float
    powers: Powers


def regroup(program: ScalarProgram, algebra: Algebra) -> ScalarProgram:
    """Write the sums and products of a program with less work.

    Grade: reassociating.
    """
    return program.mapped(_Regrouping(program.roots(), algebra).new)


class _Regrouping:
    def __init__(self, roots: Sequence[Term], algebra: Algebra) -> None:
        self.algebra = algebra
        self.terms = algebra.terms
        self.uses = uses(roots)
        self.made: dict[Term, Term] = {}
        self.checker = Checker()
        users: dict[Term, Term] = {}
        for term in self.uses:
            for arg in term.args:
                users[arg] = term
        for term in self.uses:
            user = users.get(term)
            if user is None or not self.is_inner(term, user):
                self.new(term)

    def new(self, term: Term) -> Term:
        """What stands for a term."""
        if term not in self.made:
            self.made[term] = self.rebuilt(term)
        return self.made[term]

    def is_inner(self, term: Term, user: Term) -> bool:
        """Whether a term is but a step of the sum or product that uses it."""
        if not (self.is_open(term, user.dtype) and self.is_plain(user)):
            return False
        if user.op in ("mul", "div"):
            return term.op in _PRODUCTS
        return user.op in _SUMS and term.op in (*_PRODUCTS, *_SUMS)

    def is_open(self, term: Term, dtype: DType) -> bool:
        """Whether a term may be taken apart where it is used."""
        return self.uses[term] == 1 and self.is_plain(term) and term.dtype == dtype

    def is_plain(self, term: Term) -> bool:
        """Whether it is real and nobody depends on how it is rounded."""
        return term.dtype.is_float and term not in self.terms.frozen

    def rebuilt(self, term: Term) -> Term:
        if not term.args:
            return term
        if (
            term.op in ("mul", "div", *_SUMS)
            and self.is_plain(term)
            and not term.params
        ):
            return self.sum(self.addends(term), term.dtype)
        args = [self.new(arg) for arg in term.args]
        if term.op in REDUCTIONS:
            return self.terms.operation(term.op, args, term.dtype, term.params)
        strict = term in self.terms.frozen
        apply = self.algebra.apply
        return apply(term.op, args, term.dtype, term.params, strict=strict)

    # --- taking apart

    def addends(self, root: Term) -> list[_Addend]:
        """The addends of a sum, in order."""
        found: list[_Addend] = []
        pending = [(root, 1.0)]
        while pending:
            term, sign = pending.pop()
            inside = term is root or self.is_open(term, root.dtype)
            if not (inside and term.op in _SUMS):
                addend = self.factors(term, whole=term is root)
                found.append(replace(addend, number=sign * addend.number))
                continue
            if term.op == "neg":
                pending.append((term.args[0], -sign))
                continue
            first, other = for_reading(term)
            second = -sign if term.op == "sub" else sign
            pending += [(other, second), (first, sign)]
        return found

    def factors(self, root: Term, *, whole: bool) -> _Addend:
        """A product as a number and powers, in order."""
        number = 1.0
        powers: dict[Term, Fraction] = {}
        own: set[Term] = set()
        pending = [(root, 1)]
        while pending:
            term, times = pending.pop()
            inside = (whole and term is root) or self.is_open(term, root.dtype)
            if inside and term.op == "mul" and times == 1:
                first, other = for_reading(term)
                pending += [(other, 1), (first, 1)]
                continue
            if inside and term.op == "div" and _has_number(term) and times == 1:
                pending += [(term.args[1], -1), (term.args[0], 1)]
                continue
            if inside and term.op == "neg" and abs(times) == 1:
                number = -number
                pending.append((term.args[0], times))
                continue
            power = term.params.get("y") if term.op == "integer_pow" else None
            if inside and isinstance(power, int) and abs(times) == 1:
                pending.append((term.args[0], power * times))
                continue
            # A number that is an addend keeps its sign: alike terms stay alike.
            alone = term is root and not _is_short(term.number)
            if term.number is not None and not alone:
                if times == 1 and _multiplies(number, term):
                    number *= float(term.number)
                    continue
                if times == -1 and _divides(number, term):
                    number /= float(term.number)
                    continue
            base = self.quotient(term) if term is root else self.new(term)
            if inside:
                own.add(base)
            if base.op == "neg" and self.is_plain(base):
                number, base = number * (-1.0) ** times, base.args[0]
            exponent = Fraction(times)
            if self.is_plain(base):
                base, exponent = unit(base)
                exponent *= times
            powers[base] = powers.get(base, Fraction(0)) + exponent
        powers = cancelled(powers, self.terms.frozen, own)
        for base in [base for base in powers if base is not root]:
            if powers[base] == 1 and _multiplies(number, base):
                number *= float(base.number)
            elif powers[base] == -1 and _divides(number, base):
                number /= float(base.number)
            else:
                continue
            del powers[base]
        return _Addend(number, factors_of(self.terms, powers))

    def quotient(self, term: Term) -> Term:
        """A division of what is new; any other term itself."""
        if term.op != "div" or not self.is_plain(term):
            return self.new(term)
        args = [self.new(arg) for arg in term.args]
        return self.algebra.apply("div", args, term.dtype)

    # --- putting together

    def sum(self, addends: Sequence[_Addend], dtype: DType) -> Term:
        """The sum of addends."""
        merged = _merged(addends)
        if len(merged) == 1:
            return self.product(merged[0], dtype)
        common = self.common_factor(merged)
        if common is None:
            return self.plain_sum(merged, dtype)
        signs = Counter(frozenset(addend.powers) for addend in merged)
        inside: list[_Addend] = []
        outside: list[_Addend] = []
        first = len(merged)
        for addend in merged:
            if _power_of(addend, common) and signs[frozenset(addend.powers)] == 1:
                first = min(first, len(outside))
                inside.append(_divided(addend, common))
            else:
                outside.append(addend)
        inner = self.sum(inside, dtype)
        scaled = self.scaled(inner)
        grouped = _times(scaled, common)
        outside.insert(min(first, len(outside)), grouped)
        return self.sum(outside, dtype)

    def scaled(self, term: Term) -> _Addend:
        """A term that was just built, with its sign and number taken out."""
        number = 1.0
        if term.op == "neg" and self.is_plain(term):
            term, number = term.args[0], -1.0
        if term.op == "mul" and self.is_plain(term):
            for x, y in (term.args, term.args[::-1]):
                if x.number is not None and _multiplies(number, x):
                    return _Addend(number * float(x.number), ((y, 1),))
        return _Addend(number, ((term, 1),))

    def common_factor(self, addends: Sequence[_Addend]) -> Term | None:
        """The factor that most addends have, if more than one has it."""
        # t - t may be meant, as (x + t) - t is: to round x.
        signs = Counter(frozenset(addend.powers) for addend in addends)
        counts: Counter[Term] = Counter()
        for addend in addends:
            if signs[frozenset(addend.powers)] == 1:
                counts.update(base for base, _ in addend.powers)
        if not counts:
            return None
        factor, count = max(counts.items(), key=lambda item: item[1])
        return factor if count > 1 else None

    def plain_sum(self, addends: Sequence[_Addend], dtype: DType) -> Term:
        """Addends without a common factor, one after the other; positive ones lead."""
        apply = self.algebra.apply
        sizes = {abs(addend.number) for addend in addends}
        number = sizes.pop() if len(sizes) == 1 else 1.0
        if number != 1.0 and all(addend.powers for addend in addends):
            unit = [replace(a, number=a.number / number) for a in addends]
            scale = self.terms.scalar(number, dtype)
            return apply("mul", [scale, self.plain_sum(unit, dtype)], dtype)
        positive = _in_place([self.product(a, dtype) for a in addends if a.number > 0])
        negative = _in_place(
            [
                self.product(replace(a, number=-a.number), dtype)
                for a in addends
                if a.number <= 0
            ]
        )
        added = self.reduced("reduce_sum", positive, dtype)
        taken = self.reduced("reduce_sum", negative, dtype)
        if not added:
            return self.algebra.neg(self.chained("add", taken, dtype))
        total = self.chained("add", added, dtype)
        for term in taken:
            total = apply("sub", [total, term], dtype)
        return total

    def product(self, addend: _Addend, dtype: DType) -> Term:
        """A number times powers."""
        apply = self.algebra.apply
        powers = sorted(addend.powers, key=_reading_place)
        factors = [
            base if times == 1 else apply("integer_pow", [base], dtype, {"y": times})
            for base, times in powers
        ]
        if not factors:
            return self.terms.scalar(addend.number, dtype)
        total = self.chained("mul", self.reduced("reduce_prod", factors, dtype), dtype)
        if addend.number == -1:
            return self.algebra.neg(total)
        if addend.number == 1:
            return total
        return apply("mul", [self.terms.scalar(addend.number, dtype), total], dtype)

    def chained(self, op: str, terms: Sequence[Term], dtype: DType) -> Term:
        """Terms combined from left to right."""
        total, *others = terms
        for term in others:
            total = self.algebra.apply(op, [total, term], dtype)
        return total

    def reduced(self, op: str, terms: Sequence[Term], dtype: DType) -> list[Term]:
        """Many terms that run alike become reductions of vectors."""
        if len(terms) < SHORTEST_REDUCTION or not dtype.is_float:
            return list(terms)
        found: list[Term] = []
        for run in find_runs(sorted_alike(terms), SHORTEST_REDUCTION, self.checker):
            if run.is_vector and not all(term is run.terms[0] for term in run.terms):
                params = {"axes": (0,)}
                found.append(self.terms.operation(op, run.terms, dtype, params))
            else:
                found.extend(run.terms)
        return found


def _reading_place(power: tuple[Term, int]) -> int:
    """Elements lead, in the order of their positions; reciprocals are last."""
    base, _ = power
    if base.op == ELEMENT:
        return base.position
    return (1 << 62) + is_reciprocal(base)


def _in_place(terms: Sequence[Term]) -> list[Term]:
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


def _multiplies(number: float, constant: Term) -> bool:
    """Whether a number times a constant is a number to multiply by instead."""
    factor = constant.number
    if factor is None:
        return False
    if is_usual(constant.dtype):
        return is_moderate(factor) and is_moderate(number * factor)
    # Narrow floats and fixed ones: only what every width holds.
    return _is_short(factor) and _is_short(number)


def _is_short(number: object) -> bool:
    """Whether every float width holds a number, and its product with another one."""
    return (
        isinstance(number, float) and abs(number) <= 2048 and (number * 64).is_integer()
    )


def _has_number(term: Term) -> bool:
    return any(arg.number is not None for arg in term.args)


def _divides(number: float, constant: Term) -> bool:
    """Whether a number over a constant is a number to multiply by instead."""
    divisor = constant.number
    return (
        is_usual(constant.dtype)
        and is_moderate(divisor)
        and is_moderate(number / divisor)
    )


def _merged(addends: Sequence[_Addend]) -> list[_Addend]:
    """Addends with equal factors and one sign as one."""
    found: dict[tuple[frozenset[tuple[Term, int]], bool], _Addend] = {}
    for addend in addends:
        if addend.number == 0:
            continue
        key = frozenset(addend.powers), addend.number > 0
        known = found.get(key)
        if known is None:
            found[key] = addend
        else:
            found[key] = replace(known, number=known.number + addend.number)
    return list(found.values()) or [_Addend(0.0, ())]


def _power_of(addend: _Addend, factor: Term) -> int:
    return next((times for base, times in addend.powers if base is factor), 0)


def _divided(addend: _Addend, factor: Term) -> _Addend:
    powers = (
        (base, times - 1 if base is factor else times) for base, times in addend.powers
    )
    return replace(addend, powers=tuple((b, times) for b, times in powers if times))


def _times(addend: _Addend, factor: Term) -> _Addend:
    return replace(addend, powers=((factor, 1), *addend.powers))
