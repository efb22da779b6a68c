"""Operations that act on each element by itself: rows of tables.

A row holds what differs: the name, how to run it, how to print it, what it costs and
what it is. Templates are expressions over `x`, `y`, `z`; the public functions in them
trace to the same primitive again, so that a printed function also has the same
derivatives.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import jax.numpy as jnp
from jax import lax

from partialc.ir.dtypes import DType
from partialc.ir.program import Equation
from partialc.ops.cost import SPECIAL_FUNCTION, per_result
from partialc.ops.elements import (
    SupportRule,
    both,
    either,
    everywhere,
    first,
    pointwise,
)
from partialc.ops.linear import POINTWISE
from partialc.ops.multiprecision import PRECISE
from partialc.ops.registry import Arrays, Evaluate, Op, Source, SourceContext, register
from partialc.ops.taylor_elementary import ELEMENTWISE
from partialc.ops.template import arrays, fill, one_array
from partialc.ops.unknown import unprintable


@dataclass(frozen=True, slots=True)
class Row:
    """One elementwise operation.

    Attributes:
        name: The primitive.
        run: A function of arrays that runs it.
        source: The template for real floating-point operands; a name that starts with
            an underscore is a helper's.
        summary: One line for the supported-ops page.
        flops: Operations per element.
        transcendentals: Transcendentals per element.
        otherwise: The template for other element types, where `source` means something
            else there (numpy's integer division, `max` of complex numbers).
    """

    name: str
    run: Callable[..., Any]
    source: str
    summary: str
    flops: float = 1.0
    transcendentals: float = 0.0
    otherwise: str | None = None


_UNARY: Final = (
    Row("abs", lax.abs, "jnp.abs(x)", "absolute value"),
    Row("ceil", lax.ceil, "jnp.ceil(x)", "rounding up"),
    Row("conj", lax.conj, "lax.conj(x)", "complex conjugate"),
    Row("floor", lax.floor, "jnp.floor(x)", "rounding down"),
    Row("imag", lax.imag, "x.imag", "imaginary part", 0.0),
    Row("is_finite", lax.is_finite, "jnp.isfinite(x)", "neither infinite nor nan"),
    Row("neg", lax.neg, "-x", "negation"),
    Row("real", lax.real, "x.real", "real part", 0.0),
    Row("sign", lax.sign, "jnp.sign(x)", "sign", otherwise="lax.sign(x)"),
    Row("square", lax.square, "x**2", "square"),
    Row("not", lax.bitwise_not, "~x", "logical or bitwise not"),
    Row("clz", lax.clz, "lax.clz(x)", "number of leading zero bits"),
    Row(
        "population_count",
        lax.population_count,
        "lax.population_count(x)",
        "number of bits that are set",
    ),
    Row(
        "one_minus_square",
        lambda x: (1 - x) * (1 + x),
        "_one_minus_square(x)",
        "1 - x², without cancellation",
        3.0,
    ),
)
_TRANSCENDENTAL: Final = (
    Row("acos", lax.acos, "lax.acos(x)", "inverse cosine"),
    Row("acosh", lax.acosh, "lax.acosh(x)", "inverse hyperbolic cosine"),
    Row("asin", lax.asin, "lax.asin(x)", "inverse sine"),
    Row("asinh", lax.asinh, "lax.asinh(x)", "inverse hyperbolic sine"),
    Row("atan", lax.atan, "lax.atan(x)", "inverse tangent"),
    Row("atanh", lax.atanh, "lax.atanh(x)", "inverse hyperbolic tangent"),
    Row("cbrt", lax.cbrt, "jnp.cbrt(x)", "cube root"),
    Row("cos", lax.cos, "jnp.cos(x)", "cosine"),
    Row("cosh", lax.cosh, "jnp.cosh(x)", "hyperbolic cosine"),
    Row("erf", lax.erf, "lax.erf(x)", "error function"),
    Row("erfc", lax.erfc, "lax.erfc(x)", "complementary error function"),
    Row("exp", lax.exp, "jnp.exp(x)", "exponential"),
    Row("exp2", lax.exp2, "jnp.exp2(x)", "power of two"),
    Row("expm1", lax.expm1, "jnp.expm1(x)", "exp(x) - 1"),
    Row("log", lax.log, "jnp.log(x)", "natural logarithm"),
    Row("log1p", lax.log1p, "jnp.log1p(x)", "log(1 + x)"),
    Row("log2", jnp.log2, "jnp.log2(x)", "binary logarithm"),
    Row("logistic", lax.logistic, "lax.logistic(x)", "logistic sigmoid"),
    Row("rsqrt", lax.rsqrt, "lax.rsqrt(x)", "1 / sqrt(x)"),
    Row("sin", lax.sin, "jnp.sin(x)", "sine"),
    Row("sinh", lax.sinh, "jnp.sinh(x)", "hyperbolic sine"),
    Row("sqrt", lax.sqrt, "jnp.sqrt(x)", "square root"),
    Row("tan", lax.tan, "jnp.tan(x)", "tangent"),
    Row("tanh", lax.tanh, "jnp.tanh(x)", "hyperbolic tangent"),
)
_SPECIAL: Final = (
    Row("bessel_i0e", lax.bessel_i0e, "lax.bessel_i0e(x)", "scaled Bessel function I0"),
    Row("bessel_i1e", lax.bessel_i1e, "lax.bessel_i1e(x)", "scaled Bessel function I1"),
    Row("digamma", lax.digamma, "lax.digamma(x)", "digamma"),
    Row("erf_inv", lax.erf_inv, "lax.erf_inv(x)", "inverse error function"),
    Row("igamma", lax.igamma, "lax.igamma(x, y)", "regularised lower gamma"),
    Row(
        "igamma_grad_a",
        lax.igamma_grad_a,
        "lax.igamma_grad_a(x, y)",
        "derivative of igamma by its shape",
    ),
    Row("igammac", lax.igammac, "lax.igammac(x, y)", "regularised upper gamma"),
    Row("lgamma", lax.lgamma, "lax.lgamma(x)", "logarithm of |gamma|"),
    Row("polygamma", lax.polygamma, "lax.polygamma(x, y)", "polygamma"),
    Row(
        "regularized_incomplete_beta",
        lax.betainc,
        "lax.betainc(x, y, z)",
        "regularised incomplete beta",
    ),
    Row("zeta", lax.zeta, "lax.zeta(x, y)", "Hurwitz zeta"),
)
_BINARY: Final = (
    Row("add", lax.add, "x + y", "sum", otherwise="lax.add(x, y)"),
    Row("add_any", lax.add, "x + y", "sum of cotangents", otherwise="lax.add(x, y)"),
    Row(
        "atan2",
        lax.atan2,
        "jnp.arctan2(x, y)",
        "angle of (y, x)",
        1,
        1,
        "lax.atan2(x, y)",
    ),
    Row("complex", lax.complex, "lax.complex(x, y)", "x + iy", 0.0),
    Row("div", lax.div, "x / y", "quotient", otherwise="lax.div(x, y)"),
    Row("max", lax.max, "jnp.maximum(x, y)", "maximum", otherwise="lax.max(x, y)"),
    Row("min", lax.min, "jnp.minimum(x, y)", "minimum", otherwise="lax.min(x, y)"),
    Row("nextafter", lax.nextafter, "lax.nextafter(x, y)", "next float towards y"),
    Row("pow", lax.pow, "x**y", "power", 0, 2, "lax.pow(x, y)"),
    Row("rem", lax.rem, "lax.rem(x, y)", "remainder with the sign of x"),
    Row("mul", lax.mul, "x * y", "product", otherwise="lax.mul(x, y)"),
    Row("mulhi", lax.mulhi, "_mulhi(x, y)", "upper half of the product"),
    Row("sub", lax.sub, "x - y", "difference", otherwise="lax.sub(x, y)"),
)
_COMPARISONS: Final = (
    Row("eq", lax.eq, "x == y", "equal"),
    Row("ge", lax.ge, "x >= y", "greater or equal"),
    Row("gt", lax.gt, "x > y", "greater"),
    Row("le", lax.le, "x <= y", "less or equal"),
    Row("lt", lax.lt, "x < y", "less"),
    Row("ne", lax.ne, "x != y", "not equal"),
)
_BITWISE: Final = (
    Row("and", lax.bitwise_and, "x & y", "logical or bitwise and"),
    Row("or", lax.bitwise_or, "x | y", "logical or bitwise or"),
    Row("xor", lax.bitwise_xor, "x ^ y", "logical or bitwise exclusive or"),
    Row("shift_left", lax.shift_left, "x << y", "shift towards higher bits"),
)


# Where zeros stay zeros: f(0) = 0, f(0, 0) = 0, 0 * y = 0, 0 / y = 0.
_SUPPORTS: Final[dict[str, SupportRule]] = {
    **dict.fromkeys(
        (
            *("abs", "ceil", "conj", "floor", "imag", "neg", "real", "sign", "square"),
            *("asin", "asinh", "atan", "atanh", "cbrt", "erf", "erf_inv", "expm1"),
            *("log1p", "sin", "sinh", "sqrt", "tan", "tanh", "population_count"),
            *("add", "add_any", "sub", "max", "min", "or", "xor", "complex"),
            *("gt", "lt", "ne"),
        ),
        either,
    ),
    **dict.fromkeys(("mul", "mulhi", "and"), both),
    **dict.fromkeys(("div", "rem", "shift_left"), first),
}

# Of two zeros of unlike sign the larger is 0 and the smaller -0, whichever comes first
# (IEEE 754-2019: maximum, minimum); of complex numbers that compare equal the first one
# is taken.
_COMMUTES: Final[dict[str, Callable[[DType], bool]]] = {
    **dict.fromkeys(
        ("add", "add_any", "and", "eq", "mul", "ne", "or", "xor"), lambda _: True
    ),
    **dict.fromkeys(("max", "min"), lambda dtype: not dtype.is_complex),
}


def _source(row: Row) -> Source:
    names = ("x", "y", "z")

    def source(
        equation: Equation, operands: Sequence[ast.expr], context: SourceContext
    ) -> ast.expr:
        _refuse_options(equation)
        plain = row.otherwise is None or _is_plain(equation, row.name)
        template = row.source if plain else row.otherwise or row.source
        # lax does not fit numbers to the other operands' element type, jnp does.
        typed = arrays if template.startswith("lax.") else one_array
        given = typed(equation, operands, context)
        parts = dict(zip(names, given, strict=False))
        if row.source.startswith("_"):
            helper = row.source.partition("(")[0]
            parts[helper] = context.helper(helper)
        return fill(template, **parts)

    return source


def _is_plain(equation: Equation, name: str) -> bool:
    """Whether numpy's operator means the primitive for these element types."""
    dtypes = {atom.type.dtype for atom in equation.inputs}
    if len(dtypes) > 1:
        return False
    (dtype,) = dtypes
    if name in {"add", "add_any", "mul", "sub"}:
        return not dtype.is_bool
    if name in {"div", "pow"}:
        return dtype.is_inexact
    if name in {"max", "min"}:
        return not dtype.is_complex
    return dtype.is_float


def _refuse_options(equation: Equation) -> None:
    """Options of single calls that not all supported versions of JAX have."""
    for option in ("accuracy", "out_dtype"):
        if equation.params.get(option) is not None:
            raise unprintable(
                equation,
                f"`{equation.op}` with `{option}` cannot be printed",
                "older versions of JAX, which run generated modules, do not have it",
                f"leave `{option}` out",
            )


def _run(row: Row) -> Evaluate:
    def evaluate(_: Equation, operands: Arrays) -> Arrays:
        return [row.run(*operands)]

    return evaluate


for _rows, _flops, _transcendentals in (
    (_UNARY, None, None),
    (_BINARY, None, None),
    (_COMPARISONS, None, None),
    (_BITWISE, None, None),
    (_TRANSCENDENTAL, 0.0, 1.0),
    (_SPECIAL, 0.0, float(SPECIAL_FUNCTION)),
):
    for _row in _rows:
        register(
            Op(
                _row.name,
                _run(_row),
                _source(_row),
                per_result(
                    _row.flops if _flops is None else _flops,
                    _row.transcendentals
                    if _transcendentals is None
                    else _transcendentals,
                ),
                summary=_row.summary,
                elements=pointwise(_SUPPORTS.get(_row.name, everywhere)),
                precise=PRECISE.get(_row.name),
                linear=POINTWISE.get(_row.name),
                taylor=ELEMENTWISE.get(_row.name),
                commutes=_COMMUTES.get(_row.name, lambda _: False),
                fuses=True,
            )
        )
