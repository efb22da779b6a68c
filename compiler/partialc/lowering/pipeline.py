"""The passes in their order, and the driver that runs them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final, TypeAlias

from partialc.errors import InternalError
from partialc.ir.program import Function, Program
from partialc.ir.text import to_text
from partialc.lowering.array_algebra import array_algebra
from partialc.lowering.common_subexpressions import common_subexpressions
from partialc.lowering.dead_code import dead_code
from partialc.lowering.drop_identities import drop_identities
from partialc.lowering.drop_neutral import drop_neutral
from partialc.lowering.fold_constants import fold_constants
from partialc.lowering.inline_calls import inline_calls
from partialc.lowering.light_cone import light_cone, light_cone_in_order
from partialc.lowering.needed_rectangles import needed_rectangles
from partialc.lowering.ordering import ordering
from partialc.lowering.powers import powers
from partialc.lowering.rectangles import rectangles
from partialc.lowering.resolve_custom_calls import resolve_custom_calls
from partialc.lowering.specialise_loops import specialise_loops

Pass: TypeAlias = Callable[[Function], Function]
AfterPass: TypeAlias = Callable[[str, Function], None]

# What a person reads: calls stay calls, custom rules stay, nothing is computed twice.
READABLE: Final[tuple[Pass, ...]] = (
    dead_code,
    fold_constants,
    drop_identities,
    common_subexpressions,
    dead_code,
    ordering,
)

# What will still be differentiated: as READABLE, in one body, with its custom rules.
INLINED: Final[tuple[Pass, ...]] = (
    inline_calls,
    *READABLE,
)

# The last word on a derivative: custom rules have done their work.
FINAL: Final[tuple[Pass, ...]] = (
    resolve_custom_calls,
    *INLINED,
)

# A derivative as its light cone: what is needed of it and not known.
SPECIALISED: Final[tuple[Pass, ...]] = (
    *FINAL,
    specialise_loops,
    rectangles,
    fold_constants,
    drop_identities,
    drop_neutral,
    common_subexpressions,
    dead_code,
    needed_rectangles,
    powers,
    light_cone,
    array_algebra,
    drop_identities,
    drop_neutral,
    common_subexpressions,
    dead_code,
    ordering,
)

# The same without the passes that regroup sums, products and powers.
IN_ORDER: Final[tuple[Pass, ...]] = tuple(
    light_cone_in_order if each is light_cone else each
    for each in SPECIALISED
    if each not in (powers, array_algebra)
)
REASSOCIATING: Final[frozenset[str]] = frozenset(
    each.__name__ for each in SPECIALISED if each not in IN_ORDER
)

PASSES: Final[dict[str, Pass]] = {
    simplify.__name__: simplify
    for simplify in (
        resolve_custom_calls,
        inline_calls,
        fold_constants,
        drop_identities,
        drop_neutral,
        common_subexpressions,
        dead_code,
        ordering,
        specialise_loops,
        rectangles,
        needed_rectangles,
        powers,
        light_cone,
        light_cone_in_order,
        array_algebra,
    )
}


def run(
    function: Function, passes: Sequence[Pass], after: AfterPass | None = None
) -> Function:
    """Run passes one after the other.

    Args:
        function: What to simplify.
        passes: In this order.
        after: Called after each pass with its name and result: to check, print or time.

    Returns:
        The simplified function, with the inputs and outputs of the given one.

    Raises:
        InternalError: A pass or `after` failed; the pass and the text before it are
            attached.
    """
    for simplify in passes:
        try:
            result = simplify(function)
            if after is not None:
                after(simplify.__name__, result)
        except InternalError as error:
            error.add_note(f"in pass {simplify.__name__}, which was given\n")
            error.add_note(to_text(function, elide=True))
            raise
        function = result
    return function


def run_program(
    program: Program, passes: Sequence[Pass], after: AfterPass | None = None
) -> Program:
    """Run passes over each distinct variant of a program; what was shared stays so."""
    results: dict[int, Function] = {}
    for function in program.variants.values():
        if id(function) not in results:
            results[id(function)] = run(function, passes, after)
    variants = {
        regime: results[id(function)] for regime, function in program.variants.items()
    }
    return Program(program.name, variants)
