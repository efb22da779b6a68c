"""Compute equal things once."""

from __future__ import annotations

from dataclasses import replace
from typing import Final, TypeAlias

from partialc.ir.program import Atom, Constant, Equation, Function, Value
from partialc.ir.rewrite import everywhere, resolve, with_inputs
from partialc.ir.structure import constant_key, equation_key
from partialc.lowering.passes import Grade, Pass
from partialc.ops.registry import commutes

_Key: TypeAlias = tuple[object, ...]


def common_subexpressions(function: Function) -> Function:
    """X op y, ..., x op y -> one of them; a + b and b + a are the same.

    Calls and control flow are the same if the functions they hold are equal in
    structure.

    Grade: bitwise, save that of several nans another one may be the result.
    """
    digests: dict[int, str] = {}
    return everywhere(function, lambda body: _numbered(body, digests))


COMMON_SUBEXPRESSIONS: Final = Pass(
    "common_subexpressions", Grade.BITWISE, common_subexpressions
)


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
        if len(current.outputs) == 1 and commutes(
            current.op, current.outputs[0].type.dtype
        ):
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
