"""What is known of the arrays that terms are made of, from the rules of operations."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from partialc.analysis.facts import LARGEST_KNOWN, Facts, supports_of
from partialc.ir.element_sets import ElementSet
from partialc.ir.program import Atom, Constant, Equation, Value
from partialc.ops.elements import Operands


def looked_up(
    facts: Facts,
) -> tuple[
    Callable[[Atom], NDArray[Any] | None], Callable[[Atom], NDArray[np.bool_] | None]
]:
    """What is known of residuals: their elements, and where they may be nonzero."""

    def known(atom: Atom) -> NDArray[Any] | None:
        return atom.data if isinstance(atom, Constant) else facts.known.get(atom)

    def nonzero(atom: Atom) -> NDArray[np.bool_] | None:
        data = known(atom)
        if data is not None:
            return np.asarray(data != 0)
        support = facts.supports.get(atom) if isinstance(atom, Value) else None
        is_large = atom.type.size > LARGEST_KNOWN
        return None if support is None or is_large else _mask(support)

    return known, nonzero


def solid_results(
    equation: Equation,
    solid: Sequence[NDArray[np.bool_] | None],
    known: Sequence[NDArray[Any] | None],
) -> list[NDArray[np.bool_] | None]:
    """Where the results of an operation may be nonzero; None where that is everywhere.

    Args:
        equation: The operation.
        solid: Where its operands may be nonzero.
        known: Their elements, where these are known.
    """
    supports = tuple(
        ElementSet.all(atom.type.shape) if mask is None else ElementSet.nonzero(mask)
        for atom, mask in zip(equation.inputs, solid, strict=True)
    )
    return [
        _mask(each) for each in supports_of(equation, Operands(supports, tuple(known)))
    ]


def _mask(support: ElementSet) -> NDArray[np.bool_] | None:
    """The elements of a set as flags; None for all of them."""
    if support.is_all:
        return None
    found = np.zeros(support.shape, bool)
    found.reshape(-1)[support.listed()] = True
    return found
