"""Vectors in the text of an expression, taken apart into scalar expressions.

`grad`, `div`, `curl`, `laplacian` and `dot` are written in terms of `Derivative`, sums
and products; lists are vectors, of which sums, and products with scalars, are taken
component by component. What is left is one scalar expression, or a list of them.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

from partialc.errors import RequestError
from partialc.request.text import Text

Components: TypeAlias = list[ast.expr]

DERIVATIVE: Final = "Derivative"

OPERATORS: Final = {
    "grad": "grad(u, x, y)",
    "div": "div([u, v], x, y)",
    "curl": "curl([u, v, w], x, y, z)",
    "laplacian": "laplacian(u, x, y)",
    "dot": "dot([u, v], grad(u, x, y))",
}
"""The functions of vectors, and how each is written."""


@dataclass(frozen=True, slots=True)
class Vectors:
    """Takes vectors apart.

    Attributes:
        source: The text, for errors.
        spread: The components of a name that stands for an array; None of all else.
    """

    source: Text
    spread: Callable[[ast.expr], Components | None]

    def apart(self, node: ast.expr) -> ast.expr | Components:
        """A node without vectors, or the components of the vector that it is.

        Raises:
            RequestError: Vectors do not fit together, or an operator its arguments.
        """
        match node:
            case ast.List(elts=elements) | ast.Tuple(elts=elements):
                return [self.scalar(element) for element in elements]
            case ast.UnaryOp(op=operator, operand=operand):
                inner = self.apart(operand)
                return _each(inner, lambda one: _at(ast.UnaryOp(operator, one), node))
            case ast.BinOp():
                return self._binary(node)
            case ast.Call(func=ast.Name(id=name)) if name in OPERATORS:
                return self._operator(name, node)
            case ast.Call(func=ast.Name(id=name), args=[first, *rest]) if (
                name == DERIVATIVE
            ):
                inner = self.apart(first)
                return _each(
                    inner, lambda one: _at(ast.Call(node.func, [one, *rest], []), node)
                )
            case ast.Call():
                found = [self.scalar(argument) for argument in node.args]
                return _at(ast.Call(node.func, found, node.keywords), node)
            case _:
                return node

    def scalar(self, node: ast.expr) -> ast.expr:
        """A node that must be no vector, without those within it.

        Raises:
            RequestError: It is one.
        """
        found = self.apart(node)
        if isinstance(found, list):
            raise self.source.origin(node).fault(
                f"{ast.unparse(node)} is a vector, and a scalar is wanted here",
                fix="write one of its components, or dot(...) of two vectors",
            )
        return found

    def vector(self, node: ast.expr, usage: str) -> Components:
        """The components of a node.

        Raises:
            RequestError: It is no vector.
        """
        found = self.apart(node)
        if not isinstance(found, list):
            spread = self.spread(node)
            if spread is None:
                raise self.source.origin(node).fault(
                    f"{ast.unparse(node)} is no vector",
                    why="a vector is a list, an output of shape (n,), or a gradient",
                    fix=f"write {usage}",
                )
            return spread
        return found

    def _binary(self, node: ast.BinOp) -> ast.expr | Components:
        left, right = self.apart(node.left), self.apart(node.right)

        def joined(one: ast.expr, other: ast.expr) -> ast.expr:
            return _at(ast.BinOp(one, node.op, other), node)

        match left, right:
            case list(), list():
                if isinstance(node.op, ast.Add | ast.Sub):
                    self._check_lengths(node, left, right)
                    return list(map(joined, left, right))
                fault = "two vectors are multiplied", "write dot(a, b)"
            case list(), ast.expr():
                if isinstance(node.op, ast.Mult | ast.Div):
                    return [joined(one, right) for one in left]
                fault = "a scalar is added to a vector", "add a vector: [u, v]"
            case ast.expr(), list():
                if isinstance(node.op, ast.Mult):
                    return [joined(left, one) for one in right]
                fault = "a vector is added to a scalar", "add vectors to vectors"
            case ast.expr(), ast.expr():
                return joined(left, right)
        raise self.source.origin(node).fault(
            f"in {ast.unparse(node)} {fault[0]}", fix=fault[1]
        )

    def _operator(self, name: str, node: ast.Call) -> ast.expr | Components:
        usage = OPERATORS[name]
        if node.keywords or len(node.args) < 2:
            raise self._misused(node, usage)
        first, *rest = node.args
        if name == "dot":
            if len(rest) != 1:
                raise self._misused(node, usage)
            one, other = self.vector(first, usage), self.vector(rest[0], usage)
            self._check_lengths(node, one, other)
            return self._sum(
                [
                    _at(ast.BinOp(a, ast.Mult(), b), node)
                    for a, b in zip(one, other, strict=True)
                ]
            )
        along = [each for node in rest for each in self._directions(node)]
        if name in ("grad", "laplacian"):
            inner = self.scalar(first)
            if name == "grad":
                return [self._derivative(node, inner, each) for each in along]
            twice = [self._derivative(node, inner, each, each) for each in along]
            return self._sum(twice)
        field = self.vector(first, usage)
        if len(field) != len(along) or (name == "curl" and len(field) not in (2, 3)):
            raise self.source.origin(node).fault(
                f"{name} has {len(field)} components along {len(along)} directions",
                fix=f"write {usage}",
            )
        if name == "div":
            pairs = zip(field, along, strict=True)
            return self._sum([self._derivative(node, *pair) for pair in pairs])
        return self._curl(node, field, along)

    def _curl(
        self, node: ast.expr, field: Components, along: Components
    ) -> ast.expr | Components:
        def difference(one: int, other: int) -> ast.expr:
            left = self._derivative(node, field[other], along[one])
            right = self._derivative(node, field[one], along[other])
            return _at(ast.BinOp(left, ast.Sub(), right), node)

        if len(field) == 2:
            return difference(0, 1)
        return [difference(1, 2), difference(2, 0), difference(0, 1)]

    def _directions(self, node: ast.expr) -> Components:
        """What a direction is along: an argument of shape (n,) is n of them."""
        spread = self.spread(node)
        return [node] if spread is None else spread

    def _derivative(
        self, like: ast.expr, inner: ast.expr, *along: ast.expr
    ) -> ast.expr:
        return _at(ast.Call(ast.Name(DERIVATIVE), [inner, *along], []), like)

    def _sum(self, terms: Sequence[ast.expr]) -> ast.expr:
        total = terms[0]
        for term in terms[1:]:
            total = _at(ast.BinOp(total, ast.Add(), term), term)
        return total

    def _check_lengths(
        self, node: ast.expr, one: Components, other: Components
    ) -> None:
        if len(one) != len(other):
            raise self.source.origin(node).fault(
                f"vectors of {len(one)} and of {len(other)} components do not fit "
                f"together in {ast.unparse(node)}"
            )

    def _misused(self, node: ast.Call, usage: str) -> RequestError:
        return self.source.origin(node).fault(
            f"{ast.unparse(node)} is not written correctly", fix=f"write {usage}"
        )


def _each(
    found: ast.expr | Components, make: Callable[[ast.expr], ast.expr]
) -> ast.expr | Components:
    if isinstance(found, list):
        return [make(one) for one in found]
    return make(found)


def _at(node: ast.expr, like: ast.expr) -> ast.expr:
    """A new node that stands, for errors, where another one does."""
    return ast.fix_missing_locations(ast.copy_location(node, like))
