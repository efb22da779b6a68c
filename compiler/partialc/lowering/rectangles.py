"""Compute only the rectangle of an array outside which it is zero."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from math import prod
from typing import Final

import numpy as np

from partialc.analysis.facts import Facts, find_facts
from partialc.analysis.sensitive import Decided, in_context
from partialc.ir.boxes import Box, is_within, relative
from partialc.ir.equations import padded, sliced, spread
from partialc.ir.program import (
    ArrayType,
    Atom,
    Constant,
    Equation,
    Function,
    Value,
)
from partialc.lowering.contractions import contraction, narrowed_contraction
from partialc.lowering.fold_constants import computed
from partialc.lowering.passes import Grade, Pass
from partialc.lowering.restated import stated, within
from partialc.ops.registry import moves_of

WORTH: Final = 0.5
"""A rectangle with more of an array's elements than this is no gain."""


def rectangles(function: Function) -> Function:
    """op(x) -> pad(op(x[rectangle])), where the result is zero outside the rectangle.

    A tangent that a one-hot seed started stays within a row, a column or a slice for as
    long as operations are elementwise: it is kept as that, and padded where a whole
    array is asked for. A contraction with it runs over the rectangle alone; when that
    leaves one term the contraction is a product, and with one-hot rows a slice. What is
    zero everywhere is not computed. Loops and branches are treated each on its own.

    Grade: exact for finite values, up to the order in which a product of fewer terms
    is summed: `0 * x` is 0, `x + 0` is x and `0 - x` is -x, save where a decision
    depends on them (`analysis.sensitive`).
    """
    return in_context(function, _restricted)


RECTANGLES: Final = Pass("rectangles", Grade.FINITE, rectangles)


def _restricted(function: Function, decided: Decided) -> Function:
    facts = find_facts(function, computed, decided)
    boxes = {
        value: _box(value, facts)
        for equation in function.equations
        for value in equation.outputs
    }
    if not any(_gains(e, facts, boxes) for e in function.equations):
        return function
    writer = _Writer(facts, boxes)
    for equation in function.equations:
        writer.equation(equation)
    outputs = tuple(writer.whole(atom) for atom in function.outputs)
    return replace(function, equations=tuple(writer.equations), outputs=outputs)


def _gains(equation: Equation, facts: Facts, boxes: Mapping[Value, Box | None]) -> bool:
    """Whether anything is left out of an operation."""
    if any(boxes[value] is not None for value in equation.outputs):
        return True
    return (
        equation.op == "dot_general"
        and not facts.is_strict(equation.outputs[0])
        and contraction(equation, facts) is not None
    )


def _box(value: Value, facts: Facts) -> Box | None:
    """The rectangle worth having; None for the whole array, empty ranges for zero."""
    if value in facts.known or value.type.dtype.is_key:
        return None
    support = facts.supports[value]
    if support.is_none:
        return tuple(range(0) for _ in value.type.shape)
    if not value.type.shape:
        return None
    box = support.hull()
    return box if prod(map(len, box)) <= WORTH * value.type.size else None


def _is_zero(facts: Facts, atom: Atom) -> bool:
    if atom.type.dtype.is_key:
        return False
    return facts.support(atom).is_none


def _joins(equation: Equation) -> bool:
    """Whether arrays are put together: zeros are easier to read as parts of that."""
    moves = moves_of(equation)
    return moves is not None and any(len(row) > 1 for row in moves.above)


@dataclass(frozen=True, slots=True)
class _Part:
    """A rectangle of an array: its elements, and where they belong."""

    atom: Atom
    box: Box


