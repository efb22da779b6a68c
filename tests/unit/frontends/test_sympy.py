"""SymPy expressions: numbers against SymPy's own, text, derivatives, wrong input."""

import re

import jax
import jax.numpy as jnp
import mpmath
import numpy as np
import pytest
import sympy as sp
from sympy.functions.special.error_functions import erf2

from partialc.errors import PartialcError
from partialc.frontends.load import load_primal

x, y, z = sp.symbols("x y z")
p, q = sp.symbols("p q", positive=True)
v = sp.IndexedBase("v")
m = sp.MatrixSymbol("m", 2, 2)
c = sp.MatrixSymbol("c", 3, 1)
v0, v1 = sp.symbols("v0 v_1")


def load(value, args, **more):
    return load_primal(value, args, name="f", **more)


EXPRESSIONS = {
    "sum": x - y + 2 * z,
    "leading minus": -x - y,
    "negated sum": -(x + y) * z,
    "quotient": 2 * x / (3 * y * z),
    "half": x / 2 - y / 8,
    "third": sp.Rational(1, 3) * x,
    "powers": x**2 + x**-2 + y**3 / z,
    "roots": sp.sqrt(x) + x ** sp.Rational(3, 2) + y ** sp.Rational(-1, 2),
    "cube root": sp.cbrt(p),
    "variable power": x**y + 2**x + y ** (-z),
    "big integer": 10**12 * x + y,
    "float": sp.Float("0.1") * x + sp.Float("1e-3"),
    "constants": sp.pi * x + sp.E * y + sp.sqrt(2) * z + sp.EulerGamma,
    "normal density": sp.exp(-(x**2) / 2) / sp.sqrt(2 * sp.pi),
    "trigonometric": sp.sin(x) * sp.cos(y) + sp.tan(z),
    "inverse": sp.asin(x / 4) + sp.acos(y / 4) + sp.atan(z) + sp.atan2(x, y),
    "reciprocal": sp.sec(x) + sp.csc(y) + sp.cot(z) + sp.acot(x),
    "hyperbolic": sp.sinh(x) * sp.cosh(y) - sp.tanh(z) + sp.coth(x) + sp.sech(y),
    "inverse hyperbolic": sp.asinh(x) + sp.acosh(y + 1) + sp.atanh(z / 4),
    "logarithm": sp.log(x) / sp.log(10) + sp.exp(y - z),
    "absolute": sp.Abs(x - y) * sp.sign(z - x),
    "rounding": sp.floor(3 * x) + sp.ceiling(3 * y) + sp.frac(z) + sp.Mod(x, y),
    "extrema": sp.Min(x, y, 1) + sp.Max(y, z, 1),
    "step": sp.Heaviside(x - y) + sp.Heaviside(y - x, 0),
    "error function": sp.erf(x) + sp.erfc(y) + sp.erfinv(z / 4) + erf2(x, y),
    "inverse error": sp.erfcinv(x / 4),
    "gamma": sp.gamma(x) + sp.loggamma(y) + sp.digamma(z) + sp.polygamma(1, x),
    "incomplete gamma": sp.lowergamma(x, y) + sp.uppergamma(x, z),
    "factorials": sp.factorial(x) + sp.binomial(y + 3, z),
    "beta": sp.beta(x, y) + sp.zeta(x + 2) + sp.zeta(y + 2, z),
    "bessel": sp.besseli(0, x) + sp.besseli(1, y),
    "exponential integral": sp.Ei(x) + sp.expint(1, y) + sp.expint(3, z),
    "sinc": sp.sinc(x) + sp.li(y + 2),
    "repeated": sp.sin(x + y) ** 2 + sp.cos(x + y) / (x + y),
    "unevaluated": sp.Derivative(sp.sin(x * y), x)
    + sp.Sum(x ** sp.Symbol("k"), (sp.Symbol("k"), 1, 3)),
    "piecewise": sp.Piecewise(
        (sp.log(x), x > 1), (x**2, x > sp.Rational(1, 2)), (y, True)
    ),
    "interval": sp.Piecewise(
        (sp.sqrt(x - y), (x > y) & (z > 1)), (x, (x < 1) | (z < 1)), (0, True)
    ),
    "choice": sp.Piecewise((x, sp.Ne(sp.floor(x), 1)), (y, True)),
    "delta": sp.KroneckerDelta(sp.floor(x), sp.floor(y)) * z,
    "real root": sp.real_root(x - 5, 3),
}


