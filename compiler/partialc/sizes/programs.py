"""Whether a function is one program at every size, as far as tracing it tells."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import zip_longest

from partialc.ir.program import Constant, Equation, Function, Program
from partialc.ir.structure import all_equations, functions_of


def parting_step(builds: Sequence[Program], other: Program) -> str | None:
    """Where a function is another program at other sizes; None if it is nowhere.

    Operations must be the same in the same order. What is the same in all builds, an
    exponent or a number, must be the same there, too; lengths, which differ from build
    to build, may be anything.

    Args:
        builds: The function at the sizes of the builds.
        other: The function at other sizes.
    """
    known = [[*all_equations(each.widest)] for each in builds]
    steps = zip_longest(*known, [*all_equations(other.widest)])
    for place, (*here, there) in enumerate(steps):
        ops = {None if each is None else each.op for each in here}
        if len(ops) > 1:
            return None  # the builds part themselves, which is told elsewhere
        (op,) = ops
        if there is None or there.op != op:
            found = "none" if there is None else there.op
            return f"its operation {place + 1} is {found}, not {op or 'none'}"
        traits = [_traits(each) for each in here if each is not None]
        for key, value in _traits(there).items():
            common = {each.get(key) for each in traits}
            if len(common) == 1 and common != {value}:
                (own,) = common
                return f"its operation {place + 1}, {op}, has {key} {value}, not {own}"
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
