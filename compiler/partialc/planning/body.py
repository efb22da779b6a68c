"""What stands inside a kernel, whichever form it has."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import dataclass, field

import jax
import numpy as np
from numpy.typing import NDArray

from partialc.ir.program import Program
from partialc.printing import ModuleScope, print_body
from partialc.realise.execute import flat_names
from partialc.realise.writer import Whole
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
        is_typed: Whether type checkers know what its expressions are: JAX's transforms
            return `Any`.
    """

    lines: tuple[str, ...]
    parts: tuple[str, ...]
    whole: Mapping[Whole, str] = field(default_factory=dict)
    support: frozenset[str] = frozenset()
    constants: Mapping[str, NDArray[np.int64]] = field(default_factory=dict)
    guarded: bool = False
    is_typed: bool = True


def printed_body(
    program: Program,
    kernel: Kernel,
    signature: Signature,
    scope: ModuleScope,
    *,
    guarded: bool,
) -> Body:
    """A program as the body of a kernel.

    Args:
        program: The program, over the kernel's flat inputs.
        kernel: What it delivers.
        signature: The function's signature.
        scope: Collects what the body needs at module level.
        guarded: Whether differentiating the kernel must raise.
    """
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


def statements(body: Body, scope: ModuleScope) -> int:
    """What there is to read: the statements of a kernel, its return among them.

    Args:
        body: The body.
        scope: What it needs at module level; the functions there count as well.
    """
    texts = ["\n".join(body.lines), *scope.parts().functions.values()]
    nodes = (node for text in texts for node in ast.walk(ast.parse(text)))
    return sum(isinstance(node, ast.stmt) for node in nodes) + 1
