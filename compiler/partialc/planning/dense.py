"""Options for a dense block: every combination of some coordinates.

The element a path delivers has the output's axes first, then (under a pull) the axes of
the pulled leaf, then one flat axis per pushed basis; the views bring them into the
request's order and shape.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Final, TypeAlias

from partialc.planning.family import Family, Option
from partialc.realise.chain import (
    Basis,
    Element,
    Index,
    OneHot,
    Path,
    Pull,
    Push,
    Read,
    Reshape,
    Transpose,
    View,
)
from partialc.request.resolved import Coordinates, Output
from partialc.request.signature import Signature

LEAST_ORDER: Final = 3
"""Of derivatives of lower order all ways are tried: they take no time."""

Alike: TypeAlias = Callable[[Coordinates, Coordinates], bool]
"""Whether a function stays the same when two elements are exchanged."""


def no_two(_one: Coordinates, _other: Coordinates) -> bool:
    """No elements may be exchanged."""
    return False


def one_hot(coordinates: Coordinates) -> OneHot:
    """The unit tangent along a scalar coordinate."""
    index = tuple(entry for entry in coordinates.index if isinstance(entry, int))
    return OneHot(coordinates.leaf, index)


def push_of(coordinates: Coordinates) -> Push:
    """The push that differentiates along every selected element."""
    if coordinates.is_scalar:
        return one_hot(coordinates)
    return Basis(coordinates.leaf, coordinates)


def dense_options(
    output: Output,
    axes: Sequence[Coordinates],
    signature: Signature,
    *,
    commute: bool,
    alike: Alike = no_two,
) -> Iterator[Option]:
    """Every way to deliver the block `output x axes` of shape `out + axis1 + ...`.

    Args:
        output: The selected output.
        axes: One selection per differentiation, at least one.
        signature: The function's signature.
        commute: Whether mixed partials may be taken in any order. When custom rules
            occur they may not: the first named differentiation stays innermost.
        alike: Whether two elements may be exchanged: of ways that are then the same
            there is but one.
    """
    yield _pushed(output, axes, commute=commute)
    tried: set[Coordinates] = set()
    for number, axis in enumerate(axes):
        if axis in tried or (number and not commute):
            continue
        if any(_exchanged(axes, axis, other, alike) for other in tried):
            continue
        tried.add(axis)
        yield _pulled(output, axes, number, signature, commute=commute)


def _exchanged(
    axes: Sequence[Coordinates], one: Coordinates, other: Coordinates, alike: Alike
) -> bool:
    """Whether a block of high order is the same with two elements exchanged."""
    if len(axes) < LEAST_ORDER or not all(axis.is_scalar for axis in axes):
        return False
    return axes.count(one) == axes.count(other) and alike(one, other)


def _ordered(axes: Sequence[Coordinates], *, commute: bool) -> list[int]:
    """Scalars innermost, where the order is free: they make the rest smaller."""
    numbers = list(range(len(axes)))
    if not commute:
        return numbers
    return sorted(
        numbers,
        key=lambda number: (
            not axes[number].is_scalar,
            axes[number].leaf if axes[number].is_scalar else 0,
            one_hot(axes[number]).index if axes[number].is_scalar else (),
        ),
    )


def _pushed(output: Output, axes: Sequence[Coordinates], *, commute: bool) -> Option:
    order = _ordered(axes, commute=commute)
    pushes = tuple(push_of(axes[number]) for number in order)
    path = Path((output,), None, pushes)
    element = Element(path, None, tuple(range(len(pushes))), output)
    shape = output.shape + tuple(
        extent for number in order for extent in axes[number].shape
    )
    views: list[View] = []
    if any(len(axis.shape) > 1 for axis in axes):
        views.append(Reshape(shape))
    family = Family.NEST if all(axis.is_scalar for axis in axes) else Family.FORWARD
    return Option(family, Read(((element, tuple(views)),)))


def _pulled(
    output: Output,
    axes: Sequence[Coordinates],
    pulled: int,
    signature: Signature,
    *,
    commute: bool,
) -> Option:
    leaf = axes[pulled].leaf
    others = [number for number in _ordered(axes, commute=commute) if number != pulled]
    pushes = tuple(push_of(axes[number]) for number in others)
    scalar = not output.shape
    path = Path((output,), Pull((leaf,), "one" if scalar else "basis"), pushes)
    element = Element(path, leaf, tuple(range(len(pushes))), output)

    views: list[View] = []
    leaf_shape = signature.leaves[leaf][1].type.shape
    keep = tuple(slice(None) for _ in output.shape)
    index = tuple(
        slice(None) if entry == slice(0, extent, 1) else entry
        for entry, extent in zip(axes[pulled].index, leaf_shape, strict=True)
    )
    if any(entry != slice(None) for entry in index):
        views.append(Index(keep + index))
    groups = [output.shape, axes[pulled].shape, *(axes[n].shape for n in others)]
    if any(len(axes[number].shape) > 1 for number in others):
        views.append(Reshape(tuple(extent for group in groups for extent in group)))
    order = _request_order(axes, output, [pulled, *others])
    if order != tuple(range(len(order))):
        views.append(Transpose(order))
    family = Family.MIXED if pushes else Family.REVERSE
    return Option(family, Read(((element, tuple(views)),)))


def _request_order(
    axes: Sequence[Coordinates], output: Output, delivered: Sequence[int]
) -> tuple[int, ...]:
    """The transposition from delivered axis groups to the order of the request."""
    start = len(output.shape)
    places: dict[int, range] = {}
    for number in delivered:
        extent = len(axes[number].shape)
        places[number] = range(start, start + extent)
        start += extent
    order = list(range(len(output.shape)))
    for number in range(len(axes)):
        order.extend(places[number])
    return tuple(order)
