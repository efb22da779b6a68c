"""Annotations that make a carried function pass a strict type checker.

Parameters and results get annotations, and a local that is bound to things of different
kinds (`total = 0.0`, then `total + x[i]`) is declared as `Any`. What the user annotated
is replaced: the names used there need not be known in the generated module.
"""

from __future__ import annotations

import ast
import io
import tokenize
from collections.abc import Mapping
from typing import Final

from partialc.frontends.carrying.edits import Text
from partialc.frontends.carrying.kinds import ANY, FunctionKinds, Kinds, Spelled
from partialc.frontends.carrying.refusal import RefusalError
from partialc.frontends.carrying.scopes import all_arguments, own_statements

_GROWING: Final = frozenset({"append", "extend", "insert", "setdefault", "update"})


def annotate(
    text: Text,
    node: ast.FunctionDef,
    parameters: Mapping[str, str],
    outer: Kinds,
    spelled: Spelled,
) -> str:
    """Collect the edits that annotate a function and the functions within it.

    Args:
        text: Where the edits go.
        node: The function.
        parameters: The annotations of its parameters; `Any` for those not in it.
        outer: The kinds of names around it.
        spelled: The spelling of library objects.

    Returns:
        The kind of what it returns.
    """
    known = {
        argument.arg: parameters.get(argument.arg, ANY)
        for argument in all_arguments(node.args)
    }
    inferred = FunctionKinds(node, known, outer, spelled)
    for argument in all_arguments(node.args):
        undecided = argument.arg in inferred.undecided
        annotation = ANY if undecided else known[argument.arg]
        text.replace_node(argument, f"{argument.arg}: {annotation}")
    _annotate_result(text, node, inferred.returns)
    _declare(text, node, inferred.undecided - known.keys())
    for statement in own_statements(node):
        match statement:
            case ast.FunctionDef():
                annotate(text, statement, {}, inferred.kinds, spelled)
            case ast.Assign(targets=[ast.Name(id=name)], value=ast.Lambda() as value):
                text.replace(
                    text.start(statement),
                    text.stop(statement),
                    function_of_lambda(text, name, value, statement.col_offset),
                )
            case ast.AnnAssign():
                _reannotate(text, statement)
    _silence(text, node)
    return inferred.returns


def function_of_lambda(
    text: Text,
    name: str,
    node: ast.Lambda,
    indent: int,
    parameters: Mapping[str, str] | None = None,
    returns: str = ANY,
) -> str:
    """The `def` that says what `name = lambda ...` does, with the edits so far."""
    known = parameters or {}
    for argument in all_arguments(node.args):
        annotation = known.get(argument.arg, ANY)
        text.replace_node(argument, f"{argument.arg}: {annotation}")
    arguments = _lambda_arguments(text, node)
    body = text.edited(text.start(node.body), text.stop(node.body))
    if "\n" in body:
        body = f"({body})"
    return f"def {name}({arguments}) -> {returns}:\n{' ' * (indent + 4)}return {body}"


def _lambda_arguments(text: Text, node: ast.Lambda) -> str:
    """The text between `lambda` and the colon before the body."""
    start = text.start(node) + len("lambda")
    before_body = text.edited(start, text.start(node.body)).rstrip()
    while before_body.endswith("("):
        before_body = before_body[:-1].rstrip()
    return before_body.removesuffix(":").strip()


def _annotate_result(text: Text, node: ast.FunctionDef, returns: str) -> None:
    if node.returns is not None:
        text.replace_node(node.returns, returns)
        return
    text.insert(_closing_parenthesis(text, node), f" -> {returns}")


def _closing_parenthesis(text: Text, node: ast.FunctionDef) -> int:
    """The offset just after the parenthesis that closes the parameters."""
    start = text.start(node)
    segment = text.between(start, text.stop(node))
    depth = 0
    for token in tokenize.generate_tokens(io.StringIO(segment).readline):
        if token.type != tokenize.OP:
            continue
        depth += {"(": 1, "[": 1, "{": 1, ")": -1, "]": -1, "}": -1}.get(
            token.string, 0
        )
        if depth == 0 and token.string == ")":
            line, column = token.end
            lines = segment.splitlines(keepends=True)
            before = "".join(lines[: line - 1]) + lines[line - 1][:column]
            return start + len(before.encode())
    raise RefusalError("its parameters cannot be found in its source")


