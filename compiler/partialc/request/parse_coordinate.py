"""Coordinates in the text of a request: `x[0, 2]`, `params["w"][0]`, `out.energy`."""

from __future__ import annotations

import ast
from dataclasses import replace

from partialc.request.syntax import (
    RESULT,
    Attribute,
    Coordinate,
    Key,
    Range,
    Subscript,
)
from partialc.request.text import Text


def coordinate(node: ast.expr, source: Text) -> Coordinate:
    """Read a coordinate.

    Raises:
        RequestError: It is something else.
    """
    steps: list[Subscript | Attribute] = []
    inner = node
    while True:
        match inner:
            case ast.Name(id=name):
                return Coordinate(name, tuple(reversed(steps)), source.origin(node))
            case ast.Attribute(value=value, attr=name):
                stop = source.origin(inner).stop
                origin = replace(source.whole, start=stop - len(name), stop=stop)
                steps.append(Attribute(name, origin))
                inner = value
            case ast.Subscript(value=value, slice=index):
                steps.append(_subscript(index, source))
                inner = value
            case _:
                raise source.origin(inner).fault(
                    f"{_short(inner)} is not a coordinate",
                    why="coordinates are arguments and parts of them, by literal "
                    "indices and keys",
                    fix='write x, x[0], x[1:4], params["w"][0, 1], state.position[2]',
                )


def result(node: ast.expr, source: Text) -> Coordinate:
    """Read a coordinate that must be the result or a part of it.

    Raises:
        RequestError: It is something else.
    """
    found = coordinate(node, source)
    if found.name != RESULT:
        raise source.origin(node).fault(
            f"{found} is no part of the result",
            why=f"the function's result is called {RESULT}",
            fix=f"write {RESULT}, {RESULT}[2], {RESULT}[0:3, 1], "
            f'{RESULT}["energy"], ...',
        )
    return found


def integer(node: ast.expr, source: Text, role: str) -> int:
    """Read an integer literal.

    Raises:
        RequestError: It is something else.
    """
    found = _integer(node)
    if found is None:
        raise source.origin(node).fault(
            f"{role} must be an integer literal, not {_short(node)}",
            why="a request is never evaluated",
        )
    return found


def _subscript(index: ast.expr, source: Text) -> Subscript:
    nodes = index.elts if isinstance(index, ast.Tuple) else [index]
    if not nodes:
        raise source.origin(index).fault("the brackets are empty", fix="write x[0]")
    return Subscript(
        tuple(_key(node, source) for node in nodes),
        tuple(source.origin(node) for node in nodes),
    )


def _key(node: ast.expr, source: Text) -> Key:
    match node:
        case ast.Constant(value=str(text)):
            return text
        case ast.Constant(value=value) if value is ...:
            return ...
        case ast.Slice(lower=lower, upper=upper, step=step):
            start, stop, stride = (
                None if end is None else integer(end, source, "a bound")
                for end in (lower, upper, step)
            )
            return Range(start, stop, stride)
    found = _integer(node)
    if found is None:
        raise source.origin(node).fault(
            f"{_short(node)} is neither an index nor a key",
            why="a request is never evaluated: indices and keys are literals",
            fix='write x[0], x[-1], x[1:4], x[0, 2] or params["w"]',
        )
    return found


def _integer(node: ast.expr) -> int | None:
    match node:
        case ast.Constant(value=int(value)) if not isinstance(value, bool):
            return value
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            found = _integer(operand)
            return None if found is None else -found
        case ast.UnaryOp(op=ast.UAdd(), operand=operand):
            return _integer(operand)
    return None


def _short(node: ast.expr) -> str:
    text = ast.unparse(node)
    return text if len(text) <= 40 else f"{text[:37]}..."
