"""Whether the loops of a function come to an end where it is sampled.

A `while` that ends wherever it is meant to be called need not end elsewhere, and a test
of equality that float64 reaches may never hold in float32. A test that samples there
would hang, and so would partialc.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

import jax

from partialc.ir.dtypes import Regime
from partialc.ir.program import Function, Program
from partialc.ir.structure import functions_of
from partialc.ops.evaluation import LoopLimit, evaluate, limited

MOST_STEPS: Final = 100_000
"""A loop that takes more is taken not to end; a loop within a loop has a hundredth."""


class Loops:
    """Runs a program with a limit on the steps of each `while`."""

    def __init__(self, program: Program) -> None:
        """One run for each regime whose program has such a loop."""
        self._exceeded = False
        self._runs = [
            self._limited(function, regime)
            for regime, function in program.variants.items()
            if _has_while(function)
        ]

    def end_at(self, arrays: Sequence[Any]) -> bool:
        """Whether all loops end at a point.

        Args:
            arrays: The leaves of the arguments, in the widest types.
        """
        self._exceeded = False
        for run in self._runs:
            for leaf in run(arrays):
                leaf.block_until_ready()
        jax.effects_barrier()  # type: ignore[no-untyped-call]
        return not self._exceeded

    def _limited(
        self, function: Function, regime: Regime
    ) -> Callable[[Sequence[Any]], Any]:
        limit = LoopLimit(MOST_STEPS, self._note)

        def run(arrays: Sequence[Any]) -> Any:
            with limited(limit):
                return evaluate(function, arrays, regime)

        compiled = jax.jit(run)

        def under(arrays: Sequence[Any]) -> Any:
            with jax.enable_x64(regime.x64):
                return compiled(arrays)

        return under

    def _note(self, exceeded: Any) -> None:
        self._exceeded |= bool(exceeded)


def _has_while(function: Function) -> bool:
    return any(
        equation.op == "while" or any(map(_has_while, functions_of(equation)))
        for equation in function.equations
    )
