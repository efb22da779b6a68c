"""How a generated test imports and calls the original function."""

from __future__ import annotations

import inspect
from dataclasses import dataclass
from inspect import Parameter
from pathlib import Path
from typing import Any

from partialc.errors import FrontendError
from partialc.frontends.importing import load_object
from partialc.frontends.primal import Primal
from partialc.reference.body import Names
from partialc.reference.literals import literal_text

_POSITIONAL = (Parameter.POSITIONAL_ONLY, Parameter.POSITIONAL_OR_KEYWORD)


@dataclass(frozen=True, slots=True)
class Original:
    """The original function as source text.

    Attributes:
        module: The module it is imported from.
        path: What leads from the module to it: `Model.energy`.
        arguments: The arguments of its call, without parentheses.
    """

    module: str
    path: str
    arguments: str


def find_original(primal: Primal, names: Names, folder: Path | None) -> Original | None:
    """How to call the original with the arguments of the generated function.

    Args:
        primal: The function.
        names: Identifiers of its arguments.
        folder: The spec's folder, where the original is imported from.

    Returns:
        None when the tests cannot use it: it is not importable, no callable (SymPy
        expressions), or a value bound at build time is no literal.
    """
    module, colon, attributes = primal.origin.partition(":")
    if not primal.importable or not colon:
        return None
    try:
        found = load_object(primal.origin, folder)
        parameters = inspect.signature(found).parameters
    except (FrontendError, TypeError, ValueError):
        return None
    arguments = _arguments(parameters, primal, names)
    if arguments is None:
        return None
    return Original(module, attributes, arguments)


def _arguments(parameters: Any, primal: Primal, names: Names) -> str | None:
    texts: list[str] = []
    by_position = True
    remaining = dict(names.arguments)
    for name, parameter in parameters.items():
        text = remaining.pop(name, None)
        if text is None and name in primal.static:
            text = literal_text(primal.static[name])
            if text is None and primal.static[name] is not parameter.default:
                return None
        if text is None:
            by_position = False  # left to its default; what follows goes by keyword
        elif parameter.kind in _POSITIONAL and by_position:
            texts.append(text)
        elif parameter.kind is Parameter.POSITIONAL_ONLY:
            return None
        else:
            texts.append(f"{name}={text}")
    texts += [f"{name}={text}" for name, text in remaining.items()]
    return ", ".join(texts)
