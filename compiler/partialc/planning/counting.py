"""What a call takes: in the regime in which it costs most."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import jax

from partialc.frontends.primal import Primal
from partialc.ir.program import Function
from partialc.ir.structure import size
from partialc.ops.cost import cost_of, weight
from partialc.ops.registry import Cost
from partialc.planning.cost import run_like_xla
from partialc.realise.execute import trace_flat, trace_program
from partialc.request.resolved import Kernel


@dataclass(frozen=True, slots=True)
class Work:
    """What XLA is left with.

    Attributes:
        cost: That of one call.
        operations: What it compiles.
    """

    cost: Cost
    operations: int


def counted_call(
    run: Callable[..., Sequence[jax.Array]], kernel: Kernel, primal: Primal
) -> Work:
    """The work of a function of a kernel's flat inputs.

    Where the primal is one program in all regimes, one trace tells.

    Raises:
        Exception: Whatever JAX raises.
    """
    wide = trace_flat(run, kernel, primal.signature)
    if primal.program.generic is not None:
        return counted([wide])
    return counted(trace_program(run, kernel, primal.signature, wide).variants.values())


def counted(functions: Iterable[Function]) -> Work:
    """The work of the function that costs most, of a program's regimes."""
    found = [
        Work(cost_of(each), size(each))
        for each in map(run_like_xla, dict.fromkeys(functions))
    ]
    return max(found, key=lambda each: weight(each.cost))
