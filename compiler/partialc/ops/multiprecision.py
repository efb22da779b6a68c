"""Elementwise primitives on real numbers of any precision: what is true of them.

Numbers are mpmath's, computed in the precision of its context `mp`; truth values are
Python's. Where a primitive has no real value the result is nan, as in floating point;
a quotient by zero is infinite (zeros have no sign here). Arguments so large that a
function of them cannot be computed in reasonable time raise `OverflowError`.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, Final, TypeAlias

from mpmath import mp

from partialc.ir.program import Param

Precise: TypeAlias = Callable[[Sequence[Any], Mapping[str, Param]], Any]
"""Operands and the primitive's parameters to its result, all of them scalars."""

LARGEST: Final = 1 << 14
"""Numbers beyond 2 ** LARGEST stand for infinity under an exponential."""

REDUCED: Final = 10
"""Of larger numbers than 2 ** REDUCED multiples of log 2 are taken out."""

SPECIAL: Final = 64
"""Beyond 2 ** SPECIAL functions that are computed by series are not asked for."""


def _unary(function: Callable[[Any], Any], within: int = LARGEST) -> Precise:
    """A real function of one number; nan where it is complex, or has a pole."""

    def precise(args: Sequence[Any], _: Mapping[str, Param]) -> Any:
        (x,) = args
        if mp.isnan(x):
            return mp.nan
        if mp.isfinite(x) and mp.mag(x) > within:
            raise OverflowError(f"an argument beyond 2 ** {within}")
        return _real(function, x)

    return precise


def _real(function: Callable[..., Any], *args: Any) -> Any:
    try:
        result = function(*args)
    except (ValueError, ZeroDivisionError):
        return mp.nan
    return mp.nan if isinstance(result, mp.mpc) else result


def _limited(function: Callable[[Any], Any], low: Any, high: Any) -> Precise:
    """A function that has limits at both infinities."""

    def limited(x: Any) -> Any:
        if mp.mag(x) > LARGEST:
            return mp.mpf(high if x > 0 else low)
        return function(x)

    def precise(args: Sequence[Any], _: Mapping[str, Param]) -> Any:
        (x,) = args
        return mp.nan if mp.isnan(x) else _real(limited, x)

    return precise


def _binary(function: Callable[[Any, Any], Any]) -> Precise:
    """A real function of two numbers; nan where either is."""

    def precise(args: Sequence[Any], _: Mapping[str, Param]) -> Any:
        x, y = args
        return mp.nan if mp.isnan(x) or mp.isnan(y) else _real(function, x, y)

    return precise


def _plain(function: Callable[..., Any]) -> Precise:
    """A function that Python's numbers, nan among them, know by themselves."""
    return lambda args, _: function(*args)


def quotient(x: Any, y: Any) -> Any:
    """Compute x / y, infinite where only y is zero."""
    if y != 0:
        return x / y
    return mp.nan if x == 0 or mp.isnan(x) else mp.sign(x) * mp.inf


def power(x: Any, y: Any) -> Any:
    """Compute x ** y for real numbers; nan where it is complex."""
    if x == 0:
        return mp.mpf(1) if y == 0 else mp.zero if y > 0 else mp.inf
    if not (mp.isfinite(x) and mp.isfinite(y)):
        return mp.power(x, y)
    is_whole = mp.isint(y)
    if x < 0 and not is_whole:
        return mp.nan
    if is_whole and mp.mag(y) <= REDUCED:
        return x ** int(y)
    # Of the exponent of e so many bits stand before the point.
    with mp.workprec(mp.prec + max(mp.mag(y), 0) + max(mp.mag(mp.mag(x)), 0) + 8):
        exponent = y * mp.log(abs(x))
    result = _exponential(exponent)
    return -result if x < 0 and y % 2 else result


def _exponential(x: Any) -> Any:
    size = mp.mag(x)
    if size > LARGEST:
        return mp.inf if x > 0 else mp.zero
    if size <= REDUCED:
        return mp.exp(x)
    # mpmath takes a whole number for a power of e, and multiplies that up: slowly.
    with mp.workprec(mp.prec + size + 8):
        twos = int(mp.floor(x / mp.ln2))
        rest = x - twos * mp.ln2
    return mp.ldexp(mp.exp(rest), twos)


def _exponential_less_one(x: Any) -> Any:
    return mp.expm1(x) if mp.mag(x) <= REDUCED else _exponential(x) - 1


def _hyperbolic(function: Callable[[Any], Any], sign: int, x: Any) -> Any:
    if mp.mag(x) <= REDUCED:
        return function(x)
    return (_exponential(x) + sign * _exponential(-x)) / 2


def _logarithm(x: Any) -> Any:
    if x == 0:
        return -mp.inf
    return mp.nan if x < 0 else mp.log(x)


def _log_gamma(x: Any) -> Any:
    if x <= 0 and x == mp.floor(x):
        return mp.inf
    return mp.re(mp.loggamma(x))


def _scaled_bessel(order: int) -> Callable[[Any], Any]:
    return lambda x: mp.besseli(order, x) * mp.exp(-abs(x))


def _remainder(x: Any, y: Any) -> Any:
    return mp.nan if y == 0 else x - y * _truncated(x / y)


