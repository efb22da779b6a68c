"""What a call can leave changed behind it: globals, closures, objects.

Other things run while a function is traced: threads, hooks of profilers, callbacks.
What they change is not the function's doing, so only what code reachable from the
function names is looked at.
"""

from __future__ import annotations

import sys
from collections import deque
from collections.abc import Iterator, Mapping
from types import CodeType, FunctionType, MethodType, ModuleType, SimpleNamespace
from typing import Any, Final, TypeAlias

import numpy as np

from partialc.frontends.faults import is_user_file

Snapshot: TypeAlias = Mapping[str, object]
"""By what it is called, what identifies a value and its contents."""

_DEPTH: Final = 3
_MOST: Final = 10_000
"""Containers of more elements are told by their length alone."""


class State:
    """The variables that a function and what it calls refer to.

    Names that are looked up in objects are followed into every class of the same module
    that has them: that may be too much, and is never too little there.
    """

    def __init__(self, function: Any) -> None:
        """Find them.

        Args:
            function: Any callable.
        """
        self._named: dict[str, tuple[Mapping[str, Any], str]] = {}
        self._cells: dict[str, Any] = {}
        self._objects: dict[str, Any] = {}
        self._seen: set[int] = set()
        self._visit(function)

    def snapshot(self) -> Snapshot:
        """What all of them are now."""
        found: dict[str, object] = {}
        for label, (namespace, name) in self._named.items():
            found[label] = _mark(namespace.get(name, _MISSING), _DEPTH)
        for label, cell in self._cells.items():
            found[label] = _mark(_contents(cell), _DEPTH)
        for label, value in self._objects.items():
            found[label] = _mark(value, _DEPTH)
        return found

    def _visit(self, value: Any) -> None:
        """Go into what may be called."""
        if id(value) in self._seen:
            return
        self._seen.add(id(value))
        if isinstance(value, FunctionType):
            if not is_user_file(value.__code__.co_filename):
                self._visit(getattr(value, "__wrapped__", None))
                return
            for name, cell in zip(
                value.__code__.co_freevars, value.__closure__ or (), strict=True
            ):
                label = f"the variable '{name}' that it closes over"
                self._cells.setdefault(label, cell)
                self._visit(_contents(cell))
            self._code(value.__code__, value.__globals__)
        elif isinstance(value, MethodType):
            self._objects.setdefault("the object it is a method of", value.__self__)
            self._visit(value.__func__)
            self._visit(type(value.__self__))
        elif isinstance(value, type):
            if _is_users(value):
                for member in vars(value).values():
                    self._visit(getattr(member, "__func__", member))
                    self._visit(getattr(member, "fget", None))
        else:
            for inner in ("__wrapped__", "func", "fun"):
                self._visit(getattr(value, inner, None))
            if _is_users(type(value)) and callable(value):
                self._objects.setdefault("the object that is called", value)
            self._visit(type(value))

    def _code(self, code: CodeType, namespace: dict[str, Any]) -> None:
        names = set(_names(code))
        for name in sorted(names):
            if name in namespace and not name.startswith("__"):
                value = namespace[name]
                self._named.setdefault(f"the global '{name}'", (namespace, name))
                if isinstance(value, ModuleType):
                    self._module(value, names)
                else:
                    self._visit(value)
        for value in list(namespace.values()):
            if isinstance(value, type) and _is_users(value):
                for name in names & vars(value).keys():
                    self._visit(vars(value)[name])

    def _module(self, module: ModuleType, names: set[str]) -> None:
        """What is looked up in a module of the user's."""
        if not is_user_file(getattr(module, "__file__", None) or "<>"):
            return
        for name in sorted(names & vars(module).keys()):
            label = f"'{name}' of the module '{module.__name__}'"
            self._named.setdefault(label, (vars(module), name))
            self._visit(vars(module)[name])


def changed(before: Snapshot, after: Snapshot) -> tuple[str, ...]:
    """What is not what it was."""
    return tuple(label for label in before if before[label] != after.get(label))


_MISSING: Final = object()
_OPEN: Final = (FunctionType, SimpleNamespace)
"""Besides objects of the user's own classes, what people keep attributes in."""


def _contents(cell: Any) -> Any:
    try:
        return cell.cell_contents
    except ValueError:  # not yet bound
        return _MISSING


def _names(code: CodeType) -> Iterator[str]:
    yield from code.co_names
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _names(constant)


def _is_users(kind: type) -> bool:
    module = sys.modules.get(kind.__module__)
    return module is not None and is_user_file(
        getattr(module, "__file__", None) or "<>"
    )


def _mark(value: Any, depth: int) -> object:
    """What a value can be told by: itself, and what it holds if it can be changed."""
    if value is None or isinstance(value, int | float | complex | str | bytes):
        return value if value == value else "nan"
    inner: object = ()
    if isinstance(value, np.ndarray):
        small = value.size <= _MOST and not value.dtype.hasobject
        inner = value.tobytes() if small else ()
    elif depth and isinstance(value, dict):
        inner = len(value)
        if len(value) <= _MOST:
            inner = tuple(
                (_mark(key, 0), _mark(entry, depth - 1)) for key, entry in value.items()
            )
    elif depth and isinstance(value, list | tuple | set | frozenset | deque):
        inner = len(value)
        if len(value) <= _MOST:
            inner = tuple(_mark(entry, depth - 1) for entry in value)
    elif depth and (isinstance(value, _OPEN) or _is_users(type(value))):
        inner = _mark(getattr(value, "__dict__", {}), depth)
        for kind in type(value).__mro__:
            slots = getattr(kind, "__slots__", ())
            for name in (slots,) if isinstance(slots, str) else slots:
                inner = inner, _mark(getattr(value, name, None), depth - 1)
    elif isinstance(value, bytearray):
        inner = bytes(value)
    return id(value), inner
