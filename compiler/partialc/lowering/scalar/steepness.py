"""Which terms may vanish, or grow, faster than any power of an argument.

`exp(-x ** 2)` does, and so does `1 - tanh(x) ** 2`, which is zero long before x
overflows: `x ** 4 * exp(-x ** 2)` is `inf * 0` where x times that, four times, is zero.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from partialc.lowering.scalar.terms import Term

Steepness: TypeAlias = NDArray[np.int8]
"""For each direction: `STEEP`, `SATURATED` or neither."""

SATURATED: Final = 1
"""It goes to a constant faster than any power: what is left of that is steep."""
STEEP: Final = 2

_STEEP: Final = frozenset(
    {"exp", "exp2", "expm1", "sinh", "cosh", "logistic", "erfc", "pow"}
)
_SATURATED: Final = frozenset({"tanh", "erf"})
_SUMS: Final = frozenset({"add", "sub", "reduce_sum"})
_HANDED_ON: Final = frozenset(
    {
        *("mul", "div", "neg", "integer_pow", "square", "abs", "sqrt", "rsqrt"),
        *("cbrt", "max", "min", "select_n", "reduce_prod", "convert_element_type"),
    }
)


def steepness(
    term: Term, parts: Sequence[Steepness], grows: Sequence[NDArray[np.bool_]]
) -> Steepness | None:
    """How steep a term is in each direction; None if it is so in none.

    Args:
        term: The term.
        parts: How steep its operands are.
        grows: Where its operands go to infinity.
    """
    if not term.args or not term.dtype.is_float:
        return None
    unbounded = np.logical_or.reduce(np.stack(grows))
    if term.op in _STEEP and not (term.op == "pow" and term.args[1].number is not None):
        return np.where(unbounded, STEEP, 0).astype(np.int8)
    if term.op in _SATURATED:
        return np.where(unbounded, SATURATED, 0).astype(np.int8)
    largest = np.max(np.stack(parts), axis=0)
    if term.op in _SUMS:
        return np.where(largest > 0, STEEP, 0).astype(np.int8)
    return largest if term.op in _HANDED_ON else None
