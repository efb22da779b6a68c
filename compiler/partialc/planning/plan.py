"""What planning decided, in a form that explains itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import starmap
from typing import Any, Final, Literal

from partialc.ir.program import Program
from partialc.lowering.pipeline import FULL, Variant
from partialc.ops.registry import Cost
from partialc.planning.cost import weight
from partialc.realise.chain import Along, Basis, Chain, OneHot, Path
from partialc.realise.naming import step_name
from partialc.realise.writer import ChainText
from partialc.request.resolved import Kernel
from partialc.request.signature import Signature


@dataclass(frozen=True, slots=True)
class Candidate:
    """One complete way to deliver a kernel.

    Attributes:
        form: `chain` or `expanded`.
        title: What kind of chain it is.
        chain: The chain.
        text: The chain as statements.
        cost: Its static cost; None when it was refused.
        length: The characters of its text; of an expanded one an estimate.
        refusal: Why it cannot be had; None when it can.
        variant: The pipeline that an expanded one went through.
        program: An expanded one as it ships: what is printed, in all regimes.
        regrouped: The passes that may have changed how an expanded one rounds, by name.
    """

    form: Literal["chain", "expanded"]
    title: str
    chain: Chain
    text: ChainText | None
    cost: Cost | None
    length: int
    refusal: str | None = None
    variant: Variant | None = None
    program: Program | None = None
    regrouped: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        """Its canonical text, the same on every machine: form, pipeline, chain."""
        form = self.form if self.variant is None else f"{self.form} {self.variant.name}"
        return f"{form}: {self.chain.key}"


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
    chosen: Candidate
    rejected: tuple[Candidate, ...]
    reference: Cost | None
    facts: tuple[str, ...]
    warnings: tuple[str, ...]

    def summary(self, signature: Signature) -> str:
        """The plan in a phrase: `3 nested JVPs`."""
        phrase = describe(self.chosen.chain, signature)
        return f"{phrase}, written out" if self.chosen.form == "expanded" else phrase


READING: Final = 0.1
"""What a character of a kernel's text weighs, in additions: of two plans that no
measurement would tell apart, the shorter one is taken."""


def score(candidate: Candidate) -> float:
    """What candidates are ranked by: the weight of the work and of the text."""
    if candidate.cost is None:
        return float("inf")
    return weight(candidate.cost) + READING * candidate.length


def describe(chain: Chain, signature: Signature) -> str:
    """The work of a chain in a phrase."""
    phrases = [_path_phrase(path, signature) for path in chain.paths]
    counted: dict[str, int] = {}
    for phrase in phrases:
        counted[phrase] = counted.get(phrase, 0) + 1
    return " and ".join(starmap(_times, counted.items()))


def _times(phrase: str, count: int) -> str:
    if count == 1:
        return phrase
    inner, nested, kind = phrase.partition(" nested ")
    if nested and not inner.endswith("times"):
        return f"{count} nests of {inner} {kind}"
    if phrase.startswith("1 "):
        first, *rest = phrase.split(" of ")
        return " of ".join([f"{count} {first.removeprefix('1 ')}s", *rest])
    return f"{count} times {phrase}"


def _path_phrase(path: Path, signature: Signature) -> str:
    counts = [_passes(push, signature) for push in path.pushes]
    if path.zipped:
        nested = f"{len(counts)} nested JVPs" if len(counts) > 1 else "a JVP"
        pushed = f"{counts[0]} times {nested}" if counts else ""
    elif len(counts) > 1 and set(counts) == {1}:
        pushed = f"{len(counts)} nested JVPs"
    else:
        texts = ["1 JVP" if count == 1 else f"{count} JVPs" for count in counts]
        pushed = " of ".join(reversed(texts))
    if path.pull is None:
        return pushed or "1 evaluation"
    rows = 1
    if path.pull.seed == "basis":
        for extent in path.outputs[0].shape:
            rows *= extent
    pulled = "1 VJP" if rows == 1 else f"{rows} VJPs"
    return f"{pushed} of {pulled}" if pushed else pulled


def _passes(push: OneHot | Basis | Along, signature: Signature) -> int:
    if not isinstance(push, Basis):
        return 1
    if isinstance(push.selection, tuple):
        return len(push.selection)
    count = 1
    for extent in push.selection.shape:
        count *= extent
    return count


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
                    "chosen": _candidate_json(plan.chosen, self.signature),
                    "rejected": [
                        _candidate_json(each, self.signature) for each in plan.rejected
                    ],
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


def _line(candidate: Candidate, signature: Signature) -> str:
    work = f"{describe(candidate.chain, signature)} ({_nests(candidate, signature)})"
    text = f"{_form(candidate)}, {candidate.title}: {work}"
    if candidate.refusal is not None:
        return f"{text}; {candidate.refusal}"
    if candidate.cost is None:
        return text
    return f"{text}; {cost_text(candidate.cost)}; weighs {score(candidate):,.0f}"


def _form(candidate: Candidate) -> str:
    """The form, and the pipeline if it is not the first: `expanded (in order)`."""
    variant = candidate.variant
    if variant is None or variant.name == FULL.name:
        return candidate.form
    return f"{candidate.form} ({variant.name})"


_MAX_NESTS = 4


def _nests(candidate: Candidate, signature: Signature) -> str:
    """The functions that a candidate's nests evaluate last, by name."""
    names = [
        step_name(path.pushes, signature, pulled=path.pull is not None)
        if path.pushes or path.pull
        else "value"
        for path in candidate.chain.paths
    ]
    more = len(names) - _MAX_NESTS
    shown = ", ".join(names[:_MAX_NESTS])
    return f"{shown}, and {more} more" if more > 0 else shown


def _candidate_json(candidate: Candidate, signature: Signature) -> dict[str, Any]:
    return {
        "key": candidate.key,
        "form": candidate.form,
        "passes": None if candidate.variant is None else candidate.variant.name,
        "title": candidate.title,
        "work": describe(candidate.chain, signature),
        "nests": _nests(candidate, signature),
        "cost": _cost_json(candidate.cost),
        "refusal": candidate.refusal,
    }


def _cost_json(cost: Cost | None) -> dict[str, float] | None:
    if cost is None:
        return None
    return {
        "flops": cost.flops,
        "transcendentals": cost.transcendentals,
        "bytes": cost.bytes,
        "weight": weight(cost),
    }
