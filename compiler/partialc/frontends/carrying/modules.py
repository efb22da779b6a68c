"""User modules as text: the statement that binds each top-level name."""

from __future__ import annotations

import ast
import importlib.util
import inspect
import io
import re
import sys
import tokenize
from dataclasses import dataclass, field
from types import ModuleType
from typing import Final, TypeAlias

from partialc.frontends.carrying.edits import Text
from partialc.frontends.carrying.library import is_library
from partialc.frontends.carrying.refusal import RefusalError
from partialc.frontends.carrying.scopes import bound_by
from partialc.frontends.faults import is_user_file

_DIRECTIVE: Final = re.compile(
    r"#\s*(type:|noqa|fmt:|isort:|ruff:|mypy:|pyright:|pylint:|pragma:)"
)


@dataclass(frozen=True, slots=True)
class Library:
    """A name bound to an object of a library."""

    path: str


@dataclass(frozen=True, slots=True)
class Imported:
    """A name bound to a whole user module."""

    module: str


@dataclass(frozen=True, slots=True)
class Defined:
    """A name bound by a statement of a user module."""

    module: str
    name: str
    statement: ast.stmt


Binding: TypeAlias = Library | Imported | Defined


@dataclass(slots=True)
class Module:
    """A user module's source.

    Attributes:
        name: Its dotted name.
        text: Its text and tree.
        family: The modules read so far, by name: each is read once.
        statements: The top-level statements that bind each name.
        parents: The parent of each node.
    """

    name: str
    text: Text
    family: dict[str, Module]
    statements: dict[str, list[ast.stmt]] = field(init=False)
    parents: dict[ast.AST, ast.AST] = field(init=False)

    def __post_init__(self) -> None:
        self.statements = {}
        for statement in self.text.tree.body:
            for name in _all_bound_by(statement):
                self.statements.setdefault(name, []).append(statement)
        self._drop_directives()
        self.parents = {
            child: parent
            for parent in ast.walk(self.text.tree)
            for child in ast.iter_child_nodes(parent)
        }

    def _drop_directives(self) -> None:
        """Remove comments meant for tools: they speak of the user's own set-up."""
        lines = io.StringIO(self.text.source).readline
        for token in tokenize.generate_tokens(lines):
            if token.type == tokenize.COMMENT and _DIRECTIVE.match(token.string):
                row, column = token.start
                before = self.text.line(row)[:column]
                start = self.text.offset(row, len(before.rstrip().encode()))
                self.text.replace(start, self.text.line_stop(row), "")

    def binding(self, name: str) -> Binding | None:
        """What a top-level name stands for; None when the module does not bind it.

        Raises:
            RefusalError: It is bound more than once, or conditionally.
        """
        statements = self.statements.get(name, [])
        if not statements:
            return None
        if len(statements) > 1:
            raise RefusalError(f"its module binds '{name}' more than once")
        (statement,) = statements
        match statement:
            case ast.Import(names=aliases):
                return self._import(aliases, name)
            case ast.ImportFrom():
                return self._import_from(statement, name)
            case ast.FunctionDef() | ast.Assign() | ast.AnnAssign() | ast.ClassDef():
                return Defined(self.name, name, statement)
            case _:
                raise RefusalError(f"'{name}' is not bound at the top of its module")

    def _import(self, aliases: list[ast.alias], name: str) -> Binding:
        for alias in aliases:
            top = alias.name.partition(".")[0]
            if (alias.asname or top) == name:
                return _module_binding(alias.name if alias.asname else top)
        raise AssertionError("a statement binds what it is listed for")

    def _import_from(self, statement: ast.ImportFrom, name: str) -> Binding:
        dots = "." * statement.level
        package = self.name if self._is_package() else self.name.rpartition(".")[0]
        source = importlib.util.resolve_name(dots + (statement.module or ""), package)
        for alias in statement.names:
            if (alias.asname or alias.name) != name:
                continue
            if is_library(source):
                return Library(f"{source}.{alias.name}")
            if isinstance(sys.modules.get(f"{source}.{alias.name}"), ModuleType):
                return _module_binding(f"{source}.{alias.name}")
            _require_user_module(source)
            found = read(source, self.family).binding(alias.name)
            if found is not None:
                return found
        raise RefusalError(f"where '{name}' is defined cannot be told from the source")

    def _is_package(self) -> bool:
        return hasattr(sys.modules.get(self.name), "__path__")


def read(name: str, family: dict[str, Module]) -> Module:
    """The source of an imported module; one that is in `family` is not read again.

    Raises:
        RefusalError: There is none.
    """
    if name in family:
        return family[name]
    module = sys.modules.get(name)
    if module is None:
        raise RefusalError(f"the module '{name}' is not imported")
    try:
        source = inspect.getsource(module)
        family[name] = Module(name, Text(source), family)
    except (OSError, TypeError, SyntaxError):
        raise RefusalError(f"the module '{name}' has no source text") from None
    return family[name]


def _module_binding(name: str) -> Binding:
    if is_library(name):
        return Library(name)
    _require_user_module(name)
    return Imported(name)


def _require_user_module(name: str) -> None:
    file = getattr(sys.modules.get(name), "__file__", None)
    if file is None or not is_user_file(file):
        raise RefusalError(f"it uses the library {name.partition('.')[0]}")


def _all_bound_by(statement: ast.stmt) -> set[str]:
    """The names a top-level statement binds, those of blocks within it included."""
    names = bound_by(statement)
    if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        declared = {
            name
            for node in ast.walk(statement)
            if isinstance(node, ast.Global)
            for name in node.names
        }
        return names | declared
    for child in ast.iter_child_nodes(statement):
        if isinstance(child, ast.stmt):
            names |= _all_bound_by(child)
        elif isinstance(child, ast.ExceptHandler | ast.match_case):
            for inner in child.body:
                names |= _all_bound_by(inner)
    return names
