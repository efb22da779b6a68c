"""What a person should know of a plan, in sentences."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from partialc.frontends.primal import Primal
from partialc.ir.dtypes import Regime
from partialc.ir.program import Program
from partialc.ops.cost import cost_of
from partialc.planning.plan import cost_text
from partialc.planning.realisation import Realisation

_WIDTHS: Final = {
    Regime.NARROW: "float32 without x64",
    Regime.MIXED: "float32 with x64",
    Regime.WIDE: "float64",
}


def facts_of(chosen: Realisation, primal: Primal) -> Iterator[str]:
    """The facts about a kernel's plan.

    Args:
        chosen: How it is delivered.
        primal: The function.
    """
    if primal.has_custom_rules:
        yield (
            f"{primal.signature.name} has custom derivative rules: mixed partials may "
            "depend on their order, so they are taken as written, and twins not merged"
        )
    if chosen.regrouped:
        yield (
            f"sums and products are regrouped ({', '.join(chosen.regrouped)}): rounding"
            " may differ; `reassociate = false` keeps their order"
        )
    if chosen.program is not None and chosen.program.generic is None:
        costs = "; ".join(_costs(chosen.program))
        yield f"element types have programs of their own: {costs}; the heaviest counts"


def _costs(program: Program) -> Iterator[str]:
    """The cost of each distinct program: `float32 takes 14 flops`."""
    for function in dict.fromkeys(program.variants.values()):
        shared = [r for r, other in program.variants.items() if other is function]
        cost = cost_text(cost_of(function))
        yield f"{_widths(shared, program.variants)} takes {cost}"


def _widths(regimes: Iterable[Regime], known: Iterable[Regime]) -> str:
    """The element types that callers have under some of the regimes a program knows."""
    if Regime.MIXED not in known:
        return " and ".join("x64" if each.x64 else "without x64" for each in regimes)
    names = " and ".join(_WIDTHS[each] for each in regimes)
    both = f"{_WIDTHS[Regime.NARROW]} and {_WIDTHS[Regime.MIXED]}"
    return names.replace(both, "float32")
