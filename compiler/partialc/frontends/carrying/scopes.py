"""Which names a piece of source takes from outside, and which it binds itself."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

FunctionNode: TypeAlias = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda
Comprehension: TypeAlias = ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp


@dataclass(slots=True)
class Names:
    """The names of a piece of source.

    Attributes:
        free: Every use of a name that the piece does not bind, in order.
        bound: Every name bound in any scope of it.
    """

    free: list[ast.Name] = field(default_factory=list)
    bound: set[str] = field(default_factory=set)


def names_of(node: ast.AST) -> Names:
    """The free and the bound names of a statement or an expression.

    Annotations do not count: they are replaced. The name that a `def` binds outside of
    itself is not counted as bound.
    """
    names = Names()
    _Walker(names).visit_in(node, frozenset())
    return names


class _Walker:
    """Walks a tree with the names bound by the scopes around each node."""

    def __init__(self, names: Names) -> None:
        self._names = names

    def visit_in(self, node: ast.AST, bound: frozenset[str]) -> None:
        match node:
            case ast.Name(id=name):
                if name not in bound:
                    self._names.free.append(node)
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                self._all([*node.decorator_list, *_defaults(node.args)], bound)
                inner = bound | self._bind(local_names(node))
                self._all(node.body, inner)
            case ast.Lambda():
                self._all(_defaults(node.args), bound)
                self.visit_in(node.body, bound | self._bind(local_names(node)))
            case ast.ListComp() | ast.SetComp() | ast.DictComp() | ast.GeneratorExp():
                self._comprehension(node, bound)
            case ast.AnnAssign(target=target, value=value):
                self._all([target, *([value] if value else [])], bound)
            case _:
                self._all(list(ast.iter_child_nodes(node)), bound)

    def _all(self, nodes: Sequence[ast.AST], bound: frozenset[str]) -> None:
        for node in nodes:
            self.visit_in(node, bound)

    def _bind(self, names: frozenset[str]) -> frozenset[str]:
        self._names.bound |= names
        return names

    def _comprehension(self, node: Comprehension, bound: frozenset[str]) -> None:
        targets = frozenset(
            name for generator in node.generators for name in _stored(generator.target)
        )
        inner = bound | self._bind(targets)
        for number, generator in enumerate(node.generators):
            # The first iterable is evaluated outside of the comprehension.
            self.visit_in(generator.iter, inner if number else bound)
            self._all([generator.target, *generator.ifs], inner)
        elements = (
            [node.key, node.value] if isinstance(node, ast.DictComp) else [node.elt]
        )
        self._all(elements, inner)


def local_names(node: FunctionNode) -> frozenset[str]:
    """The names local to a function: its parameters and what its body binds."""
    names = {argument.arg for argument in all_arguments(node.args)}
    if not isinstance(node, ast.Lambda):
        for statement in own_statements(node):
            names |= bound_by(statement)
    for expression in _own_nodes(node):
        if isinstance(expression, ast.NamedExpr):
            names |= set(_stored(expression.target))
    return frozenset(names)


def all_arguments(arguments: ast.arguments) -> list[ast.arg]:
    """All parameters, `*args` and `**kwargs` included, in order."""
    found = [*arguments.posonlyargs, *arguments.args]
    if arguments.vararg is not None:
        found.append(arguments.vararg)
    found += arguments.kwonlyargs
    if arguments.kwarg is not None:
        found.append(arguments.kwarg)
    return found


def own_statements(node: ast.FunctionDef | ast.AsyncFunctionDef) -> Iterator[ast.stmt]:
    """The statements of a function, without those of functions within it."""
    for child in _own_nodes(node):
        if isinstance(child, ast.stmt):
            yield child


def _own_nodes(node: FunctionNode) -> Iterator[ast.AST]:
    """The nodes of one function's scope; functions within it come without a body."""
    body = [node.body] if isinstance(node, ast.Lambda) else node.body
    pending: list[ast.AST] = list(reversed(body))
    while pending:
        current = pending.pop()
        yield current
        if isinstance(current, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            pending.extend(reversed(current.decorator_list))
        elif not isinstance(current, ast.Lambda):
            pending.extend(reversed(list(ast.iter_child_nodes(current))))


def bound_by(statement: ast.stmt) -> set[str]:
    """The names a statement binds in its own scope, statements within it left out."""
    match statement:
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
            return {name}
        case ast.ClassDef(name=name):
            return {name}
        case ast.Assign(targets=targets):
            return {name for target in targets for name in _stored(target)}
        case ast.AugAssign(target=target) | ast.AnnAssign(target=target):
            return set(_stored(target))
        case ast.For(target=target) | ast.AsyncFor(target=target):
            return set(_stored(target))
        case ast.With(items=items) | ast.AsyncWith(items=items):
            variables = [item.optional_vars for item in items if item.optional_vars]
            return {name for target in variables for name in _stored(target)}
        case ast.Import(names=aliases) | ast.ImportFrom(names=aliases):
            return {alias.asname or alias.name.partition(".")[0] for alias in aliases}
        case ast.Try(handlers=handlers) | ast.TryStar(handlers=handlers):
            return {handler.name for handler in handlers if handler.name}
        case ast.Match(cases=cases):
            patterns = [node for case in cases for node in ast.walk(case.pattern)]
            captured = {
                getattr(node, "name", None) or getattr(node, "rest", None)
                for node in patterns
            }
            return {name for name in captured if name}
        case _:
            return set()


def _stored(target: ast.AST) -> Iterator[str]:
    for node in ast.walk(target):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id


def _defaults(arguments: ast.arguments) -> list[ast.AST]:
    return [*arguments.defaults, *(each for each in arguments.kw_defaults if each)]
