"""Short forms for building syntax trees."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Sequence


def name(text: str) -> ast.Name:
    """A variable that is read."""
    return ast.Name(text, ast.Load())


def dotted(path: str) -> ast.expr:
    """A dotted path such as `jnp.linalg.norm`."""
    first, *rest = path.split(".")
    expression: ast.expr = name(first)
    for part in rest:
        expression = ast.Attribute(expression, part, ast.Load())
    return expression


def call(
    function: str | ast.expr, *arguments: ast.expr, **keywords: ast.expr
) -> ast.Call:
    """A call; the function may be given as a dotted path."""
    return ast.Call(
        dotted(function) if isinstance(function, str) else function,
        list(arguments),
        [ast.keyword(key, value) for key, value in keywords.items()],
    )


def number(value: bool | int | float | complex) -> ast.expr:
    """A finite number; negative ones with their sign as an operator."""
    if isinstance(value, (int, float)) and str(value).startswith("-"):
        return ast.UnaryOp(ast.USub(), ast.Constant(-value))
    return ast.Constant(value)


def tuple_of(entries: Iterable[ast.expr]) -> ast.Tuple:
    """A tuple display."""
    return ast.Tuple(list(entries), ast.Load())


def list_of(entries: Iterable[ast.expr]) -> ast.List:
    """A list display."""
    return ast.List(list(entries), ast.Load())


def shape(sizes: Iterable[int]) -> ast.Tuple:
    """A tuple of integers."""
    return tuple_of(number(size) for size in sizes)


def subscript(base: ast.expr, index: Sequence[ast.expr]) -> ast.Subscript:
    """`base[i, j]`; one index stands without a tuple."""
    key = index[0] if len(index) == 1 else tuple_of(index)
    return ast.Subscript(base, key, ast.Load())


def parse(text: str) -> ast.expr:
    """The expression a text stands for."""
    return ast.parse(text, mode="eval").body
