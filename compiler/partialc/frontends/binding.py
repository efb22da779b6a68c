"""Arguments matched with a function's parameters."""

from __future__ import annotations

import difflib
import inspect
import keyword
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from inspect import Parameter
from pathlib import Path
from typing import Any, Final

import jax

from partialc.errors import FrontendError
from partialc.frontends.arguments import Bound, describe
from partialc.request.signature import Tree

_VARIADIC: Final = (Parameter.VAR_POSITIONAL, Parameter.VAR_KEYWORD)


@dataclass(frozen=True, slots=True)
class Binding:
    """A function and what it is given.

    Attributes:
        function: The function as the user wrote it.
        parameters: Its parameters by name, in order.
        trees: The arguments that vary, in the order of the parameters.
        static: The arguments bound at build time, those left at their defaults
            included.
        given: The names of static arguments that the user gave.
    """

    function: Any
    parameters: Mapping[str, Parameter]
    trees: dict[str, Tree]
    static: dict[str, Any]
    given: frozenset[str]

    def arguments(self, variables: Sequence[Any]) -> tuple[list[Any], dict[str, Any]]:
        """Positional and keyword arguments of one call, from the varying ones."""
        values = dict(zip(self.trees, variables, strict=True))
        values |= {name: self.static[name] for name in self.given}
        positional: list[Any] = []
        gap = False
        for name, parameter in self.parameters.items():
            if parameter.kind in _VARIADIC:
                continue
            if name not in values:
                # A default is left to the function: jit would trace it as an argument.
                gap = True
            elif parameter.kind is Parameter.POSITIONAL_ONLY or (
                parameter.kind is Parameter.POSITIONAL_OR_KEYWORD and not gap
            ):
                positional.append(values.pop(name))
        return positional, values

    def call(self, *variables: Any) -> Any:
        """Call the function with the varying arguments by position."""
        positional, keywords = self.arguments(variables)
        return self.function(*positional, **keywords)

    def without_jit(self) -> Binding:
        """The same with the function that an outermost `jax.jit` wraps."""
        function = self.function
        while is_jitted(function):
            function = function.__wrapped__
        return replace(self, function=function)


def is_jitted(function: Any) -> bool:
    """Whether it is what `jax.jit` returns."""
    return isinstance(function, jax.stages.Wrapped) and hasattr(function, "__wrapped__")


def bind(
    function: Callable[..., Any],
    args: Mapping[str, Any],
    *,
    name: str,
    folder: Path | None,
) -> Binding:
    """Match a spec's arguments with a function's parameters.

    Args:
        function: Any callable with a signature: function, method, partial, object.
        args: A description for each argument, in the order of the parameters.
        name: How errors call the function.
        folder: Where paths of example objects are imported from.

    Raises:
        FrontendError: Unknown, missing, variadic or misordered arguments; a description
            that is wrong; no argument that varies.
    """
    parameters = _parameters(function, name)
    _check_names(parameters, args, name)
    described = {key: describe(value, key, folder) for key, value in args.items()}
    trees = {key: item for key, item in described.items() if isinstance(item, Tree)}
    static = {
        key: item.value for key, item in described.items() if isinstance(item, Bound)
    }
    if not trees:
        raise FrontendError(
            f"'{name}' has no argument that varies",
            where="args",
            why="there is nothing to differentiate by: all values in args are static",
            fix='describe an array: args = { x = "float[5]" }',
        )
    defaults = {
        key: parameter.default
        for key, parameter in parameters.items()
        if key not in args and parameter.default is not Parameter.empty
    }
    return Binding(function, parameters, trees, defaults | static, frozenset(static))


def _parameters(function: Callable[..., Any], name: str) -> Mapping[str, Parameter]:
    try:
        return inspect.signature(function).parameters
    except (TypeError, ValueError) as error:
        raise FrontendError(
            f"'{name}' has no signature that Python can read",
            why=str(error),
            fix="wrap it: def f(x): return ...",
        ) from None


def _check_names(
    parameters: Mapping[str, Parameter], args: Mapping[str, Any], name: str
) -> None:
    named = [key for key, entry in parameters.items() if entry.kind not in _VARIADIC]
    takes_any = any(
        entry.kind is Parameter.VAR_KEYWORD for entry in parameters.values()
    )
    for key in args:
        if not key.isidentifier() or keyword.iskeyword(key):
            raise FrontendError(
                f"'{key}' cannot be the name of an argument",
                where=f"args.{key}",
                why="it is a keyword of Python" if keyword.iskeyword(key) else None,
                fix="use the names of the function's parameters",
            )
        if key in parameters and parameters[key].kind in _VARIADIC:
            star = "*" if parameters[key].kind is Parameter.VAR_POSITIONAL else "**"
            raise FrontendError(
                f"'{star}{key}' of '{name}' collects arguments, it is not one",
                where=f"args.{key}",
                fix=f"write a function of named parameters that calls '{name}'",
            )
        if key not in parameters and not takes_any:
            raise FrontendError(
                f"'{name}' has no parameter '{key}'",
                where=f"args.{key}",
                fix=_name_hint(key, named),
            )
    missing = [
        key
        for key in named
        if key not in args and parameters[key].default is Parameter.empty
    ]
    if missing:
        raise FrontendError(
            f"args lacks {_quoted(missing)} of '{name}'",
            where="args",
            why=f"the function has the parameters {_quoted(named)}",
            fix=f'describe it: {missing[0]} = "float[5]", or a plain number to bind it',
        )
    given = [key for key in args if key in parameters]
    ordered = [key for key in named if key in args]
    if given != ordered:
        raise FrontendError(
            f"args are not in the order of the parameters of '{name}'",
            where="args",
            why="generated kernels take their arguments in that order",
            fix=f"write them as {', '.join(ordered)}",
        )


def _name_hint(key: str, named: list[str]) -> str:
    near = difflib.get_close_matches(key, named, n=1, cutoff=0.5)
    if near:
        return f"did you mean '{near[0]}'?"
    if not named:
        return "the function takes no named parameters: wrap it in one that does"
    return f"its parameters are {_quoted(named)}"


def _quoted(names: list[str]) -> str:
    return ", ".join(f"'{name}'" for name in names)
