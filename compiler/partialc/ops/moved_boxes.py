"""Operations that move elements: which rectangle of the operand gives a rectangle."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final, TypeAlias

from partialc.ir.boxes import Box
from partialc.ir.program import Equation, Param

Source: TypeAlias = tuple[Box, Mapping[str, Param]]
"""A rectangle of the operand, and the parameters that change."""

_NONE: Final[Mapping[str, Param]] = MappingProxyType({})


def moved_box(equation: Equation, box: Box) -> Source | None:
    """Where a rectangle of the result of an operation comes from.

    Args:
        equation: The operation.
        box: The rectangle of its result.

    Returns:
        The rectangle of its operand, and the parameters of the operation that makes the
        one from the other; None if there is no such rectangle.
    """
    rule = _MOVED.get(equation.op)
    return rule(equation, box) if rule is not None else None


def _ints(param: Param) -> tuple[int, ...]:
    assert isinstance(param, tuple)
    return tuple(entry for entry in param if isinstance(entry, int))


def _broadcast(equation: Equation, box: Box) -> Source | None:
    places = _ints(equation.params["broadcast_dimensions"])
    operand, result = equation.inputs[0].type.shape, equation.outputs[0].type.shape
    own = tuple(
        box[place] if size == result[place] else range(size)
        for size, place in zip(operand, places, strict=True)
    )
    return own, {"shape": tuple(map(len, box))}


def _transposed(equation: Equation, box: Box) -> Source | None:
    order = _ints(equation.params["permutation"])
    own = [range(0)] * len(order)
    for place, axis in enumerate(order):
        own[axis] = box[place]
    return tuple(own), _NONE


def _reshaped(equation: Equation, box: Box) -> Source | None:
    """Axes of size one come and go."""
    if equation.params.get("dimensions") is not None:
        return None
    operand, result = equation.inputs[0].type.shape, equation.outputs[0].type.shape
    kept = [axis for axis, size in enumerate(result) if size != 1]
    places = [axis for axis, size in enumerate(operand) if size != 1]
    if [result[axis] for axis in kept] != [operand[axis] for axis in places]:
        return None
    own = [range(1)] * len(operand)
    for place, axis in zip(places, kept, strict=True):
        own[place] = box[axis]
    return tuple(own), {"new_sizes": tuple(map(len, box))}


def _sliced(equation: Equation, box: Box) -> Source | None:
    starts = _ints(equation.params["start_indices"])
    given = equation.params["strides"]
    steps = (1,) * len(starts) if given is None else _ints(given)
    own = tuple(
        range(
            start + each[0] * step,
            start + each[-1] * step + 1,
            max(1, each.step * step),
        )
        for start, step, each in zip(starts, steps, box, strict=True)
    )
    whole = {
        "start_indices": (0,) * len(box),
        "limit_indices": tuple(map(len, box)),
        "strides": None,
    }
    return own, whole


def _squeezed(equation: Equation, box: Box) -> Source | None:
    dropped = _ints(equation.params["dimensions"])
    given = iter(box)
    return (
        tuple(
            range(1) if axis in dropped else next(given)
            for axis in range(equation.inputs[0].type.ndim)
        ),
        _NONE,
    )


def _expanded(equation: Equation, box: Box) -> Source | None:
    new = _ints(equation.params["dimensions"])
    return tuple(each for axis, each in enumerate(box) if axis not in new), _NONE


def _summed(equation: Equation, box: Box) -> Source | None:
    axes = _ints(equation.params["axes"])
    given = iter(box)
    return (
        tuple(
            range(size) if axis in axes else next(given)
            for axis, size in enumerate(equation.inputs[0].type.shape)
        ),
        _NONE,
    )


_MOVED: Final[Mapping[str, Callable[[Equation, Box], Source | None]]] = {
    "broadcast_in_dim": _broadcast,
    "transpose": _transposed,
    "reshape": _reshaped,
    "slice": _sliced,
    "squeeze": _squeezed,
    "expand_dims": _expanded,
    "reduce_sum": _summed,
}
