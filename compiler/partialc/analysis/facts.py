"""Forward: where values can be nonzero, and which are known at build time."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from partialc.analysis.sensitive import NOTHING, Decided, sensitive_values
from partialc.ir.element_sets import ElementSet
from partialc.ir.program import Atom, Constant, Equation, Function, Value
from partialc.ops.elements import Elements, Operands, everywhere
from partialc.ops.lanes import Lanes
from partialc.ops.registry import Op, find

LARGEST_KNOWN: Final = 1 << 20
"""Larger values are not computed at build time."""

Compute: TypeAlias = Callable[
    [Equation, Sequence[NDArray[Any]]], "Sequence[NDArray[Any]] | None"
]
"""The results of an operation on known operands where their bits are certain."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of the values of a function.

    Attributes:
        supports: Where each value can be nonzero, inputs and results alike.
        known: The elements (as of the wide regime) of those that do not depend on the
            inputs, as far as they are certain.
        sensitive: Values whose nans and signed zeros matter.
    """

    supports: Mapping[Value, ElementSet]
    known: Mapping[Value, NDArray[Any]]
    sensitive: frozenset[Value]

    def operands(self, equation: Equation) -> Operands:
        """What is known of an equation's operands, as element rules read it."""
        return Operands(
            tuple(map(self.support, equation.inputs)),
            tuple(map(self.elements, equation.inputs)),
        )

    def is_strict(self, value: Value) -> bool:
        """Whether terms that are zero for finite values alone must stay in a value."""
        return value in self.sensitive and value.type.dtype.is_inexact

    def support(self, atom: Atom) -> ElementSet:
        """Where an atom can be nonzero."""
        if isinstance(atom, Constant):
            if atom.type.dtype.is_key:
                return ElementSet.all(atom.type.shape)
            return ElementSet.nonzero(atom.data)
        return self.supports[atom]

    def elements(self, atom: Atom) -> NDArray[Any] | None:
        """The elements of an atom that is known, else None."""
        return atom.data if isinstance(atom, Constant) else self.known.get(atom)


def find_facts(
    function: Function,
    compute: Compute,
    decided: Decided = NOTHING,
    nonzero: Compute | None = None,
) -> Facts:
    """Walk forward through a function.

    Args:
        function: Without plain calls: inline them before.
        compute: Evaluates operations on known operands.
        decided: The results that something outside the function is decided by.
        nonzero: Where the results of an operation on known operands are not zero; None
            where `compute` is all that there is to ask.

    Returns:
        Supports of all values; nothing is assumed of the inputs.
    """
    supports: dict[Value, ElementSet] = {}
    known: dict[Value, NDArray[Any]] = {}
    facts = Facts(supports, known, sensitive_values(function, decided))
    constants: dict[Constant, ElementSet] = {}
    for value in function.inputs:
        supports[value] = ElementSet.all(value.type.shape)
    for equation in function.equations:
        for atom in equation.inputs:
            if isinstance(atom, Constant) and atom not in constants:
                constants[atom] = facts.support(atom)
        operands = Operands(
            tuple(
                constants[atom] if isinstance(atom, Constant) else supports[atom]
                for atom in equation.inputs
            ),
            tuple(map(facts.elements, equation.inputs)),
        )
        results = _known_results(equation, operands, compute)
        if results is not None:
            for value, data in zip(equation.outputs, results, strict=True):
                known[value] = data
                supports[value] = ElementSet.nonzero(data)
            continue
        solid = None if nonzero is None else _known_results(equation, operands, nonzero)
        found = (
            supports_of(equation, operands)
            if solid is None
            else tuple(map(ElementSet.nonzero, solid))
        )
        for value, support in zip(equation.outputs, found, strict=True):
            strict = facts.is_strict(value)
            supports[value] = ElementSet.all(value.type.shape) if strict else support
    return facts


def elements_rule(equation: Equation) -> Elements | None:
    """The element-level rule of an operation, if it has one; PRNG keys stay whole."""
    op = _known_op(equation)
    return None if op is None else op.elements


def lanes_rule(equation: Equation) -> Lanes | None:
    """The rule for rectangles of an operation, if it has one; PRNG keys stay whole."""
    op = _known_op(equation)
    return None if op is None else op.lanes


def _known_op(equation: Equation) -> Op | None:
    """The entry of an operation, unless PRNG keys are among its values."""
    values = (*equation.inputs, *equation.outputs)
    if any(atom.type.dtype.is_key for atom in values):
        return None
    return find(equation.op)


def supports_of(equation: Equation, operands: Operands) -> tuple[ElementSet, ...]:
    """Where the results of an operation can be nonzero."""
    op = _known_op(equation)
    if op is None:
        return everywhere(equation, operands)
    if op.elements is not None:
        return op.elements.support(equation, operands)
    if op.lanes is not None and all(value.type.size for value in equation.outputs):
        return op.lanes.support(equation, operands)
    return everywhere(equation, operands)


def _known_results(
    equation: Equation, operands: Operands, compute: Compute
) -> Sequence[NDArray[Any]] | None:
    if any(value.type.size > LARGEST_KNOWN for value in equation.outputs):
        return None
    arrays = [array for array in operands.known if array is not None]
    if len(arrays) != len(operands.known):
        return None
    results = compute(equation, arrays)
    return None if results is None else [np.asarray(result) for result in results]
