"""Whether two functions are one and the same, seen without running them."""

from __future__ import annotations

import builtins
import dis
import inspect
from collections.abc import Iterator
from types import CodeType, FunctionType
from typing import Any, Final

_NUMBERS: Final = (bool, int, float, complex, str, bytes, type(None), type(Ellipsis))
_LOADS: Final = ("LOAD_GLOBAL", "LOAD_NAME", "LOAD_FROM_DICT_OR_GLOBALS")
_REFUSED: Final = ("STORE_GLOBAL", "DELETE_GLOBAL", "IMPORT_NAME")
_DYNAMIC: Final = frozenset({"globals", "locals", "vars", "dir", "eval", "exec"})
"""Built-in functions whose answer depends on where they are called."""

_FUTURE_FLAGS: Final = 0xFFFF_0000
"""The bits of `co_flags` that say which `__future__` a text was compiled with."""


def is_same_function(first: Any, second: Any) -> bool:
    """Whether two functions certainly do the same.

    They do if their instructions and constants are equal, and every global name either
    stands for one object, for equal numbers or texts, or again for two such functions.
    Where they stand in their files, and their annotations, do not count.

    Returns:
        Whether it is certain; False says nothing.
    """
    return _Comparison().functions(first, second)


class _Comparison:
    def __init__(self) -> None:
        self._assumed: set[tuple[int, int]] = set()

    def functions(self, first: Any, second: Any) -> bool:
        """Whether two functions do the same; so they do where they call themselves."""
        if not isinstance(first, FunctionType) or not isinstance(second, FunctionType):
            return False
        if (id(first), id(second)) in self._assumed:
            return True
        self._assumed.add((id(first), id(second)))
        return (
            _are_equal(first.__code__, second.__code__)
            and not first.__code__.co_freevars
            and first.__dict__.keys() == second.__dict__.keys() == set()
            and self._values(first.__defaults__, second.__defaults__)
            and self._values(
                tuple(sorted((first.__kwdefaults__ or {}).items())),
                tuple(sorted((second.__kwdefaults__ or {}).items())),
            )
            and self._globals(first, second)
        )

    def _globals(self, first: FunctionType, second: FunctionType) -> bool:
        for code in _codes(first.__code__):
            for instruction in dis.get_instructions(code):
                if instruction.opname in _REFUSED:
                    return False
                if instruction.opname not in _LOADS:
                    continue
                name = instruction.argval
                if name in _DYNAMIC or name.startswith("__"):
                    return False
                found = _found(first, name), _found(second, name)
                if _MISSING in found or not self._values(*found):
                    return False
        return True

    def _values(self, first: Any, second: Any) -> bool:
        if first is second:
            return True
        if type(first) is not type(second):
            return False
        if isinstance(first, tuple):
            return len(first) == len(second) and all(map(self._values, first, second))
        if isinstance(first, _NUMBERS):
            return repr(first) == repr(second)
        return self.functions(first, second)


def _are_equal(first: CodeType, second: CodeType) -> bool:
    """Whether two codes have the same instructions, constants and names."""
    return (
        first.co_code == second.co_code
        and first.co_names == second.co_names
        and first.co_varnames == second.co_varnames
        and first.co_cellvars == second.co_cellvars
        and first.co_freevars == second.co_freevars
        and first.co_argcount == second.co_argcount
        and first.co_posonlyargcount == second.co_posonlyargcount
        and first.co_kwonlyargcount == second.co_kwonlyargcount
        and first.co_exceptiontable == second.co_exceptiontable
        and _behaviour(first) == _behaviour(second)
        and _are_equal_constants(first.co_consts, second.co_consts)
    )


def _behaviour(code: CodeType) -> int:
    """The flags of a code, save those for its `__future__` and its nesting."""
    return code.co_flags & ~_FUTURE_FLAGS & ~inspect.CO_NESTED


def _are_equal_constants(first: Any, second: Any) -> bool:
    if type(first) is not type(second):
        return False
    if isinstance(first, CodeType):
        return _are_equal(first, second)
    if isinstance(first, tuple):
        return len(first) == len(second) and all(
            map(_are_equal_constants, first, second)
        )
    return isinstance(first, _NUMBERS) and repr(first) == repr(second)


def _codes(code: CodeType) -> Iterator[CodeType]:
    """A code and those of the functions and classes within it."""
    yield code
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _codes(constant)


_MISSING: Final = object()


def _found(function: FunctionType, name: str) -> Any:
    inherited = getattr(builtins, name, _MISSING)
    return function.__globals__.get(name, inherited)
