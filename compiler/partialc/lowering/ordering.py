"""Put equations where a reader wants them."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from partialc.ir.program import Equation, Function, Value
from partialc.ir.rewrite import everywhere
from partialc.lowering.passes import Grade, Pass


def ordering(function: Function) -> Function:
    """Every value just before the first thing that uses it, results in order.

    The order is that of a depth-first walk from the results, operands from left to
    right. It depends on the dependences alone: an edit elsewhere does not move lines.
    """
    return everywhere(function, _ordered)


ORDERING: Final = Pass("ordering", Grade.BITWISE, ordering)


def _ordered(function: Function) -> Function:
    definition = {
        value: equation for equation in function.equations for value in equation.outputs
    }
    done: set[int] = set()
    ordered: list[Equation] = []
    roots = [definition[a] for a in function.outputs if a in definition]
    # Each entry is visited twice: to schedule its operands, then to place itself.
    pending = [
        (equation, False) for equation in reversed(roots + list(function.equations))
    ]
    while pending:
        equation, ready = pending.pop()
        if id(equation) in done:
            continue
        if ready:
            done.add(id(equation))
            ordered.append(equation)
            continue
        pending.append((equation, True))
        pending.extend(
            (definition[atom], False)
            for atom in reversed(equation.inputs)
            if isinstance(atom, Value) and atom in definition
        )
    return replace(function, equations=tuple(ordered))
