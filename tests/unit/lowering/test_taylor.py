"""Taylor series through operations and programs, against SymPy and nested jvps."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import sympy
from jax import lax

from partialc.lowering.taylor.nested import NoSeriesError
from partialc.ops.registry import find
from tests.unit.lowering.taylor_series import agree, by_series

X = np.array([0.3, 0.7, 0.45])
FIVE = ((5,),)


@pytest.fixture(autouse=True)
def _wide() -> Iterator[None]:
    with jax.enable_x64(True):
        yield


EXACT: dict[str, tuple[Callable[[Any], Any], Callable[[Any], Any]]] = {
    "exp": (jnp.exp, sympy.exp),
    "exp2": (jnp.exp2, lambda x: 2**x),
    "expm1": (jnp.expm1, lambda x: sympy.exp(x) - 1),
    "log": (jnp.log, sympy.log),
    "log1p": (jnp.log1p, lambda x: sympy.log(1 + x)),
    "sin": (jnp.sin, sympy.sin),
    "cos": (jnp.cos, sympy.cos),
    "tan": (jnp.tan, sympy.tan),
    "sinh": (jnp.sinh, sympy.sinh),
    "cosh": (jnp.cosh, sympy.cosh),
    "tanh": (jnp.tanh, sympy.tanh),
    "logistic": (lax.logistic, lambda x: 1 / (1 + sympy.exp(-x))),
    "erf": (lax.erf, sympy.erf),
    "erfc": (lax.erfc, sympy.erfc),
    "asin": (jnp.arcsin, sympy.asin),
    "acos": (jnp.arccos, sympy.acos),
    "atan": (jnp.arctan, sympy.atan),
    "asinh": (jnp.arcsinh, sympy.asinh),
    "atanh": (jnp.arctanh, sympy.atanh),
    "sqrt": (jnp.sqrt, sympy.sqrt),
    "rsqrt": (lax.rsqrt, lambda x: 1 / sympy.sqrt(x)),
    "square": (jnp.square, lambda x: x**2),
    "neg": (jnp.negative, lambda x: -x),
    "cube": (lambda x: lax.integer_pow(x, 3), lambda x: x**3),
    "seventh": (lambda x: lax.integer_pow(x, 7), lambda x: x**7),
    "inverse square": (lambda x: lax.integer_pow(x, -2), lambda x: x**-2),
    "power": (lambda x: x**2.5, lambda x: x ** sympy.Rational(5, 2)),
    "negative power": (lambda x: x**-1.5, lambda x: x ** sympy.Rational(-3, 2)),
    "quotient": (lambda x: x / (1 + x * x), lambda x: x / (1 + x * x)),
    "inverse": (lambda x: 1 / x, lambda x: 1 / x),
}


@pytest.mark.parametrize("name", EXACT)
@pytest.mark.parametrize("inner", ["x", "curved"])
def test_elementary_functions_are_as_sympy_has_them(name: str, inner: str) -> None:
    function, symbolic = EXACT[name]
    symbol = sympy.Symbol("x", real=True)
    curve = symbol if inner == "x" else symbol**2 / 2 + symbol / 3
    point = sympy.Rational(3, 8)

    def composed(x: Any) -> Any:
        return function(x if inner == "x" else x * x / 2 + x / 3)

    found = by_series(composed, np.float64(0.375), FIVE, [0])
    assert not found.carried
    formula = symbolic(curve)
    for (order,), got in found.derivatives.items():
        exact = float(sympy.N(formula.diff(symbol, order).subs(symbol, point), 30))
        assert got == pytest.approx(exact, rel=1e-12, abs=1e-12), (name, order)


def inner(x: Any) -> Any:
    """Of several directions, and curved in each."""
    return x[0] * x[1] * 0.5 + 0.3 * x[1] ** 2 + x * 0.1


@pytest.mark.parametrize("name", EXACT)
def test_several_directions(name: str) -> None:
    agree(lambda x: EXACT[name][0](inner(x)), X)


MORE: dict[str, Callable[[Any], Any]] = {
    "mean": lambda x: jnp.mean(x * x[0]),
    "contraction": lambda x: (x * x[0]) @ jnp.outer(x, jnp.sin(x)) @ x,
    "itself": lambda x: jnp.outer(x, x) @ jnp.outer(x, x),
    "convolution": lambda x: jnp.convolve(x * x[1], jnp.sin(x)),
    "quotient": lambda x: (x[0] * x + 1) / (x[1] ** 2 + x),
    "norm": lambda x: x / jnp.linalg.norm(x),
    "choice": lambda x: jnp.where(x > 0.4, x**3, jnp.sin(x * x[0])),
    "joined": lambda x: jnp.concatenate([x * x[0], x[:1] ** 3, jnp.ones(2)]),
    "stacked": lambda x: jnp.stack([x[0] * x[1], x[1], 2.0]),
    "gathered": lambda x: (x * x[0])[jnp.array([2, 0, 0, 1])],
    "outside": lambda x: (
        (x * x[0]).at[jnp.array([2, 7])].get(mode="fill", fill_value=3.0)
    ),
    "set": lambda x: jnp.zeros(5).at[1:4].set(x**2 * x[1]).at[2].add(x[0] ** 3),
    "sums": lambda x: jnp.cumsum(x * x[1]),
    "padded": lambda x: jnp.pad(x * x[1], 1) * 2,
    "stopped": lambda x: lax.stop_gradient(x) * x * x[0],
    "rounded": lambda x: jnp.floor(x * 3) * x + jnp.round(x) * x[0] + jnp.sign(x),
    "repeated": lambda x: x[0] + jnp.ones(4) * x[1] ** 2,
    "fourier": lambda x: jnp.real(jnp.fft.fft(x * x[0])),
    "constant": lambda x: jnp.ones(2),
    "independent": lambda x: jnp.sin(x[2:]),
}


@pytest.mark.parametrize("name", MORE)
def test_operations_by_structure(name: str) -> None:
    assert not agree(MORE[name], X).carried


CARRIED: dict[str, Callable[[Any], Any]] = {
    "lgamma": lambda x: lax.lgamma(inner(x)),
    "erf_inv": lambda x: lax.erf_inv(inner(x)),
    "pow": lambda x: (x[0] + 1) ** (x[1] * x),
    "reduce_prod": lambda x: jnp.prod(x * x[1]),
    "abs": lambda x: jnp.abs(x[0] - 0.5) * x,
    "max": lambda x: jnp.maximum(x * x[0], x[1] * 0.4),
    "sort": lambda x: jnp.sort(x * x[::-1]),
    "scan": lambda x: lax.fori_loop(0, 3, lambda _, y: jnp.sin(y * x[0]), x),
    "while": lambda x: lax.while_loop(
        lambda y: y.sum() < 10, lambda y: y * (1.2 + x[0]), x
    ),
    "cond": lambda x: lax.cond(
        x[0] > 0, lambda y: jnp.sin(y) * x[1], lambda y: y, x * x[1]
    ),
    "cholesky": lambda x: jnp.linalg.cholesky(jnp.outer(x, x) + jnp.eye(3)),
}


@pytest.mark.parametrize("name", CARRIED)
def test_all_else_is_differentiated_by_jax(name: str) -> None:
    assert name in agree(CARRIED[name], X).carried


AT_ZERO: dict[str, Callable[[Any], Any]] = {
    "cube": lambda x: lax.integer_pow(x - 0.3, 3) * x[1],
    "square": lambda x: lax.integer_pow(x - 0.3, 2),
    "seventh": lambda x: (x - 0.3) ** 7,
    "power": lambda x: (x - 0.3) ** 4.5 * x[1],
    "short power": lambda x: (x - 0.3) ** 2.5 + x[1] ** 3 * (x - 0.3) ** 3,
    "whole power": lambda x: (x - 0.3) ** 3.0,
    "modulus": lambda x: jnp.abs(x - 0.3) * x[0],
    "tie": lambda x: jnp.maximum(x, 0.3) * jnp.minimum(x[0], x),
    "nothing": lambda x: (x - 0.3) ** 0 * x[0],
}


@pytest.mark.parametrize("name", AT_ZERO)
def test_where_a_recurrence_would_divide_by_zero(name: str) -> None:
    found = agree(AT_ZERO[name], X)
    assert found.derivatives[0, 0].shape == (3,)


def test_powers_that_overflow_do_not_spoil_what_does_not() -> None:
    with jax.enable_x64(True):
        agree(lambda x: lax.integer_pow(x, -3), np.array([1e120, 1e-80]), ((2, 0),))


def test_what_is_needed_alone_is_computed() -> None:
    """Squares once, seeds that are zero not at all: a fourth derivative of a layer."""

    def layer(x: Any) -> Any:
        return jnp.tanh(x[0] * jnp.arange(1.0, 4.0) + x[1])

    found = agree(layer, X, ((4, 0),))
    ops = [each.op for each in found.function.equations]
    assert ops.count("tanh") == 1
    assert ops.count("mul") + ops.count("square") < 25


SOLVES: dict[str, Callable[[Any], Any]] = {
    "both": lambda x: jnp.linalg.solve(jnp.outer(x, x) + jnp.eye(3), jnp.sin(x)),
    "right": lambda x: jnp.linalg.solve(np.eye(3) + 0.1, x**3),
    "matrix": lambda x: jnp.linalg.solve(jnp.diag(x) + 0.2, np.eye(3)),
    "inverse": lambda x: jnp.linalg.inv(jnp.outer(x, jnp.exp(x)) + jnp.eye(3)),
}


@pytest.mark.parametrize("name", SOLVES)
def test_solves_are_solved_again_for_each_coefficient(name: str) -> None:
    found = agree(SOLVES[name], X, ((2, 1), (0, 3)))
    assert "custom_linear_solve" not in found.carried


def test_what_has_a_rule_of_its_own_is_refused() -> None:
    def looped(x: Any) -> Any:
        matrix = jnp.outer(x, x) + jnp.eye(3, dtype=x.dtype)
        return lax.fori_loop(0, 2, lambda _, y: jnp.linalg.solve(matrix, y), x)

    with pytest.raises(NoSeriesError, match="custom_linear_solve"):
        by_series(looped, X, FIVE, [0])


def test_every_recurrence_is_of_an_operation() -> None:
    for name in (
        "tanh",
        "dot_general",
        "reduce_sum",
        "select_n",
        "integer_pow",
        "slice",
    ):
        op = find(name)
        assert op is not None
        assert op.taylor is not None
