"""Carrying a function's own source text into the generated module.

The text is made by following names from the function's definition: helpers, module
constants and derivative rules come along, library names are spelled as the module
spells them, parameters and results are annotated. It is used only if it traces to the
very program that the function itself traces to.
"""

from __future__ import annotations

import ast
import functools
import inspect
import linecache
from collections.abc import Mapping
from dataclasses import replace
from inspect import Parameter
from pathlib import Path
from types import FunctionType, MethodType
from typing import Any, Final

import jax

from partialc.errors import PartialcError
from partialc.frontends.binding import Binding, is_jitted
from partialc.frontends.carrying.collect import (
    Collector,
    is_literal,
    literal,
)
from partialc.frontends.carrying.identity import is_same_function
from partialc.frontends.carrying.locate import find_definition
from partialc.frontends.carrying.modules import Module, read
from partialc.frontends.carrying.refusal import RefusalError
from partialc.frontends.carrying.scopes import all_arguments
from partialc.frontends.faults import is_user_file
from partialc.frontends.primal import CarriedSource
from partialc.frontends.tracing import FlatCall, Traced, trace_flat
from partialc.ir.program import Function
from partialc.ir.structure import same
from partialc.request.annotations import tree_annotation

_PRELUDE: Final = (
    "import jax\nimport jax.numpy as jnp\nimport numpy as np\nfrom jax import lax\n"
    "from typing import Any, NamedTuple\n"
)
_POSITIONAL: Final = (Parameter.POSITIONAL_ONLY, Parameter.POSITIONAL_OR_KEYWORD)


def carry(binding: Binding, traced: Traced, name: str) -> CarriedSource:
    """The source text of a function with all it needs.

    Args:
        binding: The function and its arguments.
        traced: Its program: the text must trace to the same.
        name: What the function is called in the module.

    Raises:
        RefusalError: The source cannot be carried, with the reason.
    """
    function = _plain_function(binding.function)
    module = _module_of(function)
    node = find_definition(module, function)
    _check_order(binding)
    parameters = _prepare_parameters(module, node, binding)
    collector = Collector(module.family)
    if isinstance(node, ast.Lambda):
        collector.lambda_function(
            module, node, name, parameters=parameters, closure=_closure(function)
        )
    elif node.name != name:
        raise RefusalError(f"it is defined as '{node.name}' but called '{name}'")
    else:
        collector.function(
            module, node, parameters=parameters, closure=_closure(function)
        )
    items = collector.ordered()
    text = _joined([item.text for item in items])
    names = tuple(each for item in items for each in item.names)
    source = CarriedSource(text, names, tuple(sorted(collector.imports)))
    verify(source, binding, traced, name)
    return source


def verify(source: CarriedSource, binding: Binding, traced: Traced, name: str) -> None:
    """Run a carried text, and compare the program of the function it defines.

    It is not traced where its code is the very code of the function.

    Raises:
        RefusalError: The text fails, or does not trace to the same program.
    """
    try:
        twins = {}
        for x64 in (False, True):
            # A constant may be an array, whose type depends on the time of import.
            with jax.enable_x64(x64):
                function = execute(source, name)
            parameters = inspect.signature(function).parameters
            twins[x64] = replace(
                binding, function=function, parameters=parameters, given=frozenset()
            )
        if not binding.given and all(
            is_same_function(twin.function, binding.function) for twin in twins.values()
        ):
            return
        call = FlatCall(twins[False], name, twins)
        copy = trace_flat(call, None, name=name)
    except PartialcError as error:
        raise RefusalError(f"its text does not trace alone: {error.why}") from None
    except Exception as error:
        raise RefusalError(f"its text does not run alone: {error}") from None
    if copy.result != traced.result or any(
        not same(_bare(copy.program.variants[regime]), _bare(variant))
        for regime, variant in traced.program.variants.items()
    ):
        raise RefusalError("its text traces to a different program")


def execute(source: CarriedSource, name: str) -> Any:
    """Run a carried text as a module would, and return the function it defines.

    Its lines are known to `linecache`, as those of files are: tracing asks what they
    assign.
    """
    imports = "".join(f"{line}\n" for line in source.imports)
    namespace: dict[str, Any] = {"__name__": f"partialc.carried.{name}"}
    text, file = _PRELUDE + imports + source.text, f"<source of {name}>"
    linecache.cache[file] = len(text), None, text.splitlines(keepends=True), file
    exec(compile(text, file, "exec"), namespace)
    return namespace[name]


