"""Derivatives in the text of an expression, down to those of bare outputs."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from partialc.errors import RequestError
from partialc.request.expansion import expanded
from partialc.request.expression_names import NAMED, Names
from partialc.request.parse_coordinate import coordinate, integer
from partialc.request.products import MOST_ORDER
from partialc.request.syntax import RESULT
from partialc.request.vectors import DERIVATIVE


@dataclass(frozen=True, slots=True)
class Derivatives:
    """Expands derivatives of more than a bare output.

    Attributes:
        names: What the names in the text stand for.
    """

    names: Names

    def derived(self, node: ast.expr) -> ast.expr:
        """A node in which only bare outputs are differentiated."""
        match node:
            case ast.Call(func=ast.Name(id=name)) if name == DERIVATIVE:
                inner, along = self._derivative(node)
                inner = self.derived(inner)
                if self.names.output(inner) is None:
                    self._check_whole(inner, along)
                    return expanded(
                        inner,
                        along,
                        self.names.source,
                        is_output=lambda each: self.names.output(each) is not None,
                        element=self.names.element,
                    )
                return ast.copy_location(ast.Call(node.func, [inner, *along], []), node)
            case ast.Call():
                found = [self.derived(each) for each in node.args]
                call = ast.Call(node.func, found, node.keywords)
                return ast.copy_location(call, node)
            case ast.BinOp(left=left, op=operator, right=right):
                pair = ast.BinOp(self.derived(left), operator, self.derived(right))
                return ast.copy_location(pair, node)
            case ast.UnaryOp(op=operator, operand=operand):
                one = ast.UnaryOp(operator, self.derived(operand))
                return ast.copy_location(one, node)
            case _:
                return node

    def _derivative(self, node: ast.Call) -> tuple[ast.expr, list[ast.expr]]:
        """What a `Derivative` is of, and along what, once for each time."""
        origin = self.names.source.origin(node)
        if node.keywords or len(node.args) < 2:
            raise origin.fault(
                f"{ast.unparse(node)} does not say along what",
                fix="write Derivative(u, t), or Derivative(u, t, x, x)",
            )
        inner, *rest = node.args
        counted: list[tuple[ast.expr, int]] = []
        for each in rest:
            match each:
                case ast.Constant(value=int(times)) if counted and times > 0:
                    counted.append((counted[-1][0], times - 1))
                case ast.Tuple(elts=[variable, count]):
                    times = integer(count, self.names.source, "how many times")
                    if times < 1:
                        raise self.names.source.origin(count).fault(
                            f"{times} is no number of differentiations"
                        )
                    counted.append((variable, times))
                case _:
                    counted.append((each, 1))
        for variable, _ in counted:
            self._check_element(variable)
        order = sum(times for _, times in counted)
        if order > MOST_ORDER:
            raise origin.fault(
                f"{ast.unparse(node)} is of order {order}",
                why=f"no plan for more than {MOST_ORDER} differentiations would fit",
            )
        return inner, [each for each, times in counted for _ in range(times)]

    def _check_element(self, node: ast.expr) -> None:
        """Refuse to differentiate along anything but an element of an argument.

        Raises:
            RequestError: It is something else.
        """
        origin = self.names.source.origin(node)
        if not isinstance(node, NAMED):
            raise origin.fault(
                f"{ast.unparse(node)} is nothing to differentiate along",
                fix="name an element of an argument: t, x[0]",
            )
        written = coordinate(node, self.names.source)
        if written.name in self.names.outputs:
            raise origin.fault(
                f"{ast.unparse(node)} is a part of the result, not of an argument",
                fix="differentiate along elements of arguments: "
                + self.names.arguments,
            )
        found = self.names.scope.wrt(written)
        if not found.is_scalar:
            raise origin.fault(
                f"{ast.unparse(node)} is not one element",
                why="a derivative within an expression is along scalars",
                fix=f"name an element: {ast.unparse(node)}[0]; or use "
                f"grad(u, {ast.unparse(node)}), laplacian(u, {ast.unparse(node)})",
            )

    def _check_whole(self, inner: ast.expr, along: Sequence[ast.expr]) -> None:
        """Refuse what SymPy would take for a constant, or for a function.

        Raises:
            RequestError: There is no output in it, or a whole array that holds what is
                differentiated along.
        """
        moved = {
            each.leaf
            for node in along
            for each in self.names.scope.wrt(
                coordinate(node, self.names.source)
            ).coordinates
        }
        for node in _named_in(inner):
            found = self.names.argument(node)
            if found is None or found.is_scalar:
                continue
            if moved & {each.leaf for each in found.coordinates}:
                raise self.names.source.origin(node).fault(
                    f"{ast.unparse(node)} is a whole array, and what is differentiated "
                    "along is in it",
                    fix="write the elements out, or let the function compute it",
                )
        if isinstance(inner, NAMED) and self.names.argument(inner) is None:
            raise self._unknown(inner)

    def _unknown(self, node: ast.expr) -> RequestError:
        return self.names.source.origin(node).fault(
            f"{ast.unparse(node)} is no output of {self.names.scope.signature.name}",
            why=f"its result is called {self.names.listed}",
            fix=f'name it: expression("...", {_plain(node)}="{RESULT}[0]")',
        )


def _named_in(node: ast.expr) -> Iterator[ast.expr]:
    """The names in a node, each with the indices and attributes that follow it."""
    if isinstance(node, NAMED):
        yield node
        return
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.expr):
            yield from _named_in(child)


def _plain(node: ast.expr) -> str:
    return node.id if isinstance(node, ast.Name) else "u"