def reference(expr, point):
    """The value by arbitrary precision arithmetic."""
    value = expr.doit().subs(point)
    # SymPy does not evaluate these itself.
    value = value.replace(sp.erfcinv, lambda a: sp.erfinv(1 - a))
    value = value.replace(erf2, lambda a, b: sp.erf(b) - sp.erf(a))
    value = value.replace(
        sp.erfinv, lambda a: sp.Float(mpmath.erfinv(mpmath.mpf(a)), 15)
    )
    return complex(value.evalf(30)).real


LARGE = ("exponential integral", "sinc", "incomplete gamma", "beta")
"""JAX writes these functions out in thousands of operations."""


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=pytest.mark.slow) if name in LARGE else name
        for name in EXPRESSIONS
    ],
)
def test_numbers(name):
    expr = EXPRESSIONS[name]
    symbols = sorted(expr.doit().free_symbols, key=str)
    primal = load(expr, {symbol.name: "float" for symbol in symbols})
    rng = np.random.default_rng(3)
    for width, tolerance in (("float64", 2e-12), ("float32", 5e-5)):
        with jax.enable_x64(width == "float64"):
            values = rng.uniform(0.2, 1.9, (len(symbols), 5)).astype(width)
            actual = jax.jit(jax.vmap(primal.call))(*map(jnp.asarray, values))
            assert actual.dtype == width
        expected = [
            reference(
                expr,
                {
                    symbol: sp.Float(float(value), 30)
                    for symbol, value in zip(symbols, point, strict=True)
                },
            )
            for point in values.T
        ]
        np.testing.assert_allclose(actual, expected, rtol=tolerance, atol=tolerance)


def test_numbers_against_mpmath():
    primal = load(sp.gamma(x) * sp.erf(y), {"x": "float", "y": "float"})
    with jax.enable_x64(True):
        expected = mpmath.gamma(mpmath.mpf(1.3)) * mpmath.erf(mpmath.mpf(0.4))
        np.testing.assert_allclose(
            primal.call(jnp.float64(1.3), jnp.float64(0.4)), float(expected), rtol=1e-14
        )


@pytest.mark.parametrize(
    ("expr", "points"),
    [
        (sp.Piecewise((sp.log(x), x > 0), (x, True)), [-1.0, 0.0, 2.0]),
        (
            sp.Piecewise(
                (sp.sqrt(x - 2), x > 2), (sp.exp(x), x < -1), (1 / (x - 5), True)
            ),
            [0.5, 3.0, -800.0, 900.0],
        ),
        (sp.Piecewise((x * sp.log(x), x > 0), (0, True)), [-1.0, 0.0, 0.5]),
        (sp.Piecewise((sp.sin(x) / x, sp.Ne(x, 0)), (1, True)), [0.0, 0.5]),
        (
            sp.Piecewise(
                (sp.Piecewise((sp.log(x), x < 2), (sp.sqrt(x - 2), True)), x > 0),
                (0, True),
            ),
            [-1.0, 1.0, 3.0],
        ),
    ],
)
def test_branches_not_taken_leave_no_nan(expr, points):
    primal = load(expr, {"x": "float"})
    for point in points:
        for derivative in (jax.grad(primal.call), jax.jacfwd(primal.call)):
            actual = derivative(jnp.float32(point))
            exact = expr
            while isinstance(exact, sp.Piecewise):
                exact = next(e for e, where in exact.args if where.subs(x, point))
            np.testing.assert_allclose(
                actual, float(sp.diff(exact, x).subs(x, point)), rtol=1e-5
            )


