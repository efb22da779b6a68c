"""What was planned is what ships: the printed kernel, traced again, is counted."""

from __future__ import annotations

from typing import Any, Final

import jax

from partialc.api import Module
from partialc.ir.dtypes import Regime
from partialc.ir.jaxprs import trace_one
from partialc.ir.program import Function
from partialc.lowering.fold_constants import fold_constants
from partialc.ops.cost import cost_of, weight
from partialc.ops.registry import Cost
from partialc.planning.cost import run_like_xla
from partialc.realise.execute import input_names, kernel_types

PRINTED: Final = 1.05
FEW: Final = 10
"""What a chain may do more than was counted before the function was printed."""


def assert_planned_is_shipped(module: Module) -> None:
    """The kernel of a module does the work that its plan says.

    What moves elements is printed as slices and stacks of them, so that bytes may
    differ. Known indices are printed as brackets, in which JAX counts negative ones
    from the end: XLA does that once, when it compiles. A chain calls the function,
    which is printed too: without operations that do nothing, and with some reshapes as
    broadcasts, whose transpose is a sum.

    Raises:
        AssertionError: It does not.
    """
    planned = module.plan.kernels["kernel"]
    chosen = planned.chosen
    signature = module.compiled.primal.signature
    kernel = module.load().kernel

    def call(*leaves: Any) -> Any:
        return jax.tree.leaves(kernel(*leaves))

    traced = trace_one(
        call,
        kernel_types(planned.kernel, signature),
        Regime.WIDE,
        name="shipped",
        input_names=input_names(planned.kernel, signature),
        rules=False,
    )
    shipped = _work(traced)
    assert chosen.cost is not None
    if chosen.program is not None:
        written = _work(chosen.program.widest)
        assert (shipped.flops, shipped.transcendentals) == (
            written.flops,
            written.transcendentals,
        )
        assert weight(written) <= weight(chosen.cost)
    else:
        assert shipped.transcendentals <= chosen.cost.transcendentals
        assert shipped.flops <= PRINTED * chosen.cost.flops + FEW


def _work(function: Function) -> Cost:
    """What is left to do for each call."""
    return cost_of(run_like_xla(fold_constants(run_like_xla(function))))
