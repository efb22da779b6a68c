"""Whether a function is one program at every size, as far as tracing it tells."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import zip_longest

from partialc.ir.program import Constant, Equation, Function, Program
from partialc.ir.structure import all_equations, functions_of


@dataclass(frozen=True, slots=True)
class Parting:
    """Where a function is another program at other sizes.

    Attributes:
        number: Which of the programs is another one than those before.
        reason: What is different.
    """

    number: int
    reason: str


def parting(programs: Sequence[Program]) -> Parting | None:
    """The first step at which programs of several sizes part; None if they do not.

    Operations must be the same in the same order. What is the same in all programs but
    the last, an exponent or a number, must be the same in the last, too; lengths, which
    differ from size to size, may be anything.

    Args:
        programs: The function at the sizes of all builds, and at last at others.
    """
    steps = [[*all_equations(each.widest)] for each in programs]
    for place, row in enumerate(zip_longest(*steps)):
        ops = [None if each is None else each.op for each in row]
        for number, op in enumerate(ops):
            if op != ops[0]:
                found = f"its operation {place + 1} is {op or 'none'}, not {ops[0]}"
                return Parting(number, found)
        traits = [_traits(each) for each in row]
        for key, value in traits[-1].items():
            common = {each.get(key) for each in traits[:-1]}
            if len(common) == 1 and common != {value}:
                (own,) = common
                step = f"its operation {place + 1}, {ops[0]},"
                return Parting(len(row) - 1, f"{step} has {key} {value}, not {own}")
    return None


def _traits(equation: Equation) -> dict[str, str]:
    """What an operation says beside its operands."""
    inner = {id(function) for function in functions_of(equation)}
    found = {
        f"`{key}`": str(value)
        for key, value in equation.params.items()
        if id(value) not in inner and not isinstance(value, Function | tuple)
    }
    for number, atom in enumerate(equation.inputs):
        if isinstance(atom, Constant) and atom.type.size == 1:
            found[f"operand {number + 1}"] = str(atom.data.item())
    return found
