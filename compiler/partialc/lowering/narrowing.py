"""Functions without the rectangles that nobody needs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from partialc.ir.boxes import Box, hull_of_boxes, relative, volume
from partialc.ir.equations import sliced
from partialc.ir.program import ArrayType, Atom, Constant, Equation, Function, Value
from partialc.lowering.drop_identities import is_identity
from partialc.lowering.narrowed_bodies import Narrowing, body_rule
from partialc.lowering.restated import is_sized, restricted, stated
from partialc.ops.lanes import Needed, Restricted, full_box
from partialc.ops.registry import moves_of

WORTH: Final = 0.5
"""An operation that keeps more of its results than this stays as it is."""


def without_unneeded(function: Function) -> Function:
    """The function with its operations on what is needed of them."""
    results = [full_box(atom.type.shape) for atom in function.outputs]
    needs = _Needs.of(function, results)
    if not needs.gains:
        return function
    return _Writer(needs).written(function, results)


def _input_needs(function: Function, results: Sequence[Box]) -> list[Box | None]:
    """What a function reads of its inputs for rectangles of its results."""
    needs = _Needs.of(function, results)
    return [needs.boxes.get(value) for value in function.inputs]


def _narrowed(
    function: Function, results: Sequence[Box], inputs: Sequence[Box]
) -> Function:
    """The function of rectangles of its inputs that gives rectangles of its results."""
    if [*results, *inputs] == [
        full_box(atom.type.shape) for atom in (*function.outputs, *function.inputs)
    ]:
        return function
    writer = _Writer(_Needs.of(function, results))
    return writer.written(function, results, inputs)


_HOW: Final = Narrowing(_input_needs, _narrowed)


@dataclass(frozen=True, slots=True)
class _Needs:
    """What is needed, and what is left of each operation.

    Attributes:
        boxes: The rectangle needed of each value; values without an entry are not.
        plans: What is left of an operation; None where all of it is. Operations without
            an entry are not needed.
        gains: Whether an operation gets any smaller.
    """

    boxes: Mapping[Value, Box]
    plans: Mapping[Equation, Restricted | None]
    gains: bool

    @classmethod
    def of(cls, function: Function, results: Sequence[Box]) -> _Needs:
        """Walk backward from what is needed of the results of a function."""
        needs: dict[Value, Box] = {}
        plans: dict[Equation, Restricted | None] = {}
        gains = False

        def need(atom: Atom, box: Box) -> None:
            if not isinstance(atom, Value):
                return
            known = needs.get(atom)
            if known is not None and atom.type.size:
                box = hull_of_boxes([known, box])
            needs[atom] = box

        for atom, box in zip(function.outputs, results, strict=True):
            need(atom, box)
        for equation in reversed(function.equations):
            asked = [needs.get(value) for value in equation.outputs]
            if not any(box is not None for box in asked):
                continue
            plan = _plan(equation, asked)
            plans[equation] = plan
            gains |= not _is_free(equation) and _size(equation, plan) < 1
            for place, atom in enumerate(equation.inputs):
                read = plan.operands[place] if plan else full_box(atom.type.shape)
                if read is not None:
                    need(atom, read)
        return cls(needs, plans, gains)


def _is_free(equation: Equation) -> bool:
    """Whether it moves elements, or counts: to do less is no gain by itself."""
    if not equation.inputs:
        return True
    return len(equation.inputs) == 1 and moves_of(equation) is not None


def _plan(equation: Equation, asked: Needed) -> Restricted | None:
    """What is left of an operation, if that is little enough."""
    rule = body_rule(equation)
    whole = [full_box(value.type.shape) for value in equation.outputs]
    plan = None
    if rule is None:
        plan = restricted(equation, asked)
    elif is_sized(equation) and any(a != b for a, b in zip(asked, whole, strict=True)):
        plan = rule(equation, asked, _HOW)
    if plan is not None and _size(equation, plan) <= WORTH:
        return plan
    return restricted(equation, whole) if rule is None else None


def _size(equation: Equation, plan: Restricted | None) -> float:
    """The part of its results that an operation still computes."""
    if plan is None:
        return 1.0
    return sum(map(volume, plan.results)) / sum(v.type.size for v in equation.outputs)


def _smaller(value: Value, box: Box) -> Value:
    """What stands for a rectangle of an input."""
    if box == full_box(value.type.shape):
        return value
    return Value(ArrayType(value.type.dtype, tuple(map(len, box))), value.hint)


def _is_whole(equation: Equation, plan: Restricted) -> bool:
    """Whether nothing is left out of an operation."""
    boxes = (*plan.operands, *plan.results)
    values = (*equation.inputs, *equation.outputs)
    pairs = zip(values, boxes, strict=True)
    return all(box == full_box(value.type.shape) for value, box in pairs)


class _Writer:
    def __init__(self, needs: _Needs) -> None:
        self.needs = needs
        self.equations: list[Equation] = []
        self.parts: dict[Value, tuple[Atom, Box]] = {}
        self.slices: dict[tuple[Atom, Box], Atom] = {}

    def written(
        self,
        function: Function,
        results: Sequence[Box],
        inputs: Sequence[Box] | None = None,
    ) -> Function:
        """The function with what is left of its operations.

        Args:
            function: The function.
            results: The rectangles of its results to give.
            inputs: Those of its inputs to take; None for all of them.
        """
        taken = list(function.inputs)
        if inputs is not None:
            taken = [_smaller(v, b) for v, b in zip(taken, inputs, strict=True)]
            pairs = zip(taken, inputs, strict=True)
            self.parts.update(zip(function.inputs, pairs, strict=True))
        for equation in function.equations:
            if equation in self.needs.plans:
                self._equation(equation, self.needs.plans[equation])
        outputs = tuple(map(self._part, function.outputs, results))
        return replace(
            function,
            inputs=tuple(taken),
            equations=tuple(self.equations),
            outputs=outputs,
        )

    def _equation(self, equation: Equation, plan: Restricted | None) -> None:
        boxes = (
            [full_box(atom.type.shape) for atom in equation.inputs]
            if plan is None
            else plan.operands
        )
        pairs = zip(equation.inputs, boxes, strict=True)
        inputs = [self._part(atom, box) for atom, box in pairs if box is not None]
        if plan is None or _is_whole(equation, plan):
            same = all(
                new is old for new, old in zip(inputs, equation.inputs, strict=True)
            )
            self.equations.append(
                equation if same else replace(equation, inputs=tuple(inputs))
            )
            return
        current = stated(equation, plan, inputs)
        if is_identity(current):
            self.parts[equation.outputs[0]] = inputs[0], plan.results[0]
            return
        self.equations.append(current)
        triples = zip(equation.outputs, current.outputs, plan.results, strict=True)
        for value, left, box in triples:
            self.parts[value] = left, box

    def _part(self, atom: Atom, box: Box) -> Atom:
        """A rectangle of an operand."""
        if isinstance(atom, Constant):
            if box == full_box(atom.type.shape):
                return atom
            kind = ArrayType(atom.type.dtype, tuple(map(len, box)))
            return Constant.of(kind, atom.data[np.ix_(*box)])
        found, held = self.parts.get(atom, (atom, full_box(atom.type.shape)))
        if box == held:
            return found
        key = found, tuple(map(relative, box, held))
        if key not in self.slices:
            self.equations.append(sliced(*key))
            self.slices[key] = self.equations[-1].outputs[0]
        return self.slices[key]