def test_names_of_the_user_are_kept(tmp_path):
    (tmp_path / "sy_black.py").write_text(
        "import sympy as sp\n"
        'S, K, sigma, T = sp.symbols("S K sigma T", positive=True)\n'
        "d1 = (sp.log(S / K) + sigma**2 / 2 * T) / (sigma * sp.sqrt(T))\n"
        "d2 = d1 - sigma * sp.sqrt(T)\n"
        "def cdf(x):\n"
        "    return (1 + sp.erf(x / sp.sqrt(2))) / 2\n"
        "price = S * cdf(d1) - K * cdf(d2)\n"
        "def local():\n"
        '    """The price.\n\n    More."""\n'
        "    inner = sp.log(S / K)\n"
        "    return inner**2 + sp.sqrt(inner + sigma)\n"
    )
    args = dict.fromkeys(["S", "K", "sigma", "T"], "float")
    primal = load("sy_black:price", args, folder=tmp_path)
    assert primal.signature.name == "f"
    assert not primal.importable
    assert (
        "    sqrt_T = jnp.sqrt(T)\n"
        "    d1 = (0.5 * T * sigma ** 2 + jnp.log(S / K)) / (sigma * sqrt_T)\n"
        "    d2 = d1 - sigma * sqrt_T\n"
    ) in primal.source.text
    args.pop("T")
    primal = load("sy_black:local", args, folder=tmp_path)
    assert primal.signature.name == "local"
    assert primal.doc == "The price."
    assert "    inner = jnp.log(S / K)\n" in primal.source.text


def test_text():
    source = load(
        sp.Piecewise((y * sp.log(x), x > 0), (x * y, True)),
        {"x": "float", "y": "float"},
    ).source
    assert source.names == ("f",)
    assert source.text == (
        "def f(x: jax.Array, y: jax.Array) -> jax.Array:\n"
        "    x_safe = jnp.where(x > 0, x, 1.0)\n"
        "    return jnp.where(x > 0, y * jnp.log(x_safe), x * y)\n"
    )


def test_tails_keep_their_digits():
    tail = sp.erfc(-x / sp.sqrt(2)) / 2 + sp.erfc(-y)
    primal = load(tail, {"x": "float", "y": "float"})
    actual = primal.call(jnp.float32(-6.0), jnp.float32(-3.0))
    expected = mpmath.ncdf(-6) + mpmath.erfc(3)
    np.testing.assert_allclose(actual, float(expected), rtol=1e-5)


@pytest.mark.slow
def test_strict_type_checker_linter_and_formatter(passes_tools):
    passes_tools(
        {
            name.replace(" ", "_"): load(
                expr, {symbol.name: "float" for symbol in expr.doit().free_symbols}
            ).source
            for name, expr in EXPRESSIONS.items()
        }
    )


def test_callable_of_symbols():
    def energy(x, v, n):
        return sp.sin(x) * v[1] ** n

    primal = load(energy, {"x": "float", "v": "float[2]", "n": 3})
    assert "return v[1] ** 3 * jnp.sin(x)" in primal.source.text


ARRAYS = {
    "indexed": (sp.Array([v[0] * v[2], sp.sin(v[1])]), {"v": "float[3]"}, (2,)),
    "symbols": (v0 * v1, {"v": "float[2]"}, ()),
    "matrix of symbols": (
        sp.Matrix([[x, 1], [0, y]]),
        {"x": "float", "y": "float"},
        (2, 2),
    ),
    "matrix product": (m * m, {"m": "float[2,2]"}, (2, 2)),
    "vector as a column": (
        m * sp.Matrix(c[:2]),
        {"m": "float[2,2]", "c": "float[3]"},
        (2, 1),
    ),
    "rank three": (sp.Array([[[x], [y]]]), {"x": "float", "y": "float"}, (1, 2, 1)),
}


