"""Drop operations that hand their operand on as it is."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from partialc.ir.program import Atom, Equation, Function, Value
from partialc.ir.rewrite import everywhere, resolve, with_inputs
from partialc.lowering.passes import Grade, Pass

_RESHAPING: Final = frozenset(
    {"broadcast_in_dim", "convert_element_type", "expand_dims", "reshape", "squeeze"}
)
_REDUCTIONS: Final = frozenset(
    f"reduce_{name}" for name in ("sum", "prod", "max", "min", "and", "or", "xor")
)


def drop_identities(function: Function) -> Function:
    """op(x) -> x where op keeps type and elements.

    That is: conversions, reshapes and broadcasts to the type at hand, transposes in
    order, whole slices, padding by nothing, reversals and reductions along no axis,
    concatenations of one, splits into one.
    """
    return everywhere(function, _without_identities)


DROP_IDENTITIES: Final = Pass("drop_identities", Grade.BITWISE, drop_identities)


def _without_identities(function: Function) -> Function:
    names: dict[Value, Atom] = {}
    equations: list[Equation] = []
    for equation in function.equations:
        current = with_inputs(equation, names)
        if _is_identity(current):
            names[current.outputs[0]] = current.inputs[0]
        else:
            equations.append(current)
    if not names:
        return function
    outputs = tuple(resolve(atom, names) for atom in function.outputs)
    return replace(function, equations=tuple(equations), outputs=outputs)


def _is_identity(equation: Equation) -> bool:
    if len(equation.outputs) != 1 or not equation.inputs:
        return False
    if equation.inputs[0].type != equation.outputs[0].type:
        return False
    params = equation.params
    match equation.op:
        case op if op in _RESHAPING:
            return params.get("dimensions") is None or op != "reshape"
        case op if op in _REDUCTIONS:
            return params["axes"] == ()
        case "transpose":
            return params["permutation"] == tuple(range(equation.inputs[0].type.ndim))
        case "slice":
            return params["strides"] in (None, (1,) * equation.inputs[0].type.ndim)
        case "pad":
            return (
                params["padding_config"] == ((0, 0, 0),) * equation.inputs[0].type.ndim
            )
        case "rev":
            return params["dimensions"] == ()
        case "concatenate":
            return len(equation.inputs) == 1
        case "split":
            return True
        case _:
            return False
