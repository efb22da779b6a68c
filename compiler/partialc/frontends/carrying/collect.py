"""Everything a function needs, found by following names from its source text."""

from __future__ import annotations

import ast
import builtins
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import FunctionType, ModuleType
from typing import Any, Final

from partialc.frontends.carrying.annotate import (
    annotate,
    function_of_lambda,
    lambda_kind,
)
from partialc.frontends.carrying.kinds import ANY, Kind, Kinds, callable_kind
from partialc.frontends.carrying.library import BUILTINS, MODULE_NAMES, spell
from partialc.frontends.carrying.modules import (
    Binding,
    Defined,
    Imported,
    Library,
    Module,
    read,
)
from partialc.frontends.carrying.refusal import RefusalError
from partialc.frontends.carrying.scopes import Names, names_of

_RULES: Final = frozenset({"defjvp", "defjvps", "defvjp"})
_REFUSED_NODES: Final[tuple[tuple[type[ast.AST], str], ...]] = (
    (ast.Global, "declares a global"),
    (ast.Nonlocal, "declares a nonlocal"),
    (ast.ClassDef, "defines a class"),
    (ast.Import, "imports within a function"),
    (ast.ImportFrom, "imports within a function"),
    (ast.AsyncFunctionDef, "is asynchronous"),
    (ast.Await, "is asynchronous"),
)


@dataclass(frozen=True, slots=True)
class Item:
    """A statement to carry.

    Attributes:
        module: The module it is from.
        line: Where it stands there.
        text: The statement, edited.
        names: What it defines.
    """

    module: str
    line: int
    text: str
    names: tuple[str, ...]


