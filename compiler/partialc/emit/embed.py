"""The function itself, as it stands in the generated module."""

from __future__ import annotations

import io
import tokenize
from collections.abc import Collection

from partialc.emit.module import FunctionText
from partialc.emit.printer import print_function
from partialc.errors import UnsupportedError
from partialc.frontends.primal import CarriedSource, Primal
from partialc.lowering.resolve_custom_calls import resolve_program


def embed(primal: Primal, kernels: Collection[str]) -> FunctionText:
    """The function's carried source, or else its traced program as source.

    A function with custom rules that can be neither carried nor printed is printed
    without them and guarded: it gives its values, and raises when differentiated.

    Args:
        primal: The function.
        kernels: The kernels' names; a function of the same name gets an underscore.
    """
    own = primal.signature.name
    name = f"_{own}" if own in kernels else own
    if primal.source is not None:
        text = _renamed(primal.source, own, name)
        names = tuple(name if each == own else each for each in primal.source.names)
        return FunctionText(text, name, names, primal.source.imports)
    program, guarded = primal.program, False
    document = primal.doc
    try:
        printed = print_function(
            program, primal.signature, name=name, docstring=document
        )
    except UnsupportedError:
        if not primal.has_custom_rules:
            raise
        guarded = True
        printed = print_function(
            resolve_program(program),
            primal.signature,
            name=name,
            docstring=document,
            decorators=("_not_differentiable",),
        )
    return FunctionText(
        text=printed.text,
        name=name,
        names=(name, *printed.names),
        imports=printed.imports,
        constants=printed.constants,
        helpers=printed.helpers,
        support=frozenset({"_not_differentiable"} if guarded else ()),
        differentiable=not guarded,
    )


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
