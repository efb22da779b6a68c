"""`expression("Derivative(u, t) + u * Derivative(u, x)")`: arithmetic over derivatives.

The text is parsed by `ast` and read node by node; nothing of it is evaluated. What it
says of the function becomes blocks of derivatives, planned as one set, and the rest of
it the formula of a `Combination`, in the order in which it was written.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from partialc.errors import RequestError
from partialc.ir.program import ArrayType
from partialc.request.answer import Answer
from partialc.request.combination import INPUT, PART, Combination
from partialc.request.expansion import CONSTANTS, FUNCTIONS, expanded
from partialc.request.parse_coordinate import coordinate, integer
from partialc.request.products import MOST_ORDER
from partialc.request.resolved import Block, Coordinates, Direction
from partialc.request.scope import Scope
from partialc.request.selection import Selection
from partialc.request.syntax import RESULT, Coordinate, Expression
from partialc.request.text import Text
from partialc.request.vectors import DERIVATIVE, OPERATORS, Components, Vectors
from partialc.request.written import origin_of, origin_of_request
from partialc.spec.names import IMPORTED, USED_BUILTINS

FIELD: Final = "u"
"""What the result may be called, besides `out` and the function's own name."""

_INNER: Final = (ast.Name, ast.Subscript, ast.Attribute)


