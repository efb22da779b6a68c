"""What a call costs a caller: in the regime in which it costs most."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import jax

from partialc.frontends.primal import Primal
from partialc.ir.program import Function, Program
from partialc.ops.registry import Cost
from partialc.planning.cost import count, weight
from partialc.realise.execute import trace_flat, trace_program
from partialc.request.resolved import Kernel


def call_cost(
    run: Callable[..., Sequence[jax.Array]], kernel: Kernel, primal: Primal
) -> Cost:
    """The cost of a function of a kernel's flat inputs.

    Where the primal is one program in all regimes, one trace tells.

    Raises:
        Exception: Whatever JAX raises.
    """
    wide = trace_flat(run, kernel, primal.signature)
    if primal.program.generic is not None:
        return count(wide)
    return heaviest(trace_program(run, kernel, primal.signature, wide))


def heaviest(program: Program) -> Cost:
    """The cost of a program's regime that costs most, left to XLA as it is."""
    distinct: dict[Function, None] = dict.fromkeys(program.variants.values())
    return max(map(count, distinct), key=weight)
