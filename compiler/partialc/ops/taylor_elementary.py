"""The recurrences by which series go through elementary functions.

Each function solves a differential equation of first order, `dy = slope dx`, and the
coefficients of the slope follow from those of y found so far (Griewank and Walther,
Evaluating Derivatives, second edition, tables 13.1 and 13.2). What stands nowhere here
is differentiated by JAX.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from math import log, pi, sqrt
from typing import Final, TypeAlias

from partialc.ir.program import Atom, Constant
from partialc.ops import params
from partialc.ops.series import (
    MultiIndex,
    Series,
    SeriesArithmetic,
    binomial,
    splits,
)
from partialc.ops.taylor import (
    Taylor,
    TaylorRule,
    added,
    constant,
    divided,
    linear,
    multiplied,
    squared,
    subtracted,
)

Slope: TypeAlias = Callable[[MultiIndex, Series], "Atom | None"]
"""A coefficient of the slope, given those of y up to it."""


def _real(rule: TaylorRule) -> TaylorRule:
    """The rule, for real numbers only."""

    def only(taylor: Taylor) -> Sequence[Series] | None:
        return rule(taylor) if taylor.is_real else None

    return only


def _solved(taylor: Taylor, slope: Slope) -> Sequence[Series]:
    """Y with dy = slope dx, coefficient by coefficient."""
    arithmetic = taylor.arithmetic
    (series,) = taylor.operands
    found: dict[MultiIndex, Atom] = {taylor.zero: taylor.values[0]}
    slopes: dict[MultiIndex, Atom] = {}
    for index in arithmetic.downset.indices:
        if index != taylor.zero:
            atom = arithmetic.integral_at(index, series, slopes)
            if atom is not None:
                found[index] = atom
        own = slope(index, found)
        if own is not None:
            slopes[index] = own
    return [found]


def _exp(taylor: Taylor) -> Sequence[Series]:
    """Y' = y x'."""
    return _solved(taylor, lambda index, y: y.get(index))


def _exp2(taylor: Taylor) -> Sequence[Series]:
    """Y' = log(2) y x'."""
    scaled = taylor.arithmetic.scaled

    def slope(index: MultiIndex, y: Series) -> Atom | None:
        return scaled(y[index], log(2)) if index in y else None

    return _solved(taylor, slope)


def _expm1(taylor: Taylor) -> Sequence[Series]:
    """Y' = exp(x) x'; above order zero that is y itself."""
    (series,) = taylor.operands
    first = taylor.arithmetic.arrays.like("exp", series[taylor.zero])
    return _solved(
        taylor, lambda index, y: first if index == taylor.zero else y.get(index)
    )


def _tanh(taylor: Taylor) -> Sequence[Series]:
    """Y' = (1 - y y) x'."""
    arithmetic = taylor.arithmetic

    def slope(index: MultiIndex, y: Series) -> Atom | None:
        if index == taylor.zero:
            return arithmetic.arrays.like("one_minus_square", y[index])
        return arithmetic.product_at(index, y, y, factor=-1)

    return _solved(taylor, slope)


def _tan(taylor: Taylor) -> Sequence[Series]:
    """Y' = (1 + y y) x'."""
    arithmetic = taylor.arithmetic

    def slope(index: MultiIndex, y: Series) -> Atom | None:
        square = arithmetic.product_at(index, y, y)
        if index == taylor.zero and square is not None:
            return arithmetic.total([_one(arithmetic, taylor), square])
        return square

    return _solved(taylor, slope)


def _logistic(taylor: Taylor) -> Sequence[Series]:
    """Y' = y (1 - y) x'."""
    arithmetic = taylor.arithmetic

    def slope(index: MultiIndex, y: Series) -> Atom | None:
        if index == taylor.zero:
            rest = arithmetic.total([_one(arithmetic, taylor)], [y[index]])
            assert rest is not None, "there is something"
            return arithmetic.times(y[index], rest)
        if index not in y:
            return None
        square = arithmetic.product_at(index, y, y)
        return arithmetic.total([y[index]], [] if square is None else [square])

    return _solved(taylor, slope)


def _pair(other: str, signs: tuple[int, int], taylor: Taylor) -> Sequence[Series]:
    """Two functions of which each is the derivative of the other but for signs.

    Args:
        other: The operation that gives the other one.
        signs: y' = signs[0] z x', z' = signs[1] y x'.
        taylor: The equation.
    """
    arithmetic = taylor.arithmetic
    (series,) = taylor.operands
    value = arithmetic.arrays.like(other, series[taylor.zero])
    y: dict[MultiIndex, Atom] = {taylor.zero: taylor.values[0]}
    z: dict[MultiIndex, Atom] = {taylor.zero: value}
    for index in taylor.higher:
        pair = [arithmetic.integral_at(index, series, each) for each in (z, y)]
        for own, atom, sign in zip((y, z), pair, signs, strict=True):
            if atom is not None:
                own[index] = arithmetic.scaled(atom, sign)
    return [y]


def _gaussian(factor: float, taylor: Taylor) -> Sequence[Series]:
    """The error functions: y' = factor exp(-x x) x'."""
    arithmetic = taylor.arithmetic
    (series,) = taylor.operands
    square = arithmetic.product(series, series)
    exponent = {index: arithmetic.scaled(atom, -1) for index, atom in square.items()}
    bell: dict[MultiIndex, Atom] = {
        taylor.zero: arithmetic.arrays.like("exp", exponent[taylor.zero])
    }
    for index in taylor.higher:
        atom = arithmetic.integral_at(index, exponent, bell)
        if atom is not None:
            bell[index] = atom
    slopes = {index: arithmetic.scaled(atom, factor) for index, atom in bell.items()}
    return _solved(taylor, lambda index, y: slopes.get(index))


def _over(taylor: Taylor, below: Series) -> Sequence[Series]:
    """Y with below y' = x'.

    Of the derivative of that by what is left of a, the term with y[a] is solved for.
    """
    arithmetic = taylor.arithmetic
    (series,) = taylor.operands
    rest = {index: atom for index, atom in below.items() if index != taylor.zero}
    found: dict[MultiIndex, Atom] = {}
    for index in taylor.higher:
        known = arithmetic.integral_at(index, found, rest)
        top = [series[index]] if index in series else []
        total = arithmetic.total(top, [] if known is None else [known])
        if total is not None:
            found[index] = arithmetic.arrays.like("div", total, below[taylor.zero])
    return [found]


def _log(taylor: Taylor) -> Sequence[Series]:
    """X y' = x'."""
    return _over(taylor, taylor.operands[0])


def _log1p(taylor: Taylor) -> Sequence[Series]:
    """(1 + x) y' = x'."""
    (series,) = taylor.operands
    below = dict(series)
    above = [_one(taylor.arithmetic, taylor), series[taylor.zero]]
    total = taylor.arithmetic.total(above)
    assert total is not None, "there is something"
    return _over(taylor, {**below, taylor.zero: total})


def _atan(taylor: Taylor) -> Sequence[Series]:
    """(1 + x x) y' = x'."""
    return _over(taylor, _one_with_square(taylor, 1))


def _atanh(taylor: Taylor) -> Sequence[Series]:
    """(1 - x x) y' = x'."""
    return _over(taylor, _one_with_square(taylor, -1))


def _asin(taylor: Taylor) -> Sequence[Series]:
    """sqrt(1 - x x) y' = x'."""
    return _over(taylor, _root(taylor, _one_with_square(taylor, -1)))


def _asinh(taylor: Taylor) -> Sequence[Series]:
    """sqrt(1 + x x) y' = x'."""
    return _over(taylor, _root(taylor, _one_with_square(taylor, 1)))


def _acos(taylor: Taylor) -> Sequence[Series]:
    """-sqrt(1 - x x) y' = x'."""
    root = _root(taylor, _one_with_square(taylor, -1))
    scaled = taylor.arithmetic.scaled
    return _over(taylor, {index: scaled(atom, -1) for index, atom in root.items()})


def _one_with_square(taylor: Taylor, sign: int) -> Series:
    """1 + sign x x."""
    arithmetic = taylor.arithmetic
    (series,) = taylor.operands
    value = series[taylor.zero]
    if sign < 0:
        first: Atom | None = arithmetic.arrays.like("one_minus_square", value)
    else:
        square = arithmetic.arrays.like("square", value)
        first = arithmetic.total([_one(arithmetic, taylor), square])
    assert first is not None, "there is something"
    found = {taylor.zero: first}
    for index in taylor.higher:
        atom = arithmetic.product_at(index, series, series, factor=sign)
        if atom is not None:
            found[index] = atom
    return found


def _root(taylor: Taylor, series: Series, value: Atom | None = None) -> Series:
    """The square root of a series, by y y = x."""
    arithmetic = taylor.arithmetic
    if value is None:
        value = arithmetic.arrays.like("sqrt", series[taylor.zero])
    found: dict[MultiIndex, Atom] = {taylor.zero: value}
    below = arithmetic.scaled(value, 2)
    for index in taylor.higher:
        inner = arithmetic.product_at(index, found, found, is_inner=True)
        top = [series[index]] if index in series else []
        total = arithmetic.total(top, [] if inner is None else [inner])
        if total is not None:
            found[index] = arithmetic.arrays.like("div", total, below)
    return found


def _sqrt(taylor: Taylor) -> Sequence[Series]:
    """Y y = x."""
    return [_root(taylor, taylor.operands[0], taylor.values[0])]


def _power(exponent: float, taylor: Taylor) -> Sequence[Series]:
    """A power that is not finite at zero: x y' = exponent y x'.

    Solved for the coefficient y[a] that is multiplied by x[0]; the weight of x[b] in
    what is left is `(exponent + 1) b_i / a_i - 1` times that of Leibniz' rule.
    """
    arithmetic = taylor.arithmetic
    (series,) = taylor.operands
    moved = {index: atom for index, atom in series.items() if index != taylor.zero}
    found: dict[MultiIndex, Atom] = {taylor.zero: taylor.values[0]}
    for index in taylor.higher:
        total = _power_at(arithmetic, exponent, index, moved, found)
        if total is not None:
            bottom = series[taylor.zero]
            found[index] = arithmetic.arrays.like("div", total, bottom)
    return [found]


def _power_at(
    arithmetic: SeriesArithmetic,
    exponent: float,
    index: MultiIndex,
    moved: Series,
    found: Series,
) -> Atom | None:
    """What a coefficient of a power is, times the base."""
    axis = next(axis for axis, count in enumerate(index) if count)
    terms: list[tuple[float, Atom]] = []
    for part, rest in splits(index):
        factor = (exponent + 1) * part[axis] / index[axis] - 1
        if part in moved and rest in found and factor:
            weight = factor * binomial(index, part)
            terms.append((weight, arithmetic.times(moved[part], found[rest])))
    return arithmetic.weighed(terms)


def integer_power(taylor: Taylor) -> Sequence[Series] | None:
    """x**n: products where n is positive, which are right at zero too."""
    exponent = params.integer(taylor.equation, "y")
    if not taylor.is_real:
        return None
    if exponent < 0:
        return _power(exponent, taylor)
    arithmetic = taylor.arithmetic
    (base,) = taylor.operands
    found: Series | None = None
    while exponent:
        if exponent & 1:
            found = base if found is None else arithmetic.product(found, base)
        exponent >>= 1
        if exponent:
            base = arithmetic.product(base, base)
    return [{} if found is None else found]


def _pow(taylor: Taylor) -> Sequence[Series] | None:
    """x**r for a number r: by its derivatives, which are right at zero as far as JAX's.

    A recurrence would divide by x.
    """
    exponent = taylor.equation.inputs[1]
    if not isinstance(exponent, Constant) or taylor.moves(1) or not taylor.is_real:
        return None
    first = exponent.data.reshape(-1)[:1]
    if not first.size or not (exponent.data == first).all():
        return None
    number, arithmetic = float(first[0]), taylor.arithmetic
    series = taylor.operands[0]
    value = series[taylor.zero]
    factor, found = 1.0, []
    for count in range(1, arithmetic.downset.order + 1):
        factor *= (number - count + 1) / count
        found.append(_multiple(arithmetic, factor, value, number - count))
    return [arithmetic.composed(series, found, taylor.values[0])]


def _multiple(
    arithmetic: SeriesArithmetic, factor: float, base: Atom, exponent: float
) -> Atom | None:
    """A multiple of a power; None where it is zero."""
    arrays = arithmetic.arrays
    if not factor:
        return None
    if not exponent:
        return arithmetic.spread(arrays.number(base.type.dtype, factor), base.type)
    power = arrays.apply(
        "pow", [base, arrays.number(base.type.dtype, exponent)], base.type
    )
    return arithmetic.scaled(power, factor)


def _one(arithmetic: SeriesArithmetic, taylor: Taylor) -> Atom:
    return arithmetic.arrays.number(taylor.kind.dtype, 1)


_FUNCTIONS: Final[dict[str, TaylorRule]] = {
    "exp": _exp,
    "exp2": _exp2,
    "expm1": _expm1,
    "log": _log,
    "log1p": _log1p,
    "sin": partial(_pair, "cos", (1, -1)),
    "cos": partial(_pair, "sin", (-1, 1)),
    "tan": _tan,
    "sinh": partial(_pair, "cosh", (1, 1)),
    "cosh": partial(_pair, "sinh", (1, 1)),
    "tanh": _tanh,
    "logistic": _logistic,
    "erf": partial(_gaussian, 2 / sqrt(pi)),
    "erfc": partial(_gaussian, -2 / sqrt(pi)),
    "asin": _asin,
    "acos": _acos,
    "atan": _atan,
    "asinh": _asinh,
    "atanh": _atanh,
    "sqrt": _sqrt,
    "rsqrt": partial(_power, -0.5),
}

ELEMENTWISE: Final[dict[str, TaylorRule]] = {
    **{name: _real(rule) for name, rule in _FUNCTIONS.items()},
    "add": added,
    "add_any": added,
    "sub": subtracted,
    "mul": multiplied,
    "div": divided,
    "square": squared,
    "pow": _pow,
    **dict.fromkeys(("neg", "real", "imag", "conj", "complex"), linear),
    **dict.fromkeys(("sign", "floor", "ceil"), constant),
}
"""The rules of operations element by element, by name."""
