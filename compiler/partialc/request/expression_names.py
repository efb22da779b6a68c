"""What the names in the text of an expression stand for."""

from __future__ import annotations

import ast
from typing import Final

from partialc.request.parse_coordinate import coordinate
from partialc.request.scope import Scope
from partialc.request.selection import Selection, text_of
from partialc.request.syntax import RESULT, Coordinate, Expression
from partialc.request.text import Text
from partialc.request.vectors import Components
from partialc.request.written import origin_of, origin_of_request

FIELD: Final = "u"
"""What the result may be called, besides `out` and the function's own name."""

NAMED: Final = (ast.Name, ast.Subscript, ast.Attribute)
"""Nodes that may be a coordinate."""


class Names:
    """Looks up what nodes are.

    Attributes:
        source: The text, for errors.
        scope: The function.
        outputs: What parts of its result are called.
    """

    def __init__(self, request: Expression, source: Text, scope: Scope) -> None:
        """Set it up.

        Raises:
            RequestError: A name is to be an output, and is an argument.
        """
        self.source, self.scope = source, scope
        self.outputs = {RESULT: Coordinate(RESULT)}
        self.outputs[scope.signature.name] = Coordinate(RESULT)
        self.outputs.setdefault(FIELD, Coordinate(RESULT))
        for name in scope.signature.arguments:
            self.outputs.pop(name, None)
        for name, output in request.names:
            if name in scope.signature.arguments:
                raise origin_of_request(request).fault(
                    f"{name} is an argument of {scope.signature.name}, and is to be "
                    f"{output} as well",
                    fix="call that part of the result otherwise",
                )
            self.outputs[name] = output

    @property
    def arguments(self) -> str:
        """The arguments, listed."""
        return ", ".join(self.scope.signature.arguments)

    @property
    def listed(self) -> str:
        """What the result is called, listed."""
        return ", ".join(self.outputs)

    def output(self, node: ast.expr) -> Coordinate | None:
        """The part of the result that a node is; None of another node."""
        if not isinstance(node, NAMED):
            return None
        found = coordinate(node, self.source)
        base = self.outputs.get(found.name)
        if base is None:
            return None
        return Coordinate(RESULT, (*base.steps, *found.steps), found.origin)

    def argument(self, node: ast.expr) -> Selection | None:
        """The part of an argument that a node is; None of another node."""
        if not isinstance(node, NAMED):
            return None
        found = coordinate(node, self.source)
        if found.name not in self.scope.signature.arguments:
            return None
        return self.scope.argument(found)

    def element(self, node: ast.expr) -> str | None:
        """The text of an element of an argument; None of another node.

        It is one text for each element, however that is written: `x[-1]` is `x[2]`.
        """
        found = self.argument(node)
        if found is None or not found.is_scalar:
            return None
        (own,) = found.coordinates
        name, leaf = self.scope.signature.leaves[own.leaf]
        index = f"[{', '.join(map(str, own.index))}]" if own.index else ""
        return f"{name}{text_of(leaf)}{index}"

    def spread(self, node: ast.expr) -> Components | None:
        """The elements of an output or argument of shape (n,)."""
        output = self.output(node)
        found = self.argument(node) if output is None else self.selected(output)
        if found is None or not found.is_array or len(found.shape) != 1:
            return None
        return [
            ast.fix_missing_locations(
                ast.copy_location(
                    ast.Subscript(node, ast.Constant(place), ast.Load()), node
                )
            )
            for place in range(found.shape[0])
        ]

    def selected(self, output: Coordinate) -> Selection:
        """An output that arithmetic is done with.

        Raises:
            RequestError: There is none, or it is a container.
        """
        found = self.scope.output(output, self.source.whole)
        if not found.is_array:
            raise origin_of(output).fault(
                f"{output} is a container, and arithmetic is done with arrays",
                fix=f"name one of its arrays: {self.scope.some_scalar(found)}",
            )
        return found
