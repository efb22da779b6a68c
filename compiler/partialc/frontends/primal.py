"""The function to be differentiated, as every later layer sees it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from partialc.ir.program import Program
from partialc.request.signature import Signature


@dataclass(frozen=True, slots=True)
class CarriedSource:
    """The function's own source text, self-contained, ready to stand in a module.

    Attributes:
        text: Statements: helper functions, module constants, then the function, whose
            name is `Signature.name`; imports are not in it. Names that start with an
            underscore or not are kept as the user wrote them.
        names: Every module-level name the text defines.
        imports: Import statements it needs beyond the module's own, by text; they are
            only ever of jax, numpy, typing, and the standard library's math and
            functools.
    """

    text: str
    names: tuple[str, ...]
    imports: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Primal:
    """A function with everything known about it.

    Attributes:
        origin: How the spec names it: `examples.product.model:product`; for a function
            given to `compile` directly, its module and qualified name.
        importable: Whether `origin` can be imported again (by the generated tests).
        call: The function at build time: takes the arguments of `signature` by
            position, static values bound, and returns the result tree.
        signature: Its arguments and result.
        program: `call` over the flat list of argument leaves, giving the flat list of
            result leaves, traced under every regime.
        source: Its carried source text; None when it must be printed from the trace.
        source_refusal: Why the source is not carried, in a sentence; None when it is.
        has_custom_rules: Whether custom_jvp or custom_vjp occurs anywhere in it.
        static: Arguments bound at build time.
        doc: The first line of its docstring, if it has one.
        returns_numbers: Whether the function itself returns plain numbers of Python,
            where `call` returns arrays.
    """

    origin: str
    importable: bool
    call: Callable[..., Any]
    signature: Signature
    program: Program
    source: CarriedSource | None
    source_refusal: str | None
    has_custom_rules: bool
    static: dict[str, Any]
    doc: str | None
    returns_numbers: bool = False
