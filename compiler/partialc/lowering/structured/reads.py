"""Slices that read what they are slices of: through pads, concatenations and others.

A function that pads its argument and takes the inner part again, as stencils with walls
do, has that part at hand.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from partialc.ir.equations import sliced
from partialc.ir.program import Equation, Function, Value
from partialc.ir.rewrite import everywhere
from partialc.ir.strided import Strided
from partialc.lowering.passes import Grade, Pass
from partialc.lowering.restated import restricted
from partialc.ops.lanes import full_box
from partialc.ops.moves import Move
from partialc.ops.registry import moves_of


def reads(function: Function) -> Function:
    """pad(x)[inner] -> x, concatenate(x, y)[of x] -> x[...], x[a][b] -> x[c].

    What was spread along an axis is spread along less of it.

    A slice of a pad that has some of the border stays.
    """
    return everywhere(function, _read)


READS: Final = Pass("reads", Grade.BITWISE, reads)


def _read(function: Function) -> Function:
    defined: dict[Value, Equation] = {}
    equations: list[Equation] = []
    for equation in function.equations:
        current = equation
        while True:
            moved = _moved(current, defined)
            if moved is None:
                break
            current = moved
        defined.update(dict.fromkeys(current.outputs, current))
        equations.append(current)
    if tuple(equations) == function.equations:
        return function
    return replace(function, equations=tuple(equations))


def _moved(equation: Equation, defined: Mapping[Value, Equation]) -> Equation | None:
    """The same slice of what its operand was made from, if it is one."""
    window = _window(equation)
    atom = equation.inputs[0] if window is not None else None
    source = defined.get(atom) if isinstance(atom, Value) else None
    if source is None or window is None or len(source.outputs) != 1:
        return None
    return _of_operand(equation, window, source) or _smaller(equation, window, source)


def _window(equation: Equation) -> Strided | None:
    """What a slice takes, which is not nothing; None of other operations."""
    moves = moves_of(equation) if len(equation.inputs) == 1 else None
    move = None if moves is None or len(moves.rows) != 1 else moves.rows[0][0]
    is_slice = isinstance(move, Strided) and move.is_slice and 0 not in move.result
    return move if is_slice else None  # type: ignore[return-value]


def _of_operand(
    equation: Equation, window: Strided, source: Equation
) -> Equation | None:
    """A slice of the one operand that has all of it."""
    moves = moves_of(source)
    row: list[Move | None] = [] if moves is None else list(moves.rows[0])
    strided = [move if isinstance(move, Strided) else None for move in row]
    parts = [None if move is None else move.then(window) for move in strided]
    beneath = None if moves is None else moves.beneath
    if beneath is not None:
        # What is beneath others is read where none of them is met.
        others = [n for n, move in enumerate(row) if move is not None and n != beneath]
        if any(strided[n] is None or parts[n] is not None for n in others):
            parts[beneath] = None
    for number, part in enumerate(parts):
        if part is not None and part.is_slice:
            return replace(
                sliced(source.inputs[number], part.source),
                outputs=equation.outputs,
                location=equation.location,
            )
    return None


def _smaller(equation: Equation, window: Strided, source: Equation) -> Equation | None:
    """Less of what is made of all of an operand in any case: repeated less often."""
    is_move = len(source.inputs) == 1 and moves_of(source) is not None
    if not is_move or window.is_identity:
        return None
    box = window.source
    plan = restricted(source, [box])
    if plan is None or plan.operands != (full_box(source.inputs[0].type.shape),):
        return None
    params = {**source.params, **plan.params}
    return replace(source, params=params, outputs=equation.outputs)
