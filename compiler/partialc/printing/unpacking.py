"""Vectors that are taken apart into named elements: by one statement for several.

A formula of scalars reads `q0, q1, q2 = jnp.unstack(q)`, not a line for each element;
and where each is converted on its own, the vector is converted.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Final

from partialc.ir.equations import unstacked
from partialc.ir.program import ArrayType, Equation, Function, Value
from partialc.ir.rewrite import without_dead_equations

FEWEST: Final = 6
"""Fewer elements that need a name are told one by one."""

TOGETHER: Final = 8
"""So many elements stand in one statement."""

LARGEST: Final = 64
"""Longer vectors stay whole."""

FOLDED: Final = 2
"""An element that is read no more often is written `x[0]` where it is read."""


@dataclass(frozen=True, slots=True)
class _Element:
    """A scalar that is one element of a vector, perhaps converted.

    Attributes:
        base: The vector.
        place: Where in it.
        value: The scalar.
        conversion: What converts it; None if nothing does.
    """

    base: Value
    place: int
    value: Value
    conversion: Equation | None


def unpacked(function: Function, counts: Mapping[Value, int]) -> Function:
    """The function with vectors taken apart where most elements would need names.

    Args:
        function: What is prepared for printing.
        counts: How often each value is read.
    """
    groups: dict[object, list[_Element]] = {}
    for element in _elements(function, counts):
        to = element.value.type.dtype if element.conversion else None
        groups.setdefault((element.base, to), []).append(element)
    first: dict[Value, list[_Element]] = {}
    gone: set[Value] = set()
    for group in groups.values():
        if _is_taken_apart(group, counts):
            first[group[0].value] = group
            gone.update(element.value for element in group)
    if not gone:
        return function
    equations: list[Equation] = []
    for equation in function.equations:
        value = equation.outputs[0] if equation.outputs else None
        if value in first:
            equations += _taken_apart(first[value])
        if value not in gone:
            equations.append(equation)
    return without_dead_equations(replace(function, equations=tuple(equations)))


def _elements(function: Function, counts: Mapping[Value, int]) -> Iterator[_Element]:
    """The scalars that are elements, in the order in which they are defined."""
    picked: dict[Value, tuple[Value, int]] = {}
    converted = {
        operand
        for equation in function.equations
        if equation.op == "convert_element_type"
        and isinstance(operand := equation.inputs[0], Value)
        and counts[operand] == 1
    }
    for equation in function.equations:
        if equation.op == "index":
            base, index = equation.inputs[0], equation.params["index"]
            value = equation.outputs[0]
            if (
                isinstance(base, Value)
                and base.type.ndim == 1
                and isinstance(index, tuple)
                and len(index) == 1
                and isinstance(index[0], int)
            ):
                picked[value] = base, index[0]
                if value not in converted:
                    yield _Element(base, index[0], value, None)
        elif equation.op == "convert_element_type":
            operand = equation.inputs[0]
            if operand in converted and operand in picked:
                assert isinstance(operand, Value)
                yield _Element(*picked[operand], equation.outputs[0], equation)


def _is_taken_apart(group: list[_Element], counts: Mapping[Value, int]) -> bool:
    """Whether most elements of a vector would have a name of their own."""
    size = group[0].base.type.size
    most = 1 if group[0].conversion else FOLDED
    named = {each.place for each in group if counts[each.value] > most}
    is_once = len({each.place for each in group}) == len(group)
    return is_once and len(named) >= FEWEST and size <= min(LARGEST, 2 * len(named))


def _taken_apart(group: list[_Element]) -> Iterator[Equation]:
    """The statements that define all elements of a group."""
    base, conversion = group[0].base, group[0].conversion
    dtype = group[0].value.type.dtype
    if conversion is not None:
        whole = Value(ArrayType(dtype, base.type.shape))
        yield replace(conversion, inputs=(base,), outputs=(whole,))
        base = whole
    values = {element.place: element.value for element in group}
    size = base.type.size
    for start in range(0, size, TOGETHER):
        stop = min(start + TOGETHER, size)
        if not any(place in values for place in range(start, stop)):
            continue
        part = base
        if stop - start < size:
            part = Value(ArrayType(dtype, (stop - start,)))
            index = ((start, stop, 1),)
            yield Equation("index", (base,), {"index": index}, (part,))
        kind = ArrayType(dtype, ())
        yield unstacked(
            part, [values.get(place, Value(kind)) for place in range(start, stop)]
        )
