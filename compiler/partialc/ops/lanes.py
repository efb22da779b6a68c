"""Operations on a rectangle of their results: lanes of a sort, columns of a solve.

A `Lanes` entry is the rule of a primitive that cannot be taken apart into single
elements but treats lines, columns or the members of a batch each on their own:

    restrict  the rectangles needed of the results -> the operation on less
    support   operands' supports -> the results' supports, as in `elements`

Most rules name axes: `by_axes` takes, for each axis of the operands and the results,
which lane axis it is; along those an operation may be cut, along the others it stays
whole.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final, TypeAlias

from partialc.ir.boxes import Box, hull_range
from partialc.ir.element_sets import ElementSet
from partialc.ir.program import Equation, Param
from partialc.ops.elements import Operands, SupportRule, everywhere

Needed: TypeAlias = Sequence[Box | None]
"""The rectangle needed of each result; None where nothing is."""

NO_CHANGE: Final[Mapping[str, Param]] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Restricted:
    """An operation on less.

    Attributes:
        results: The rectangle that it computes of each result; what is needed of it
            lies within.
        operands: The rectangle that it reads of each operand; None for one that it no
            longer takes.
        params: The parameters that change.
    """

    results: tuple[Box, ...]
    operands: tuple[Box | None, ...]
    params: Mapping[str, Param] = field(default_factory=dict)


RestrictRule: TypeAlias = Callable[[Equation, Needed], Restricted | None]


Axes: TypeAlias = tuple[int | None, ...]
"""Which lane axis each axis of an array is; None for those that are kept whole."""


@dataclass(frozen=True, slots=True)
class LaneAxes:
    """The lane axes of an operation, numbered in any way.

    Attributes:
        operands: Those of each operand.
        results: Those of each result.
    """

    operands: tuple[Axes, ...]
    results: tuple[Axes, ...]


AxesRule: TypeAlias = Callable[[Equation], LaneAxes | None]


@dataclass(frozen=True, slots=True)
class Lanes:
    """The rule of an operation that treats lanes each on their own.

    Attributes:
        restrict: The operation on what is needed of its results, all arrays being of
            some size; None if that is all of it.
        support: Where the results can be nonzero.
        within: As `restrict`, for a rectangle outside which the results are zero; None
            where that makes no difference.
        axes: The axes of these lanes; None where they are no axes.
    """

    restrict: RestrictRule
    support: SupportRule = everywhere
    within: RestrictRule | None = None
    axes: AxesRule | None = None


ParamsRule: TypeAlias = Callable[
    [Equation, Sequence[Box], Sequence[Box]], Mapping[str, Param]
]
"""The parameters that change, given the rectangles of the operands and the results."""


def full_box(shape: Iterable[int]) -> Box:
    """All of an array."""
    return tuple(map(range, shape))


def lane_axes(ndim: int, kept: Iterable[int]) -> Axes:
    """Each axis its own lane axis, but for those that are kept whole."""
    whole = {axis % ndim for axis in kept}
    return tuple(None if axis in whole else axis for axis in range(ndim))


def alike(equation: Equation, axes: Axes) -> LaneAxes:
    """The same axes for all operands and results; scalars have none."""
    return LaneAxes(
        tuple(axes if atom.type.ndim else () for atom in equation.inputs),
        tuple(axes for _ in equation.outputs),
    )


def by_axes(
    axes: AxesRule,
    params: ParamsRule | None = None,
    follows: Callable[[Equation], Sequence[int | None]] | None = None,
) -> Lanes:
    """The rule of an operation that may be cut along some axes.

    Args:
        axes: Which axes those are.
        params: The parameters that change with the shapes.
        follows: For each result the operand with which it vanishes: where that is zero
            along a lane, the result is; None for a result that does not vanish.
    """

    def restrict(equation: Equation, needed: Needed) -> Restricted | None:
        lanes = axes(equation)
        return None if lanes is None else cut(equation, lanes, needed, params)

    def support(equation: Equation, operands: Operands) -> tuple[ElementSet, ...]:
        lanes = axes(equation)
        if lanes is None or follows is None:
            return everywhere(equation, operands)
        return vanishing(equation, lanes, operands, follows(equation))

    return Lanes(restrict, everywhere if follows is None else support, axes=axes)


def cut(
    equation: Equation, lanes: LaneAxes, needed: Needed, params: ParamsRule | None
) -> Restricted:
    """An operation cut along its lane axes."""
    spans: dict[int, range] = {}
    for axes, box in zip(lanes.results, needed, strict=True):
        for axis, each in zip(axes, box or (), strict=box is not None):
            if axis is not None:
                known = [spans[axis]] if axis in spans else []
                spans[axis] = hull_range([*known, each])

    def box_of(axes: Axes, shape: tuple[int, ...]) -> Box:
        pairs = zip(axes, shape, strict=True)
        return tuple(
            range(size) if axis is None else spans.get(axis, range(size))
            for axis, size in pairs
        )

    operands = tuple(
        box_of(axes, atom.type.shape)
        for axes, atom in zip(lanes.operands, equation.inputs, strict=True)
    )
    results = tuple(
        box_of(axes, value.type.shape)
        for axes, value in zip(lanes.results, equation.outputs, strict=True)
    )
    changed = NO_CHANGE if params is None else params(equation, operands, results)
    return Restricted(results, operands, changed)


def vanishing(
    equation: Equation,
    lanes: LaneAxes,
    operands: Operands,
    follows: Sequence[int | None],
) -> tuple[ElementSet, ...]:
    """Results that are zero along the lanes where the operand they follow is."""
    found = []
    for axes, value, place in zip(
        lanes.results, equation.outputs, follows, strict=True
    ):
        shape = value.type.shape
        support = None if place is None else operands.supports[place]
        if support is None or place is None:
            found.append(ElementSet.all(shape))
        elif support.is_none:
            found.append(ElementSet.none(shape))
        else:
            spans = dict(zip(lanes.operands[place], support.hull(), strict=True))
            box = tuple(
                range(size) if axis is None else spans.get(axis, range(size))
                for axis, size in zip(axes, shape, strict=True)
            )
            found.append(ElementSet.box(shape, box))
    return tuple(found)
