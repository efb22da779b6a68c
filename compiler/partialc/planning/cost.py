"""The static cost model: one number for a program, the same on every machine."""

from __future__ import annotations

from typing import Final

from partialc.ir.program import Function
from partialc.lowering.common_subexpressions import common_subexpressions
from partialc.lowering.dead_code import dead_code
from partialc.lowering.inline_calls import inline_calls
from partialc.lowering.pipeline import run
from partialc.lowering.resolve_custom_calls import resolve_custom_calls
from partialc.ops.cost import BYTE, TRANSCENDENTAL, cost_of
from partialc.ops.registry import Cost


def weight(cost: Cost) -> float:
    """A cost as one number, in additions."""
    return cost.flops + TRANSCENDENTAL * cost.transcendentals + BYTE * cost.bytes


def count(function: Function) -> Cost:
    """The cost of what XLA is left with: calls inlined, nothing twice, nothing dead."""
    return cost_of(run(function, _LIKE_XLA))


_LIKE_XLA: Final = (
    resolve_custom_calls,
    inline_calls,
    dead_code,
    common_subexpressions,
    dead_code,
)
