"""Values whose infinities, nans and signed zeros somebody may look at.

`0 * x -> 0` and `x + 0 -> x` are exact for finite values. What they lose (a nan, the
sign of a zero) cannot reach a finite result through arithmetic; it can where a float
decides something: in comparisons (`x * 0 == 0` asks whether x is finite), conversions
to integers, bit casts, where it is sorted, and in `atan2`, which jumps with the sign of
a zero. All values that such a decision depends on are sensitive; rules of that grade
spare them. What is decided outside a loop, or in its next round, reaches into its body:
`in_context` tells a pass which results of a body are decided upon.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, TypeAlias

from partialc.ir.program import Equation, Function, Value
from partialc.ir.rewrite import map_functions, mapped_equations
from partialc.ir.structure import all_equations, functions_of

Decided: TypeAlias = frozenset[int]
"""The results of a function, by number, that something outside it is decided by."""

NOTHING: Final[Decided] = frozenset()

_DECIDING: Final = frozenset(
    {
        *("eq", "ne", "lt", "le", "gt", "ge", "lt_to", "le_to", "is_finite"),
        *("argmax", "argmin", "atan2", "nextafter", "bitcast_convert_type"),
        *("sort", "top_k", "approx_top_k"),
        *("select_and_gather_add", "select_and_scatter_add"),
    }
)


def in_context(
    function: Function,
    change: Callable[[Function, Decided], Function],
    decided: Decided = NOTHING,
    change_held: Callable[[Function, Decided], Function] | None = None,
) -> Function:
    """Change a function and all it holds, the innermost first.

    Args:
        function: The function.
        change: Given a function and which of its results are decided upon.
        decided: Those of `function`.
        change_held: The same for the functions it holds, where that is something else.
    """
    changed: dict[tuple[int, Decided], Function] = {}

    def visit(current: Function, decided: Decided) -> Function:
        if (id(current), decided) in changed:
            return changed[id(current), decided]
        sensitive = sensitive_values(current, decided)
        body = mapped_equations(
            current,
            lambda equation: map_functions(
                equation,
                lambda held: visit(held, decided_results(equation, held, sensitive)),
            ),
        )
        apply = change if current is function else change_held or change
        changed[id(current), decided] = apply(body, decided)
        return changed[id(current), decided]

    return visit(function, decided)


def decided_results(
    equation: Equation, held: Function, sensitive: frozenset[Value]
) -> Decided:
    """Which results of a function that an operation holds are decided upon.

    Args:
        equation: The operation.
        held: The function.
        sensitive: The values around the operation that a decision depends on.
    """
    asked = frozenset(
        number for number, value in enumerate(equation.outputs) if value in sensitive
    )
    if equation.op in ("cond", "call", "remat"):
        return asked
    if equation.op != "scan":
        return frozenset(range(len(held.outputs)))
    closed, carried = equation.params["num_consts"], equation.params["num_carry"]
    assert isinstance(closed, int)
    assert isinstance(carried, int)
    while True:  # what the next round decides by is a result of this one
        inside = sensitive_values(held, asked)
        states = enumerate(held.inputs[closed : closed + carried])
        wanted = asked.union(number for number, value in states if value in inside)
        if wanted == asked:
            return asked
        asked = wanted


def sensitive_values(
    function: Function, decided: Decided = NOTHING
) -> frozenset[Value]:
    """All values of a function that a decision depends on.

    Args:
        function: The function.
        decided: Its results that something outside it is decided by.
    """
    results = (function.outputs[number] for number in decided)
    found = {atom for atom in results if isinstance(atom, Value)}
    for equation in reversed(function.equations):
        inherited = any(value in found for value in equation.outputs)
        if inherited or _decides(equation):
            found.update(atom for atom in equation.inputs if isinstance(atom, Value))
    return frozenset(found)


def _decides(equation: Equation) -> bool:
    if equation.op in _DECIDING:
        return True
    if equation.op == "convert_element_type":
        exact = not equation.outputs[0].type.dtype.is_inexact
        return exact and equation.inputs[0].type.dtype.is_inexact
    return any(
        _decides(inner)
        for held in functions_of(equation)
        for inner in all_equations(held)
    )
