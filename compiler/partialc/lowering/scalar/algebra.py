"""Algebra on terms as they are made: each rule is one line of mathematics.

Three grades are used:

    bitwise                   x * 1 -> x, x - (-y) -> x + y, cos(-x) -> cos x, ...
    exact for finite values   x + 0 -> x, 0 * x -> 0, x - x -> 0, 0 / x -> 0, ...
    reassociating             (x / z) / (y / z) -> x / y, c * (d * x) -> (c * d) * x

The second loses nothing but the sign of zeros and what infinities and nans would have
made of them. Terms for which that matters (`analysis.sensitive`) are made with
`strict`, which leaves the bitwise rules only.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from partialc.ir.dtypes import DType
from partialc.ir.program import Param
from partialc.lowering.scalar.domains import Domains
from partialc.lowering.scalar.terms import NO_PARAMS, Term, Terms
from partialc.ops.registry import commutes

ODD: Final = frozenset(
    {
        *("sin", "tan", "asin", "atan", "sinh", "tanh", "asinh", "atanh"),
        *("erf", "erf_inv", "cbrt", "sign"),
    }
)
"""f(-x) = -f(x), in floating point as well."""
EVEN: Final = frozenset({"cos", "cosh", "abs", "square"})
AT_ZERO: Final = {
    **dict.fromkeys(ODD, 0.0),
    **dict.fromkeys(("expm1", "log1p", "sqrt", "abs", "square"), 0.0),
    **dict.fromkeys(("exp", "cos", "cosh", "exp2"), 1.0),
    "logistic": 0.5,
}
"""f(0), which every processor computes exactly."""


class Algebra:
    """Makes simplified terms.

    Attributes:
        terms: Where they are kept.
        in_order: Whether rules of the third grade are left out.
        domains: Set where no result may be a number but where its operands are: `x / x`
            is then no 1.
    """

    def __init__(
        self, terms: Terms, *, in_order: bool = False, domains: Domains | None = None
    ) -> None:
        self.terms = terms
        self.in_order = in_order
        self.domains = domains

    def may_drop(self, term: Term) -> bool:
        """Whether a result may be a number although a term is none."""
        return self.domains is None or self.domains.is_total(term)

    def apply(
        self,
        op: str,
        args: Sequence[Term],
        dtype: DType,
        params: Mapping[str, Param] = NO_PARAMS,
        *,
        strict: bool = False,
    ) -> Term:
        """An operation on terms, simplified.

        Args:
            op: An elementwise primitive.
            args: Its operands.
            dtype: The element type of the result.
            params: The primitive's parameters.
            strict: Whether only rules that keep every bit may be used.
        """
        if op == "add_any":
            op = "add"
        if op == "square":
            op, params = "integer_pow", {"y": 2}
        if op in ("mul", "add", "sub", "div", "neg", "max", "min"):
            params = NO_PARAMS if not any(params.values()) else params
        operands = list(args)
        if commutes(op, dtype) and operands[0].order > operands[1].order:
            operands.reverse()
        rule = _RULES.get(op)
        result = None
        if not dtype.is_complex and rule is not None and not any(params.values()):
            result = rule(self, operands, dtype, strict)
        elif op == "integer_pow" and dtype.is_float:
            result = self._power(operands[0], params["y"], dtype, strict)
        elif op == "convert_element_type" and operands[0].dtype == dtype:
            result = operands[0]
        elif op == "select_n":
            result = _select(operands)
        if result is None:
            result = self.terms.operation(op, operands, dtype, params, strict=strict)
            result = self.terms.folded(result, strict=strict or self.in_order)
        return result

    def neg(self, term: Term, *, strict: bool = False) -> Term:
        """-x, simplified."""
        return self.apply("neg", [term], term.dtype, strict=strict)

    def _power(
        self, base: Term, exponent: Param, dtype: DType, strict: bool
    ) -> Term | None:
        if exponent == 1:
            return base
        if exponent == 0:
            return self.terms.scalar(1, dtype)
        if base.op == "neg" and isinstance(exponent, int):
            params = {"y": exponent}
            args = [base.args[0]]
            inner = self.apply("integer_pow", args, dtype, params, strict=strict)
            return self.neg(inner, strict=strict) if exponent % 2 else inner
        return None


def _add(algebra: Algebra, args: list[Term], dtype: DType, strict: bool) -> Term | None:
    first, second = args
    for x, y in ((first, second), (second, first)):
        if y.number == 0 and not strict and not dtype.is_bool:
            return x  # x + 0 -> x
        if y.op == "neg" and x.op != "neg":
            return algebra.apply("sub", [x, y.args[0]], dtype, strict=strict)
    if first.op == second.op == "neg":
        inner = [first.args[0], second.args[0]]
        both = algebra.apply("add", inner, dtype, strict=strict)
        return algebra.neg(both, strict=strict)
    if first is second and dtype.is_float:
        two = algebra.terms.scalar(2, dtype)
        return algebra.apply("mul", [two, first], dtype, strict=strict)
    return None


def _sub(algebra: Algebra, args: list[Term], dtype: DType, strict: bool) -> Term | None:
    first, second = args
    if second.number == 0 and not strict:
        return first  # x - 0 -> x
    if not strict and first is second and algebra.may_drop(first):
        return algebra.terms.scalar(0, dtype)  # x - x -> 0
    if first.number == 0 and not strict:
        return algebra.neg(second)  # 0 - x -> -x
    if second.op == "neg":
        inner = [first, second.args[0]]
        return algebra.apply("add", inner, dtype, strict=strict)  # x - (-y) -> x + y
    if first.op == "neg":
        inner = [first.args[0], second]
        both = algebra.apply("add", inner, dtype, strict=strict)
        return algebra.neg(both, strict=strict)
    if not strict:
        swapped = algebra.terms.known("sub", [second, first], dtype)
        if swapped is not None:
            return algebra.neg(swapped)  # y - x is there: x - y -> -(y - x)
    return None


def _mul(algebra: Algebra, args: list[Term], dtype: DType, strict: bool) -> Term | None:
    first, second = args
    for x, y in ((first, second), (second, first)):
        number = y.number
        loose = not strict and algebra.may_drop(x)
        if number == 0 and (loose or not dtype.is_inexact):
            return algebra.terms.scalar(0, dtype)  # 0 * x -> 0
        if number == 1 and not dtype.is_bool:
            return x  # 1 * x -> x
        if number == -1:
            return algebra.neg(x, strict=strict)  # -1 * x -> -x
        if x.op == "neg":
            inner = algebra.apply("mul", [x.args[0], y], dtype, strict=strict)
            return algebra.neg(inner, strict=strict)  # (-x) * y -> -(x * y)
    loose = not (strict or algebra.in_order)
    if first.number is not None and second.op == "mul" and loose and not second.strict:
        for x, y in (second.args, second.args[::-1]):
            if x.number is not None:
                both = algebra.apply("mul", [first, x], dtype)
                if both.number is not None:
                    return algebra.apply("mul", [both, y], dtype)  # c (d x) -> (c d) x
    if first is second and dtype.is_inexact:
        return algebra.apply("integer_pow", [first], dtype, {"y": 2}, strict=strict)
    return None


def _div(algebra: Algebra, args: list[Term], dtype: DType, strict: bool) -> Term | None:
    first, second = args
    if not dtype.is_float:
        return None
    if second.number == 1:
        return first  # x / 1 -> x
    strict_domain = strict or algebra.domains is not None
    if first.number == 0 and not strict_domain:
        return first  # 0 / x -> 0
    if (
        first.op == second.op == "div"
        and first.args[1] is second.args[1]
        and not (strict_domain or algebra.in_order or first.strict or second.strict)
    ):
        numerators = [first.args[0], second.args[0]]
        return algebra.apply("div", numerators, dtype)  # (x / z) / (y / z) -> x / y
    if not strict_domain and first is second:
        return algebra.terms.scalar(1, dtype)  # x / x -> 1
    for place, term in enumerate(args):
        if term.op == "neg":
            inner = list(args)
            inner[place] = term.args[0]
            quotient = algebra.apply("div", inner, dtype, strict=strict)
            return algebra.neg(quotient, strict=strict)
    return None


def _neg(algebra: Algebra, args: list[Term], dtype: DType, strict: bool) -> Term | None:
    (term,) = args
    if term.op == "neg":
        return term.args[0]  # -(-x) -> x
    if term.number == 0 and not strict:
        return term  # -0 -> 0
    if term.op == "mul" and term.args[0].number is not None:
        factor = algebra.apply("neg", [term.args[0]], dtype)
        args = [factor, term.args[1]]
        return algebra.terms.operation("mul", args, dtype, strict=strict)
    return None


def _odd(name: str) -> Rule:
    """f(-x) -> -f(x), f(0) -> 0."""

    def rule(
        algebra: Algebra, args: list[Term], dtype: DType, strict: bool
    ) -> Term | None:
        if args[0].op == "neg":
            inner = algebra.apply(name, [args[0].args[0]], dtype, strict=strict)
            return algebra.neg(inner, strict=strict)
        return _at_zero(name)(algebra, args, dtype, strict)

    return rule


def _even(name: str) -> Rule:
    """f(-x) -> f(x)."""

    def rule(
        algebra: Algebra, args: list[Term], dtype: DType, strict: bool
    ) -> Term | None:
        if args[0].op == "neg":
            return algebra.apply(name, [args[0].args[0]], dtype, strict=strict)
        return _at_zero(name)(algebra, args, dtype, strict)

    return rule


def _at_zero(name: str) -> Rule:
    """f(0) -> its value."""

    def rule(
        algebra: Algebra, args: list[Term], dtype: DType, strict: bool
    ) -> Term | None:
        if args[0].number == 0 and name in AT_ZERO and not strict:
            return algebra.terms.scalar(AT_ZERO[name], dtype)
        return None

    return rule


def _same(
    algebra: Algebra, args: list[Term], dtype: DType, strict: bool
) -> Term | None:
    """max(x, x) -> x, and so on."""
    return args[0] if args[0] is args[1] else None


def _handed_on(
    algebra: Algebra, args: list[Term], dtype: DType, strict: bool
) -> Term | None:
    return args[0]


def _pow(algebra: Algebra, args: list[Term], dtype: DType, strict: bool) -> Term | None:
    base, exponent = args
    if exponent.number == 0:
        return algebra.terms.scalar(1, dtype)  # of any number, nan included
    return base if exponent.number == 1 and base.dtype == dtype else None


def _log(algebra: Algebra, args: list[Term], dtype: DType, strict: bool) -> Term | None:
    if args[0].number == 1:
        return algebra.terms.scalar(0, dtype)  # log 1 -> 0
    return None


def _and(algebra: Algebra, args: list[Term], dtype: DType, strict: bool) -> Term | None:
    for x, y in (args, args[::-1]):
        if dtype.is_bool and y.number is not None:
            return x if y.number else y
    return args[0] if args[0] is args[1] else None


def _or(algebra: Algebra, args: list[Term], dtype: DType, strict: bool) -> Term | None:
    for x, y in (args, args[::-1]):
        if dtype.is_bool and y.number is not None:
            return y if y.number else x
    return args[0] if args[0] is args[1] else None


def _select(args: Sequence[Term]) -> Term | None:
    which, *cases = args
    if all(case is cases[0] for case in cases):
        return cases[0]  # where(p, x, x) -> x
    if which.number is not None and 0 <= int(which.number) < len(cases):
        return cases[int(which.number)]
    return None


def for_reading(term: Term) -> tuple[Term, ...]:
    """The operands in the order people write: `2 * x`, `x + 1`, `a * b * c`."""
    if not commutes(term.op, term.dtype):
        return term.args
    first, second = term.args
    if first.constant is not None or second.constant is not None:
        leads = (first.constant is not None) == (term.op == "mul")
        return (first, second) if leads else (second, first)
    chain = ("add", "sub") if term.op == "add" else (term.op,)
    if second.op in chain and first.op not in chain:
        return second, first
    if first.array is not None and first.array is second.array:
        return (first, second) if first.position < second.position else (second, first)
    return first, second


Rule = Callable[[Algebra, list[Term], DType, bool], Term | None]
_RULES: Final[dict[str, Rule]] = {
    **{name: _at_zero(name) for name in AT_ZERO},
    **{name: _odd(name) for name in ODD},
    **{name: _even(name) for name in EVEN},
    "add": _add,
    "sub": _sub,
    "mul": _mul,
    "div": _div,
    "neg": _neg,
    "log": _log,
    "pow": _pow,
    "and": _and,
    "or": _or,
    "max": _same,
    "min": _same,
    "stop_gradient": _handed_on,
    "name": _handed_on,
    "copy": _handed_on,
    "copy_p": _handed_on,
}
