"""Sizes at which numbers meet that are different elsewhere.

The pattern of a ring has entries in the columns i + 5 and i + n - 5: at n = 10 these
are one, and the forms that hold at all other sizes are wrong there. Wherever two of the
numbers that tell where entries stand are equal, and are not in general, a module has to
be tried.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Sequence
from typing import Final

from partialc.sizes.builds import finished
from partialc.sizes.forms import Point

HIGHEST: Final = 64
"""Up to here sizes are looked at."""


def critical_sizes(
    statements: Iterable[str], sizes: Sequence[str], points: Sequence[Point]
) -> tuple[tuple[int, ...], ...]:
    """For each size the values at which numbers of a text meet, the others large.

    Args:
        statements: Assignments, in which sizes are marked.
        sizes: The sizes.
        points: Those of the builds, where numbers that are different in general are.
    """
    texts = sorted({text for each in statements for text in _numbers(each, sizes)})
    codes = [compile(text, "<form>", "eval") for text in texts]

    def meetings(point: Point) -> int:
        given = dict(zip(sizes, point, strict=True))
        return len({abs(eval(code, {}, given)) for code in codes})

    apart = max(map(meetings, points), default=0)
    found = []
    for place in range(len(sizes)):
        values = []
        for value in range(1, HIGHEST + 1):
            point = list(points[-1])
            point[place] = value
            if meetings(tuple(point)) < apart:
                values.append(value)
        found.append(tuple(values))
    return tuple(found)


def _numbers(statement: str, sizes: Sequence[str]) -> Iterable[str]:
    """The whole numbers, and sums and products of sizes, in a statement."""
    names = set(sizes)

    def is_number(node: ast.AST) -> bool:
        match node:
            case ast.Constant(value=value):
                return isinstance(value, int) and not isinstance(value, bool)
            case ast.Name(id=name):
                return name in names
            case ast.UnaryOp(operand=operand):
                return is_number(operand)
            case ast.BinOp(left=left, right=right):
                return is_number(left) and is_number(right)
            case _:
                return False

    def visit(node: ast.AST) -> Iterable[str]:
        if is_number(node):
            yield ast.unparse(node)
            return
        for child in ast.iter_child_nodes(node):
            yield from visit(child)

    yield from visit(ast.parse(finished(statement)))
