"""Drop arithmetic with a neutral element."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from math import copysign, inf
from typing import Final

import numpy as np

from partialc.ir.equations import spread_by
from partialc.ir.program import Atom, Constant, Equation, Function, Value
from partialc.ir.rewrite import everywhere, resolve, with_inputs
from partialc.lowering.passes import Grade, Pass
from partialc.ops.registry import commutes

_NEUTRAL: Final = {
    "mul": 1.0,
    "div": 1.0,
    "sub": 0.0,
    "pow": 1.0,
    "max": -inf,
    "min": inf,
}


def drop_neutral(function: Function) -> Function:
    """Drop the 1 of x * 1, x / 1 and x**1, the 0 of x - 0, max(x, -inf) and the like.

    X * -1 becomes neg(x), and neg(neg(x)) x; of a choice whose condition is known its
    outcome is left. Not `x + 0`, which makes -0 to 0.

    Grade: exact. The same bits, save that hardware may flush a subnormal operand of an
    operation to zero, and what is left alone is not flushed; and the sign of a nan.
    """
    return everywhere(function, _without_neutral)


DROP_NEUTRAL: Final = Pass("drop_neutral", Grade.FINITE, drop_neutral)


def _without_neutral(function: Function) -> Function:
    names: dict[Value, Atom] = {}
    negated: dict[Value, Atom] = {}
    filled: dict[Value, Constant] = {}
    equations: list[Equation] = []
    for equation in function.equations:
        current = _as_negation(with_inputs(equation, names), filled)
        kept = _kept(current, negated, filled)
        if kept is not None:
            names[current.outputs[0]] = kept
            continue
        if current.op == "neg":
            negated[current.outputs[0]] = current.inputs[0]
        source = spread_by(current)
        if isinstance(source, Constant):
            filled[current.outputs[0]] = source
        equations.append(current)
    if not names and tuple(equations) == function.equations:
        return function
    outputs = tuple(resolve(atom, names) for atom in function.outputs)
    return replace(function, equations=tuple(equations), outputs=outputs)


def _as_negation(equation: Equation, filled: Mapping[Value, Constant]) -> Equation:
    """A real product with -1 as what it is; any other operation itself."""
    kind = equation.outputs[0].type if equation.outputs else None
    if equation.op != "mul" or kind is None or kind.dtype.is_complex:
        return equation
    first, second = equation.inputs
    for factor, other in ((first, second), (second, first)):
        if other.type == kind and _is_number(factor, -1, filled):
            return Equation("neg", (other,), {}, equation.outputs, equation.location)
    return equation


def _kept(
    equation: Equation,
    negated: Mapping[Value, Atom],
    filled: Mapping[Value, Constant],
) -> Atom | None:
    """The operand that is the result."""
    if equation.op == "integer_pow":
        return equation.inputs[0] if equation.params["y"] == 1 else None
    if equation.op == "neg":
        (operand,) = equation.inputs
        return negated.get(operand) if isinstance(operand, Value) else None
    if equation.op == "select_n":
        return _selected(equation, filled)
    neutral = _NEUTRAL.get(equation.op)
    if neutral is None:
        return None
    first, second = equation.inputs
    kind = equation.outputs[0].type
    if first.type == kind and _is_number(second, neutral, filled):
        return first
    if (
        commutes(equation.op, kind.dtype)
        and second.type == kind
        and _is_number(first, neutral, filled)
    ):
        return second
    return None


def _selected(equation: Equation, filled: Mapping[Value, Constant]) -> Atom | None:
    """The case that a known condition selects everywhere."""
    which, *cases = equation.inputs
    for number, case in enumerate(cases):
        if _is_number(which, number, filled):
            return case
    return None


def _is_number(atom: Atom, number: float, filled: Mapping[Value, Constant]) -> bool:
    """Whether all elements are this number; a zero without a sign."""
    if isinstance(atom, Value):
        if atom not in filled:
            return False
        atom = filled[atom]
    if atom.type.dtype.is_key or not atom.type.size:
        return False
    if not atom.type.shape:
        # Most literals are plain numbers; Python compares them much faster than numpy.
        single = atom.data.item()
        return bool(single == number) and (number < 0 or copysign(1, single.real) > 0)
    signed = np.any(np.signbit(atom.data.real))
    return bool(np.all(atom.data == number) and (number < 0 or not signed))
