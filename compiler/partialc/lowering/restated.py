"""Operations stated on a rectangle of their results."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from types import MappingProxyType

from partialc.analysis.facts import elements_rule, lanes_rule
from partialc.ir.boxes import Box
from partialc.ir.program import ArrayType, Atom, Equation, Value
from partialc.ops.elements import pointwise_reads
from partialc.ops.lanes import Needed, Restricted, full_box


def restricted(equation: Equation, needed: Needed) -> Restricted | None:
    """An operation on what is needed of its results.

    Args:
        equation: The operation.
        needed: The rectangle needed of each result, at least one.

    Returns:
        None where only the whole operation is known to give that.
    """
    if not is_sized(equation):
        return None
    rule = elements_rule(equation)
    if rule is not None and rule.reads is pointwise_reads:
        return _pointwise(equation, needed)
    lanes = lanes_rule(equation)
    return None if lanes is None else lanes.restrict(equation, needed)


def within(equation: Equation, box: Box) -> Restricted | None:
    """An operation on the rectangle outside which its one result is zero."""
    lanes = lanes_rule(equation)
    if lanes is None or lanes.within is None or not is_sized(equation):
        return restricted(equation, [box])
    return lanes.within(equation, [box])


def is_sized(equation: Equation) -> bool:
    """Whether all arrays of an operation have elements."""
    return all(atom.type.size for atom in (*equation.inputs, *equation.outputs))


def _pointwise(equation: Equation, needed: Needed) -> Restricted:
    """Each element reads its own place; axes of size one are repeated."""
    (box,) = needed
    assert box is not None
    shape = equation.outputs[0].type.shape
    operands = []
    for atom in equation.inputs:
        source = atom.type.shape
        if len(source) != len(shape):
            operands.append(full_box(source))
            continue
        triples = zip(source, shape, box, strict=True)
        operands.append(
            tuple(
                each if size == whole else range(size) for size, whole, each in triples
            )
        )
    return Restricted((box,), tuple(operands))


def stated(equation: Equation, plan: Restricted, inputs: Sequence[Atom]) -> Equation:
    """The operation on less.

    Args:
        equation: The operation.
        plan: What is left of it.
        inputs: The rectangles of the operands that it still takes.
    """
    outputs = tuple(
        Value(ArrayType(value.type.dtype, tuple(map(len, box))), value.hint)
        for value, box in zip(equation.outputs, plan.results, strict=True)
    )
    return replace(
        equation,
        inputs=tuple(inputs),
        outputs=outputs,
        params=MappingProxyType({**equation.params, **plan.params}),
    )
