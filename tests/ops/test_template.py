"""Templates: parentheses follow from the tree, numbers keep their sign."""

from __future__ import annotations

import ast

import pytest

from partialc.ops.template import (
    as_expr,
    call,
    fill,
    index,
    is_bare,
    slice_expr,
    trimmed,
)


def parsed(text: str) -> ast.expr:
    return ast.parse(text, mode="eval").body


def test_operands_are_parenthesised_where_they_must_be() -> None:
    sum_ = parsed("a + b")
    assert ast.unparse(fill("x * y", x=sum_, y=sum_)) == "(a + b) * (a + b)"
    assert ast.unparse(fill("x**n", x=parsed("-a"), n=2)) == "(-a) ** 2"
    assert ast.unparse(fill("x.T", x=sum_)) == "(a + b).T"


def test_filling_leaves_the_template_as_it_was() -> None:
    fill("f(x)", x=parsed("a"))
    assert ast.unparse(fill("f(x)", x=parsed("b"))) == "f(b)"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (-3, "-3"),
        (-0.0, "-0.0"),
        (float("inf"), "jnp.inf"),
        (float("-inf"), "-jnp.inf"),
        (float("nan"), "jnp.nan"),
        ((1, (2, -1)), "(1, (2, -1))"),
        ((1,), "(1,)"),
        ((), "()"),
        (True, "True"),
        (None, "None"),
        ("clip", "'clip'"),
    ],
)
def test_values_as_expressions(value: object, text: str) -> None:
    assert ast.unparse(as_expr(value)) == text  # type: ignore[arg-type]


def test_calls_and_indices() -> None:
    x = parsed("x")
    assert ast.unparse(call("jnp.sum", x, axis=1)) == "jnp.sum(x, axis=1)"
    entries = [slice_expr(1, None, None), slice_expr(None, None, None)]
    assert ast.unparse(index(x, trimmed(entries))) == "x[1:]"


@pytest.mark.parametrize(
    "text",
    ["2", "-2.5", "True", "jnp.inf", "-jnp.nan", "np.uint32(7)", "complex(1, 2)"],
)
def test_numbers_are_bare(text: str) -> None:
    assert is_bare(parsed(text))


@pytest.mark.parametrize("text", ["x", "x + 2", "jnp.asarray(2.0)", "x.dtype", "f(2)"])
def test_arrays_are_not_bare(text: str) -> None:
    assert not is_bare(parsed(text))
