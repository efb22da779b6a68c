"""The function itself, as it stands in the generated module."""

from __future__ import annotations

import dataclasses
import io
import tokenize
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any, cast

import jax

from partialc.errors import UnsupportedError
from partialc.frontends.primal import CarriedSource, Primal
from partialc.ir.program import Program
from partialc.lowering.pipeline import FINAL, READABLE, run_program
from partialc.printing import ModuleScope, print_function


@dataclass(frozen=True, slots=True)
class FunctionText:
    """The function as it stands in the module.

    Attributes:
        text: Definitions of the function and of what it needs.
        name: What kernels call it by.
        names: Every module-level name the text defines.
        imports: Import lines it needs beyond the module's own.
        support: Names of the support functions of `realise.support` it calls.
        differentiable: Whether chains may differentiate it: its custom rules are all
            there, or it has none.
    """

    text: str
    name: str
    names: tuple[str, ...]
    imports: tuple[str, ...] = ()
    support: frozenset[str] = frozenset()
    differentiable: bool = True


def embed(
    primal: Primal, name: str, *, taken: Collection[str], scope: ModuleScope
) -> FunctionText:
    """The function's carried source, or else its traced program as source.

    A function with custom rules that can be neither carried nor printed is printed
    without them and guarded: it gives its values, and raises when differentiated.

    Args:
        primal: The function.
        name: What it is called in the module; its own name unless a kernel has that.
        taken: Names that nothing else in the module may have.
        scope: Collects what the text needs at module level.

    Raises:
        UnsupportedError: It can be neither carried nor printed.
    """
    if primal.source is not None:
        own = primal.signature.name
        text = _renamed(primal.source, own, name)
        names = tuple(name if each == own else each for each in primal.source.names)
        return FunctionText(text, name, names, primal.source.imports)
    _refuse_foreign_result(primal)
    program, guarded = run_program(primal.program, READABLE), False
    decorators: tuple[str, ...] = ()
    if primal.has_custom_rules:
        try:
            _print(primal, program, name, decorators, taken, ModuleScope(taken))
        except UnsupportedError:
            guarded, decorators = True, ("@_not_differentiable",)
            program = run_program(program, FINAL)
    return FunctionText(
        text=_print(primal, program, name, decorators, taken, scope),
        name=name,
        names=(name,),
        support=frozenset({"_not_differentiable"} if guarded else ()),
        differentiable=not guarded,
    )


def _refuse_foreign_result(primal: Primal) -> None:
    """A printed function cannot build an object of a class it does not import.

    Raises:
        UnsupportedError: The result is, or holds, such an object.
    """
    result = primal.signature.result
    tree = jax.tree.unflatten(result.structure, [jax.Array] * len(result.leaves))
    foreign = _foreign(tree)
    if foreign is None:
        return
    kind = type(foreign)
    plain = "{...}"
    if isinstance(foreign, tuple) and hasattr(foreign, "_fields"):
        plain = "._asdict()"
    elif dataclasses.is_dataclass(foreign):
        plain = "vars(...)"
    refusal = f": {primal.source_refusal}" if primal.source_refusal else ""
    raise UnsupportedError(
        f"the result of {primal.signature.name} holds a {kind.__name__}, which the "
        "module cannot build",
        where=primal.origin,
        why="a generated module imports no class of yours, and the function's own "
        f"source is not carried{refusal}",
        fix=f"return a dict ({plain}), a tuple or a list instead of the "
        f"{kind.__name__}, in a wrapper if others need the class",
    )


def _foreign(node: Any) -> object | None:
    """The first container within a tree that no display of Python stands for."""
    if node is None or node is jax.Array:
        return None
    if type(node) not in (dict, list, tuple):
        return cast("object", node)
    children = node.values() if isinstance(node, dict) else node
    found = (_foreign(child) for child in children)
    return next((each for each in found if each is not None), None)


def _print(
    primal: Primal,
    program: Program,
    name: str,
    decorators: Sequence[str],
    taken: Collection[str],
    scope: ModuleScope,
) -> str:
    printed = print_function(
        program,
        primal.signature,
        name=name,
        docstring=None if primal.doc == object.__call__.__doc__ else primal.doc,
        decorators=decorators,
        taken=taken,
        module=scope,
    )
    return printed.source


def _renamed(source: CarriedSource, old: str, new: str) -> str:
    """The text with every use of one global name exchanged; attributes keep theirs."""
    if old == new:
        return source.text
    tokens = []
    before = ""
    for token in tokenize.generate_tokens(io.StringIO(source.text).readline):
        text = token.string
        if token.type == tokenize.NAME and text == old and before != ".":
            text = new
        before = token.string
        tokens.append((token.type, text))
    return tokenize.untokenize(tokens)
