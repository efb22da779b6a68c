"""Sums and products of a whole program, rewritten where that is much less work.

Every real term is a number times powers of atoms: elements, functions such as `log`,
and sums (`sums`). This is how the derivatives of quotients and of chains, which
automatic differentiation leaves as they come, cancel. Exponentials may be another one
times powers (`exponentials`).

Sums that stand alone, and powers of sums, are never multiplied out: `(x - y) ** 2`
rounds better than what it is the sum of.

Grade: reassociating.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from partialc.ir.dtypes import DType
from partialc.lowering.scalar.algebra import Algebra
from partialc.lowering.scalar.exponentials import Exponentials
from partialc.lowering.scalar.polynomials import (
    Monomial,
    Polynomial,
    exponents,
    scaled,
    tidy,
    times,
    total,
)
from partialc.lowering.scalar.program import ScalarProgram
from partialc.lowering.scalar.quotients import factors_of
from partialc.lowering.scalar.sums import Form, Sums
from partialc.lowering.scalar.terms import (
    CONSTANT,
    Term,
    is_moderate,
    is_usual,
    reachable,
    scales_wildly,
)

MOST_TERMS: Final = 800
"""Larger programs are left alone."""

LONGEST: Final = 16
"""Products of more atoms are left alone."""


def normalised(
    program: ScalarProgram, algebra: Algebra, *, bounded: bool = False
) -> ScalarProgram | None:
    """A program with its sums and products in normal form; None for large programs."""
    terms = list(reachable(program.roots()))
    if len(terms) > MOST_TERMS:
        return None
    forms = _NormalForms(algebra, {}, bounded=bounded)
    for term in terms:
        forms.learn(term)
    for root in program.roots():
        forms.exponentials.note(forms.forms[root].powers)
    replacements = forms.exponentials.replacements()
    if replacements:
        forms = _NormalForms(algebra, replacements, bounded=bounded)
        for term in terms:
            forms.learn(term)
    return program.mapped(forms.written)


class _NormalForms:
    """The forms of terms.

    Attributes:
        algebra: Makes the terms.
        replacements: What to write for exponentials.
        bounded: Whether what is divided by a sum that contains it is written so.
    """

    def __init__(
        self,
        algebra: Algebra,
        replacements: Mapping[Term, Monomial],
        *,
        bounded: bool,
    ) -> None:
        self.algebra = algebra
        self.replacements = replacements
        self.bounded = bounded
        self.sums = Sums()
        self.exponentials = Exponentials(self.sums.overflow)
        self.forms: dict[Term, Form] = {}

    # --- reading

    def learn(self, term: Term) -> None:
        """Find the form of a term whose operands have theirs."""
        is_free = not term.strict and is_usual(term.dtype)
        is_pure = is_free and all(arg.dtype == term.dtype for arg in term.args)
        found = self.form(term) if is_pure else None
        self.forms[term] = found or _power_of(self.opaque(term))

    def form(self, term: Term) -> Form | None:
        """The form of a sum, a product, a power; None of what is opaque."""
        forms = [self.forms[arg] for arg in term.args]
        if scales_wildly(term):
            return None
        match term.op:
            case "constant":
                return Form(float(term.number)) if is_moderate(term.number) else None
            case "neg":
                return Form(-forms[0].number, forms[0].powers)
            case "mul":
                return _product(forms[0], forms[1])
            case "div":
                return _product(forms[0], forms[1], power=-1)
            case "integer_pow":
                exponent = term.params["y"]
                assert isinstance(exponent, int)
                return _power(forms[0], 2 * exponent)
            case "sqrt":
                return _power(forms[0], 1)
            case "rsqrt":
                return _power(forms[0], -1)
            case "add":
                return self.sum(forms[0], forms[1], 1, term.dtype)
            case "sub":
                return self.sum(forms[0], forms[1], -1, term.dtype)
            case "log":
                return self.logarithm(term, forms[0])
            case "exp":
                return self.exponential(term, forms[0])
        return None

    def sum(self, first: Form, second: Form, sign: int, dtype: DType) -> Form:
        """The sum or the difference of two forms."""
        parts = [(first.powers, first.number), (second.powers, sign * second.number)]
        addends = total(parts)
        best = self.sums.shortest(addends)
        if best.inner is None:
            return best
        for product in best.inner:
            self.exponentials.note(product)
        atom = self.sum_term(best.inner, dtype)
        self.sums.keep(atom, best.inner, addends)
        return Form(best.number, times(best.powers, ((atom, 2),)))

    def opaque(self, term: Term) -> Term:
        """A term that is neither a sum nor a product, of operands in normal form."""
        if not term.args:
            return term
        for arg in term.args:
            self.sums.need(self.forms[arg].powers)
            self.exponentials.note(self.forms[arg].powers)
        args = [self.written(arg) for arg in term.args]
        apply = self.algebra.apply
        return apply(term.op, args, term.dtype, term.params, strict=term.strict)

    def logarithm(self, term: Term, inner: Form) -> Form:
        """log(x), remembered as what is x in exponents."""
        atom = self.opaque(term)
        if inner.number == 1:
            self.exponentials.logarithms[atom] = inner.powers
        return _power_of(atom)

    def exponential(self, term: Term, exponent: Form) -> Form:
        """An exponential, or what stands for it."""
        atom = self.opaque(term)
        own = self.sums.multiplied_out({exponent.powers: exponent.number})
        self.exponentials.exponents[atom] = own
        return Form(1.0, self.replacements.get(atom, ((atom, 2),)))

    # --- writing

    def written(self, term: Term) -> Term:
        """What stands for a term."""
        form = self.forms[term]
        if term.op == CONSTANT or form.powers == ((term, 2),):
            return term
        return self.product_term(form.number, form.powers, term.dtype)

    def sum_term(self, polynomial: Polynomial, dtype: DType) -> Term:
        """A sum as it is, what is added before what is taken away."""
        parts = sorted(polynomial.items(), key=lambda part: part[1] < 0)
        (powers, lead), *others = parts
        found = self.product_term(lead, powers, dtype)
        for powers, number in others:
            op = "sub" if number < 0 < lead else "add"
            size = -number if op == "sub" else number
            part = self.product_term(size, powers, dtype)
            found = self.algebra.apply(op, [found, part], dtype)
        return found

    def product_term(self, number: float, powers: Monomial, dtype: DType) -> Term:
        """A number times powers."""
        apply, terms = self.algebra.apply, self.algebra.terms
        found: Term | None = None
        factors = [*factors_of(terms, exponents(powers))]
        if self.bounded:
            factors, powers = self.quotients(powers, dtype)
            factors += factors_of(terms, exponents(powers))
        for base, count in factors:
            factor = base
            if count > 1:
                factor = apply("integer_pow", [base], dtype, {"y": count})
            found = factor if found is None else apply("mul", [found, factor], dtype)
        if found is None:
            return terms.scalar(number, dtype)
        if number == -1:
            return self.algebra.neg(found)
        if number == 1:
            return found
        return apply("mul", [terms.scalar(number, dtype), found], dtype)

    def quotients(
        self, powers: Monomial, dtype: DType
    ) -> tuple[list[tuple[Term, int]], Monomial]:
        """Factors that are quotients of sums and their addends, and what else there is.

        With y = a + b, a / y is of the size of one however large a is:
        a ** 2 * b / y ** 4 is (a / y) ** 2 * (b / y) * (1 / y). A sum of such products
        over a power of y is the sum of them over it.
        """
        found: list[tuple[Term, int]] = []
        for atom, power in reversed(powers):
            meaning = self.sums.meanings.get(atom)
            if power >= 0 or power % 2 or meaning is None:
                continue
            parts = [part for part in meaning if part]
            for other, times_ in reversed(powers):
                within = self.sums.meanings.get(other)
                left = -dict(powers)[atom] // 2 if atom in dict(powers) else 0
                if other is atom or within is None or times_ <= 0 or times_ % 2:
                    continue
                degree = max(_degree(product, parts) for product in within)
                if degree and degree * times_ // 2 <= left:
                    over = self.sum_over(other, atom, degree, dtype)
                    found.append((over, times_ // 2))
                    powers = times(powers, ((other, 2),), -times_ // 2)
                    powers = times(powers, ((atom, 2),), degree * times_ // 2)
            for part in parts:
                left = -dict(powers).get(atom, 0) // 2
                count = min(_count(powers, part), left)
                if count > 0:
                    args = [self.product_term(1.0, part, dtype), atom]
                    found.append((self.algebra.apply("div", args, dtype), count))
                    powers = times(powers, times(part, ((atom, 2),), -1), -count)
        return found, powers

    def sum_over(self, total: Term, divisor: Term, degree: int, dtype: DType) -> Term:
        """A sum over a power of another one: of its parts only if they grow faster."""
        if degree == 1:
            return self.algebra.apply("div", [total, divisor], dtype)
        meaning = self.sums.meanings[total]
        return self.sum_term(scaled(meaning, ((divisor, 2),), -degree), dtype)


def _count(product: Monomial, part: Monomial) -> int:
    """How often a product contains another one."""
    powers = dict(product)
    counts = [powers.get(atom, 0) // power for atom, power in part if power > 0]
    return min(counts) if len(counts) == len(part) else 0


def _degree(product: Monomial, parts: Sequence[Monomial]) -> int:
    """How many of some other products it contains."""
    found = 0
    for part in parts:
        count = _count(product, part)
        if count > 0:
            product, found = times(product, part, -count), found + count
    return found


def _power_of(atom: Term) -> Form:
    return Form(1.0, ((atom, 2),))


def _product(first: Form, second: Form, power: int = 1) -> Form | None:
    number = tidy(first.number * second.number**power)
    powers = times(first.powers, second.powers, power)
    if not is_moderate(number) or len(powers) > LONGEST:
        return None
    return Form(number, powers)


def _power(form: Form, halves: int) -> Form | None:
    """A form to the power of halves / 2."""
    if halves % 2:
        # sqrt(x ** 2) is no power of x, and sqrt(x * y) no product of roots.
        odd = [power for _, power in form.powers if power % 4 == 2]
        if len(form.powers) != 1 or not odd or form.number <= 0:
            return None
    number = tidy(form.number ** (halves / 2))
    if not is_moderate(number):
        return None
    return Form(number, tuple((atom, n * halves // 2) for atom, n in form.powers))
