"""The static cost model: one number for a program, the same on every machine."""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt
from typing import Final

from partialc.ir.program import Function
from partialc.lowering.common_subexpressions import COMMON_SUBEXPRESSIONS
from partialc.lowering.dead_code import DEAD_CODE
from partialc.lowering.pipeline import FLAT, run
from partialc.ops.cost import weight
from partialc.ops.registry import Cost
from partialc.planning import weights
from partialc.spec.model import Rows


@dataclass(frozen=True, slots=True)
class Burden:
    """What a way to deliver a kernel takes of whoever builds, calls and reads it.

    Attributes:
        cost: The work of one call.
        operations: What is traced and compiled.
        statements: What a person reads.
        is_chain: Whether JAX differentiates when it is traced.
    """

    cost: Cost
    operations: int
    statements: int
    is_chain: bool = False

    @property
    def first(self) -> float:
        """Seconds until the first result."""
        each = weights.TRACED if self.is_chain else weights.COMPILED
        return (
            weights.START + weights.KERNEL * self.cost.kernels + each * self.operations
        )

    @property
    def one(self) -> float:
        """Seconds of one call."""
        cost = self.cost
        return (
            weights.FLOOR
            + weights.LAUNCH * cost.launches
            + weights.CALL * cost.calls
            + weights.SCALAR_TRANSCENDENTAL * cost.transcendentals
            + weights.SCALAR_OPERATION * cost.flops
        )

    @property
    def many(self) -> float:
        """Seconds of one of many rows."""
        cost = self.cost
        return weights.OPERATION * weight(cost) + weights.ROW_CALL * cost.calls

    def run(self, rows: Rows) -> float:
        """Seconds of one call, of one of many rows, or their geometric mean."""
        return for_rows(self.one, self.many, rows)

    def total(self, rows: Rows) -> float:
        """The seconds that all calls take, the first and `CALLS` more."""
        one = self.first + weights.CALLS * self.one
        many = weights.BATCHED * self.first + weights.CALLS * self.many
        return for_rows(one, many, rows)


def for_rows(one: float, many: float, rows: Rows) -> float:
    """What counts of a figure for one row and one for many: for both, their mean.

    Args:
        one: The figure for one row.
        many: That for a row of many.
        rows: What a kernel is called for.
    """
    return {"one": one, "many": many, "both": sqrt(one * many)}[rows]


def run_like_xla(function: Function) -> Function:
    """What XLA is left with: calls inlined, nothing twice, nothing dead."""
    return run(function, _LIKE_XLA)


_LIKE_XLA: Final = (*FLAT, COMMON_SUBEXPRESSIONS, DEAD_CODE)