def _plain_function(function: Any) -> FunctionType:
    while (
        is_jitted(function)
        or isinstance(function, jax.custom_jvp | jax.custom_vjp)
        or _is_wrapper_of_jax(function)
    ):
        function = function.__wrapped__
    match function:
        case FunctionType():
            return function
        case functools.partial():
            raise RefusalError("it is a functools.partial")
        case MethodType():
            raise RefusalError("it is a bound method")
        case _:
            raise RefusalError(f"it is an object of type {type(function).__name__}")


def _is_wrapper_of_jax(function: Any) -> bool:
    """Whether it is what `jax.checkpoint`, `jax.vmap` and the like return."""
    return (
        isinstance(function, FunctionType)
        and hasattr(function, "__wrapped__")
        and not is_user_file(function.__code__.co_filename)
    )


def _module_of(function: FunctionType) -> Module:
    if not is_user_file(function.__code__.co_filename):
        raise RefusalError("it is not defined in a file of yours")
    module = read(function.__module__, {})
    file = inspect.getsourcefile(inspect.getmodule(function) or function)
    if file is None or Path(file) != Path(function.__code__.co_filename):
        raise RefusalError("it is not defined in the file of its module")
    return module


def _closure(function: FunctionType) -> dict[str, Any]:
    values: dict[str, Any] = {}
    names = function.__code__.co_freevars
    for name, cell in zip(names, function.__closure__ or (), strict=True):
        try:
            values[name] = cell.cell_contents
        except ValueError:
            raise RefusalError(f"it closes over '{name}', which is not set") from None
    return values


def _check_order(binding: Binding) -> None:
    """The module calls the function with its varying arguments by position."""
    positional = [
        name
        for name, parameter in binding.parameters.items()
        if parameter.kind in _POSITIONAL
    ]
    varying = list(binding.trees)
    if positional[: len(varying)] != varying:
        raise RefusalError(
            "its varying arguments are not its first positional parameters"
        )


def _prepare_parameters(
    module: Module, node: ast.FunctionDef | ast.Lambda, binding: Binding
) -> dict[str, str]:
    """Bind static arguments as defaults; return the parameters' annotations."""
    annotations = {name: tree_annotation(tree) for name, tree in binding.trees.items()}
    defaults = _defaults(node.args)
    for argument in all_arguments(node.args):
        value = binding.static.get(argument.arg, _MISSING)
        if value is _MISSING:
            continue
        if type(value) in (bool, int, float, str):
            annotations[argument.arg] = type(value).__name__
        if argument.arg not in binding.given:
            continue
        if not is_literal(value):
            kind = type(value).__name__
            raise RefusalError(
                f"its static argument '{argument.arg}' is of type {kind}"
            )
        default = defaults.get(argument.arg)
        if default is not None:
            module.text.replace_node(default, literal(value))
        else:
            module.text.insert(module.text.stop(argument), f" = {literal(value)}")
    return annotations


_MISSING: Final = object()


def _defaults(arguments: ast.arguments) -> Mapping[str, ast.expr]:
    positional = [*arguments.posonlyargs, *arguments.args]
    named = positional[len(positional) - len(arguments.defaults) :]
    found = {
        argument.arg: default
        for argument, default in zip(named, arguments.defaults, strict=True)
    }
    for argument, optional in zip(
        arguments.kwonlyargs, arguments.kw_defaults, strict=True
    ):
        if optional is not None:
            found[argument.arg] = optional
    return found


def _joined(texts: list[str]) -> str:
    """Statements one below the other; black sets the blank lines around functions."""
    pieces: list[str] = []
    for text in texts:
        is_definition = "\n" in text and not text.startswith("#")
        pieces += ["", "", text] if pieces and is_definition else [text]
    return "\n".join(pieces) + "\n"


def _bare(function: Function) -> Function:
    """The function within, if all a function does is to call it (an outer jit)."""
    while len(function.equations) == 1:
        (equation,) = function.equations
        inner = equation.params.get("function")
        if (
            equation.op != "call"
            or not isinstance(inner, Function)
            or equation.inputs != function.inputs
            or equation.outputs != function.outputs
        ):
            return function
        function = inner
    return function
