"""The kernels of a formula, built in every form within one module."""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal, TypeAlias

import partialc
from formulas import Formula
from judging.running import Compiled
from partialc.api import Module
from partialc.ir.dtypes import Regime
from partialc.planning.plan import KernelPlan

Form: TypeAlias = Literal["auto", "expanded"]
FORMS: Final[tuple[Form, ...]] = ("auto", "expanded")
CHAIN: Final = "chain"
TOGETHER: Final = "together"


@dataclass(frozen=True, slots=True)
class Built:
    """The kernels of one form.

    Attributes:
        kernels: By name.
        texts: What each kernel does, as text: two that are equal give equal numbers.
        replaced: The chain that each kernel replaces, by name.
        chains: The names of the kernels that are chains.
    """

    kernels: Mapping[str, Compiled]
    replaced: Mapping[str, Compiled]
    texts: Mapping[str, str]
    chains: frozenset[str]


def build(
    formula: Formula, forms: Sequence[str], names: Sequence[str], *, together: bool
) -> dict[str, Built]:
    """Compile and load the module of a formula: a kernel for each form and order.

    Args:
        formula: The formula.
        forms: Of `chain`, `auto` and `expanded`.
        names: The kernels, as `Formula.requests` has them.
        together: Whether one more kernel of each form gives all of them at once.
    """
    requests: dict[str, Any] = {name: formula.requests()[name] for name in names}
    if together:
        requests[TOGETHER] = list(requests.values())
    module = partialc.compile(
        formula.function,
        args=formula.types,
        kernels={
            f"{form}_{name}": request
            for form in forms
            for name, request in requests.items()
        },
        name=formula.name,
        options={
            f"{form}_{name}": {"form": form} for form in forms for name in requests
        },
        domain=dict(formula.domain),
    )
    loaded = module.load()
    texts = _texts(module.source, list(module.plan.kernels))
    made = {name: Compiled(getattr(loaded, name)) for name in module.plan.kernels}
    found = {}
    for form in forms:
        named = {name: f"{form}_{name}" for name in requests}
        plans = {name: module.plan.kernels[full] for name, full in named.items()}
        found[form] = Built(
            {name: made[full] for name, full in named.items()},
            {
                name: _replaced(module, plans[name], made, f"{CHAIN}_{name}")
                for name in named
            },
            {name: texts[full] for name, full in named.items()},
            frozenset(name for name in named if plans[name].chosen.form == CHAIN),
        )
    return found


def _replaced(
    module: Module, plan: KernelPlan, made: Mapping[str, Compiled], usual: str
) -> Compiled:
    """The chain that a kernel was written out from; most often the one that is best."""
    origin = plan.chosen.origin
    if origin.chain.paths == module.plan.kernels[usual].chosen.origin.chain.paths:
        return made[usual]
    return Compiled(origin.call(Regime.WIDE))


def _texts(source: str, kernels: Sequence[str]) -> dict[str, str]:
    """The statements of each kernel, without its docstring."""
    return {
        node.name: "\n".join(map(ast.dump, node.body[1:]))
        for node in ast.parse(source).body
        if isinstance(node, ast.FunctionDef) and node.name in kernels
    }