@dataclass(slots=True)
class Collector:
    """Collects statements, each once.

    Attributes:
        items: What was collected, in the order it was met.
        imports: Import lines that the text needs.
        family: The modules read so far.
    """

    family: dict[str, Module]
    items: list[Item] = field(default_factory=list)
    imports: set[str] = field(default_factory=set)
    _done: set[ast.stmt] = field(default_factory=set)
    _owners: dict[str, object] = field(default_factory=dict)
    _kinds: dict[str, Kind] = field(default_factory=dict)

    def ordered(self) -> list[Item]:
        """The statements, each after those it needs.

        A module's stand in the order of its lines. A statement is collected after what
        it needs, so that the module whose last one came last comes last.
        """
        last = {item.module: number for number, item in enumerate(self.items)}
        last[""] = -1
        return sorted(self.items, key=lambda item: (last[item.module], item.line))

    def function(
        self,
        module: Module,
        node: ast.FunctionDef,
        *,
        parameters: Mapping[str, str] | None = None,
        closure: Mapping[str, Any] | None = None,
    ) -> None:
        """Collect a function and all it needs.

        Args:
            module: Where it is defined.
            node: Its definition.
            parameters: The annotations of its parameters; `Any` for others.
            closure: The values of names it takes from functions around it.

        Raises:
            RefusalError: It cannot be carried.
        """
        if node in self._done:
            return
        self._done.add(node)
        self._own(node.name, node)
        self._kinds[node.name] = callable_kind(ANY)
        _check_nodes(node, node.name)
        self._resolve(module, names_of(node), closure or {})
        self._check_decorators(module, node)
        returns = annotate(
            module.text,
            node,
            parameters or {},
            Kinds(self._kinds, lambda each: self._spelled(module, each)),
            lambda each: self._spelled(module, each),
        )
        if not node.decorator_list:
            self._kinds[node.name] = callable_kind(returns)
        first = min([node.lineno, *(each.lineno for each in node.decorator_list)])
        self._add(module, node, first, (node.name,))
        self._rules(module, node.name)

    def lambda_function(
        self,
        module: Module,
        node: ast.Lambda,
        name: str,
        *,
        parameters: Mapping[str, str],
        closure: Mapping[str, Any],
    ) -> None:
        """Collect a lambda as a `def` of the given name, as `function` does."""
        self._own(name, node)
        _check_nodes(node, name)
        self._resolve(module, names_of(node), closure)
        kinds = Kinds(self._kinds, lambda each: self._spelled(module, each))
        returns = lambda_kind(
            node, parameters, kinds, lambda each: self._spelled(module, each)
        )
        text = function_of_lambda(module.text, name, node, 0, parameters, returns)
        self.items.append(Item(module.name, node.lineno, text, (name,)))

    # --- statements of modules -------------------------------------------------------

    def _statement(self, found: Defined) -> None:
        module = read(found.module, self.family)
        match found.statement:
            case ast.FunctionDef() as node:
                self.function(module, node)
            case ast.ClassDef(name=name):
                raise RefusalError(f"it uses the class {name}")
            case ast.Assign() | ast.AnnAssign() as node:
                self._assignment(module, node, found.name)

    def _assignment(
        self, module: Module, node: ast.Assign | ast.AnnAssign, name: str
    ) -> None:
        if node in self._done:
            return
        self._done.add(node)
        if node.value is None:
            raise RefusalError(f"'{name}' is declared but has no value")
        match node:
            case ast.Assign(targets=[ast.Name()], value=ast.Lambda() as value):
                self.lambda_function(module, value, name, parameters={}, closure={})
                self._kinds[name] = callable_kind(ANY)
                return
            case ast.AnnAssign():
                text = module.text
                text.replace(text.stop(node.target), text.stop(node.annotation), "")
        _check_nodes(node, name)
        names = names_of(node)
        defined = tuple(
            each.id for each in names.free if isinstance(each.ctx, ast.Store)
        )
        for each in defined:
            self._own(each, node)
        names.free = [each for each in names.free if each.id not in defined]
        self._resolve(module, names, {}, constant=True)
        if len(defined) == 1:
            kinds = Kinds(self._kinds, lambda each: self._spelled(module, each))
            self._kinds[name] = kinds.of(node.value)
        self._add(module, node, node.lineno, defined)
        self._rules(module, name)

    def _rules(self, module: Module, name: str) -> None:
        """Collect the statements that give a function its derivative rules."""
        for statement in module.text.tree.body:
            match statement:
                case ast.Expr(value=ast.Call(func=func)) if _is_rule(func, name):
                    if statement not in self._done:
                        self._done.add(statement)
                        self._resolve(module, names_of(statement), {})
                        self._add(module, statement, statement.lineno, ())
                case ast.FunctionDef(decorator_list=[decorator]) if _is_rule(
                    decorator, name
                ):
                    self.function(module, statement)

    def _add(
        self, module: Module, node: ast.stmt, first: int, names: tuple[str, ...]
    ) -> None:
        text = module.text
        if node.end_lineno is None:
            raise AssertionError("ast.parse gives every node an end")
        stop = text.line_stop(node.end_lineno)
        rest = text.between(text.stop(node), stop).strip()
        indent = text.line(first)[: node.col_offset]
        if (rest and not rest.startswith("#")) or indent.strip():
            raise RefusalError(f"line {first} of its module holds several statements")
        while first > 1 and text.line(first - 1).strip().startswith("#"):
            first -= 1
        lines = text.edited(text.offset(first, 0), stop).splitlines()
        dedented = "\n".join(line.removeprefix(indent).rstrip() for line in lines)
        self.items.append(Item(module.name, first, dedented.strip("\n"), names))

    # --- names -----------------------------------------------------------------------

    def _own(self, name: str, owner: object) -> None:
        if name in MODULE_NAMES or name in self.imported_names:
            raise RefusalError(f"it defines '{name}', a name the module needs itself")
        if self._owners.setdefault(name, owner) is not owner:
            raise RefusalError(f"two different things are called '{name}'")

    @property
    def imported_names(self) -> frozenset[str]:
        """The names that the import lines bind."""
        return frozenset(line.split()[1].partition(".")[0] for line in self.imports)

    def _resolve(
        self,
        module: Module,
        names: Names,
        closure: Mapping[str, Any],
        *,
        constant: bool = False,
    ) -> None:
        if names.bound & {"jax", "Any"}:
            raise RefusalError("it has a local called 'jax' or 'Any'")
        for node in names.free:
            if node.id in closure:
                self._closed_over(node.id, closure[node.id])
                continue
            binding = module.binding(node.id)
            if binding is None:
                _check_builtin(node.id)
                continue
            self._use(module, node, binding, names.bound, constant=constant)

    def _use(
        self,
        module: Module,
        node: ast.Name,
        binding: Binding,
        bound: Iterable[str],
        *,
        constant: bool,
    ) -> None:
        top, attributes = _chain(module, node)
        while isinstance(binding, Imported):
            if not attributes:
                raise RefusalError(f"it passes the module '{binding.module}' around")
            attribute, inner = attributes.pop(0)
            found = read(binding.module, self.family).binding(attribute)
            if found is None:
                raise RefusalError(f"it uses {binding.module}.{attribute}")
            top, binding = inner, found
        if isinstance(binding, Library):
            path = ".".join([binding.path, *(name for name, _ in attributes)])
            if constant and path.startswith("jax.random"):
                raise RefusalError("a module constant is drawn at random")
            self.imports.update(spell(path).imports)
            text = spell(binding.path).text
        else:
            self._statement(binding)
            text = binding.name
        written = ast.unparse(top)
        if text == written:
            return
        if text.partition(".")[0] in bound:
            raise RefusalError(f"a local of it is called '{text.partition('.')[0]}'")
        module.text.replace_node(top, text)

    def _closed_over(self, name: str, value: Any) -> None:
        match value:
            case ModuleType() | FunctionType():
                raise RefusalError(f"it closes over the local '{name}'")
            case _ if is_literal(value):
                if self._owners.setdefault(name, "closure") != "closure":
                    raise RefusalError(f"two different things are called '{name}'")
                item = Item("", 0, f"{name} = {literal(value)}", (name,))
                if item not in self.items:
                    self.items.append(item)
                    self._kinds[name] = type(value).__name__
            case _:
                kind = type(value).__name__
                raise RefusalError(f"it closes over '{name}', which is of type {kind}")

    def _spelled(self, module: Module, node: ast.expr) -> str | None:
        """The library object an expression names, as generated modules spell it."""
        attributes: list[str] = []
        while isinstance(node, ast.Attribute):
            attributes.insert(0, node.attr)
            node = node.value
        if not isinstance(node, ast.Name):
            return None
        try:
            binding = module.binding(node.id)
            if isinstance(binding, Library):
                return spell(".".join([binding.path, *attributes])).text
        except RefusalError:
            return None
        return None

    def _check_decorators(self, module: Module, node: ast.FunctionDef) -> None:
        for decorator in node.decorator_list:
            spelled = self._spelled(module, decorator)
            if isinstance(decorator, ast.Call):
                spelled = self._spelled(module, decorator.func)
                if spelled == "functools.partial" and decorator.args:
                    spelled = self._spelled(module, decorator.args[0])
            rule = isinstance(decorator, ast.Attribute) and decorator.attr in _RULES
            if not rule and (
                spelled is None or not spelled.startswith(("jax.", "jnp."))
            ):
                written = ast.unparse(decorator)
                raise RefusalError(f"'{node.name}' has the decorator {written}")


