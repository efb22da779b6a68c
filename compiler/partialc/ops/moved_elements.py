"""What single elements read, of operations that move them, and where they are zero."""

from __future__ import annotations

from math import prod

import numpy as np

from partialc.ir.boxes import Flat
from partialc.ir.element_sets import ElementSet
from partialc.ir.program import Equation
from partialc.ir.strided import Strided
from partialc.ops.elements import MAX_ROWS, Elements, Operands, Reads, everywhere
from partialc.ops.moves import (
    Computed,
    Gathered,
    InOrder,
    Move,
    Moves,
    MovesRule,
    Scattered,
)


def reads(move: Move, wanted: Flat) -> Flat | None:
    """The flat positions in an operand of ascending ones in a result; -1 for others.

    None where they are not known.
    """
    match move:
        case InOrder():
            return wanted
        case Computed():
            return None
        case _:
            return move.reads(wanted)


def writes(move: Move, flat: Flat) -> Flat | None:
    """The one flat position in a result of each of some in an operand; -1: nowhere.

    None where they are not known, or are too many.
    """
    match move:
        case Scattered() if flat.size <= MAX_ROWS:
            return move.writes(flat)
        case Strided() if flat.size <= MAX_ROWS and move.takes_all:
            return move.writes(flat)
        case InOrder():
            return flat
        case _:
            return None


def through(move: Move, support: ElementSet) -> ElementSet:
    """Where a result can be nonzero that has the elements of an operand."""
    match move:
        case Strided():
            return support.through(move)
        case InOrder():
            return support.reshaped(move.result)
        case _ if support.is_none:
            return ElementSet.none(move.result)
        case Scattered():
            if support.bound <= MAX_ROWS:
                targets = move.writes(support.listed())
                return ElementSet.of(move.result, targets[targets >= 0])
        case Gathered():
            if prod(move.result) <= MAX_ROWS:
                places = move.reads(np.arange(prod(move.result), dtype=np.int64))
                live = (places >= 0) & support.contains(places)
                return ElementSet.of(move.result, np.flatnonzero(live))
    return ElementSet.all(move.result)


def elements(rule: MovesRule) -> Elements:
    """What single elements read, of an operation that moves them."""

    def supports(equation: Equation, operands: Operands) -> tuple[ElementSet, ...]:
        found = rule(equation, operands.known.__getitem__)
        if found is None or found.is_filled:
            return everywhere(equation, operands)
        results = []
        for value, row in zip(equation.outputs, found.rows, strict=True):
            total = ElementSet.none(value.type.shape)
            for move, support in zip(row, operands.supports, strict=True):
                if move is not None:
                    total = total | through(move, support)
            results.append(total)
        return tuple(results)

    def read(
        equation: Equation, number: int, wanted: Flat, operands: Operands
    ) -> Reads | None:
        found = rule(equation, operands.known.__getitem__)
        if found is None:
            return None
        columns = columns_of(found, number, wanted)
        return None if columns is None else Reads(tuple(columns), "pick")

    return Elements(supports, read)


def columns_of(moves: Moves, number: int, wanted: Flat) -> list[Flat] | None:
    """The flat position in each operand that elements of a result read; -1: none.

    Args:
        moves: The operation's.
        number: Which result.
        wanted: Flat positions in it, ascending.

    Returns:
        None where some are not known, or are none of any operand.
    """
    row = moves.rows[number]
    if len(row) == 1 and isinstance(row[0], (Strided, InOrder)):
        only = reads(row[0], wanted)
        return None if only is None else [only]
    nothing = np.full(wanted.shape, -1, np.int64)
    columns = [nothing] * len(row)
    free = np.ones(wanted.shape, bool)
    for place, move in moves.above[number]:
        found = reads(move, wanted)
        if found is None:
            return None
        columns[place] = found
        free &= found < 0
    if not free.any():
        return columns
    beneath = None if moves.beneath is None else row[moves.beneath]
    found = None if beneath is None else reads(beneath, wanted)
    if found is None or moves.beneath is None:
        return None
    columns[moves.beneath] = np.where(free, found, -1)
    return columns
