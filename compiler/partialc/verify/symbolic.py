"""Values of SymPy expressions computed by SymPy itself, to be noted in tests.

The JAX function that a generated module holds is a translation of the expression; the
noted values are what it is checked against.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
import sympy
from numpy.typing import NDArray

from partialc.errors import FrontendError
from partialc.frontends.importing import load_object
from partialc.frontends.primal import Primal

_DIGITS: Final = 25

Exact = Callable[[Sequence[Any]], NDArray[Any]]
"""Takes the arguments of the function, scalars all; gives its only result."""


def exact_values(primal: Primal, folder: Path | None) -> Exact | None:
    """How SymPy itself evaluates the function.

    Args:
        primal: The function.
        folder: The spec's folder, where the expression is imported from.

    Returns:
        None when the function is not one importable expression or matrix of scalars.
    """
    signature = primal.signature
    scalars = all(
        tree.is_array and not tree.leaves[0].type.shape
        for tree in signature.arguments.values()
    )
    if primal.importable or ":" not in primal.origin or not scalars:
        return None
    try:
        value = load_object(primal.origin, folder)
    except FrontendError:
        return None
    if isinstance(value, sympy.MatrixBase | sympy.NDimArray):
        elements, shape = list(sympy.flatten(value.tolist())), tuple(value.shape)
    elif isinstance(value, sympy.Expr):
        elements, shape = [value], ()
    else:
        return None
    if (
        len(signature.result.leaves) != 1
        or signature.result.leaves[0].type.shape != shape
    ):
        return None
    names = list(signature.arguments)
    symbols = {symbol for element in elements for symbol in element.free_symbols}
    if not {str(symbol) for symbol in symbols} <= {*names, *primal.static}:
        return None

    def exact(arguments: Sequence[Any]) -> NDArray[Any]:
        given = dict(primal.static) | dict(zip(names, arguments, strict=True))
        values = {symbol: sympy.Float(float(given[str(symbol)])) for symbol in symbols}
        found = [complex(element.evalf(_DIGITS, subs=values)) for element in elements]
        return np.real_if_close(np.array(found)).reshape(shape)

    return exact