def _check_nodes(node: ast.AST, name: str) -> None:
    for child in ast.walk(node):
        for kind, reason in _REFUSED_NODES:
            if isinstance(child, kind):
                raise RefusalError(f"'{name}' {reason}")


def _check_builtin(name: str) -> None:
    if name in BUILTINS:
        return
    if hasattr(builtins, name):
        raise RefusalError(f"it uses {name}")
    raise RefusalError(f"where '{name}' is defined cannot be told from the source")


def _chain(
    module: Module, node: ast.Name
) -> tuple[ast.expr, list[tuple[str, ast.Attribute]]]:
    """The attributes taken of a name, each with the expression up to it."""
    attributes: list[tuple[str, ast.Attribute]] = []
    current: ast.expr = node
    while True:
        parent = module.parents.get(current)
        if not isinstance(parent, ast.Attribute):
            return node, attributes
        attributes.append((parent.attr, parent))
        current = parent


def _is_rule(node: ast.expr, name: str) -> bool:
    match node:
        case ast.Attribute(value=ast.Name(id=owner), attr=attribute):
            return owner == name and attribute in _RULES
        case _:
            return False


def is_literal(value: Any) -> bool:
    """Whether a value can be written as a number, a text, or a tuple of those."""
    if isinstance(value, tuple):
        return type(value) is tuple and all(map(is_literal, value))
    return value is None or type(value) in (bool, int, float, complex, str)


def literal(value: Any) -> str:
    """A literal that evaluates to the value."""
    if isinstance(value, tuple):
        inner = ", ".join(map(literal, value))
        return f"({inner},)" if len(value) == 1 else f"({inner})"
    if isinstance(value, float) and value in (float("inf"), float("-inf")):
        return f'float("{value}")'
    if isinstance(value, float) and value != value:
        return 'float("nan")'
    return repr(value)
