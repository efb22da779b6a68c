"""What stands inside a kernel, whichever form it has."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import jax
import numpy as np
from numpy.typing import NDArray

from partialc.emit.embed import FunctionText
from partialc.emit.printer import ModuleScope, print_body
from partialc.errors import InternalError
from partialc.frontends.primal import Primal
from partialc.lowering.pipeline import run_program
from partialc.planning.choose import Wish
from partialc.planning.plan import KernelPlan
from partialc.realise.execute import flat_call, flat_names, trace_program
from partialc.realise.writer import Whole


@dataclass(frozen=True, slots=True)
class Body:
    """Statements and results of a kernel, and what they need around them.

    Attributes:
        lines: Statements, unindented; each entry may span several lines.
        parts: One expression per part of the result.
        whole: Expressions for whole trees of parts, by their numbers and structure.
        support: Names of the support functions of `realise.support` it calls.
        constants: Module-level position arrays it refers to, by name.
        guarded: Whether differentiating the kernel must raise.
    """

    lines: tuple[str, ...]
    parts: tuple[str, ...]
    whole: Mapping[Whole, str] = field(default_factory=dict)
    support: frozenset[str] = frozenset()
    constants: Mapping[str, NDArray[np.int64]] = field(default_factory=dict)
    guarded: bool = False


def body_of(
    plan: KernelPlan,
    primal: Primal,
    function: FunctionText,
    wish: Wish,
    scope: ModuleScope,
) -> Body:
    """The body of a kernel, as its plan says.

    Args:
        plan: What was decided.
        primal: The function.
        function: The function's text in the module.
        wish: What planning respected; names taken are respected here too.
        scope: Collects what a written-out body needs at module level.
    """
    text = plan.chosen.text
    if text is None:
        raise InternalError(f"the plan of {plan.kernel.name} has no text")
    if plan.chosen.form == "chain":
        return Body(
            lines=text.lines,
            parts=text.parts,
            whole=text.whole,
            support=text.helpers,
            constants=text.constants,
        )
    signature = primal.signature
    run = flat_call(
        text,
        plan.kernel,
        signature,
        function.name,
        primal.call,
        given=wish.constants,
    )
    program = run_program(trace_program(run, plan.kernel, signature), wish.passes)
    names = flat_names(plan.kernel, signature, wish.taken)
    fields = [(field, jax.tree.leaves(field.parts)) for field in plan.kernel.fields]
    owners = [field.name for field, parts in fields for _ in parts]
    printed = print_body(
        program,
        names.expressions,
        taken=wish.taken | names.taken,
        output_names=[each if owners.count(each) == 1 else None for each in owners],
        sections=owners,
        module=scope,
    )
    return Body(
        lines=(*names.preamble, *printed.lines),
        parts=printed.outputs,
        support=frozenset({"_not_differentiable"} if primal.has_custom_rules else ()),
        guarded=primal.has_custom_rules,
    )
