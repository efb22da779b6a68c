"""Indices as written, on an array of known shape: validated and normalised."""

from __future__ import annotations

from types import EllipsisType
from typing import TypeAlias

from partialc.errors import RequestError
from partialc.ir.program import ArrayType
from partialc.request.origin import Origin
from partialc.request.resolved import Coordinates
from partialc.request.syntax import Attribute, Coordinate, Key, Range
from partialc.request.written import origin_of, prefix

_Axis: TypeAlias = int | range
"""One axis of the array: the index it is fixed at, or the indices still open."""


def cut(node: Coordinate, first: int, leaf: int, type_: ArrayType) -> Coordinates:
    """Apply the steps of a coordinate from number `first` on to an array.

    Subscripts may be chained: `x[1:4][0]` is `x[1]`, as in numpy.

    Raises:
        RequestError: A step is no index, has too many indices, or is out of range.
    """
    axes: list[_Axis] = [range(size) for size in type_.shape]
    for position, step in enumerate(node.steps[first:], first):
        if isinstance(step, Attribute):
            raise origin_of(node, position).fault(
                f"{prefix(node, position)} is an array and has no attributes",
                fix=f"index it: {prefix(node, position)}[0]",
            )
        _subscript(axes, node, position, step.keys)
    return Coordinates(leaf, tuple(map(_entry, axes)))


def _subscript(
    axes: list[_Axis], node: Coordinate, position: int, keys: tuple[Key, ...]
) -> None:
    open_axes = [number for number, axis in enumerate(axes) if isinstance(axis, range)]
    dots = [number for number, key in enumerate(keys) if isinstance(key, EllipsisType)]
    if len(dots) > 1:
        raise origin_of(node, position, dots[1]).fault(
            "only one ... can stand in a subscript", fix="write : for single axes"
        )
    if len(keys) - len(dots) > len(open_axes):
        raise _too_many(axes, node, position, len(open_axes) + len(dots))
    for number, key in enumerate(keys):
        if isinstance(key, EllipsisType):
            continue
        after_dots = bool(dots) and number > dots[0]
        turn = number + len(open_axes) - len(keys) if after_dots else number
        candidates = axes[open_axes[turn]]
        assert isinstance(candidates, range)  # each open axis is visited once
        holder = prefix(node, position)
        where = holder if len(open_axes) == 1 else f"axis {turn} of {holder}"
        origin = origin_of(node, position, number)
        axes[open_axes[turn]] = _apply(candidates, origin, holder, where, key)


def _apply(
    axis: range, origin: Origin, holder: str, where: str, key: int | str | Range
) -> _Axis:
    size = len(axis)
    match key:
        case str():
            raise origin.fault(
                f"{holder} is an array and has no keys", fix=f"index it: {holder}[0]"
            )
        case int():
            if not -size <= key < size:
                raise origin.fault(
                    f"{where} has no index {key}", why=_valid(where, size)
                )
            return axis[key]
        case Range(start=start, stop=stop, step=step):
            if step is not None and step < 1:
                raise origin.fault(
                    f"the step of {key} is not positive",
                    why="a selection keeps the order of its array",
                    fix="select forwards and reverse the result",
                )
            if any(
                end is not None and not -size <= end <= size for end in (start, stop)
            ):
                raise origin.fault(
                    f"{key} reaches outside {where}", why=_valid(where, size)
                )
            chosen = axis[slice(start, stop, step)]
            if size and not chosen:
                raise origin.fault(f"{key} selects nothing", why=_valid(where, size))
            return chosen


def _valid(where: str, size: int) -> str:
    match size:
        case 0:
            return f"{where} has no elements"
        case 1:
            return f"{where} has one element: index 0"
        case _:
            return f"{where} has size {size}: indices 0 to {size - 1}, or -{size} to -1"


def _too_many(
    axes: list[_Axis], node: Coordinate, position: int, surplus: int
) -> RequestError:
    holder = prefix(node, position)
    shape = tuple(len(axis) for axis in axes if isinstance(axis, range))
    if not shape:
        return origin_of(node, position).fault(
            f"{holder} is a scalar and cannot be indexed", fix=f"write {holder}"
        )
    return origin_of(node, position, surplus).fault(
        f"{holder} is given more indices than it has axes",
        why=f"{holder} has shape {shape}",
    )


def _entry(axis: _Axis) -> int | slice:
    """An index entry with explicit ends, one form for one set of elements."""
    if isinstance(axis, int):
        return axis
    if not axis:
        return slice(0, 0, 1)
    step = axis.step if len(axis) > 1 else 1
    return slice(axis[0], axis[-1] + 1, step)
