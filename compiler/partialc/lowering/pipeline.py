"""The passes in their order, and the driver that runs them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

from partialc.errors import InternalError
from partialc.ir.program import Function, Program
from partialc.ir.text import to_text
from partialc.lowering.array_algebra import ARRAY_ALGEBRA
from partialc.lowering.common_subexpressions import COMMON_SUBEXPRESSIONS
from partialc.lowering.dead_code import DEAD_CODE
from partialc.lowering.drop_identities import DROP_IDENTITIES
from partialc.lowering.drop_neutral import DROP_NEUTRAL
from partialc.lowering.fold_constants import FOLD_CONSTANTS
from partialc.lowering.inline_calls import INLINE_CALLS
from partialc.lowering.light_cone import LIGHT_CONE
from partialc.lowering.near_zero import NEAR_ZERO
from partialc.lowering.needed_rectangles import NEEDED_RECTANGLES
from partialc.lowering.ordering import ORDERING
from partialc.lowering.passes import Grade, Pass
from partialc.lowering.powers import POWERS
from partialc.lowering.rectangles import RECTANGLES
from partialc.lowering.resolve_custom_calls import RESOLVE_CUSTOM_CALLS
from partialc.lowering.specialise_loops import SPECIALISE_LOOPS

AfterPass: TypeAlias = Callable[[Pass, Function, Function], None]
"""Called with a pass, the function before it and the function after it."""

# One body, in which nothing is dead: what can be counted.
FLAT: Final[tuple[Pass, ...]] = (RESOLVE_CUSTOM_CALLS, INLINE_CALLS, DEAD_CODE)

# What a person reads: calls stay calls, custom rules stay, nothing is computed twice.
READABLE: Final[tuple[Pass, ...]] = (
    DEAD_CODE,
    FOLD_CONSTANTS,
    DROP_IDENTITIES,
    COMMON_SUBEXPRESSIONS,
    DEAD_CODE,
    ORDERING,
)

# What will still be differentiated: as READABLE, in one body, with its custom rules.
INLINED: Final[tuple[Pass, ...]] = (
    INLINE_CALLS,
    *READABLE,
)

# The last word on a derivative: custom rules have done their work.
FINAL: Final[tuple[Pass, ...]] = (
    RESOLVE_CUSTOM_CALLS,
    *INLINED,
)

# A derivative as its light cone: what is needed of it and not known.
SPECIALISED: Final[tuple[Pass, ...]] = (
    *FINAL,
    SPECIALISE_LOOPS,
    RECTANGLES,
    FOLD_CONSTANTS,
    DROP_IDENTITIES,
    DROP_NEUTRAL,
    COMMON_SUBEXPRESSIONS,
    DEAD_CODE,
    NEEDED_RECTANGLES,
    FOLD_CONSTANTS,
    DROP_IDENTITIES,
    DROP_NEUTRAL,
    POWERS,
    LIGHT_CONE,
    ARRAY_ALGEBRA,
    DROP_IDENTITIES,
    DROP_NEUTRAL,
    COMMON_SUBEXPRESSIONS,
    DEAD_CODE,
    ORDERING,
)

# The same, and what vanishes is computed by functions that lose no digits there.
PRECISE: Final[tuple[Pass, ...]] = tuple(
    step
    for each in SPECIALISED
    for step in ((each, NEAR_ZERO) if each is ARRAY_ALGEBRA else (each,))
)

PASSES: Final[dict[str, Pass]] = {each.name: each for each in PRECISE}


@dataclass(frozen=True, slots=True)
class Variant:
    """A pipeline that a chain may be written out by.

    Attributes:
        name: A short name, the same in every version of the passes.
        passes: In their order.
    """

    name: str
    passes: tuple[Pass, ...]


def exchanged(passes: Iterable[Pass], *others: Pass) -> tuple[Pass, ...]:
    """Passes, each exchanged for the one among `others` that has its name."""
    named = {each.name: each for each in others}
    return tuple(named.get(each.name, each) for each in passes)


FULL: Final = Variant("full", SPECIALISED)

FULL_PRECISE: Final = Variant("full with expm1 and log1p", PRECISE)

WITHOUT_NORMAL_FORMS: Final = Variant(
    "without normal forms",
    exchanged(
        PRECISE,
        LIGHT_CONE.with_options(normal_forms=False),
        ARRAY_ALGEBRA.with_options(normal_forms=False),
    ),
)

IN_ORDER: Final = Variant(
    "in order",
    tuple(
        each
        for each in exchanged(SPECIALISED, LIGHT_CONE.with_options(in_order=True))
        if each.grade is not Grade.REASSOCIATING
    ),
)


def full_except(results: Iterable[int]) -> Variant:
    """The full, precise pipeline without normal forms for some of the results.

    Args:
        results: Their numbers among the results of the function.
    """
    plain = tuple(sorted(set(results)))
    return Variant(
        f"full except results ({', '.join(map(str, plain))})",
        exchanged(
            PRECISE,
            LIGHT_CONE.with_options(plain=plain),
            ARRAY_ALGEBRA.with_options(plain=plain),
        ),
    )


def keeping_values(passes: Iterable[Pass], values: tuple[int, ...]) -> tuple[Pass, ...]:
    """Passes that leave values of the function nan where the function is.

    Args:
        passes: In their order.
        values: The numbers of the results that are values of the function itself.
    """
    return tuple(
        each.with_options(values=values)
        if values and each.name in (LIGHT_CONE.name, ARRAY_ALGEBRA.name)
        else each
        for each in passes
    )


def knowing_limits(
    passes: Iterable[Pass], limits: tuple[tuple[float, float] | None, ...]
) -> tuple[Pass, ...]:
    """Passes that know between which numbers the inputs of a function are.

    Args:
        passes: In their order.
        limits: Low and high of every element, by input; None where there are none.
    """
    return tuple(
        each.with_options(limits=limits)
        if any(limits) and each.name in (LIGHT_CONE.name, ARRAY_ALGEBRA.name)
        else each
        for each in passes
    )


def variants(*, reassociate: bool = True) -> tuple[Variant, ...]:
    """The ladder of pipelines for what is written out, from daring to safe.

    Args:
        reassociate: Whether sums and products may be regrouped.
    """
    if not reassociate:
        return (IN_ORDER,)
    return FULL, FULL_PRECISE, WITHOUT_NORMAL_FORMS, IN_ORDER


def run(
    function: Function, passes: Sequence[Pass], after: AfterPass | None = None
) -> Function:
    """Run passes one after the other.

    Args:
        function: What to simplify.
        passes: In this order.
        after: Called after each pass: to check, print, note or time.

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
                after(simplify, function, result)
        except InternalError as error:
            error.add_note(f"in pass {simplify}, which was given\n")
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
