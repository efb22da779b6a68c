"""Sums and products as wholes: like terms, common factors, long ones as reductions.

A chain of additions (or multiplications) each of which is used once is one sum (or
product) in disguise. It is taken apart into

    sum of c * product of f ** n        c a number, f a term, n a positive integer

and put together again with less work; where there is none to save, addends and
differences stay as they are written. Two addends with the same factors become one if
their coefficients have one sign: `(x + c) - c` is left alone, because whoever wrote it
meant its rounding, as are sums of such (`compensation`). Factors stay in their order;
what divides is a factor as well (`quotients`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from partialc.ir.dtypes import DType
from partialc.lowering.scalar.addends import (
    Addend,
    common_size,
    divides,
    has_number,
    in_place,
    is_short,
    merged,
    multiplies,
    reading_place,
)
from partialc.lowering.scalar.algebra import Algebra, for_reading
from partialc.lowering.scalar.common_factors import Together, common_factor
from partialc.lowering.scalar.compensation import SUMS
from partialc.lowering.scalar.program import ScalarProgram
from partialc.lowering.scalar.quotients import (
    Power,
    cancelled,
    factors_of,
    unit,
)
from partialc.lowering.scalar.runs import (
    Checker,
    Column,
    Places,
    find_runs,
    sorted_alike,
)
from partialc.lowering.scalar.terms import REDUCTIONS, Term, scales_wildly, uses

SHORTEST_REDUCTION: Final = 6
"""Fewer terms than this are written out with infix operators."""

MOST_DIFFERENCES: Final = 64
"""Longer sums are taken apart whatever they are made of."""

_PRODUCTS: Final = frozenset({"mul", "div", "neg", "integer_pow"})
_LINEAR: Final = SUMS | {"mul", "div"}


def regroup(program: ScalarProgram, algebra: Algebra) -> ScalarProgram:
    """Write the sums and products of a program with less work.

    Grade: reassociating.
    """
    return program.mapped(_Regrouping(program.roots(), algebra).new)


def _is_exact(difference: Term) -> bool:
    """Whether a difference is one of numbers that nobody has rounded before."""
    return difference.op == "sub" and not any(
        arg.op in (*_PRODUCTS, *SUMS) for arg in difference.args
    )


class _Regrouping:
    def __init__(self, roots: Sequence[Term], algebra: Algebra) -> None:
        self.algebra = algebra
        self.terms = algebra.terms
        self.uses = uses(roots)
        self.made: dict[Term, Term] = {}
        self.checker = Checker()
        self.places = Places()
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
        return user.op in SUMS and term.op in (*_PRODUCTS, *SUMS)

    def is_open(self, term: Term, dtype: DType) -> bool:
        """Whether a term may be taken apart where it is used."""
        once = self.uses[term] == 1 and not scales_wildly(term)
        return once and self.is_plain(term) and term.dtype == dtype

    def is_plain(self, term: Term) -> bool:
        """Whether it is real and nobody depends on how it is rounded."""
        return term.dtype.is_float and not term.strict

    def rebuilt(self, term: Term) -> Term:
        if not term.args:
            return term
        wild = scales_wildly(term)
        if term.op in _LINEAR and self.is_plain(term) and not (term.params or wild):
            return self.sum(self.written_addends(term), term.dtype)
        args = [self.new(arg) for arg in term.args]
        is_reduction = term.op in REDUCTIONS
        make = self.terms.operation if is_reduction else self.algebra.apply
        return make(term.op, args, term.dtype, term.params, strict=term.strict)

    # --- taking apart

    def written_addends(self, root: Term) -> list[Addend]:
        """The addends of a sum; differences are addends where that costs nothing.

        (a - b) + (c - d) rounds less than a - b + c - d where c is close to d. Nor is
        a taken out of (a - b) + a * c where a and b are no sums or products: what is
        left of a by b is then as exact as they are.
        """
        found = self.addends(root)
        if not 2 < len(found) <= MOST_DIFFERENCES or len(merged(found)) < len(found):
            return found
        if common_factor(found) is not None:
            return self.addends(root, exact_differences=True)
        if common_size(found) != 1:
            return found
        return self.addends(root, whole_differences=True)

    def addends(
        self,
        root: Term,
        *,
        whole_differences: bool = False,
        exact_differences: bool = False,
    ) -> list[Addend]:
        """The addends of a sum, in order.

        Args:
            root: The sum.
            whole_differences: Whether differences within it are addends.
            exact_differences: Whether those are that take one number from another.
        """
        found: list[Addend] = []
        pending = [(root, 1.0, False)]
        while pending:
            term, sign, is_whole = pending.pop()
            inside = term is root or self.is_open(term, root.dtype)
            exact = exact_differences and term is not root and _is_exact(term)
            if (is_whole or exact) and inside and term.op == "sub":
                difference = self.sum(self.written_addends(term), root.dtype)
                found.append(Addend(sign, ((difference, 1),)))
                continue
            if not (inside and term.op in SUMS):
                addend = self.factors(term, whole=term is root)
                found.append(replace(addend, number=sign * addend.number))
                continue
            if term.op == "neg":
                pending.append((term.args[0], -sign, is_whole))
                continue
            first, other = for_reading(term)
            second = -sign if term.op == "sub" else sign
            is_add = term.op == "add"
            if is_add and other.op == "sub" and first.op not in SUMS:
                first, other = other, first  # b - c + a
            alike = is_add and first.op == other.op
            pending.append((other, second, whole_differences))
            pending.append((first, sign, is_whole or (whole_differences and alike)))
        return found

    def factors(self, root: Term, *, whole: bool) -> Addend:
        """A product as a number and powers, in order."""
        number = 1.0
        powers: dict[Term, Power] = {}
        own: set[Term] = set()
        pending = [(root, 1)]
        while pending:
            term, times = pending.pop()
            inside = (whole and term is root) or self.is_open(term, root.dtype)
            if inside and term.op == "mul" and times == 1:
                first, other = for_reading(term)
                pending += [(other, 1), (first, 1)]
                continue
            if inside and term.op == "div" and has_number(term) and times == 1:
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
            alone = term is root and not is_short(term.number)
            if term.number is not None and not alone:
                if times == 1 and multiplies(number, term):
                    number *= float(term.number)
                    continue
                if times == -1 and divides(number, term):
                    number /= float(term.number)
                    continue
            base = self.quotient(term) if term is root else self.new(term)
            if inside:
                own.add(base)
            if base.op == "neg" and self.is_plain(base):
                number, base = number * (-1.0) ** times, base.args[0]
            exponent: Power = times
            if self.is_plain(base):
                base, exponent = unit(base)
                exponent *= times
            powers[base] = powers.get(base, 0) + exponent
        powers = cancelled(powers, own)
        for base in [base for base in powers if base is not root]:
            if powers[base] == 1 and multiplies(number, base):
                number *= float(base.number)
            elif powers[base] == -1 and divides(number, base):
                number /= float(base.number)
            else:
                continue
            del powers[base]
        return Addend(number, factors_of(self.terms, powers))

    def quotient(self, term: Term) -> Term:
        """A division of what is new; any other term itself."""
        if term.op != "div" or not self.is_plain(term):
            return self.new(term)
        args = [self.new(arg) for arg in term.args]
        return self.algebra.apply("div", args, term.dtype)

    # --- putting together

    def sum(self, addends: Sequence[Addend], dtype: DType) -> Term:
        """The sum of addends."""
        together = Together(addends)
        while len(together) > 1:
            common = together.common_factor()
            if common is None:
                return self.plain_sum(together.addends, dtype)
            place, inside = together.taken(common)
            inner = self.sum([addend.over(common) for addend in inside], dtype)
            together.put(place, self.scaled(inner).times(common))
        return self.product(together.addends[0], dtype)

    def scaled(self, term: Term) -> Addend:
        """A term that was just built, with its sign and number taken out."""
        number = 1.0
        if term.op == "neg" and self.is_plain(term):
            term, number = term.args[0], -1.0
        if term.op == "mul" and self.is_plain(term):
            for x, y in (term.args, term.args[::-1]):
                if x.number is not None and multiplies(number, x):
                    return Addend(number * float(x.number), ((y, 1),))
        return Addend(number, ((term, 1),))

    def plain_sum(self, addends: Sequence[Addend], dtype: DType) -> Term:
        """Addends without a common factor, in order but for a positive one to lead."""
        apply = self.algebra.apply
        number = common_size(addends)
        if number != 1.0 and all(addend.powers for addend in addends):
            unit = [replace(a, number=a.number / number) for a in addends]
            scale = self.terms.scalar(number, dtype)
            return apply("mul", [scale, self.plain_sum(unit, dtype)], dtype)
        added = self.of_one_sign(addends, 1, dtype)
        taken = self.of_one_sign(addends, -1, dtype)
        if not added:
            return self.algebra.neg(self.chained("add", [t for _, t in taken], dtype))
        (_, total), *others = added
        parts = [(place, "add", term) for place, term in others]
        parts += [(place, "sub", term) for place, term in taken]
        for _, op, term in sorted(parts, key=lambda part: part[0]):
            total = apply(op, [total, term], dtype)
        return total

    def of_one_sign(
        self, addends: Sequence[Addend], sign: int, dtype: DType
    ) -> list[tuple[int, Term]]:
        """The addends of one sign after their places; what runs alike as one."""
        places = [n for n, each in enumerate(addends) if sign * each.number > 0]
        sizes = [replace(addends[n], number=abs(addends[n].number)) for n in places]
        terms = in_place([self.product(size, dtype) for size in sizes])
        free: dict[Term, list[int]] = {}
        for place, term in zip(reversed(places), reversed(terms), strict=True):
            free.setdefault(term, []).append(place)
        found = [
            (min(free[part].pop() for part in parts), term)
            for term, parts in self.reduced("reduce_sum", terms, dtype)
        ]
        return sorted(found, key=lambda part: part[0])

    def product(self, addend: Addend, dtype: DType) -> Term:
        """A number times powers."""
        apply = self.algebra.apply
        powers = sorted(addend.powers, key=reading_place)
        factors = [
            base if times == 1 else apply("integer_pow", [base], dtype, {"y": times})
            for base, times in powers
        ]
        if not factors:
            return self.terms.scalar(addend.number, dtype)
        parts = [term for term, _ in self.reduced("reduce_prod", factors, dtype)]
        total = self.chained("mul", parts, dtype)
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

    def reduced(
        self, op: str, terms: Sequence[Term], dtype: DType
    ) -> list[tuple[Term, Column]]:
        """Many terms that run alike become reductions; each with what it is made of."""
        if len(terms) < SHORTEST_REDUCTION or not dtype.is_float:
            return [(term, (term,)) for term in terms]
        found: list[tuple[Term, Column]] = []
        alike = sorted_alike(terms, self.places, self.checker)
        for run in find_runs(alike, SHORTEST_REDUCTION, self.checker):
            if run.is_vector and not all(term is run.terms[0] for term in run.terms):
                params = {"axes": (0,)}
                reduction = self.terms.operation(op, run.terms, dtype, params)
                found.append((reduction, run.terms))
            else:
                found.extend((term, (term,)) for term in run.terms)
        return found