class _Writer:
    def __init__(self, facts: Facts, boxes: Mapping[Value, Box | None]) -> None:
        self.facts = facts
        self.boxes = boxes
        self.equations: list[Equation] = []
        self.parts: dict[Value, _Part] = {}
        self.wholes: dict[Value, Atom] = {}
        self.slices: dict[tuple[Atom, Box], Atom] = {}

    def equation(self, equation: Equation) -> None:
        """Write an operation on what is left of it."""
        if len(equation.outputs) == 1:
            (value,) = equation.outputs
            box = self.boxes[value]
            if _is_zero(self.facts, value) and value not in self.facts.known:
                return
            if not self.facts.is_strict(value) and (
                self._summand(equation, value) or self._product(equation, value)
            ):
                return
            if box is not None and self._within(equation, value, box):
                return
        inputs = tuple(self.whole(atom) for atom in equation.inputs)
        if all(a is b for a, b in zip(inputs, equation.inputs, strict=True)):
            self.equations.append(equation)
            return
        self.equations.append(replace(equation, inputs=inputs))

    def _summand(self, equation: Equation, value: Value) -> bool:
        """X + 0 -> x, 0 - x -> -x."""
        if equation.op not in ("add", "add_any", "sub"):
            return False
        first, second = equation.inputs
        if _is_zero(self.facts, second) and first.type == value.type:
            self._same(value, first)
        elif _is_zero(self.facts, first) and second.type == value.type:
            if equation.op == "sub":
                self._negated(value, second)
            else:
                self._same(value, second)
        else:
            return False
        return True

    def _same(self, value: Value, atom: Atom) -> None:
        if isinstance(atom, Value) and atom in self.parts:
            self.parts[value] = self.parts[atom]
        else:
            self.wholes[value] = self.whole(atom)

    def _negated(self, value: Value, atom: Atom) -> None:
        part = self.parts.get(atom) if isinstance(atom, Value) else None
        operand = self.whole(atom) if part is None else part.atom
        negated = Value(operand.type)
        self.equations.append(Equation("neg", (operand,), {}, (negated,)))
        if part is None:
            self.wholes[value] = negated
        else:
            self.parts[value] = _Part(negated, part.box)

    def _product(self, equation: Equation, value: Value) -> bool:
        if equation.op != "dot_general" or value in self.facts.known:
            return False
        found = contraction(equation, self.facts)
        if found is None:
            return False
        atom = narrowed_contraction(equation, found, self.part, self.write)
        full = tuple(map(range, value.type.shape))
        if found.box == full:
            self.wholes[value] = atom
        else:
            self.parts[value] = _Part(atom, found.box)
        return True

    def _within(self, equation: Equation, value: Value, box: Box) -> bool:
        """Write an operation on rectangles; whether it has such a form."""
        plan = None if _joins(equation) else within(equation, box)
        if plan is None or plan.results != (box,):
            return False
        pairs = zip(equation.inputs, plan.operands, strict=True)
        inputs = [self.part(atom, own) for atom, own in pairs if own is not None]
        current = stated(equation, plan, inputs)
        self.equations.append(current)
        self.parts[value] = _Part(current.outputs[0], box)
        return True

    # --- operands

    def part(self, atom: Atom, box: Box) -> Atom:
        """The rectangle `box` of an operand."""
        shape = tuple(map(len, box))
        kind = ArrayType(atom.type.dtype, shape)
        data = None if kind.dtype.is_key else self.facts.elements(atom)
        if data is not None:
            if shape == atom.type.shape and isinstance(atom, Constant):
                return atom
            return Constant.of(kind, data[np.ix_(*box)] if box else data)
        if _is_zero(self.facts, atom):
            return self._zeros(kind)
        assert isinstance(atom, Value)
        known = self.parts.get(atom)
        if known is not None and known.box == box:
            return known.atom
        if known is not None and is_within(box, known.box):
            own = tuple(map(relative, box, known.box))
            return self._slice(known.atom, own)
        return self._slice(self.whole(atom), box)

    def whole(self, atom: Atom) -> Atom:
        """An operand with all its elements."""
        if isinstance(atom, Constant):
            return atom
        if atom in self.wholes:
            return self.wholes[atom]
        found: Atom = atom
        known = self.parts.get(atom)
        if known is not None:
            found = self._padded(known, atom.type)
        elif atom in self.boxes and _is_zero(self.facts, atom):
            found = atom if atom in self.facts.known else self._zeros(atom.type)
        self.wholes[atom] = found
        return found

    def write(self, equation: Equation) -> Atom:
        """Write one operation; its result."""
        self.equations.append(equation)
        return equation.outputs[0]

    def _slice(self, atom: Atom, box: Box) -> Atom:
        if box == tuple(map(range, atom.type.shape)):
            return atom
        key = (atom, box)
        if key not in self.slices:
            self.slices[key] = self.write(sliced(atom, box))
        return self.slices[key]

    def _padded(self, part: _Part, kind: ArrayType) -> Atom:
        config = tuple(
            (each.start, size - each[-1] - 1, each.step - 1 if len(each) > 1 else 0)
            for each, size in zip(part.box, kind.shape, strict=True)
        )
        return self.write(padded(part.atom, self._number(kind), config))

    def _zeros(self, kind: ArrayType) -> Atom:
        zero = self._number(kind)
        if not kind.shape:
            return zero
        return self.write(spread(zero, kind.shape, ()))

    def _number(self, kind: ArrayType) -> Constant:
        return Constant.of(ArrayType(kind.dtype, ()), 0)
