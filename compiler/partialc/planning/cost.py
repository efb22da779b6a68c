"""The static cost model: one number for a program, the same on every machine."""

from __future__ import annotations

from typing import Final

from partialc.ir.program import Function
from partialc.lowering.common_subexpressions import COMMON_SUBEXPRESSIONS
from partialc.lowering.dead_code import DEAD_CODE
from partialc.lowering.inline_calls import INLINE_CALLS
from partialc.lowering.pipeline import run
from partialc.lowering.resolve_custom_calls import RESOLVE_CUSTOM_CALLS
from partialc.ops.cost import BYTE, TRANSCENDENTAL, cost_of
from partialc.ops.registry import Cost


def weight(cost: Cost) -> float:
    """A cost as one number, in additions."""
    return cost.flops + TRANSCENDENTAL * cost.transcendentals + BYTE * cost.bytes


def count(function: Function) -> Cost:
    """The cost of what XLA is left with: calls inlined, nothing twice, nothing dead."""
    return cost_of(run(function, _LIKE_XLA))


_LIKE_XLA: Final = (
    RESOLVE_CUSTOM_CALLS,
    INLINE_CALLS,
    DEAD_CODE,
    COMMON_SUBEXPRESSIONS,
    DEAD_CODE,
)
