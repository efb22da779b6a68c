"""What planning decided, in a form that explains itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from partialc.ops.registry import Cost
from partialc.planning.cost import weight
from partialc.planning.realisation import Realisation
from partialc.request.resolved import Kernel
from partialc.request.signature import Signature


@dataclass(frozen=True, slots=True)
class KernelPlan:
    """The choice for one kernel.

    Attributes:
        kernel: What is delivered.
        chosen: How.
        rejected: How not, cheapest first.
        reference: What the full tensors would cost; None if they cannot be traced.
        facts: What was found out on the way, as sentences.
        warnings: What a person should know of (an identically zero partial).
    """

    kernel: Kernel
    chosen: Realisation
    rejected: tuple[Realisation, ...]
    reference: Cost | None
    facts: tuple[str, ...]
    warnings: tuple[str, ...]

    def summary(self, signature: Signature) -> str:
        """The plan in a phrase: `3 nested JVPs`."""
        return self.chosen.summary(signature)


READING: Final = 0.1
"""What a character of a kernel's text weighs, in additions: of two plans that no
measurement would tell apart, the shorter one is taken."""


def score(each: Realisation) -> float:
    """What candidates are ranked by: the weight of the work and of the text."""
    cost = each.training or each.cost
    return float("inf") if cost is None else weight(cost) + READING * each.length


@dataclass(frozen=True, slots=True)
class ModulePlan:
    """The plans of all kernels of a module.

    Attributes:
        module: The module's name.
        function: How the function was named.
        signature: Its signature.
        facts: What holds for the whole module, as sentences.
        kernels: By name, in order.
    """

    module: str
    function: str
    signature: Signature
    facts: tuple[str, ...]
    kernels: Mapping[str, KernelPlan]

    def rows(self) -> list[tuple[str, str, Cost | None, Cost | None]]:
        """One row per kernel: name, plan, cost, cost of the full reference."""
        return [
            (name, plan.summary(self.signature), plan.chosen.cost, plan.reference)
            for name, plan in self.kernels.items()
        ]

    def to_json(self) -> dict[str, Any]:
        """The plan as plain data."""
        return {
            "module": self.module,
            "function": self.function,
            "facts": list(self.facts),
            "kernels": {
                name: {
                    "requests": {f.name: str(f.request) for f in plan.kernel.fields},
                    "chosen": _json(plan.chosen, self.signature),
                    "rejected": [_json(each, self.signature) for each in plan.rejected],
                    "reference": _cost_json(plan.reference),
                    "facts": list(plan.facts),
                    "warnings": list(plan.warnings),
                }
                for name, plan in self.kernels.items()
            },
        }

    def __str__(self) -> str:
        lines = [f"module {self.module}, from {self.function}"]
        lines += [f"  {fact}" for fact in self.facts]
        for name in self.kernels:
            lines += ["", self.kernel_text(name)]
        return "\n".join(lines)

    def kernel_text(self, name: str) -> str:
        """One kernel's plan as text."""
        plan = self.kernels[name]
        requests = ", ".join(str(field.request) for field in plan.kernel.fields)
        lines = [f"kernel {name}: {requests}"]
        lines += [f"  fact: {fact}" for fact in plan.facts]
        lines.append(f"  chosen: {_line(plan.chosen, self.signature)}")
        lines += [
            f"  rejected: {_line(each, self.signature)}" for each in plan.rejected
        ]
        if plan.reference is not None:
            lines.append(f"  full reference: {cost_text(plan.reference)}")
        lines += [f"  warning: {warning}" for warning in plan.warnings]
        return "\n".join(lines)


def cost_text(cost: Cost) -> str:
    """A cost for people."""
    text = f"{cost.flops:,.0f} flop{'' if cost.flops == 1 else 's'}"
    if cost.transcendentals:
        ending = "" if cost.transcendentals == 1 else "s"
        text += f", {cost.transcendentals:,.0f} transcendental{ending}"
    return text


def _line(each: Realisation, signature: Signature) -> str:
    work = f"{each.work(signature)} ({each.nests(signature)})"
    text = f"{each.label}, {each.title}: {work}"
    if each.refusal is not None:
        return f"{text}; {each.refusal}"
    if each.cost is None:
        return text
    gradient = (
        "" if each.training is None else f"; its gradient {cost_text(each.training)}"
    )
    return f"{text}; {cost_text(each.cost)}{gradient}; weighs {score(each):,.0f}"


def _json(each: Realisation, signature: Signature) -> dict[str, Any]:
    return {
        "key": each.key,
        "form": each.form,
        "passes": each.passes,
        "title": each.title,
        "work": each.work(signature),
        "nests": each.nests(signature),
        "cost": _cost_json(each.cost),
        "training": _cost_json(each.training),
        "weight": None if each.cost is None else score(each),
        "refusal": each.refusal,
    }


def _cost_json(cost: Cost | None) -> dict[str, float] | None:
    if cost is None:
        return None
    return {
        "flops": cost.flops,
        "transcendentals": cost.transcendentals,
        "bytes": cost.bytes,
    }
