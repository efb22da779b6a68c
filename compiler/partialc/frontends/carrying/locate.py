"""Where in its file a function object is defined."""

from __future__ import annotations

import ast
from types import CodeType, FunctionType

from partialc.frontends.carrying.modules import Module
from partialc.frontends.carrying.refusal import RefusalError


def find_definition(
    module: Module, function: FunctionType
) -> ast.FunctionDef | ast.Lambda:
    """The node that defines a function.

    Raises:
        RefusalError: There is none, or it is a method.
    """
    code = function.__code__
    if code.co_name == "<lambda>":
        return _find_lambda(module, code)
    if code.co_name != function.__name__:
        raise RefusalError("it is wrapped by a decorator")
    for node in ast.walk(module.text.tree):
        if not isinstance(node, ast.FunctionDef) or node.name != code.co_name:
            continue
        lines = [node.lineno, *(each.lineno for each in node.decorator_list)]
        if min(lines) == code.co_firstlineno:
            if isinstance(module.parents.get(node), ast.ClassDef):
                raise RefusalError("it is a method")
            return node
    raise RefusalError("its definition is not in its module's file")


def _find_lambda(module: Module, code: CodeType) -> ast.Lambda:
    """The lambda whose body holds the positions of the code's instructions."""
    places = [
        (line, column)
        for line, _, column, _ in code.co_positions()
        if line is not None and column
    ]
    found = [
        node
        for node in ast.walk(module.text.tree)
        if isinstance(node, ast.Lambda)
        and node.lineno == code.co_firstlineno
        and [each.arg for each in node.args.args]
        == list(code.co_varnames)[: code.co_argcount]
        and all(_start(node.body) <= place < _stop(node.body) for place in places)
    ]
    if not found or not places:
        raise RefusalError("the lambda is not found in its module's file")
    return min(found, key=lambda node: _stop(node.body))


def _start(node: ast.expr) -> tuple[int, int]:
    return node.lineno, node.col_offset


def _stop(node: ast.expr) -> tuple[int, int]:
    return node.end_lineno or node.lineno, node.end_col_offset or 0
