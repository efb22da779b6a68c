"""Compute equal things once."""

from __future__ import annotations

from dataclasses import replace
from typing import Final, TypeAlias

from partialc.ir.program import Atom, Constant, Equation, Function, Value
from partialc.ir.rewrite import everywhere, resolve, with_inputs
from partialc.ir.structure import constant_key, equation_key
from partialc.lowering.passes import Grade, Pass

_COMMUTATIVE: Final = frozenset(
    {"add", "add_any", "and", "eq", "mul", "ne", "or", "xor"}
)

_Key: TypeAlias = tuple[object, ...]


def common_subexpressions(function: Function) -> Function:
    """X op y, ..., x op y -> one of them; a + b and b + a are the same.

    Calls and control flow are the same if the functions they hold are equal in
    structure.

    Grade: bitwise, save that a sum or product of two nans may be the other one. For
    that, `max` and `min` commute on whole numbers only: of two zeros of unlike sign
    they choose by position, and 1 / max(0, -0) would turn from inf to -inf.
    """
    digests: dict[int, str] = {}
    return everywhere(function, lambda body: _numbered(body, digests))


COMMON_SUBEXPRESSIONS: Final = Pass(
    "common_subexpressions", Grade.BITWISE, common_subexpressions
)


def _commutes(equation: Equation) -> bool:
    if equation.op in {"max", "min"}:
        return not equation.outputs[0].type.dtype.is_inexact
    return equation.op in _COMMUTATIVE


def _numbered(function: Function, digests: dict[int, str]) -> Function:
    names: dict[Value, Atom] = {}
    numbers: dict[Value, int] = {}
    known: dict[_Key, Equation] = {}
    equations: list[Equation] = []

    def number(atom: Atom) -> tuple[str, object]:
        if isinstance(atom, Constant):
            return "constant", constant_key(atom)
        return "value", numbers[atom]

    for value in function.inputs:
        numbers[value] = len(numbers)
    for equation in function.equations:
        current = with_inputs(equation, names)
        operands = [number(atom) for atom in current.inputs]
        if _commutes(current):
            operands.sort(key=repr)
        types = tuple(value.type for value in current.outputs)
        key = (*equation_key(current, digests), tuple(operands), types)
        first = known.setdefault(key, current)
        if first is not current:
            names.update(zip(current.outputs, first.outputs, strict=True))
            continue
        equations.append(current)
        for value in current.outputs:
            numbers[value] = len(numbers)
    if len(equations) == len(function.equations):
        return function
    outputs = tuple(resolve(atom, names) for atom in function.outputs)
    return replace(function, equations=tuple(equations), outputs=outputs)