def _truncated(x: Any) -> Any:
    return mp.floor(x) if x > 0 else mp.ceil(x)


def _integer_power(args: Sequence[Any], params: Mapping[str, Param]) -> Any:
    exponent = params["y"]
    assert isinstance(exponent, int)
    (x,) = args
    if exponent < 0:
        return quotient(mp.mpf(1), x**-exponent)
    return x**exponent


def _rounded(args: Sequence[Any], params: Mapping[str, Param]) -> Any:
    (x,) = args
    if params["rounding_method"] == "TO_NEAREST_EVEN":
        return mp.nint(x)
    return mp.sign(x) * mp.floor(abs(x) + mp.mpf(0.5))


def _polynomial(args: Sequence[Any], _: Mapping[str, Param]) -> Any:
    x, *coefficients = args
    total = mp.zero
    for coefficient in reversed(coefficients):
        total = total * x + coefficient
    return total


def _chosen(args: Sequence[Any], _: Mapping[str, Param]) -> Any:
    which, *cases = args
    return cases[int(which)]


def _clamped(args: Sequence[Any], _: Mapping[str, Param]) -> Any:
    low, x, high = args
    return mp.nan if mp.isnan(x) else min(max(x, low), high)


def _converted(args: Sequence[Any], params: Mapping[str, Param]) -> Any:
    """Between floats nothing is rounded; truth values and integers become numbers."""
    (x,) = args
    target = params["new_dtype"]
    if getattr(target, "is_bool", False):
        return x != 0
    if getattr(target, "is_float", False):
        return mp.mpf(x)
    return mp.mpf(int(x)) if mp.isfinite(x) else mp.nan


PRECISE: Final[Mapping[str, Precise]] = {
    "abs": _plain(abs),
    "neg": _plain(operator.neg),
    "add": _plain(operator.add),
    "add_any": _plain(operator.add),
    "sub": _plain(operator.sub),
    "mul": _plain(operator.mul),
    "div": _binary(quotient),
    "rem": _binary(_remainder),
    "pow": _binary(power),
    "atan2": _binary(mp.atan2),
    "max": _binary(max),
    "min": _binary(min),
    "square": _plain(lambda x: x * x),
    "one_minus_square": _plain(lambda x: (1 - x) * (1 + x)),
    "integer_pow": _integer_power,
    "polynomial": _polynomial,
    "sign": _unary(mp.sign),
    "floor": _unary(mp.floor),
    "ceil": _unary(mp.ceil),
    "round": _rounded,
    "is_finite": _plain(lambda x: bool(mp.isfinite(x))),
    "clamp": _clamped,
    "select_n": _chosen,
    "convert_element_type": _converted,
    "eq": _plain(operator.eq),
    "ne": _plain(operator.ne),
    "lt": _plain(operator.lt),
    "le": _plain(operator.le),
    "gt": _plain(operator.gt),
    "ge": _plain(operator.ge),
    "and": _plain(operator.and_),
    "or": _plain(operator.or_),
    "xor": _plain(operator.xor),
    "not": _plain(lambda x: not x if isinstance(x, bool) else ~x),
    "sqrt": _unary(mp.sqrt),
    "rsqrt": _unary(lambda x: quotient(mp.mpf(1), mp.sqrt(x))),
    "cbrt": _unary(lambda x: mp.sign(x) * mp.cbrt(abs(x))),
    "exp": _limited(_exponential, 0, "inf"),
    "exp2": _limited(lambda x: _exponential(x * mp.log(2)), 0, "inf"),
    "expm1": _limited(_exponential_less_one, -1, "inf"),
    "log": _unary(_logarithm),
    "log1p": _unary(lambda x: _logarithm(1 + x) if x <= -1 else mp.log1p(x)),
    "log2": _unary(lambda x: _logarithm(x) / mp.log(2)),
    "logistic": _limited(lambda x: 1 / (1 + _exponential(-x)), 0, 1),
    "tanh": _limited(mp.tanh, -1, 1),
    "erf": _limited(mp.erf, -1, 1),
    "erfc": _limited(mp.erfc, 2, 0),
    "atan": _unary(mp.atan),
    "sin": _unary(mp.sin),
    "cos": _unary(mp.cos),
    "tan": _unary(mp.tan),
    "asin": _unary(mp.asin),
    "acos": _unary(mp.acos),
    "sinh": _limited(partial(_hyperbolic, mp.sinh, -1), "-inf", "inf"),
    "cosh": _limited(partial(_hyperbolic, mp.cosh, 1), "inf", "inf"),
    "asinh": _unary(mp.asinh),
    "acosh": _unary(mp.acosh),
    "atanh": _unary(lambda x: mp.sign(x) * mp.inf if abs(x) == 1 else mp.atanh(x)),
    "lgamma": _unary(_log_gamma, 1024),
    "digamma": _unary(mp.digamma, 1024),
    "erf_inv": _unary(lambda x: mp.sign(x) * mp.inf if abs(x) == 1 else mp.erfinv(x)),
    "bessel_i0e": _unary(_scaled_bessel(0), SPECIAL),
    "bessel_i1e": _unary(_scaled_bessel(1), SPECIAL),
}
"""By primitive. Of special functions those that mpmath computes at any argument."""
