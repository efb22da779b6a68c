"""Indexing as Python writes it: slices, dropped axes and new axes in one bracket."""

from __future__ import annotations

import ast
from dataclasses import dataclass

from partialc.ir.program import ArrayType, Atom, Constant, Equation, Param, Value
from partialc.ir.strided import Entry, Strided
from partialc.ops.registry import moves_of
from partialc.printing.build import number, subscript
from partialc.printing.literals import INLINE_SIZE


@dataclass(frozen=True, slots=True)
class View:
    """What `base[index]` reads.

    Attributes:
        base: The value that is indexed.
        move: Which of its elements are taken; one bracket says it.
    """

    base: Atom
    move: Strided

    @property
    def index(self) -> tuple[Entry, ...]:
        """One entry for each axis of the base, and for each new axis."""
        bracket = self.move.bracket
        assert bracket is not None, "a view is one bracket"
        return bracket

    @property
    def is_whole(self) -> bool:
        """Whether it is the base itself."""
        return self.move.is_identity

    @property
    def shape(self) -> tuple[int, ...]:
        """The sizes of the axes it has."""
        return self.move.result


def viewed(equation: Equation, operand: View) -> View | None:
    """The view that an equation makes of a view of its operand; None if it is none."""
    moves = moves_of(equation)
    if moves is None or len(moves.rows) != 1 or len(moves.rows[0]) != 1:
        return None
    (move,) = moves.rows[0]
    both = operand.move.then(move) if isinstance(move, Strided) else None
    if both is None or both.bracket is None:
        return None
    return View(operand.base, both)


def index_equation(view: View, value: Value) -> Equation:
    """The printer's own equation for a view."""
    return Equation("index", (view.base,), {"index": view.index}, (value,))


def index_expression(base: ast.expr, kind: ArrayType, index: Param) -> ast.expr:
    """`base[...]` for the index of an `index` equation."""
    entries = list(index) if isinstance(index, tuple) else []
    texts: list[ast.expr] = []
    last = 0
    axis = 0
    for entry in entries:
        match entry:
            case None:
                texts.append(ast.Constant(None))
                last = len(texts)
                continue
            case int():
                texts.append(number(entry))
                last = len(texts)
            case (int(start), int(stop), int(step)):
                size = kind.shape[axis]
                ends = stop - 1 + step < size or stop <= start
                texts.append(
                    ast.Slice(
                        number(start) if start else None,
                        number(stop) if ends else None,
                        number(step) if step != 1 else None,
                    )
                )
                if (start, stop, step) != (0, size, 1):
                    last = len(texts)
        axis += 1
    return subscript(base, texts[:last]) if last else base


def unstacked(view: View, axis: int) -> View | None:
    """The view without its new axis at one place; None if that axis is not new."""
    move = view.move.without(axis)
    return None if move is None else View(view.base, move)


def atom_view(atom: Atom) -> View | None:
    """The view that is the whole of an array; none of those that are written out."""
    if isinstance(atom, Constant) and atom.type.size <= INLINE_SIZE:
        return None
    return View(atom, Strided.of(atom.type.shape, atom.type.shape))
