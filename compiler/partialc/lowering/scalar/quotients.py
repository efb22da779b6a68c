"""Quotients and roots as powers, so that what is divided and multiplied by cancels.

    x / y            x * y ** -1
    sqrt(x)          x ** (1/2)
    1 / x ** 3       x ** -3

`t / (s * sqrt(t))` is `sqrt(t) / s` in these terms. A product is put together again of
its factors, their roots and their reciprocals: `x ** (3/2)` as `x * sqrt(x)`, and one
reciprocal for all that is divided by the same. `as_quotients` turns a reciprocal that
is used once back into a division.

Exact for finite values: `x / x` is 1, and `sqrt(x) * sqrt(x)` is x.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from fractions import Fraction
from math import ceil
from typing import Final, TypeAlias

from partialc.lowering.scalar.program import ScalarProgram
from partialc.lowering.scalar.terms import (
    Term,
    Terms,
    is_usual,
    reachable,
    scales_wildly,
    uses,
)

MOST_STEPS: Final = 24
"""Longer products are not split: each of their parts may be a product again."""

HALF: Final = Fraction(1, 2)
Power: TypeAlias = int | Fraction
"""Whole, unless a root was taken: most are, and numbers are much faster."""

Exponents: TypeAlias = Mapping[Term, Power]


def unit(term: Term) -> tuple[Term, Power]:
    """A term as a power of another: `1 / x`, `sqrt(x)`, `x ** n`; or of itself."""
    power: Power = 1
    while term.dtype.is_float and not term.strict:
        exponent = term.params.get("y") if term.op == "integer_pow" else None
        if isinstance(exponent, int):
            if exponent % 2 == 0 and power.denominator != 1:
                return term, power  # the root of a square has the sign of a root
            term, power = term.args[0], power * exponent
        elif term.op == "sqrt" and not any(term.params.values()):
            if power.denominator != 1:
                return term, power
            term, power = term.args[0], power * HALF
        elif term.op == "div" and term.args[0].number == 1:
            term, power = term.args[1], -power
        else:
            break
    return term, power


def split(term: Term) -> dict[Term, Power] | None:
    """The factors of a product or a quotient; None if it is neither, or a long one."""
    if term.op not in ("mul", "div"):
        return None
    powers: dict[Term, Power] = {}
    pending = [(term, 1)]
    for _ in range(MOST_STEPS):
        if not pending:
            return {base: power for base, power in powers.items() if power}
        current, times = pending.pop()
        if current.strict or scales_wildly(current):
            return None
        if current.op in ("mul", "div"):
            sign = -times if current.op == "div" else times
            pending += [(current.args[1], sign), (current.args[0], times)]
            continue
        if current.number == 1:
            continue
        base, power = unit(current)
        powers[base] = powers.get(base, 0) + power * times
    return None


def cancelled(powers: Exponents, own: Collection[Term] = ()) -> dict[Term, Power]:
    """Powers with those factors split that cancel with others.

    Nothing is split for its own sake: `(a / y) * (b / y)` is finite where `a * b` or
    `y * y` is not.

    Args:
        powers: The factors of a product.
        own: Factors that this product alone uses: splitting them saves their work.
    """
    found = {base: power for base, power in powers.items() if power}
    parts = {
        base: inner
        for base, power in found.items()
        if power.denominator == 1
        and (inner := split(base)) is not None
        and not any(part.strict for part in inner)
    }
    exponents = [*found.values()]
    for base, inner in parts.items():
        exponents += [count * found[base] for count in inner.values()]
    if all(power > 0 and power.denominator == 1 for power in exponents):
        return found  # nothing is divided by, and no root is taken
    for chosen in [*([base] for base in parts), list(parts)]:
        trial = dict(found)
        size: Power = 0
        spared = 0
        for base in chosen:
            power = trial.pop(base, 0)
            for part, count in parts[base].items():
                trial[part] = trial.get(part, 0) + count * power
                size += _size(count * power)
            spared += work(parts[base]) if base in own and power else 0
        size += sum(_size(p) for base, p in found.items() if base not in chosen)
        trial = {part: count for part, count in trial.items() if count}
        whole = all(power.denominator <= 2 for power in trial.values())
        less = sum(_size(power) for power in trial.values()) < size
        if whole and less and work(trial) < work(found) + spared:
            found = trial
    return found


def _size(power: Power) -> Power:
    return power if power > 0 else -power


def work(powers: Exponents) -> int:
    """How many factors a product has besides numbers; what divides counts one more."""
    return sum(
        ceil(_size(power)) + int(power < 0)
        for base, power in powers.items()
        if base.number is None
    )


def factors_of(terms: Terms, powers: Exponents) -> tuple[tuple[Term, int], ...]:
    """Powers as positive whole ones, of the factors, their roots and reciprocals."""
    found: dict[Term, int] = {}

    def add(term: Term, times: int) -> None:
        if times:
            found[term] = found.get(term, 0) + times

    for base, power in powers.items():
        if power.denominator == 1:
            add(base if power > 0 else reciprocal(terms, base), abs(int(power)))
            continue
        root = terms.operation("sqrt", [base], base.dtype)
        if power < 0:
            add(reciprocal(terms, root), int(-2 * power))
            continue
        add(base, int(power - HALF))
        add(root, 1)
    return tuple(found.items())


def reciprocal(terms: Terms, term: Term) -> Term:
    """1 / x."""
    return terms.operation("div", [terms.scalar(1, term.dtype), term], term.dtype)


def inverse(terms: Terms, term: Term) -> Term:
    """1 / x; that of a root as the root of the reciprocal.

    XLA makes `rsqrt(x)` of 1 / sqrt(x), which on CPUs takes longer than both.
    """
    if term.op != "sqrt" or term.strict or not is_usual(term.dtype):
        return reciprocal(terms, term)
    inner = reciprocal(terms, term.args[0])
    return terms.operation("sqrt", [inner], term.dtype, term.params)


def is_reciprocal(term: Term) -> bool:
    """Whether a term is 1 / x."""
    return term.op == "div" and term.dtype.is_float and term.args[0].number == 1


def as_quotients(program: ScalarProgram, terms: Terms) -> ScalarProgram:
    """One reciprocal for many divisions by the same; a division where there is one.

    Grade: reassociating.
    """
    roots = program.roots()
    counts = uses(roots)
    divisions = Counter(
        divisor
        for term in counts
        if not term.strict and (divisor := _divisor(term)) is not None
    )
    made: dict[Term, Term] = {}

    def stays(term: Term) -> bool:
        """Whether it divides an addend by the sum, or a number far from one."""
        return scales_wildly(term) or _is_addend(*term.args)

    def is_single(term: Term) -> bool:
        once = counts[term] == 1 and divisions[term.args[1]] == 1
        return is_reciprocal(term) and once and not term.strict

    for term in reachable(roots):
        args = [made[arg] for arg in term.args]
        op, params = term.op, term.params
        if op == "mul" and not term.strict:
            for place in (1, 0):
                if term.args[place].op == "div" and is_single(term.args[place]):
                    op = "div"
                    args = [args[1 - place], made[term.args[place].args[1]]]
                    break
        divisor = None if term.strict else _divisor(term)
        if divisor is not None and divisions[divisor] > 1:
            shared = inverse(terms, made[divisor])
            exponent = params.get("y")
            if isinstance(exponent, int):
                args, params = [shared], {"y": -exponent}
            elif not is_reciprocal(term):
                if not stays(term):
                    op, args = "mul", [args[0], shared]
            else:
                made[term] = shared
                continue
        if op == "div" and not term.strict and args[0].number == 1:
            made[term] = inverse(terms, args[1])
            continue
        if op == term.op and _are(args, term.args):
            made[term] = term
            continue
        made[term] = terms.operation(op, args, term.dtype, params, strict=term.strict)
    return program.mapped(made.__getitem__)


def _is_addend(term: Term, total: Term) -> bool:
    """Whether a term is one of the first addends of a sum."""
    pending = [total]
    for _ in range(MOST_STEPS):
        if not pending:
            return False
        current = pending.pop()
        if current is term:
            return True
        if current.op == "add":
            pending += current.args
    return False


def _divisor(term: Term) -> Term | None:
    """What a term divides by."""
    if not term.dtype.is_float:
        return None
    exponent = term.params.get("y") if term.op == "integer_pow" else None
    if isinstance(exponent, int) and exponent < 0:
        return term.args[0]
    divides = term.op == "div" and term.args[1].number is None
    return term.args[1] if divides else None


def _are(first: Sequence[Term], second: Sequence[Term]) -> bool:
    return all(one is other for one, other in zip(first, second, strict=True))