def _declare(text: Text, node: ast.FunctionDef, names: set[str]) -> None:
    """Declare locals as `Any` where they are first bound."""
    pending = set(names) | _containers(node)
    for statement in own_statements(node):
        here = sorted(pending & _bound_names(statement))
        if not here:
            continue
        pending -= set(here)
        match statement:
            case ast.Assign(targets=[ast.Name(id=name) as target], value=value):
                kind = ANY if name in names else _container_kind(value)
                text.insert(text.stop(target), f": {kind}")
            case ast.Assign() | ast.For() | ast.With():
                line = text.line(statement.lineno)
                if line[: statement.col_offset].strip():
                    raise RefusalError(f"'{here[0]}' is bound in the middle of a line")
                declared = "".join(
                    f"{name}: Any\n{' ' * statement.col_offset}" for name in here
                )
                text.insert(text.start(statement), declared)
            case ast.AnnAssign():
                continue
            case _:
                raise RefusalError(f"'{here[0]}' stands for things of different kinds")


def _containers(node: ast.FunctionDef) -> set[str]:
    """Locals whose empty or growing list or dict a checker wants declared."""
    grown = {
        call.func.value.id
        for call in ast.walk(node)
        if isinstance(call, ast.Call)
        and isinstance(call.func, ast.Attribute)
        and call.func.attr in _GROWING
        and isinstance(call.func.value, ast.Name)
    }
    grown |= {
        target.value.id
        for target in ast.walk(node)
        if isinstance(target, ast.Subscript)
        and isinstance(target.ctx, ast.Store)
        and isinstance(target.value, ast.Name)
    }
    return {
        target.id
        for statement in own_statements(node)
        if isinstance(statement, ast.Assign)
        for target in statement.targets
        if isinstance(target, ast.Name)
        and _container_kind(statement.value) != ANY
        and (target.id in grown or _is_empty(statement.value))
    }


def _container_kind(value: ast.expr) -> str:
    match value:
        case ast.List() | ast.ListComp() | ast.Call(func=ast.Name(id="list")):
            return "list[Any]"
        case ast.Dict() | ast.DictComp() | ast.Call(func=ast.Name(id="dict")):
            return "dict[Any, Any]"
        case _:
            return ANY


def _is_empty(value: ast.expr) -> bool:
    match value:
        case ast.List(elts=[]) | ast.Dict(keys=[]) | ast.Call(args=[], keywords=[]):
            return True
        case _:
            return False


def _bound_names(statement: ast.stmt) -> set[str]:
    match statement:
        case ast.Assign(targets=targets):
            stored: list[ast.expr] = targets
        case ast.AugAssign(target=target) | ast.AnnAssign(target=target):
            stored = [target]
        case ast.For(target=target):
            stored = [target]
        case ast.With(items=items):
            stored = [item.optional_vars for item in items if item.optional_vars]
        case _:
            return set()
    return {
        node.id
        for target in stored
        for node in ast.walk(target)
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
    }


def _reannotate(text: Text, statement: ast.AnnAssign) -> None:
    text.replace_node(statement.annotation, ANY)


def _silence(text: Text, node: ast.FunctionDef) -> None:
    """Tell the linter that locals which are never read are the user's own."""
    used = {
        name.id
        for name in ast.walk(node)
        if isinstance(name, ast.Name) and isinstance(name.ctx, ast.Load)
    }
    for statement in own_statements(node):
        if not isinstance(statement, ast.Assign) or statement.end_lineno is None:
            continue
        names = _bound_names(statement)
        simple = all(isinstance(target, ast.Name) for target in statement.targets)
        if simple and names - used and not isinstance(statement.value, ast.Lambda):
            text.insert(text.line_stop(statement.end_lineno), "  # noqa: F841")


def lambda_kind(
    node: ast.Lambda, parameters: Mapping[str, str], outer: Kinds, spelled: Spelled
) -> str:
    """The kind of what a lambda returns."""
    kinds = Kinds({**outer.names, **parameters}, spelled)
    return kinds.of(node.body) or ANY
