"""Callables that return SymPy expressions."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Any

import sympy

from partialc.errors import FrontendError
from partialc.frontends.arguments import Bound, describe
from partialc.frontends.faults import user_location


@dataclass(frozen=True, slots=True)
class Evaluated:
    """What a callable returned.

    Attributes:
        value: The expression.
        args: The descriptions of those arguments that its symbols stand for.
        named: The values of its locals, by name.
    """

    value: Any
    args: dict[str, Any]
    named: dict[str, Any]


def is_symbolic(value: Any) -> bool:
    """Whether a value is a SymPy expression, matrix, array, or a container of them."""
    match value:
        case tuple() | list():
            return bool(value) and all(map(is_symbolic, value))
        case dict():
            return bool(value) and all(map(is_symbolic, value.values()))
        case _:
            return isinstance(value, sympy.Basic | sympy.MatrixBase | sympy.NDimArray)


def evaluate(
    function: Any, args: Mapping[str, Any], folder: Path | None
) -> Evaluated | None:
    """Call a function for the expression it returns; None if it is no such function.

    A function without parameters is called as it is. One whose code refers to SymPy is
    called with a symbol for each parameter (an `IndexedBase` for an array), static
    values as they are.

    Raises:
        FrontendError: A function without parameters fails.
    """
    if not isinstance(function, FunctionType):
        return None
    parameters = inspect.signature(function).parameters
    if not parameters:
        return _called(function, {}, dict(args), folder)
    if not _refers_to_sympy(function) or not parameters.keys() >= args.keys():
        return None
    values: dict[str, Any] = {}
    varying: dict[str, Any] = {}
    for name, description in args.items():
        described = describe(description, name, folder)
        if isinstance(described, Bound):
            values[name] = described.value
            continue
        if not described.is_array:
            return None
        shape = described.leaves[0].type.shape
        values[name] = sympy.IndexedBase(name, shape) if shape else sympy.Symbol(name)
        varying[name] = description
    return _called(function, values, varying, folder)


def _called(
    function: FunctionType,
    values: dict[str, Any],
    args: dict[str, Any],
    folder: Path | None,
) -> Evaluated | None:
    named: dict[str, Any] = {}

    def remember(frame: Any, event: str, _: Any) -> None:
        if event == "return" and frame.f_code is function.__code__:
            named.update(frame.f_locals)

    before = sys.getprofile()
    sys.setprofile(remember)
    try:
        result = function(**values)
    except Exception as error:
        if values:
            # It may still be a function of arrays: tracing it will tell.
            return None
        raise FrontendError(
            f"'{function.__name__}' fails when it is called for its expression",
            where=user_location(error, folder),
            why=f"{type(error).__name__}: {error}",
        ) from None
    finally:
        sys.setprofile(before)
    return Evaluated(result, args, named) if is_symbolic(result) else None


def _refers_to_sympy(function: FunctionType) -> bool:
    for name in function.__code__.co_names:
        value = function.__globals__.get(name)
        module = value if isinstance(value, ModuleType) else inspect.getmodule(value)
        if module is not None and module.__name__.partition(".")[0] == "sympy":
            return True
    return False
