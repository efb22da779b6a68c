"""What stands inside a kernel, whichever form it has."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import jax
import numpy as np
from numpy.typing import NDArray

from partialc.emit.printer import ModuleScope, print_body
from partialc.errors import InternalError
from partialc.ir.program import Program
from partialc.planning.plan import KernelPlan
from partialc.planning.realisation import Chained, WrittenOut
from partialc.realise.execute import flat_names
from partialc.realise.writer import ChainText, Whole
from partialc.request.resolved import Kernel
from partialc.request.signature import Signature


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
    plan: KernelPlan, signature: Signature, scope: ModuleScope, *, guarded: bool
) -> Body:
    """The body of a kernel, as its plan says.

    Args:
        plan: What was decided.
        signature: The function's signature.
        scope: Collects what a written-out body needs at module level.
        guarded: Whether differentiating a written-out kernel must raise.
    """
    match plan.chosen:
        case WrittenOut(program=Program() as program):
            return _written_out(plan.kernel, program, signature, scope, guarded)
        case Chained(text=ChainText() as text):
            return Body(
                lines=text.lines,
                parts=text.parts,
                whole=text.whole,
                support=text.helpers,
                constants=text.constants,
            )
    raise InternalError(f"the plan of {plan.kernel.name} has no text")


def _written_out(
    kernel: Kernel,
    program: Program,
    signature: Signature,
    scope: ModuleScope,
    guarded: bool,
) -> Body:
    names = flat_names(kernel, signature, scope.taken)
    fields = [(field, jax.tree.leaves(field.parts)) for field in kernel.fields]
    owners = [field.name for field, parts in fields for _ in parts]
    printed = print_body(
        program,
        names.expressions,
        taken=names.taken,
        output_names=[each if owners.count(each) == 1 else None for each in owners],
        sections=owners,
        module=scope,
    )
    return Body(
        lines=(*names.preamble, *printed.lines),
        parts=printed.outputs,
        support=frozenset({"_not_differentiable"} if guarded else ()),
        guarded=guarded,
    )
