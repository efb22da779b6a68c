"""Operations that move elements: which rectangle of the operand gives a rectangle."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final, TypeAlias

from partialc.ir.boxes import Box, ascending
from partialc.ir.program import Equation, Param
from partialc.ops import params
from partialc.ops.lanes import NO_CHANGE, Lanes, Needed, Restricted

Source: TypeAlias = tuple[Box, Mapping[str, Param]]
"""A rectangle of the operand, and the parameters that change."""


def _moving(source: Callable[[Equation, Box], Source | None]) -> Lanes:
    """The rule of an operation whose one operand goes where its result is."""

    def restrict(equation: Equation, needed: Needed) -> Restricted | None:
        (box,) = needed
        assert box is not None
        found = source(equation, box)
        return None if found is None else Restricted((box,), (found[0],), found[1])

    return Lanes(restrict)


def _broadcast(equation: Equation, box: Box) -> Source:
    places = params.integers(equation, "broadcast_dimensions")
    operand, result = equation.inputs[0].type.shape, equation.outputs[0].type.shape
    own = tuple(
        box[place] if size == result[place] else range(size)
        for size, place in zip(operand, places, strict=True)
    )
    return own, {"shape": tuple(map(len, box))}


def _transposed(equation: Equation, box: Box) -> Source:
    order = params.integers(equation, "permutation")
    own = [range(0)] * len(order)
    for place, axis in enumerate(order):
        own[axis] = box[place]
    return tuple(own), NO_CHANGE


def _reshaped(equation: Equation, box: Box) -> Source | None:
    """Axes that stay one axis; those that are split or merged have to be whole."""
    if equation.params.get("dimensions") is not None:
        return None
    operand, result = equation.inputs[0].type.shape, equation.outputs[0].type.shape
    own = [range(size) for size in operand]
    for before, after in _groups(operand, result):
        if len(before) == len(after) == 1:
            own[before[0]] = box[after[0]]
        elif any(len(box[axis]) != result[axis] for axis in after):
            return None
    return tuple(own), {"new_sizes": tuple(map(len, box))}


def _groups(
    operand: tuple[int, ...], result: tuple[int, ...]
) -> list[tuple[list[int], list[int]]]:
    """The axes of either shape, those of size one aside, that hold the same places."""
    found: list[tuple[list[int], list[int]]] = []
    before = [axis for axis, size in enumerate(operand) if size != 1]
    after = [axis for axis, size in enumerate(result) if size != 1]
    while before:
        group = [before.pop(0)], [after.pop(0)]
        sizes = [operand[group[0][0]], result[group[1][0]]]
        while sizes[0] != sizes[1]:
            side = 0 if sizes[0] < sizes[1] else 1
            axis = (before, after)[side].pop(0)
            group[side].append(axis)
            sizes[side] *= (operand, result)[side][axis]
        found.append(group)
    return found


def _sliced(equation: Equation, box: Box) -> Source:
    starts = params.integers(equation, "start_indices")
    given = equation.params["strides"]
    steps = (1,) * len(starts)
    if given is not None:
        steps = params.integers(equation, "strides")
    own = tuple(
        range(
            start + each[0] * step,
            start + each[-1] * step + 1,
            max(1, each.step * step),
        )
        for start, step, each in zip(starts, steps, box, strict=True)
    )
    whole: dict[str, Param] = {
        "start_indices": (0,) * len(box),
        "limit_indices": tuple(map(len, box)),
        "strides": None,
    }
    return own, whole


def _squeezed(equation: Equation, box: Box) -> Source:
    dropped = params.integers(equation, "dimensions")
    given = iter(box)
    return (
        tuple(
            range(1) if axis in dropped else next(given)
            for axis in range(equation.inputs[0].type.ndim)
        ),
        NO_CHANGE,
    )


def _reversed(equation: Equation, box: Box) -> Source:
    turned = params.integers(equation, "dimensions")
    shape = equation.inputs[0].type.shape
    own = tuple(
        ascending(size - 1 - each[-1], size - each[0], each.step)
        if axis in turned
        else each
        for axis, (size, each) in enumerate(zip(shape, box, strict=True))
    )
    return own, NO_CHANGE


BROADCAST: Final = _moving(_broadcast)
TRANSPOSE: Final = _moving(_transposed)
RESHAPE: Final = _moving(_reshaped)
SLICE: Final = _moving(_sliced)
SQUEEZE: Final = _moving(_squeezed)
REV: Final = _moving(_reversed)
