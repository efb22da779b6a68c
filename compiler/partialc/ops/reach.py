"""Which elements of the results of an operation depend on which of its operands.

That is what is known of an operation that acts on no terms: a loop, a solver, a sort.
Its derivatives are carried through it as arrays; which of these can be nonzero follows
from here.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from partialc.ir.element_sets import ElementSet
from partialc.ir.program import Equation, Function
from partialc.ops.elements import MAX_ROWS, Elements, Operands
from partialc.ops.lanes import Lanes
from partialc.tangents.links import Links, by_lanes

Reach: TypeAlias = "list[list[Links | None]]"
"""For each result what it depends on, for each linear operand; None of a residual."""

Known: TypeAlias = Sequence["NDArray[Any] | None"]

OfBody: TypeAlias = Callable[[Function, Sequence[bool]], Reach]
"""The same of a function; the second argument says which of its inputs are linear.

A result that depends on no linear input has no pairs.
"""

ReachRule: TypeAlias = Callable[[Equation, Sequence[bool], OfBody], Reach]


@dataclass(frozen=True, slots=True)
class Mapped:
    """A function that an operation applies to each place of leading axes on its own.

    Attributes:
        function: The function.
        operands: Which operands it takes, by number.
        is_mapped: Which of these have the axis.
        sums: The operands to which its first results are added, of all places.
    """

    function: Function
    operands: tuple[int, ...]
    is_mapped: tuple[bool, ...]
    sums: tuple[int, ...]


def reach_by_elements(
    equation: Equation, is_linear: Sequence[bool], rule: Elements, known: Known
) -> Reach | None:
    """What single elements read; None where a result reads all there is.

    Args:
        equation: The operation.
        is_linear: Which operands are linear.
        rule: What it says of single elements.
        known: The elements of each operand that does not depend on the inputs.
    """
    supports = tuple(ElementSet.all(atom.type.shape) for atom in equation.inputs)
    operands = Operands(supports, tuple(known))
    found: Reach = []
    for number, value in enumerate(equation.outputs):
        size = value.type.size
        if size > MAX_ROWS:
            return None
        reads = rule.reads(equation, number, np.arange(size), operands)
        if reads is None:
            return None
        rows = np.arange(size) if reads.rows is None else reads.rows
        row: list[Links | None] = []
        for atom, places, linear in zip(
            equation.inputs, reads.operands, is_linear, strict=True
        ):
            inside = places >= 0
            row.append(
                Links.of(size, atom.type.size, rows[inside], places[inside])
                if linear
                else None
            )
        found.append(row)
    return found


def reach_by_lanes(
    equation: Equation, is_linear: Sequence[bool], lanes: Lanes | None
) -> Reach:
    """Along lanes, where the operation has such; else everything on everything.

    Raises:
        TooManyLinksError: There are too many pairs.
    """
    axes = None if lanes is None or lanes.axes is None else lanes.axes(equation)
    found: Reach = []
    for number, value in enumerate(equation.outputs):
        row: list[Links | None] = []
        for place, atom in enumerate(equation.inputs):
            if not is_linear[place]:
                row.append(None)
            elif axes is None:
                row.append(Links.full(value.type.size, atom.type.size))
            else:
                row.append(
                    by_lanes(
                        value.type.shape,
                        axes.results[number],
                        atom.type.shape,
                        axes.operands[place],
                    )
                )
        found.append(row)
    return found
