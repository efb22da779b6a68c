"""When an expression reads well, and what a type checker makes of it."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence
from typing import Final

from partialc.ir.agreement import width
from partialc.printing.text import depth, unparse

WIDEST: Final = 60
"""Longest expression that is built by folding, in columns."""

_LONGEST_SUM: Final = 240
_LONGEST_PAIR: Final = 80
LONGEST_RESULT: Final = 44
"""Longest expression that stands in a list of results, in columns."""

_DEEPEST: Final = 5
_UNTYPED: Final = (
    "jax.checkpoint",
    "jax.random.wrap_key_data",
    "jnp.linalg.",
    "lax.associative_scan",
    "lax.cond",
    "lax.custom_linear_solve",
    "lax.map",
    "lax.optimization_barrier",
    "lax.reduce",
    "lax.switch",
)


def columns(expression: ast.expr) -> int:
    """How wide an expression is, where no number has more than three digits."""
    return width(unparse(expression))


def fits(expression: ast.expr) -> bool:
    """Whether it is short, or wraps one short part a line: a sum, a stack."""
    if depth(expression) > _DEEPEST + _nesting(listed(expression)):
        return False
    length = columns(expression)
    if length <= WIDEST:
        return True
    entries = listed(expression) or joined(expression)
    if entries is not None:
        return all(columns(part) <= LONGEST_RESULT for part in leaves(entries))
    terms = terms_of(expression)
    return (
        len(terms) > 1
        and length <= (_LONGEST_SUM if len(terms) > 2 else _longest(expression))
        and all(columns(term) <= WIDEST for term in terms)
    )


def _longest(pair: ast.expr) -> int:
    """The longest sum of two: black breaks one that ends in a bracket within that."""
    return WIDEST if unparse(pair).endswith((")", "]")) else _LONGEST_PAIR


def listed(expression: ast.expr) -> ast.List | None:
    """The list, or list of lists, that an array is written as; None if it is not."""
    match expression:
        case ast.Call(func=function, args=[ast.List() as entries], keywords=[]) if (
            unparse(function) in ("jnp.stack", "jnp.array")
        ):
            return entries
        case _:
            return None


def joined(expression: ast.expr) -> ast.List | None:
    """The list of arrays that an array is put together from; None if it is not."""
    match expression:
        case ast.Call(func=function, args=[ast.List() as entries], keywords=[]) if (
            unparse(function) == "jnp.concatenate"
        ):
            return entries
        case _:
            return None


def leaves(entries: ast.List) -> Iterator[ast.expr]:
    """The entries of a list, or of the lists in it."""
    for entry in entries.elts:
        if isinstance(entry, ast.List):
            yield from leaves(entry)
        else:
            yield entry


def _nesting(entries: ast.expr | None) -> int:
    """How many lists are in each other."""
    if not isinstance(entries, ast.List) or not entries.elts:
        return 0
    return 1 + _nesting(entries.elts[0])


def terms_of(expression: ast.expr) -> list[ast.expr]:
    """The terms of a sum."""
    terms: list[ast.expr] = []
    while isinstance(expression, ast.BinOp) and isinstance(
        expression.op, (ast.Add, ast.Sub)
    ):
        terms.append(expression.right)
        expression = expression.left
    return [*terms, expression]


def is_repeatable(expression: ast.expr, count: int) -> bool:
    """Whether writing an expression again reads better than a name for it."""
    match expression:
        case ast.Name():
            return True
        case ast.Subscript(value=ast.Name()):
            return count <= 2 and columns(expression) <= 8
        case ast.UnaryOp(operand=ast.Name()):
            return count <= 2 and columns(expression) <= 20
        case ast.Attribute(value=ast.Name()):
            return count <= 2
        case _:
            return False


def words(text: str) -> list[str]:
    """The names, and other words, in a piece of source."""
    return re.findall(r"[A-Za-z_]\w*", text)


def handed_to_lax(expression: ast.expr, operands: Sequence[ast.expr]) -> list[ast.expr]:
    """The operands that are direct arguments of a `lax` function."""
    match expression:
        case ast.Call(func=ast.Attribute(value=ast.Name(id="lax")), args=arguments):
            given = {id(argument) for argument in arguments}
            return [operand for operand in operands if id(operand) in given]
        case _:
            return []


def is_open(expression: ast.expr) -> bool:
    """Whether a call's type is so open that it has to be told at once."""
    match expression:
        case ast.Call(func=ast.Attribute() as function):
            return unparse(function) in ("lax.cond", "lax.switch")
        case ast.Call(func=ast.Call()):
            return is_untyped(expression)
        case _:
            return False


def is_untyped(expression: ast.expr) -> bool:
    """Whether a type checker cannot tell what an expression is: JAX does not say."""
    match expression:
        case ast.Call(func=ast.Call() as function):
            return is_untyped(function)
        case ast.Call(func=ast.Attribute() as function):
            path = unparse(function)
            return path.startswith(_UNTYPED) or is_untyped(function.value)
        case ast.Subscript(value=ast.Call(func=function) as base):
            return unparse(function) == "lax.scan" or is_untyped(base)
        case ast.Subscript(value=base) | ast.Attribute(value=base):
            return is_untyped(base)
        case ast.UnaryOp(operand=operand):
            return is_untyped(operand)
        case ast.BinOp(left=left, right=right):
            return is_untyped(left) or is_untyped(right)
        case _:
            return False
