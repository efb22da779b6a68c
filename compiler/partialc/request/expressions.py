"""`expression("Derivative(u, t) + u * Derivative(u, x)")`: arithmetic over derivatives.

The text is parsed by `ast` and read node by node; nothing of it is evaluated. What it
says of the function becomes blocks of derivatives, planned as one set, and the rest of
it the formula of a `Combination`, in the order in which it was written.
"""

from __future__ import annotations

import ast
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from partialc.ir.program import ArrayType
from partialc.request.answer import Answer
from partialc.request.combination import INPUT, PART, Combination
from partialc.request.expansion import CONSTANTS, FUNCTIONS
from partialc.request.expression_derivatives import Derivatives
from partialc.request.expression_names import Names
from partialc.request.parse_coordinate import coordinate
from partialc.request.resolved import Block, Coordinates, Direction
from partialc.request.scope import Scope
from partialc.request.selection import Selection
from partialc.request.syntax import RESULT, Coordinate, Expression
from partialc.request.text import Text
from partialc.request.vectors import DERIVATIVE, OPERATORS, Vectors
from partialc.request.written import origin_of_request
from partialc.spec.names import IMPORTED, USED_BUILTINS


def expression(request: Expression, scope: Scope) -> Answer:
    """The value of an expression, or of each of a list of them, along axis 0.

    Raises:
        RequestError: The text is none, or does not fit the function.
    """
    source = Text.quoted(
        request.text, request.text_origin or origin_of_request(request)
    )
    try:
        return _answer(request, source, scope)
    except RecursionError:
        raise source.whole.fault(
            "the expression is nested too deeply",
            fix="let the function compute a part of it, as a further output",
        ) from None


def _answer(request: Expression, source: Text, scope: Scope) -> Answer:
    names = Names(request, source, scope)
    reader, derivatives = _Reader(names), Derivatives(names)
    found = Vectors(source, names.spread).apart(source.tree())
    nodes = found if isinstance(found, list) else [found]
    pieces = [reader.piece(derivatives.derived(node)) for node in nodes]
    if not reader.blocks:
        raise source.whole.fault(
            f"{request.text!r} says nothing of {scope.signature.name}",
            why="an expression is made of the function's result and its derivatives",
            fix=f"name the result: {names.listed}",
        )
    shapes = [piece.shape for piece in pieces]
    shape, node = shapes[0], pieces[0].node
    if isinstance(found, list):
        if len(set(shapes)) > 1:
            raise source.whole.fault(
                "the expressions of the list have several shapes: "
                + " and ".join(map(str, dict.fromkeys(shapes))),
                fix="make them kernels, or fields of a table, of their own",
            )
        items = ast.List([piece.node for piece in pieces], ast.Load())
        node = ast.Call(_expression("jnp.stack"), [items], [])
        shape = (len(pieces), *shape)
    parts = Combination(
        tuple(reader.blocks),
        ast.unparse(ast.fix_missing_locations(node)),
        tuple(reader.inputs),
        tuple(each.name for each in reader.directions()),
        shape,
    )
    return Answer(
        parts, (), scope.result(Coordinate(RESULT)), directions=reader.directions()
    )


@dataclass(frozen=True, slots=True)
class _Piece:
    """A part of the formula.

    Attributes:
        node: It, over the names of a `Combination`.
        shape: The shape of its value.
    """

    node: ast.expr
    shape: tuple[int, ...]


