"""Source rules as text: parse a template once, put expressions in its place holders.

    fill("jnp.where(p, a, b)", p=condition, a=x, b=y)

Parentheses follow from the syntax tree, so that templates never need to add them.
"""

from __future__ import annotations

import ast
import pickle
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from math import isfinite, isnan
from typing import TypeAlias

from partialc.ir.program import Constant, Equation
from partialc.ops.registry import SourceContext

Literal: TypeAlias = "bool | int | float | str | tuple[Literal, ...] | None"


def fill(template: str, /, **parts: ast.expr | Literal) -> ast.expr:
    """The template's expression with every name in `parts` replaced.

    Args:
        template: A Python expression.
        parts: What to put for each name: an expression, or a Python value to write out.
    """
    tree = pickle.loads(_parsed(template))
    replaced: ast.expr = _Filler({name: as_expr(p) for name, p in parts.items()}).visit(
        tree
    )
    return replaced


def call(
    function: str | ast.expr,
    *arguments: ast.expr | Literal,
    **keywords: ast.expr | Literal,
) -> ast.expr:
    """A call; the function is an expression or a dotted path."""
    return ast.Call(
        fill(function) if isinstance(function, str) else function,
        [as_expr(argument) for argument in arguments],
        [ast.keyword(name, as_expr(value)) for name, value in keywords.items()],
    )


def as_expr(value: ast.expr | Literal) -> ast.expr:
    """A Python value as the expression that writes it; expressions as they are."""
    match value:
        case ast.expr():
            return value
        case tuple():
            return ast.Tuple([as_expr(entry) for entry in value], ast.Load())
        case bool() | None | str():
            return ast.Constant(value)
        case float() if not isfinite(value):
            named = fill("jnp.nan" if isnan(value) else "jnp.inf")
            return ast.UnaryOp(ast.USub(), named) if value < 0 else named
        case int() | float():
            if str(value).startswith("-"):
                return ast.UnaryOp(ast.USub(), ast.Constant(-value))
            return ast.Constant(value)


def tuple_expr(entries: Iterable[ast.expr]) -> ast.expr:
    """A tuple display."""
    return ast.Tuple(list(entries), ast.Load())


def list_expr(entries: Iterable[ast.expr]) -> ast.expr:
    """A list display."""
    return ast.List(list(entries), ast.Load())


def index(base: ast.expr, entries: Iterable[ast.expr]) -> ast.expr:
    """`base[i, j]`; one index stands without a tuple."""
    keys = list(entries)
    key = keys[0] if len(keys) == 1 else tuple_expr(keys)
    return ast.Subscript(base, key, ast.Load())


def slice_expr(start: int | None, stop: int | None, step: int | None) -> ast.expr:
    """`start:stop:step`; what is None is left out."""
    lower, upper, stride = (
        None if v is None else as_expr(v) for v in (start, stop, step)
    )
    return ast.Slice(lower, upper, stride)


def trimmed(entries: Sequence[ast.expr]) -> list[ast.expr]:
    """Index entries without the full slices at their end."""
    kept = list(entries)
    while kept and isinstance(kept[-1], ast.Slice) and ast.unparse(kept[-1]) == ":":
        kept.pop()
    return kept


def is_bare(expression: ast.expr) -> bool:
    """Whether it is a Python or numpy number, which has no shape or methods of jax."""
    match expression:
        case ast.Constant():
            return True
        case ast.UnaryOp(operand=operand):
            return is_bare(operand)
        case ast.Attribute(value=ast.Name(id="jnp" | "np"), attr="inf" | "nan" | "pi"):
            return True
        case ast.Call(func=ast.Attribute(value=ast.Name(id="np"))):
            return all(is_bare(argument) for argument in expression.args)
        case ast.Call(func=ast.Name(id="complex" | "float")):
            return True
    return False


def arrays(
    equation: Equation,
    operands: Sequence[ast.expr],
    context: SourceContext,
    *,
    count: int | None = None,
) -> list[ast.expr]:
    """The first `count` (or all) operands, bare numbers replaced by typed arrays."""
    return [
        context.atom(atom) if is_bare(expression) else expression
        for atom, expression in zip(
            equation.inputs[:count], operands[:count], strict=True
        )
    ]


def one_array(
    equation: Equation, operands: Iterable[ast.expr], context: SourceContext
) -> list[ast.expr]:
    """The operands; when all are bare numbers, the first becomes a typed array.

    With one array among them, numbers take its element type; but a value of the full
    shape that is printed as a number has to lend it its shape.
    """
    given = list(operands)
    shape = equation.outputs[0].type.shape
    places = list(zip(equation.inputs, given, strict=True))
    if any(not is_bare(e) and atom.type.shape == shape for atom, e in places):
        return given
    given = [
        context.atom(atom) if is_bare(e) and atom.type.shape != () else e
        for atom, e in places
    ]
    if all(map(is_bare, given)):
        given[0] = context.atom(equation.inputs[0])
    return given


def scalar_constant(atom: object) -> bool | int | float | complex | None:
    """The number of a scalar constant; None for anything else."""
    if isinstance(atom, Constant) and atom.type.shape == ():
        number: bool | int | float | complex = atom.data.item()
        return number
    return None


@cache
def _parsed(template: str) -> bytes:
    """The template's tree, pickled: reading that is the fastest way to a fresh copy."""
    return pickle.dumps(ast.parse(template, mode="eval").body)


class _Filler(ast.NodeTransformer):
    """Puts expressions in place of names."""

    def __init__(self, parts: Mapping[str, ast.expr]) -> None:
        self._parts = parts

    def visit_Name(self, node: ast.Name) -> ast.expr:
        return self._parts.get(node.id, node)
