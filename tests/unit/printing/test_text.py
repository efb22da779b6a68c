"""Expressions as text: the same tree, and what black would write."""

import ast

import pytest

from partialc.printing.text import depth, unparse
from tests.unit.printing.programs import formatted

EXPRESSIONS = [
    "x**2",
    "x[0] ** 2",
    "jnp.sin(x) ** 2.0",
    "x.T**-2",
    "-(x**2)",
    "(-x) ** 2",
    "2.0 ** (x**y)",
    "(x**y) ** 2",
    "x - (y - z)",
    "x - y - z",
    "x / (y * z)",
    "x / y * z",
    "(x + y) @ z",
    "-x[0] * y",
    "-(x + y)",
    "-(-x)",
    "~(~x)",
    "-(~x)",
    "~(x & y) | z",
    "x & (y | z)",
    "(x < y) & (y < z)",
    "x[a:b, ::2, None]",
    "x[a + 1 :, :, f(b) : c]",
    "x[a * 2 : b - 1 : 2]",
    "x[-1:]",
    "x[..., 1:]",
    "x[()]",
    "x[(a, b),]",
    "(a,)",
    "[a, (b, c)]",
    '{"a": x, "b": y}',
    'f(x, *y, axis=0, name="a")',
    "lambda: x",
    "lambda y: y * 2",
    "f(lambda: (x, y))",
    "x if y else z",
    "not x",
    "(1.0).hex()",
    "f(-1, 1e-10, 2j)",
    "(x if y else z) + 1",
    "(1 + 2j) * x",
    'jnp.dtype(f"int{8 * x.dtype.itemsize}")',
]


@pytest.mark.parametrize("text", EXPRESSIONS)
def test_the_text_is_the_tree(text):
    tree = ast.parse(text, mode="eval").body
    assert ast.dump(ast.parse(unparse(tree), mode="eval").body) == ast.dump(tree)


@pytest.mark.parametrize("text", EXPRESSIONS[:-1])
def test_the_text_is_what_black_writes(text):
    written = unparse(ast.parse(text, mode="eval").body)
    assert written == text
    assert formatted(f"value = {written}\n")


def test_a_number_that_has_no_literal_is_refused():
    with pytest.raises(ValueError, match="no literal"):
        unparse(ast.Constant(float("inf")))


def test_depth_counts_brackets():
    assert depth(ast.parse("f(x[g(y)])", mode="eval").body) == 3