@pytest.mark.parametrize(("value", "args", "shape"), ARRAYS.values(), ids=ARRAYS)
def test_arrays(value, args, shape):
    primal = load(value, args)
    assert primal.signature.result.leaves[0].type.shape == shape
    assert str(primal.signature.result.leaves[0].type.dtype) == "float"


def test_array_numbers():
    primal = load(m * sp.Matrix(c[:2]), {"m": "float[2,2]", "c": "float[3]"})
    matrix, vector = np.array([[1.0, 2.0], [3.0, 4.0]]), np.array([5.0, 6.0, 7.0])
    np.testing.assert_array_equal(
        primal.call(jnp.asarray(matrix), jnp.asarray(vector)), matrix @ vector[:2, None]
    )


def test_containers():
    primal = load(
        {"a": x * y, "b": (x, sp.Matrix([[y]]))}, {"x": "float", "y": "float"}
    )
    keys = [leaf.keystr for leaf in primal.signature.result.leaves]
    assert keys == ["['a']", "['b'][0]", "['b'][1]"]


def test_static_symbol():
    primal = load(x * y, {"x": "float", "y": 0.1})
    assert list(primal.signature.arguments) == ["x"]
    assert primal.static == {"y": 0.1}
    np.testing.assert_allclose(primal.call(jnp.float32(2.0)), 0.2, rtol=1e-6)


def undefined():
    return sp.Function("g")(x) + x


def failing():
    raise RuntimeError("no expression today")


WRONG = {
    "symbol missing": (x * y, {"x": "float"}, r"args lacks the symbol 'y'"),
    "near miss": (sp.Symbol("sigma"), {"sigm": "float"}, r"did you mean 'sigm'"),
    "argument unused": (x, {"x": "float", "y": "float"}, r"has no symbol 'y'"),
    "two of one name": (
        x + sp.Symbol("x", positive=True),
        {"x": "float"},
        r"two different symbols are called 'x'(.|\n)*positive",
    ),
    "array for a symbol": (
        x,
        {"x": "float[3]"},
        r"stands for a number(.|\n)*IndexedBase",
    ),
    "index out of range": (v[3], {"v": "float[3]"}, r"no element v\[3\]"),
    "too few indices": (v[1], {"v": "float[3,2]"}, r"no element v\[1\]"),
    "symbolic index": (
        v[sp.Symbol("i")],
        {"v": "float[3]"},
        r"index of v\[i\] is no number",
    ),
    "no counterpart": (
        sp.airyai(x),
        {"x": "float"},
        r"SymPy's airyai has no counterpart",
    ),
    "bessel": (sp.besselj(0, x), {"x": "float"}, r"SymPy's besselj has no counterpart"),
    "integral": (
        sp.Integral(sp.exp(sp.sin(y)), (y, 0, x)),
        {"x": "float"},
        r"SymPy's Integral has no counterpart",
    ),
    "undefined function": (undefined, {"x": "float"}, r"undefined function g\(x\)"),
    "delta": (sp.DiracDelta(x), {"x": "float"}, r"DiracDelta has no counterpart"),
    "container": (
        x,
        {"x": {"a": "float"}},
        r"'x' of a SymPy expression is a container",
    ),
    "key": (x, {"x": "key[]"}, r"of type key<fry>"),
    "static text": (x * y, {"x": "float", "y": True}, r"bound to a bool"),
    "unsafe branch": (
        sp.Piecewise((sp.log(x), sp.Eq(x, -7)), (x, True)),
        {"x": "float"},
        r"cannot be made safe",
    ),
    "failing callable": (
        failing,
        {"x": "float"},
        r"test_sympy\.py(.|\n)*no expression today",
    ),
}


@pytest.mark.parametrize(("value", "args", "message"), WRONG.values(), ids=WRONG)
def test_wrong(value, args, message):
    with pytest.raises(PartialcError) as caught:
        load(value, args)
    assert re.search(message, str(caught.value)), str(caught.value)
