"""What planning decided, in a form that explains itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from partialc.ops.registry import Cost
from partialc.planning.cost import Burden
from partialc.planning.realisation import Realisation
from partialc.request.resolved import Kernel
from partialc.request.signature import Signature
from partialc.spec.model import Rows


@dataclass(frozen=True, slots=True)
class KernelPlan:
    """The choice for one kernel.

    Attributes:
        kernel: What is delivered.
        chosen: How.
        rejected: How not, cheapest first.
        rows: What it was chosen for: calls for one row, many rows, or both.
        reference: What the full tensors would cost; None if they cannot be traced.
        facts: What was found out on the way, as sentences.
        warnings: What a person should know of (an identically zero partial).
    """

    kernel: Kernel
    chosen: Realisation
    rejected: tuple[Realisation, ...]
    rows: Rows
    reference: Cost | None
    facts: tuple[str, ...]
    warnings: tuple[str, ...]

    def summary(self) -> str:
        """The plan in a phrase: `3 nested JVPs`."""
        return self.chosen.summary()


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
            (name, plan.summary(), plan.chosen.cost, plan.reference)
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
                    "rows": plan.rows,
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
        lines.append(f"  for: {_ROWS[plan.rows]}")
        lines.append(f"  chosen: {_line(plan.chosen, self.signature)}")
        lines += [
            f"  rejected: {_line(each, self.signature)}" for each in plan.rejected
        ]
        if plan.reference is not None:
            lines.append(f"  full reference: {cost_text(plan.reference)}")
        lines += [f"  warning: {warning}" for warning in plan.warnings]
        return "\n".join(lines)


_ROWS: Final[Mapping[Rows, str]] = {
    "one": "calls for one row",
    "many": "many rows at once",
    "both": "calls for one row and for many alike",
}


def cost_text(cost: Cost) -> str:
    """A cost for people."""
    text = f"{_count(cost.flops)} flop{'' if cost.flops == 1 else 's'}"
    if cost.transcendentals:
        ending = "" if cost.transcendentals == 1 else "s"
        text += f", {_count(cost.transcendentals)} transcendental{ending}"
    return text


def _count(number: float) -> str:
    """A number of operations: from a million on, three digits tell enough."""
    return f"{number:.2e}" if number >= 1e6 else f"{number:,.0f}"


def _line(each: Realisation, signature: Signature) -> str:
    text = [f"{each.label}, {each.title}: {each.work()}"]
    text[0] += f" ({each.nests(signature)})"
    if each.burden is not None:
        text += [cost_text(each.burden.cost), _estimates(each.burden)]
    if each.training is not None:
        gradient = each.training
        text.append(f"its gradient {cost_text(gradient.cost)}, {_estimates(gradient)}")
    if each.refusal is not None:
        text.append(each.refusal)
    return "; ".join(text)


def _estimates(burden: Burden) -> str:
    """What the model expects: `9 statements; about 7 us a call, 40 ns a row, ...`."""
    ending = "" if burden.statements == 1 else "s"
    return (
        f"{burden.statements} statement{ending}; about {seconds_text(burden.one)} a"
        f" call, {seconds_text(burden.many)} a row of many,"
        f" {seconds_text(burden.first)} to compile"
    )


def seconds_text(seconds: float) -> str:
    """A duration with three digits: `1.32 us`."""
    units = (("s", 1.0), ("ms", 1e-3), ("us", 1e-6), ("ns", 1e-9))
    unit, size = next((each for each in units if seconds >= each[1]), units[-1])
    return f"{seconds / size:.3g} {unit}"


def _json(each: Realisation, signature: Signature) -> dict[str, Any]:
    return {
        "key": each.key,
        "form": each.form,
        "passes": None if each.variant is None else each.variant.name,
        "title": each.title,
        "work": each.work(),
        "nests": each.nests(signature),
        "cost": _cost_json(each.cost),
        "training": None if each.training is None else _cost_json(each.training.cost),
        "estimate": _estimate_json(each.burden),
        "refusal": each.refusal,
    }


def _estimate_json(burden: Burden | None) -> dict[str, float] | None:
    if burden is None:
        return None
    return {
        "statements": burden.statements,
        "operations": burden.operations,
        "call_seconds": burden.one,
        "row_seconds": burden.many,
        "first_call_seconds": burden.first,
    }


def _cost_json(cost: Cost | None) -> dict[str, float] | None:
    if cost is None:
        return None
    return {
        "flops": cost.flops,
        "transcendentals": cost.transcendentals,
        "bytes": cost.bytes,
    }
