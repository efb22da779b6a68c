"""What is small as a difference of what is not, by functions that lose no digits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from partialc.analysis.sensitive import Decided, in_context, sensitive_values
from partialc.ir.equations import spread_by
from partialc.ir.program import Atom, Constant, Equation, Function, Value
from partialc.lowering.passes import Grade, Pass
from partialc.lowering.scalar.terms import is_usual


def near_zero(function: Function) -> Function:
    """exp(x) - 1 -> expm1(x), 1 - exp(x) -> -expm1(x), log(1 + x) -> log1p(x).

    Where the exponential has other uses there is one more function to evaluate.

    Grade: reassociating.
    """
    return in_context(function, _rewritten)


NEAR_ZERO: Final = Pass("near_zero", Grade.REASSOCIATING, near_zero)


def _rewritten(function: Function, decided: Decided) -> Function:
    sensitive = sensitive_values(function, decided)
    made: dict[Value, Equation] = {}
    equations: list[Equation] = []
    for equation in function.equations:
        found = None
        if not sensitive.intersection(equation.outputs):
            found = _difference(equation, made) or _logarithm(equation, made)
        equations += found or [equation]
        made.update(dict.fromkeys(equation.outputs, equation))
    if tuple(equations) == function.equations:
        return function
    return replace(function, equations=tuple(equations))


def _difference(
    equation: Equation, made: Mapping[Value, Equation]
) -> list[Equation] | None:
    """Exp(x) - 1 and its opposite."""
    if equation.op not in ("add", "sub") or not is_usual(
        equation.outputs[0].type.dtype
    ):
        return None
    first, second = equation.inputs
    one = -1 if equation.op == "add" else 1
    for exponential, other in ((first, second), (second, first)):
        inner = _of("exp", exponential, made)
        if inner is None or not _is_number(other, one, made):
            continue
        if inner.type != equation.outputs[0].type:
            continue
        if equation.op == "sub" and exponential is second:
            vanishing = Value(equation.outputs[0].type)
            return [
                _call("expm1", inner, vanishing, equation),
                Equation("neg", (vanishing,), {}, equation.outputs, equation.location),
            ]
        return [_call("expm1", inner, equation.outputs[0], equation)]
    return None


def _logarithm(
    equation: Equation, made: Mapping[Value, Equation]
) -> list[Equation] | None:
    """log(1 + x)."""
    if equation.op != "log" or not is_usual(equation.outputs[0].type.dtype):
        return None
    sum_ = (
        made.get(equation.inputs[0]) if isinstance(equation.inputs[0], Value) else None
    )
    if sum_ is None or sum_.op not in ("add", "sub"):
        return None
    first, second = sum_.inputs
    for other, one in ((first, second), (second, first)):
        is_fitting = other.type == equation.outputs[0].type
        if not (is_fitting and _is_number(one, 1, made)):
            continue
        if sum_.op == "add":
            return [_call("log1p", other, equation.outputs[0], equation)]
        if one is first:
            negative = Value(other.type)
            return [
                Equation("neg", (other,), {}, (negative,), equation.location),
                _call("log1p", negative, equation.outputs[0], equation),
            ]
    return None


def _call(name: str, operand: Atom, result: Value, instead: Equation) -> Equation:
    return Equation(name, (operand,), {}, (result,), instead.location)


def _of(name: str, atom: Atom, made: Mapping[Value, Equation]) -> Atom | None:
    """What a value is a function of; None if it is not that function's result."""
    found = made.get(atom) if isinstance(atom, Value) else None
    if found is None or found.op != name or any(found.params.values()):
        return None
    return found.inputs[0]


def _is_number(atom: Atom, number: int, made: Mapping[Value, Equation]) -> bool:
    """Whether all elements are a number."""
    if isinstance(atom, Value) and atom in made:
        source = spread_by(made[atom])
        return source is not None and _is_number(source, number, {})
    return isinstance(atom, Constant) and bool((atom.data == number).all())