def expression(request: Expression, scope: Scope) -> Answer:
    """The value of an expression, or of each of a list of them, along axis 0.

    Raises:
        RequestError: The text is none, or does not fit the function.
    """
    source = Text.quoted(
        request.text, request.text_origin or origin_of_request(request)
    )
    reader = _Reader(request, source, scope)
    found = reader.vectors.apart(source.tree())
    nodes = found if isinstance(found, list) else [found]
    pieces = [reader.piece(reader.derived(node)) for node in nodes]
    if not reader.blocks:
        raise source.whole.fault(
            f"{request.text!r} says nothing of {scope.signature.name}",
            why="an expression is made of the function's result and its derivatives",
            fix=f"name the result: {reader.known_outputs()}",
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
        vectors: Takes vectors apart.
    """

    def __init__(self, request: Expression, source: Text, scope: Scope) -> None:
        self.source, self.scope = source, scope
        self.blocks: dict[Block, int] = {}
        self.inputs: dict[Coordinates, int] = {}
        self.vectors = Vectors(source, self.spread)
        self._parameters: dict[str, Direction] = {}
        self._outputs = {RESULT: Coordinate(RESULT)}
        self._outputs[scope.signature.name] = Coordinate(RESULT)
        self._outputs.setdefault(FIELD, Coordinate(RESULT))
        for name in scope.signature.arguments:
            self._outputs.pop(name, None)
        for name, output in request.names:
            if name in scope.signature.arguments:
                raise origin_of_request(request).fault(
                    f"{name} is an argument of {scope.signature.name}, and is to be "
                    f"{output} as well",
                    fix="call that part of the result otherwise",
                )
            self._outputs[name] = output
        self._type: ArrayType | None = None

    def directions(self) -> tuple[Direction, ...]:
        """The parameters, in the order in which they are first named."""
        return tuple(self._parameters.values())

    def known_outputs(self) -> str:
        """What the result is called."""
        return ", ".join(self._outputs)

    def output(self, node: ast.expr) -> Coordinate | None:
        """The part of the result that a node is; None of another node."""
        if not isinstance(node, _INNER):
            return None
        found = coordinate(node, self.source)
        base = self._outputs.get(found.name)
        if base is None:
            return None
        return Coordinate(RESULT, (*base.steps, *found.steps), found.origin)

    def argument(self, node: ast.expr) -> Selection | None:
        """The part of an argument that a node is; None of another node."""
        if not isinstance(node, _INNER):
            return None
        found = coordinate(node, self.source)
        if found.name not in self.scope.signature.arguments:
            return None
        return self.scope.wrt(found)

    def is_element(self, node: ast.expr) -> bool:
        """Whether a node is one element of an argument."""
        found = self.argument(node)
        return found is not None and found.is_scalar

    def spread(self, node: ast.expr) -> Components | None:
        """The elements of an output or argument of shape (n,)."""
        output = self.output(node)
        found = self.argument(node) if output is None else self._selected(output)
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

    def _selected(self, output: Coordinate) -> Selection:
        found = self.scope.output(output, self.source.whole)
        if not found.is_array:
            raise origin_of(output).fault(
                f"{output} is a container, and arithmetic is done with arrays",
                fix=f"name one of its arrays: {self.scope.some_scalar(found)}",
            )
        return found

    def derived(self, node: ast.expr) -> ast.expr:
        """A node in which only bare outputs are differentiated."""
        match node:
            case ast.Call(func=ast.Name(id=name)) if name == DERIVATIVE:
                inner, along = self._derivative(node)
                inner = self.derived(inner)
                if self.output(inner) is None:
                    self._check_whole(inner, along)
                    return expanded(
                        inner,
                        along,
                        self.source,
                        is_output=lambda each: self.output(each) is not None,
                        is_coordinate=self.is_element,
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
        origin = self.source.origin(node)
        if node.keywords or len(node.args) < 2:
            raise origin.fault(
                f"{ast.unparse(node)} does not say along what",
                fix="write Derivative(u, t), or Derivative(u, t, x, x)",
            )
        inner, *rest = node.args
        along: list[ast.expr] = []
        for each in rest:
            match each:
                case ast.Constant(value=int(times)) if along and times > 0:
                    along += [along[-1]] * (times - 1)
                case ast.Tuple(elts=[variable, count]):
                    times = integer(count, self.source, "how many times")
                    if times < 1:
                        raise self.source.origin(count).fault(
                            f"{times} is no number of differentiations"
                        )
                    along += [variable] * times
                case _:
                    along.append(each)
        for each in along:
            self._check_element(each)
        if len(along) > MOST_ORDER:
            raise origin.fault(
                f"{ast.unparse(node)} is of order {len(along)}",
                why=f"no plan for more than {MOST_ORDER} differentiations would fit",
            )
        return inner, along

    def _check_element(self, node: ast.expr) -> None:
        """Refuse to differentiate along anything but an element of an argument.

        Raises:
            RequestError: It is something else.
        """
        origin = self.source.origin(node)
        if not isinstance(node, _INNER):
            raise origin.fault(
                f"{ast.unparse(node)} is nothing to differentiate along",
                fix="name an element of an argument: t, x[0]",
            )
        written = coordinate(node, self.source)
        if written.name in self._outputs:
            raise origin.fault(
                f"{ast.unparse(node)} is a part of the result, not of an argument",
                fix="differentiate along elements of arguments: "
                + ", ".join(self.scope.signature.arguments),
            )
        found = self.scope.wrt(written)
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
            for each in self.scope.wrt(coordinate(node, self.source)).coordinates
        }
        for node in _named_in(inner):
            found = self.argument(node)
            if found is None or found.is_scalar:
                continue
            if moved & {each.leaf for each in found.coordinates}:
                raise self.source.origin(node).fault(
                    f"{ast.unparse(node)} is a whole array, and what is differentiated "
                    "along is in it",
                    fix="write the elements out, or let the function compute it",
                )
        if isinstance(inner, _INNER) and self.argument(inner) is None:
            raise self._unknown(inner)

    def _unknown(self, node: ast.expr) -> RequestError:
        return self.source.origin(node).fault(
            f"{ast.unparse(node)} is no output of {self.scope.signature.name}",
            why=f"its result is called {self.known_outputs()}",
            fix=f'name it: expression("...", {_plain(node)}="{RESULT}[0]")',
        )

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
        output = self.output(node)
        if output is not None:
            return self._block(self._selected(output), ())
        selection = self.argument(node)
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
                why=f"the arguments are {', '.join(self.scope.signature.arguments)}, "
                f"the result is called {self.known_outputs()}",
            )
        taken = (*FUNCTIONS, *OPERATORS, DERIVATIVE)
        if node.id in taken:
            raise origin.fault(
                f"{node.id} is written without its arguments", fix=f"write {node.id}(x)"
            )
        reserved = node.id in IMPORTED | USED_BUILTINS
        if reserved or node.id.startswith((PART, INPUT)):
            raise origin.fault(
                f"a parameter cannot be called {node.id}",
                why="generated kernels use that name themselves",
                fix=f"call it {node.id}_",
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
                output = self.output(inner)
                assert output is not None, "others were expanded"
                wrt = [self.scope.wrt(coordinate(each, self.source)) for each in along]
                axes = [each.coordinates[0] for each in wrt]
                return self._block(self._selected(output), axes)
            case ast.Name(id=name) if name in FUNCTIONS:
                return self._function(name, node)
            case ast.Name(id=name) if name in self._outputs:
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


def _named_in(node: ast.expr) -> Iterator[ast.expr]:
    """The names in a node, each with the indices and attributes that follow it."""
    if isinstance(node, _INNER):
        yield node
        return
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.expr):
            yield from _named_in(child)


def _expression(text: str) -> ast.expr:
    return ast.parse(text, mode="eval").body


def _plain(node: ast.expr) -> str:
    return node.id if isinstance(node, ast.Name) else "u"
