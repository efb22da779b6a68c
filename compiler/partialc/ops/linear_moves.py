"""Terms of linear operands carried through operations that move elements."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

import numpy as np
from numpy.typing import NDArray

from partialc.ir.strided import Strided
from partialc.ops.linear import Linear, LinearRule, Terms, present
from partialc.ops.moves import Computed, Gathered, InOrder, Move, MovesRule, Scattered
from partialc.tangents.arrays import Arrays
from partialc.tangents.carry import pulled, pushed, reshaped
from partialc.tangents.maps import IndexMap
from partialc.tangents.term import Term, kept


def linear(rule: MovesRule) -> LinearRule:
    """What becomes of terms, by where elements come from.

    What is joined with a linear operand and is not linear itself is zero, and so is
    what is filled in.
    """

    def carried(linear: Linear) -> Sequence[Terms] | None:
        found = rule(linear.equation, linear.known)
        if found is None:
            return None
        results = []
        for row, above in zip(found.rows, found.above, strict=True):
            terms: list[Term | None] = []
            for number, move in above:
                if linear.terms[number] and isinstance(move, Computed):
                    return None
                if isinstance(move, Scattered) and not move.is_injective:
                    return None
                terms += [
                    carry(term, move, linear.arrays) for term in linear.of(number)
                ]
            beneath = None if found.beneath is None else row[found.beneath]
            if beneath is not None and found.beneath is not None:
                for term in present(
                    carry(term, beneath, linear.arrays)
                    for term in linear.of(found.beneath)
                ):
                    keep = uncovered(term, [move for _, move in above])
                    if keep is None:
                        return None
                    terms.append(kept(term, keep, linear.arrays))
            results.append(present(terms))
        return results

    return carried


def carry(term: Term, move: Move, arrays: Arrays) -> Term | None:
    """A term of an operand as one of a result; None where nothing of it gets there.

    Args:
        term: The term.
        move: Which elements are which; not by indices that are not known.
        arrays: Writes what becomes of the factors.
    """
    match move:
        case Strided():
            return _by_lines(term, move, arrays)
        case InOrder():
            return reshaped(term, move.operand, move.result, arrays)
        case Gathered():
            return pulled(term, move.maps, move.result, arrays)
        case Scattered():
            return pushed(term, move.maps, move.result, arrays)
        case Computed():
            raise AssertionError("nobody knows where its elements go")


def _by_lines(term: Term, move: Strided, arrays: Arrays) -> Term | None:
    """Pushed where each element has a place, else pulled where each place has one.

    Where neither is so, the rectangle is pulled out of the operand, and then pushed.
    """
    if move.takes_all and move.copies == 1 and (not move.free or not move.fills):
        return pushed(term, _put(move), move.result, arrays)
    shape = tuple(map(len, move.put))
    inner = pulled(term, _read(move, shape), shape, arrays)
    if move.fills or inner is None:
        return inner
    places = [
        IndexMap.along(shape, axis, each.start, each.step)
        for axis, each in enumerate(move.put)
    ]
    return pushed(inner, places, move.result, arrays)


def _put(move: Strided) -> list[IndexMap]:
    """The place along each axis of the result of each element of the operand."""
    maps = [IndexMap.constant(move.operand, each.start) for each in move.put]
    for number, (axis, each) in enumerate(zip(move.axes, move.taken, strict=True)):
        if axis is not None:
            put = move.put[axis]
            step = put.step * each.step
            start = put.start - step * each.start
            maps[axis] = IndexMap.along(move.operand, number, start, step)
    return maps


def _read(move: Strided, shape: tuple[int, ...]) -> list[IndexMap]:
    """The place along each axis of the operand of each element of the rectangle."""
    return [
        IndexMap.constant(shape, each.start)
        if axis is None
        else IndexMap.along(shape, axis, each.start, each.step)
        for axis, each in zip(move.axes, move.taken, strict=True)
    ]


def uncovered(term: Term, moves: Sequence[Move]) -> NDArray[np.bool_] | None:
    """Where a term of a result is not covered by what comes from other operands.

    Args:
        term: The term.
        moves: The moves of the others.

    Returns:
        An array that is broadcast to the grid; None where nobody knows.
    """
    keep = np.ones((1,) * len(term.sizes), bool)
    rows = [row.compact() for row in term.rows]
    for move in moves:
        match move:
            case Strided():
                inside = np.ones((1,) * len(term.sizes), bool)
                for row, each in zip(rows, move.put, strict=True):
                    inside = inside & (row >= each.start) & (row < each.stop)
                    inside = inside & ((row - each.start) % each.step == 0)
                keep = keep & ~inside
            case Scattered():
                if not move.result:
                    return None
                targets = move.targets()
                covered = np.zeros(prod(move.result), bool)
                covered[targets[targets >= 0]] = True
                keep = keep & ~covered.reshape(move.result)[tuple(rows)]
            case _:
                return None
    return keep
