"""Expressions over derivatives: what they are made of, and what their texts refuse."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import sympy

from partialc.errors import RequestError
from partialc.request.combination import Combination
from partialc.request.resolve import resolve_kernel
from partialc.request.resolved import Kernel
from partialc.request.signature import Signature
from tests.unit.request.multi_indices import multi_indices

T, X, Y = sympy.symbols("t x y")
U, V = T * X**3 * Y**2 + sympy.sin(X * Y), X * Y**2 * T**2 + sympy.exp(T * Y)
NU, KAPPA = sympy.symbols("nu kappa")
POINT = {T: 0.4, X: -0.7, Y: 1.3, NU: 0.25, KAPPA: 2.0}
D = sympy.diff

EXPRESSIONS = [
    ("u", U),
    ("f + out", 2 * U),
    ("Derivative(u, t) + u * Derivative(u, x)", D(U, T) + U * D(U, X)),
    ("-nu * Derivative(u, x, x)", -NU * D(U, X, X)),
    ("Derivative(u, (x, 3), y)", D(U, X, X, X, Y)),
    ("Derivative(u, x, 2, y)", D(U, X, X, Y)),
    ("Derivative(Derivative(u, x), t)", D(U, X, T)),
    ("Derivative(u**2 / 2, x)", U * D(U, X)),
    ("Derivative((nu + x**2) * Derivative(u, y), y)", (NU + X**2) * D(U, Y, Y)),
    ("Derivative(sin(u) * y, y)", D(sympy.sin(U) * Y, Y)),
    ("Derivative(x**3, x) * u", 3 * X**2 * U),
    ("div(grad(u, x, y), x, y)", D(U, X, X) + D(U, Y, Y)),
    (
        "div((1 + u) * grad(u, x, y), x, y)",
        D((1 + U) * D(U, X), X) + D((1 + U) * D(U, Y), Y),
    ),
    (
        "laplacian(laplacian(u, x, y), x, y)",
        D(D(U, X, X) + D(U, Y, Y), X, X) + D(D(U, X, X) + D(U, Y, Y), Y, Y),
    ),
    ("dot(grad(u, x, y), [x, -y])", D(U, X) * X - D(U, Y) * Y),
    (
        "dot([1, 2] * x - grad(u, t, x) / 2, [y, u])",
        (X - D(U, T) / 2) * Y + (2 * X - D(U, X) / 2) * U,
    ),
    ("curl([u, x * y], x, y)", Y - D(U, Y)),
    (
        "sqrt(t) * exp(-u) + pi * log(y) - atan2(x, y)",
        sympy.sqrt(T) * sympy.exp(-U) + sympy.pi * sympy.log(Y) - sympy.atan2(X, Y),
    ),
    (
        "Max(u, x, 3.5) + Min(u, 0.1) - abs(x)",
        sympy.Max(U, X, 3.5) + sympy.Min(U, 0.1) - sympy.Abs(X),
    ),
    ("kappa / nu * 0.1 * u", KAPPA / NU * sympy.Float(0.1) * U),
]
"""Texts, and what they are for `U` in place of the function."""


@pytest.fixture
def scalar(signature: Callable[..., Signature], array: Any) -> Signature:
    return signature(
        array("float"), t=array("float"), x=array("float"), y=array("float")
    )


def resolved(text: str, signature: Signature) -> tuple[Kernel, Combination]:
    kernel = resolve_kernel("k", text, signature, load_object=str)
    (field,) = kernel.fields
    assert isinstance(field.parts, Combination)
    return kernel, field.parts


def value_of(node: Combination, signature: Signature, functions: Any) -> Any:
    """An expression where every derivative of the outputs is taken by SymPy."""
    arguments = (T, X, Y)
    with jax.enable_x64(True):
        parts = []
        for part in node.parts:
            (indices,) = multi_indices(part, signature)
            inner = functions[part.output.leaf]
            along = [arguments[index] for index in indices]
            exact = D(inner, *along) if along else inner
            parts.append(jnp.asarray(float(exact.subs(POINT))))
        inputs = [jnp.asarray(POINT[arguments[each.leaf]]) for each in node.inputs]
        given = {str(symbol): jnp.asarray(value) for symbol, value in POINT.items()}
        return np.asarray(node.value(parts, inputs, given))


@pytest.mark.parametrize(
    ("text", "expected"), EXPRESSIONS, ids=[t for t, _ in EXPRESSIONS]
)
def test_an_expression_is_what_sympy_makes_of_it(
    text: str, expected: Any, scalar: Signature
) -> None:
    _, node = resolved(f'expression("{text}")', scalar)
    given = value_of(node, scalar, [U])
    assert given == pytest.approx(float(expected.subs(POINT)), rel=1e-12)


def test_several_outputs_by_name(
    signature: Callable[..., Signature], array: Any
) -> None:
    found = signature(
        {"u": array("float"), "v": array("float")},
        t=array("float"),
        x=array("float"),
        y=array("float"),
    )
    text = "Derivative(u, x) + Derivative(w, y) - out['u'] * w"
    request = f"""expression("{text}", u="out['u']", w="out['v']")"""
    _, node = resolved(request, found)
    expected = D(U, X) + D(V, Y) - U * V
    given = value_of(node, found, [U, V])
    assert given == pytest.approx(float(expected.subs(POINT)), rel=1e-12)


def test_a_derivative_is_asked_for_once(scalar: Signature) -> None:
    text = "Derivative(u, x) * Derivative(u, x) + Derivative(u, x) / u + u"
    _, node = resolved(f'expression("{text}")', scalar)
    assert len(node.parts) == 2


def test_the_formula_is_in_the_order_of_the_text(scalar: Signature) -> None:
    text = "x * (u - nu) + Derivative(u, x)"
    kernel, node = resolved(f'expression("{text}")', scalar)
    assert node.formula == "input_0 * (part_0 - nu) + part_1"
    assert [each.name for each in kernel.directions] == ["nu"]
    assert node.text(["a + b", "c"], ["x"]) == "x * (a + b - nu) + c"


def test_parameters_are_arguments_in_the_order_they_are_named(
    scalar: Signature,
) -> None:
    kernel, _ = resolved('expression("b * u + a * Derivative(u, x) / b")', scalar)
    assert [each.name for each in kernel.directions] == ["b", "a"]
    assert [str(each.type) for each in kernel.directions] == ["float[]", "float[]"]


def test_a_list_is_one_array(scalar: Signature) -> None:
    _, node = resolved('expression("[u, Derivative(u, t) - x]")', scalar)
    assert node.shape == (2,)
    given = value_of(node, scalar, [U])
    expected = [U.subs(POINT), (D(U, T) - X).subs(POINT)]
    np.testing.assert_allclose(given, np.array(expected, float), rtol=1e-12)


def test_elements_of_arrays_and_leaves_of_trees(
    signature: Callable[..., Signature], array: Any
) -> None:
    found = signature(
        array("float"),
        x=array("float", 3),
        p={"k": array("float"), "w": array("float", 2)},
    )
    text = "p['k'] * Derivative(u, x[0], x[-1]) + laplacian(u, x) + p['w'][1]"
    _, node = resolved(f'expression("{text}")', found)
    along = [[axis[0].index for axis in part.axes] for part in node.parts]
    assert along == [[(0,), (2,)], [(0,), (0,)], [(1,), (1,)], [(2,), (2,)]]
    assert [(each.leaf, each.index) for each in node.inputs] == [(1, ()), (2, (1,))]


BAD = [
    ("u +", "not written correctly"),
    ("", "is empty"),
    ("x + 1", "says nothing of f"),
    ("Derivative(u, z)", "no argument 'z'"),
    ("Derivative(w, x)", "w is no output of f"),
    ("Derivative(u)", "along what"),
    ("Derivative(u, u)", "part of the result"),
    ("Derivative(u, 2)", "nothing to differentiate along"),
    ("Derivative(u, x + y)", "nothing to differentiate along"),
    ("Derivative(u, (x, 0))", "no number of differentiations"),
    ("Derivative(u, (x, 40))", "of order 40"),
    ("Derivative(u, x, 10000000000)", "of order 10000000000"),
    ("u ^ 2", "no power"),
    ("u if x else t", "cannot stand in an expression"),
    ("u and x", "cannot stand in an expression"),
    ("'u'", "cannot stand in an expression"),
    ("u(x, t)", "written with arguments"),
    ("__import__('os').system('ls') + u", "no function of expressions"),
    ("bessel(u)", "no function of expressions"),
    ("sin(u, x)", "sin takes 1 argument"),
    ("sin + u", "without its arguments"),
    ("jnp * u", "cannot be called jnp"),
    ("_checked * u", "cannot be called _checked"),
    (" + ".join(["u"] * 800), "nested too deeply"),
    ("u + [x, t]", "scalar"),
    ("dot(u, x)", "no vector"),
    ("dot([u, x], [u, x, t])", "do not fit together"),
    ("div([u, x], x)", "2 components along 1"),
    ("grad(u)", "not written correctly"),
    ("Derivative(floor(u), x)", "cannot be differentiated"),
    ("nu[0] * u", "there is no nu[0]"),
]


@pytest.mark.parametrize(("text", "message"), BAD, ids=[text[:40] for text, _ in BAD])
def test_bad_expressions(text: str, message: str, scalar: Signature) -> None:
    with pytest.raises(RequestError) as caught:
        resolved(f'expression("{text}")', scalar)
    assert message in str(caught.value)
    assert caught.value.snippet == f'expression("{text}")'


def test_an_array_is_taken_by_its_elements(
    signature: Callable[..., Signature], array: Any
) -> None:
    found = signature(array("float", 2), x=array("float", 3))
    with pytest.raises(RequestError, match=r"not one element"):
        resolved('expression("Derivative(u, x)")', found)
    with pytest.raises(RequestError, match="do not fit together"):
        resolved('expression("u + x")', found)
    with pytest.raises(RequestError, match="is a whole array"):
        resolved('expression("Derivative(u[0] * x, x[0])")', found)


def test_a_name_cannot_be_argument_and_output(scalar: Signature) -> None:
    with pytest.raises(RequestError, match="x is an argument of f"):
        resolved('expression("x + u", x="out")', scalar)
    with pytest.raises(RequestError, match="no part of the result in quotes"):
        resolved('expression("u", u=out)', scalar)


def test_an_element_is_one_variable_however_it_is_written(
    signature: Callable[..., Signature], array: Any
) -> None:
    found = signature(array("float"), x=array("float", 3), a=array("float", 2, 2))
    pairs = [("x[-1]", "x[2]"), ("x[1:3][1]", "x[2]"), ("a[1][0]", "a[-1, 0]")]
    for one, same in pairs:
        text = f"Derivative({one} * u, {same})"
        _, node = resolved(f'expression("{text}")', found)
        assert len(node.parts) == 2, text  # the product rule: u is one of them
    _, node = resolved('expression("u + Derivative(Max(u, 0), x[0])")', found)
    assert node.formula == "part_0 + jnp.heaviside(part_0, 0.5) * part_1"


def test_integers_stand_for_themselves(
    signature: Callable[..., Signature], array: Any
) -> None:
    found = signature(array("float"), x=array("float"), n=array("int32"))
    _, node = resolved('expression("Derivative(u, x) ** 2 / n")', found)
    assert node.formula == "part_0 ** 2 / input_0"
    with pytest.raises(RequestError, match="integers"):
        resolved('expression("Derivative(u, n)")', found)
