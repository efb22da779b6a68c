"""From what the spec names to a `Primal`: one entrance for every kind of function."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from partialc.frontends.callables import from_callable
from partialc.frontends.importing import load_object
from partialc.frontends.primal import Primal


def load_primal(
    function: Any,
    args: Mapping[str, Any],
    *,
    name: str,
    folder: Path | None = None,
) -> Primal:
    """The function of a module, traced and described.

    Args:
        function: The path of an object (`pkg.mod:object`), or the object itself: a
            callable, or SymPy expressions.
        args: A description for each argument: what `ModuleSpec.args` holds, or texts,
            arrays, `jax.ShapeDtypeStruct`, pytrees of those, static values.
        name: The module's name.
        folder: The spec's folder.

    Raises:
        FrontendError: The function is not found, or cannot be taken as it is.
        SpecError: A description of an argument is wrong.
        UnsupportedError: The function uses something that cannot be imported.
    """
    if isinstance(function, str):
        origin, importable = function.strip(), True
        function = load_object(origin, folder)
    else:
        origin, importable = _origin(function, name)
    return from_callable(
        function, args, name=name, origin=origin, importable=importable, folder=folder
    )


def _origin(function: Any, name: str) -> tuple[str, bool]:
    """How an object is named in the module's header, and whether that imports it."""
    module = getattr(function, "__module__", None)
    qualified = getattr(function, "__qualname__", None)
    if not isinstance(module, str) or not isinstance(qualified, str):
        return name, False
    origin = f"{module}:{qualified}"
    found: Any = sys.modules.get(module)
    for part in qualified.split("."):
        found = getattr(found, part, None)
    return origin, found is function and module != "__main__"
