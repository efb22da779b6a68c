"""Values whose infinities, nans and signed zeros somebody may look at.

`0 * x -> 0` and `x + 0 -> x` are exact for finite values. What they lose (a nan, the
sign of a zero) cannot reach a finite result through arithmetic; it can where a float
decides something: in comparisons (`x * 0 == 0` asks whether x is finite), conversions
to integers, bit casts, and in `atan2`, which jumps with the sign of a zero. All values
that such a decision depends on are sensitive; rules of that grade spare them.
"""

from __future__ import annotations

from typing import Final

from partialc.ir.program import Equation, Function, Value
from partialc.ir.structure import all_equations, functions_of

_DECIDING: Final = frozenset(
    {
        *("eq", "ne", "lt", "le", "gt", "ge", "lt_to", "le_to", "is_finite"),
        *("argmax", "argmin", "atan2", "nextafter", "bitcast_convert_type"),
    }
)


def sensitive_values(function: Function) -> frozenset[Value]:
    """All values of a function that a decision depends on."""
    found: set[Value] = set()
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