class _Reader:
    """Reads one expression.

    Attributes:
        blocks: The derivatives it is made of, in order, by what they are.
        inputs: The elements of arguments, likewise.
        names: What names stand for.
    """

    def __init__(self, names: Names) -> None:
        self.names, self.source, self.scope = names, names.source, names.scope
        self.blocks: dict[Block, int] = {}
        self.inputs: dict[Coordinates, int] = {}
        self._parameters: dict[str, Direction] = {}

    def directions(self) -> tuple[Direction, ...]:
        """The parameters, in the order in which they are first named."""
        return tuple(self._parameters.values())

    def piece(self, node: ast.expr) -> _Piece:
        """A node as a part of the formula.

        Raises:
            RequestError: It is nothing that arithmetic is done with.
        """
        match node:
            case ast.Constant(value=bool()):
                pass
            case ast.Constant(value=int() | float()):
                return _Piece(node, ())
            case ast.Name() | ast.Subscript() | ast.Attribute():
                return self._named(node)
            case ast.UnaryOp(op=ast.USub() | ast.UAdd() as operator, operand=operand):
                inner = self.piece(operand)
                return _Piece(ast.UnaryOp(operator, inner.node), inner.shape)
            case ast.BinOp(op=ast.BitXor()):
                raise self.source.origin(node).fault(
                    "^ is no power in Python", fix="write x**2"
                )
            case ast.BinOp(left=left, op=operator, right=right) if isinstance(
                operator, ast.Add | ast.Sub | ast.Mult | ast.Div | ast.Pow
            ):
                one, other = self.piece(left), self.piece(right)
                shape = self._together(node, one.shape, other.shape)
                return _Piece(ast.BinOp(one.node, operator, other.node), shape)
            case ast.Call():
                return self._call(node)
        raise self.source.origin(node).fault(
            f"{ast.unparse(node)} cannot stand in an expression",
            why="it is made of outputs, their derivatives, arguments, parameters, "
            "numbers, + - * / **, and functions such as sin and exp",
        )

    def _named(self, node: ast.expr) -> _Piece:
        output = self.names.output(node)
        if output is not None:
            return self._block(self.names.selected(output), ())
        selection = self.names.argument(node)
        if selection is not None:
            if not selection.is_array:
                raise self.source.origin(node).fault(
                    f"{ast.unparse(node)} is a container, not an array",
                    fix="name one of its arrays",
                )
            (own,) = selection.coordinates
            number = self.inputs.setdefault(own, len(self.inputs))
            return _Piece(ast.Name(f"{INPUT}{number}"), own.shape)
        if isinstance(node, ast.Name) and node.id in CONSTANTS:
            return _Piece(_expression(CONSTANTS[node.id][1]), ())
        return self._parameter(node)

    def _parameter(self, node: ast.expr) -> _Piece:
        """A name that nothing else has: a further argument of the kernel, a scalar."""
        origin = self.source.origin(node)
        if not isinstance(node, ast.Name):
            name = ast.unparse(node)
            raise origin.fault(
                f"there is no {name}",
                why=f"the arguments are {self.names.arguments}, "
                f"the result is called {self.names.listed}",
            )
        taken = (*FUNCTIONS, *OPERATORS, DERIVATIVE)
        if node.id in taken:
            raise origin.fault(
                f"{node.id} is written without its arguments", fix=f"write {node.id}(x)"
            )
        reserved = node.id in IMPORTED | USED_BUILTINS
        if reserved or node.id.startswith((PART, INPUT, "_")):
            raise origin.fault(
                f"a parameter cannot be called {node.id}",
                why="generated kernels use that name themselves",
                fix=f"call it {node.id.strip('_')}_",
            )
        if node.id not in self._parameters:
            float_type = ArrayType(self._first_type().dtype, ())
            self._parameters[node.id] = Direction(node.id, None, type=float_type)
        return _Piece(ast.Name(node.id), ())

    def _first_type(self) -> ArrayType:
        """The type of the function's first floating-point output."""
        for leaf in self.scope.signature.result.leaves:
            if leaf.type.dtype.is_float:
                return leaf.type
        raise self.source.whole.fault(
            f"{self.scope.signature.name} has no floating-point output"
        )

    def _call(self, node: ast.Call) -> _Piece:
        origin = self.source.origin(node)
        match node.func:
            case ast.Name(id=name) if name == DERIVATIVE:
                inner, *along = node.args
                output = self.names.output(inner)
                assert output is not None, "others were expanded"
                wrt = [self.scope.wrt(coordinate(each, self.source)) for each in along]
                axes = [each.coordinates[0] for each in wrt]
                return self._block(self.names.selected(output), axes)
            case ast.Name(id=name) if name in FUNCTIONS:
                return self._function(name, node)
            case ast.Name(id=name) if name in self.names.outputs:
                raise origin.fault(
                    f"{name} is written with arguments",
                    why="it stands for the result at the arguments of the kernel",
                    fix=f"write {name} alone",
                )
        raise self.source.origin(node.func).fault(
            f"{ast.unparse(node.func)} is no function of expressions",
            why="they are " + ", ".join((DERIVATIVE, *OPERATORS, *FUNCTIONS)),
            fix="let the function of the module compute it, as a further output",
        )

    def _function(self, name: str, node: ast.Call) -> _Piece:
        _, count, text = FUNCTIONS[name]
        is_folded = name in ("Min", "Max")
        fits = len(node.args) >= 2 if is_folded else len(node.args) == count
        if node.keywords or not fits:
            raise self.source.origin(node).fault(
                f"{ast.unparse(node)} is not written correctly",
                fix=f"{name} takes {count} argument{'s' if count > 1 else ''}",
            )
        pieces = [self.piece(each) for each in node.args]
        shape = self._together(node, *(each.shape for each in pieces))
        total, *others = (each.node for each in pieces)
        if is_folded:
            for other in others:
                total = ast.Call(_expression(text), [total, other], [])
            return _Piece(total, shape)
        return _Piece(ast.Call(_expression(text), [total, *others], []), shape)

    def _block(self, output: Selection, along: Sequence[Coordinates]) -> _Piece:
        """An output, or one of its derivatives."""
        block = Block(output.coordinates[0], tuple((each,) for each in along))
        number = self.blocks.setdefault(block, len(self.blocks))
        return _Piece(ast.Name(f"{PART}{number}"), block.output.shape)

    def _together(self, node: ast.expr, *shapes: tuple[int, ...]) -> tuple[int, ...]:
        try:
            return tuple(np.broadcast_shapes(*shapes))
        except ValueError:
            raise self.source.origin(node).fault(
                f"in {ast.unparse(node)} arrays of shapes "
                f"{' and '.join(map(str, shapes))} do not fit together",
                fix="select elements: out[0]",
            ) from None


def _expression(text: str) -> ast.expr:
    return ast.parse(text, mode="eval").body
