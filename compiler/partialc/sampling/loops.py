"""Whether the loops of a function come to an end where it is sampled.

A `while` that ends wherever it is meant to be called need not end elsewhere, and a test
of equality that float64 reaches may never hold in float32. A test that samples there
would hang, and so would partialc. Whatever runs a function at points of its own choice
runs it under a `Watch`.
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
"""A loop that takes more is taken not to end, and loops that take ten times as many
together."""


class Watch:
    """Limits the loops of what is run under it, and tells whether all ended."""

    def __init__(self, steps: int = MOST_STEPS) -> None:
        """Each loop is allowed so many steps, all together ten times as many."""
        self._limit = LoopLimit(steps, self._note)
        self._exceeded = False

    def over(
        self, run: Callable[..., Sequence[jax.Array]]
    ) -> Callable[..., Sequence[jax.Array]]:
        """A function made of `evaluate`, limited; it may be compiled afterwards."""

        def under(*arguments: Any) -> Sequence[jax.Array]:
            with limited(self._limit):
                return run(*arguments)

        return under

    def ended(self, results: Sequence[jax.Array]) -> bool:
        """Whether every loop ended that was run since this was asked last.

        Args:
            results: What the run gave; it is waited for.
        """
        for leaf in results:
            leaf.block_until_ready()
        jax.effects_barrier()  # type: ignore[no-untyped-call]
        exceeded, self._exceeded = self._exceeded, False
        return not exceeded

    def _note(self, exceeded: Any) -> None:
        self._exceeded |= bool(exceeded)


class Loops:
    """Runs a program with a limit on the steps of each `while`."""

    def __init__(self, program: Program) -> None:
        """One run for each regime whose program has such a loop."""
        self._watch = Watch()
        self._runs = [
            self._limited(function, regime)
            for regime, function in program.variants.items()
            if has_while(function)
        ]

    def end_at(self, arrays: Sequence[Any]) -> bool:
        """Whether all loops end at a point.

        Args:
            arrays: The leaves of the arguments, in the widest types.
        """
        return all(self._watch.ended(run(arrays)) for run in self._runs)

    def _limited(
        self, function: Function, regime: Regime
    ) -> Callable[[Sequence[Any]], Sequence[jax.Array]]:
        def run(arrays: Sequence[Any]) -> Sequence[jax.Array]:
            return evaluate(function, arrays, regime)

        compiled = jax.jit(self._watch.over(run))

        def under(arrays: Sequence[Any]) -> Sequence[jax.Array]:
            with jax.enable_x64(regime.x64):
                results: Sequence[jax.Array] = compiled(arrays)
            return results

        return under


def has_while(function: Function) -> bool:
    """Whether a program has a loop of unknown length, within whatever."""
    return any(
        equation.op == "while" or any(map(has_while, functions_of(equation)))
        for equation in function.equations
    )
