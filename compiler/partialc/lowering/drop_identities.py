"""Drop operations that hand their operand on as it is."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from partialc.ir.program import Atom, Equation, Function, Value
from partialc.ir.rewrite import everywhere, resolve, with_inputs
from partialc.ir.strided import Strided
from partialc.lowering.passes import Grade, Pass
from partialc.ops.registry import moves_of

_REDUCTIONS: Final = frozenset(
    f"reduce_{name}" for name in ("sum", "prod", "max", "min", "and", "or", "xor")
)


def drop_identities(function: Function) -> Function:
    """op(x) -> x where op keeps type and elements.

    That is: conversions to the type at hand, reductions along no axis, and all that
    moves each element to its own place: whole slices, transposes in order, padding by
    nothing, concatenations of one, splits into one.
    """
    return everywhere(function, _without_identities)


DROP_IDENTITIES: Final = Pass("drop_identities", Grade.BITWISE, drop_identities)


def _without_identities(function: Function) -> Function:
    names: dict[Value, Atom] = {}
    equations: list[Equation] = []
    for equation in function.equations:
        current = with_inputs(equation, names)
        if is_identity(current):
            names[current.outputs[0]] = current.inputs[0]
        else:
            equations.append(current)
    if not names:
        return function
    outputs = tuple(resolve(atom, names) for atom in function.outputs)
    return replace(function, equations=tuple(equations), outputs=outputs)


def is_identity(equation: Equation) -> bool:
    """Whether an operation hands its first operand on."""
    if len(equation.outputs) != 1 or not equation.inputs:
        return False
    if equation.inputs[0].type != equation.outputs[0].type:
        return False
    if equation.op == "convert_element_type":
        return True
    if equation.op in _REDUCTIONS:
        return equation.params["axes"] == ()
    moves = moves_of(equation)
    first = None if moves is None or moves.beneath == 0 else moves.rows[0][0]
    return isinstance(first, Strided) and first.is_identity
