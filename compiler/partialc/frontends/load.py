"""From what the spec names to a `Primal`: one entrance for every kind of function."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

from partialc.frontends.callables import (
    Twin,
    first_doc_line,
    from_callable,
    own_name,
)
from partialc.frontends.importing import (
    imported_afresh,
    imports_from,
    load_object,
)
from partialc.frontends.primal import Primal
from partialc.frontends.symbolic.calls import evaluate, is_symbolic
from partialc.frontends.sympy_expressions import from_sympy
from partialc.frontends.x64 import imports_with, is_x64


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
    twin: Twin | None = None
    if isinstance(function, str):
        origin, importable = function.strip(), True
        with imports_with(x64=False):
            function = load_object(origin, folder)
        twin = partial(imported_afresh, origin, folder, x64=True)
    else:
        origin, importable = _origin(function, name)
        if importable and not is_x64():
            twin = partial(imported_afresh, origin, folder, x64=True)
    if is_symbolic(function):
        return from_sympy(
            function,
            args,
            name=name,
            origin=origin if importable else name,
            folder=folder,
            named=_module_values(origin) if importable else {},
        )
    with imports_from(folder):
        evaluated = evaluate(function, args, folder)
    if evaluated is not None:
        return from_sympy(
            evaluated.value,
            evaluated.args,
            name=own_name(function, origin, name),
            origin=origin,
            folder=folder,
            named=evaluated.named,
            doc=first_doc_line(function),
        )
    return from_callable(
        function,
        args,
        name=name,
        origin=origin,
        importable=importable,
        folder=folder,
        twin=twin,
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


def _module_values(origin: str) -> dict[str, Any]:
    """What the module of a path defines, by name."""
    return dict(vars(sys.modules[origin.partition(":")[0]]))
